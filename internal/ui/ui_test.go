package ui

import (
	"net/http/httptest"
	"testing"
	"testing/fstest"
)

type samplePage struct {
	Page
	Items []string
}

func TestRenderFirst(t *testing.T) {
	r, err := New(Options{Brand: "站群", Templates: fstest.MapFS{
		"list.tmpl": {Data: []byte(`{{define "actions"}}<a class="button" href="/new">{{t "移除"}}</a>{{end}}<form method="post">{{token $}}{{field "Name" "title" "Label" (t "名称") "Error" .Errors.title}}</form>{{range .Items}}<p>{{.}}</p>{{end}}{{chip "returned"}}`)},
	}})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	p := &samplePage{Items: []string{"<b>"}}
	p.Errors = map[string]string{"title": "请填写标题"}
	if err := r.Render(w, httptest.NewRequest("GET", "/", nil), 200, "list", p); err != nil {
		t.Fatal(err)
	}
	t.Log(w.Body.String())
}
