package ui_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"zhanqun/internal/ui"
	"zhanqun/internal/ui/uitest"
)

// page is a page of a test: one template and its data.
type page struct {
	ui.Page
	V any
}

// render shows one template in Chinese.
func render(t *testing.T, template string, p *page) (*httptest.ResponseRecorder, error) {
	t.Helper()
	r, err := ui.New(ui.Options{Brand: "站群", Templates: fstest.MapFS{"p.tmpl": {Data: []byte(template)}}, Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	p.Title = "标题"
	return w, r.Render(w, httptest.NewRequest(http.MethodGet, "/p?a=1", nil), http.StatusTeapot, "p", p)
}

func TestRender(t *testing.T) {
	w, err := render(t, `<p id="v">{{.V}}</p><form method="post">{{token $}}</form>`,
		&page{Page: ui.Page{FormToken: "tok"}, V: `<script>alert(1)</script>`})
	if err != nil {
		t.Fatal(err)
	}
	if w.Code != http.StatusTeapot || w.Header().Get("Content-Type") != "text/html; charset=utf-8" ||
		w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Content-Language") != "zh-CN" {
		t.Errorf("status %d, header %v", w.Code, w.Header())
	}
	doc := uitest.Parse(t, w.Body.Bytes())
	if got := uitest.Words(uitest.Find(doc, "#v")); got != "<script>alert(1)</script>" {
		t.Errorf("value shown as %q", got)
	}
	if got := uitest.Attr(uitest.Find(doc, "form input[name=_token]"), "value"); got != "tok" {
		t.Errorf("token %q", got)
	}
	if got := uitest.Attr(uitest.Find(doc, "footer a"), "href"); got != "/lang/en?back=%2fp%3fa%3d1" {
		t.Errorf("language switch leads to %q", got)
	}
}

func TestRenderWritesNothingOnError(t *testing.T) {
	for name, template := range map[string]string{
		"misspelt property": `{{field "Nam" "x"}}`,
		"odd properties":    `{{field "Name"}}`,
		"wrong type":        `{{field "Name" "x" "Rows" "many"}}`,
		"no such field":     `{{.Nothing}}`,
		"not a time":        `{{when "soon"}}`,
		"not a name":        `{{dict 1 2}}`,
		"no such asset":     `{{asset "no.css"}}`,
	} {
		w, err := render(t, template, &page{})
		if err == nil {
			t.Errorf("%s: no error", name)
		}
		if w.Body.Len() > 0 || len(w.Header()) > 0 {
			t.Errorf("%s: wrote %q %v", name, w.Body, w.Header())
		}
	}
	r := newRenderer(t)
	if err := r.Render(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil), 200, "missing", &page{}); err == nil {
		t.Error("a page that does not exist was rendered")
	}
}

