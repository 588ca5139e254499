package ui_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"zhanqun/internal/browsertest"
	"zhanqun/internal/testenv"
	"zhanqun/internal/ui"
	"zhanqun/internal/ui/uitest"
	"zhanqun/internal/web"
)

// gallery serves the samples as pages under their names.
func gallery(t *testing.T) *httptest.Server {
	t.Helper()
	r := newRenderer(t)
	mux := http.NewServeMux()
	mux.Handle("GET "+ui.StaticPrefix, ui.Static())
	for _, s := range gallerySamples() {
		mux.HandleFunc("GET /"+s.Page+s.Name, func(w http.ResponseWriter, req *http.Request) {
			if err := r.Render(w, req, http.StatusOK, s.Page, s.Data); err != nil {
				t.Error(err)
			}
		})
	}
	srv := httptest.NewServer(web.SecurityHeaders()(mux))
	t.Cleanup(srv.Close)
	return srv
}

// An accessibility checker finds nothing on any part, in both themes and on
// wide and narrow screens; nothing is blocked and nothing sticks out.
func TestAccessibility(t *testing.T) {
	axe := testenv.Axe(t)
	b, srv := browsertest.Open(t), gallery(t)
	for _, s := range gallerySamples() {
		for _, dark := range []bool{false, true} {
			for _, width := range []int64{1280, 390, 320} {
				if s.Page != "gallery" && (width == 390) == dark {
					continue // of whole pages each theme and each width once
				}
				b.Look(width, dark)
				b.Visit(srv.URL + "/" + s.Page + s.Name)
				if found := b.Accessible(axe); found != "" {
					t.Errorf("%s %s, dark %t, %d px: %s", s.Page, s.Name, dark, width, found)
				}
			}
		}
	}
	// On touch screens what is touched is at least 44 px high.
	b.Look(390, false)
	b.Visit(srv.URL + "/gallery")
	if small := b.Small(); small != "" {
		t.Errorf("too small to touch: %s", small)
	}
	if noted := b.Complaints(); len(noted) > 0 {
		t.Errorf("the browser complains: %q", noted)
	}
}

func TestKeys(t *testing.T) {
	b, srv := browsertest.Open(t), gallery(t)
	b.Visit(srv.URL + "/gallery")
	at := func() string { return b.Eval(`document.activeElement.textContent.slice(0, 12)`) }
	first := uitest.Words(uitest.Find(uitest.Parse(t, uitest.Render(t, newRenderer(t), gallerySamples()[0], "zh")), "tbody th a"))
	b.Keys("j")
	if got := at(); got != first[:len(got)] || got == "" {
		t.Errorf("j leads to %q, want %q", got, first)
	}
	b.Keys("j")
	second := at()
	b.Keys("k")
	if got := at(); got == second || got != first[:len(got)] {
		t.Errorf("k leads from %q to %q", second, got)
	}
	b.Keys("?")
	b.Until(`document.getElementById("keys").open`)
	b.Keys("\u001b")
	b.Until(`!document.getElementById("keys").open`)
	b.Keys("/")
	if got := b.Eval(`const f = document.activeElement; f.value = ""; f.type`); got != "search" {
		t.Errorf("/ leads to %q", got)
	}
	b.Keys("j?")
	if got := b.Eval(`document.activeElement.value + document.getElementById("keys").open`); got != "j?false" {
		t.Errorf("keys typed into a field did %q", got)
	}
	if noted := b.Complaints(); len(noted) > 0 {
		t.Errorf("the browser complains: %q", noted)
	}
}

// livePage counts, so that a test sees which regions were fetched anew.
type livePage struct {
	ui.Page
	N int64
}

func TestLiveRegionsUndoAndGuard(t *testing.T) {
	r, err := ui.New(ui.Options{Brand: "站群", Templates: fstest.MapFS{"live.tmpl": {Data: []byte(
		`<div data-live="a"><p id="a">{{.N}}</p></div><div data-live="b"><p id="b">{{.N}}</p></div>
<form method="post" action="/save" data-guard>{{token $}}{{field "Name" "body" "Label" "x" "Type" "textarea"}}<button id="send">x</button></form>`)}}})
	if err != nil {
		t.Fatal(err)
	}
	var n atomic.Int64
	events := make(chan web.Event)
	errs := web.Errors{}
	mux := http.NewServeMux()
	mux.Handle("GET "+ui.StaticPrefix, ui.Static())
	mux.Handle("GET /events", errs.Wrap(func(w http.ResponseWriter, req *http.Request) error { return web.Stream(w, req, events) }))
	mux.Handle("GET /{$}", errs.Wrap(func(w http.ResponseWriter, req *http.Request) error {
		p := &livePage{N: n.Add(1)}
		p.Title, p.Events = "x", "/events"
		p.Flash = &ui.Flash{Tone: ui.Good, Text: "x", Undo: &ui.Undo{URL: "/undo", Until: time.Now().Add(1500 * time.Millisecond)}}
		return r.Render(w, req, http.StatusOK, "live", p)
	}))
	srv := httptest.NewServer(web.SecurityHeaders()(mux))
	defer srv.Close()
	b := browsertest.Open(t)
	defer b.Leave() // ends the event stream before the server
	b.Visit(srv.URL + "/")
	text := func() string {
		return b.Eval(`document.getElementById("a").textContent + " " + document.getElementById("b").textContent`)
	}
	if got := text(); got != "1 1" {
		t.Fatalf("regions hold %q", got)
	}
	events <- web.Event{Name: "change", Data: "a other"}
	b.Until(`document.getElementById("a").textContent === "2"`)
	if got := text(); got != "2 1" {
		t.Errorf("after a change of a: %q", got)
	}
	events <- web.Event{Name: "change", Data: "*"}
	b.Until(`document.getElementById("b").textContent === "3"`)

	b.Until(`!document.querySelector("[data-undo-for]")`) // the time to undo is over

	leave := `(() => { const e = new Event("beforeunload", { cancelable: true }); window.dispatchEvent(e); return String(e.defaultPrevented); })()`
	if got := b.Eval(leave); got != "false" {
		t.Error("asked before leaving without work")
	}
	b.Eval(`document.getElementById("f-body").focus(); ""`)
	tall := `String(document.getElementById("f-body").offsetHeight)`
	before := b.Eval(tall)
	b.Keys("1\r2\r3\r4\r5\r6\r7\r8\r9\r10\r11\r12\r13\r14")
	if got := b.Eval(leave); got != "true" {
		t.Error("unsaved work was given away")
	}
	if after := b.Eval(tall); after == before {
		t.Errorf("the text area stayed %s px high", before)
	}
	// Two presses on a slow line send once. The listener stands in for the line.
	sent := b.Eval(`(() => {
		const let_through = [];
		document.addEventListener("submit", (e) => { let_through.push(!e.defaultPrevented); e.preventDefault(); });
		document.getElementById("send").click();
		document.getElementById("send").click();
		return let_through.join();
	})()`)
	if sent != "true,false" {
		t.Errorf("two presses were let through as %s", sent)
	}
	if got := b.Eval(leave); got != "false" {
		t.Error("asked before leaving after sending")
	}
	if noted := b.Complaints(); len(noted) > 0 {
		t.Errorf("the browser complains: %q", noted)
	}
}

// What a clerk wrote outlives a failed submission, and goes once it was taken.
func TestKeptText(t *testing.T) {
	r, err := ui.New(ui.Options{Brand: "站群", Templates: fstest.MapFS{"form.tmpl": {Data: []byte(
		`<form method="post" action="/save" data-guard>{{token $}}{{if .N}}{{field "Name" "body" "Label" "x" "Type" "textarea" "Value" "两段文字"}}{{field "Name" "more" "Label" "z"}}
{{else}}{{field "Name" "body" "Label" "x" "Type" "textarea"}}{{end}}{{field "Name" "pw" "Label" "y" "Type" "password" "Autocomplete" "new-password" "Hint" "x"}}<button id="send">x</button></form>`)}}})
	if err != nil {
		t.Fatal(err)
	}
	page := func(flash *ui.Flash) http.HandlerFunc {
		return func(w http.ResponseWriter, req *http.Request) {
			p := &livePage{N: int64(len(req.FormValue("came")))}
			p.Title, p.Flash = "x", flash
			if err := r.Render(w, req, http.StatusOK, "form", p); err != nil {
				t.Error(err)
			}
		}
	}
	mux := http.NewServeMux()
	mux.Handle("GET "+ui.StaticPrefix, ui.Static())
	mux.Handle("GET /new", page(nil))
	mux.Handle("GET /done", page(&ui.Flash{Tone: ui.Good, Text: "x"}))
	mux.HandleFunc("POST /save", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	srv := httptest.NewServer(web.SecurityHeaders()(mux))
	defer srv.Close()
	b := browsertest.Open(t)
	b.Visit(srv.URL + "/new")
	if got := b.Eval(`(() => { const f = document.getElementById("f-pw"), seen = [f.type]; document.querySelector("[data-reveal]").click(); return seen.concat(f.type).join(); })()`); got != "password,text" {
		t.Errorf("looking at a password: %s", got)
	}
	if got := b.Eval(`(() => { const f = document.getElementById("f-pw"); return ["一二三", "哈哈哈哈哈哈哈哈哈哈哈哈", "correct horse", "correct horse battery"].map((typed) => {
		f.value = typed; f.dispatchEvent(new Event("input")); return document.querySelector("[data-strength] span").textContent; }).join(); })()`); got != "还差 9 个字,重复的太多，容易被猜中,长度够了,够长也够杂" {
		t.Errorf("how good a password is: %s", got)
	}
	b.Eval(`(() => { const f = document.getElementById("f-body"); f.value = "两段文字"; document.getElementById("f-pw").value = "secret";
		f.form.addEventListener("submit", (e) => e.preventDefault()); document.getElementById("send").click(); return ""; })()`)
	if kept := b.Eval(`JSON.stringify(sessionStorage)`); !strings.Contains(kept, "两段文字") || strings.Contains(kept, "secret") {
		t.Errorf("kept %s", kept)
	}
	if got := b.Eval(`document.getElementById("f-pw").type`); got != "password" {
		t.Errorf("a password leaves as %s", got)
	}
	b.Visit(srv.URL + "/new?came=back") // the form comes back with the words in it and a field more
	if got := b.Eval(`String(document.querySelectorAll("main .strip").length)`); got != "0" {
		t.Errorf("offered what the form holds: %s", got)
	}
	b.Eval(`sessionStorage.setItem("kept:/new#0", '[["body","两段文字"]]'); ""`)
	b.Visit(srv.URL + "/new")
	if got := b.Eval(`document.getElementById("f-body").value`); got != "" {
		t.Fatalf("the form came with %q", got)
	}
	b.Eval(`document.querySelector("main .strip button").click(); ""`)
	if got := b.Eval(`document.getElementById("f-body").value`); got != "两段文字" {
		t.Errorf("restored %q", got)
	}
	b.Eval(`window.onbeforeunload = null; document.querySelector("form[data-guard]").dispatchEvent(new Event("submit")); ""`)
	b.Visit(srv.URL + "/done")
	b.Visit(srv.URL + "/new")
	if got := b.Eval(`String(document.querySelectorAll("main .strip").length + sessionStorage.length)`); got != "0" {
		t.Errorf("still offered after it was taken: %s", got)
	}
}