func TestNewRefusesBrokenTemplates(t *testing.T) {
	for name, template := range map[string]string{
		"syntax":         `{{if}}`,
		"function":       `{{nothing}}`,
		"part":           `{{template "nothing" .}}`,
		"unsafe place":   `<a href={{.Title}} onclick='{{if .Title}}"{{end}}'>x</a>`,
		"branch context": `{{if .Title}}<script>{{end}}x`,
	} {
		if _, err := ui.New(ui.Options{Templates: fstest.MapFS{"p.tmpl": {Data: []byte(template)}}}); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if _, err := ui.New(ui.Options{}); err == nil {
		t.Error("no templates: taken")
	}
}

func TestHeadSendsNoBody(t *testing.T) {
	w := httptest.NewRecorder()
	err := newRenderer(t).Render(w, httptest.NewRequest(http.MethodHead, "/", nil), 200, "gallery", newGallery())
	if err != nil || w.Body.Len() != 0 || w.Header().Get("Content-Type") == "" {
		t.Errorf("error %v, %d bytes, header %v", err, w.Body.Len(), w.Header())
	}
}

func TestField(t *testing.T) {
	w, err := render(t, `
{{field "Name" "title" "Label" "标题" "Value" "<甲>" "Required" true "MaxLength" 200 "Hint" "提示" "Error" "错了" "Returned" "改改"}}
{{field "Name" "pw" "Label" "密码" "Type" "password" "Value" "secret" "Autocomplete" "current-password"}}
{{field "Name" "body" "Label" "正文" "Type" "textarea" "Value" "\n第一行"}}
{{field "Name" "n" "Label" "数" "Type" "number" "Value" 7}}
{{field "Name" "col" "Label" "栏目" "Type" "select" "Value" "b" "Options" .V}}
{{field "Name" "how" "Label" "意见" "Type" "radio" "Value" "b" "Options" .V "Error" "选一个"}}
{{field "Name" "ok" "Label" "同意" "Type" "checkbox" "Checked" true}}`,
		&page{V: []ui.Option{{Value: "a", Label: "甲"}, {Value: "b", Label: "乙"}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range uitest.Check(w.Body.Bytes()) {
		t.Error(p)
	}
	doc := uitest.Parse(t, w.Body.Bytes())
	title := uitest.Find(doc, "input#f-title")
	for name, want := range map[string]string{"value": "<甲>", "maxlength": "200", "aria-invalid": "true",
		"aria-describedby": "f-title-error f-title-returned f-title-hint"} {
		if got := uitest.Attr(title, name); got != want {
			t.Errorf("title %s = %q, want %q", name, got, want)
		}
	}
	if got := uitest.Words(uitest.Find(doc, "#f-title-error")); got != "错了" {
		t.Errorf("error at the field: %q", got)
	}
	if strings.Contains(w.Body.String(), "secret") {
		t.Error("a password was written back")
	}
	// A leading line end belongs to the text; HTML drops the first one.
	if got := uitest.Text(uitest.Find(doc, "textarea")); got != "\n第一行" {
		t.Errorf("text area holds %q", got)
	}
	if got := uitest.Attr(uitest.Find(doc, "input#f-n"), "value"); got != "7" {
		t.Errorf("number shown as %q", got)
	}
	if got := uitest.Words(uitest.Find(doc, "select option[selected]")); got != "乙" {
		t.Errorf("selected %q", got)
	}
	if got := uitest.Attr(uitest.Find(doc, "fieldset input[checked]"), "value"); got != "b" {
		t.Errorf("chosen %q", got)
	}
	if got := uitest.Attr(uitest.Find(doc, "fieldset"), "aria-describedby"); got != "f-how-error" {
		t.Errorf("radio group described by %q", got)
	}
}

type state string

func TestChip(t *testing.T) {
	w, err := render(t, `<p>{{chip .V}}</p><p>{{chip "in_review" "初审"}}</p><p>{{chip "<x>"}}</p>`, &page{V: state("returned")})
	if err != nil {
		t.Fatal(err)
	}
	doc := uitest.Parse(t, w.Body.Bytes())
	var got []string
	for _, c := range uitest.All(doc, "span.chip") {
		got = append(got, uitest.Attr(c, "class")+" "+uitest.Words(c))
		if uitest.Find(c, "svg") == nil {
			t.Error("a chip without shape")
		}
	}
	if want := "chip warn 退回修改|chip info 初审|chip neutral <x>"; strings.Join(got, "|") != want {
		t.Errorf("chips %q, want %q", got, want)
	}
}

func TestFailAndConfirm(t *testing.T) {
	r := newRenderer(t)
	req := httptest.NewRequest(http.MethodGet, "/", nil)
	req.AddCookie(&http.Cookie{Name: ui.LangCookie, Value: "en"})
	// Only what went wrong on our side has a number to quote.
	for _, tt := range []struct {
		status            int
		text              string
		title, said, code string
	}{
		{503, "处理超时，请稍后再试。", "Not available right now", "This took too long. Please try again later.", "abc"},
		{429, "操作太频繁，请稍等片刻再试。", "Too many tries", "Too many tries. Please wait a moment.", ""},
	} {
		w := httptest.NewRecorder()
		if err := r.Fail(w, req, &ui.Failure{Status: tt.status, Text: tt.text, RequestID: "abc"}); err != nil {
			t.Fatal(err)
		}
		doc := uitest.Parse(t, w.Body.Bytes())
		if w.Code != tt.status || uitest.Words(uitest.Find(doc, "h1")) != tt.title ||
			uitest.Words(uitest.Find(doc, "main .panel p")) != tt.said || uitest.Words(uitest.Find(doc, "code")) != tt.code {
			t.Errorf("error page %d: %s", w.Code, uitest.Words(uitest.Find(doc, "main")))
		}
	}
	w := httptest.NewRecorder()
	c := &ui.Confirm{Thing: "《甲》", Action: "撤回", URL: "/items/1/withdraw", Hidden: map[string]string{"revision": "2"}, Danger: true}
	c.Title = "撤回？"
	if err := r.Confirm(w, req, c); err != nil {
		t.Fatal(err)
	}
	form := uitest.Find(uitest.Parse(t, w.Body.Bytes()), "form[action=/items/1/withdraw]")
	if form == nil || uitest.Attr(uitest.Find(form, "input[name=revision]"), "value") != "2" || uitest.Words(uitest.Find(form, ".thing")) != "《甲》" {
		t.Errorf("confirmation: %s", w.Body)
	}
}
