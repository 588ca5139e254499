package ui_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/fstest"

	"zhanqun/internal/browsertest"
	"zhanqun/internal/ui"
	"zhanqun/internal/web"
)

// A key a page gives to a control leads to it, wherever it is folded away, and
// presses it where the page says so; Ctrl+Enter sends what is being filled in.
func TestKeysOfControls(t *testing.T) {
	r, err := ui.New(ui.Options{Brand: "站群", Templates: fstest.MapFS{"keys.tmpl": {Data: []byte(
		`<form method="post" action="/next">{{token $}}<button id="next" data-key="n" data-press>下一条</button></form>
<details><summary>退回</summary><form method="post" action="/return">{{token $}}
<label>原因 <select id="reason" name="reason" data-key="r"><option>a</option></select></label>
<label>意见 <textarea id="said" name="said"></textarea></label><label><input id="box" type="checkbox"> 标题</label>
<button class="button">不</button><button class="button primary" name="act" value="go">退回</button></form></details>`)}}})
	if err != nil {
		t.Fatal(err)
	}
	errs := web.Errors{}
	mux := http.NewServeMux()
	mux.Handle("GET "+ui.StaticPrefix, ui.Static())
	mux.Handle("GET /{$}", errs.Wrap(func(w http.ResponseWriter, req *http.Request) error {
		p := &livePage{}
		p.Title = "x"
		return r.Render(w, req, http.StatusOK, "keys", p)
	}))
	mux.HandleFunc("POST /", func(w http.ResponseWriter, req *http.Request) {
		http.Redirect(w, req, "/?at="+req.URL.Path+req.PostFormValue("act"), http.StatusSeeOther)
	})
	srv := httptest.NewServer(web.SecurityHeaders()(mux))
	defer srv.Close()
	b := browsertest.Open(t)
	b.Visit(srv.URL + "/")
	focus := func() string { return b.Eval(`document.activeElement.id`) }
	b.Keys("r")
	if got := focus(); got != "reason" {
		t.Fatalf("r leads to %q", got)
	}
	b.Click("#box")
	b.Keys("r") // a box that is ticked is no field one types into
	if got := focus(); got != "reason" {
		t.Errorf("from a box r leads to %q", got)
	}
	b.Fill("#said", "n") // in a field it is a letter
	if at := b.Eval(`location.search`); at != "" {
		t.Fatalf("a letter typed led to %s", at)
	}
	b.Leads(func() {
		b.Eval(`document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", ctrlKey: true, bubbles: true, cancelable: true })); ""`)
	})
	if at := b.Eval(`location.search`); at != "?at=/returngo" {
		t.Errorf("Ctrl+Enter led to %s", at)
	}
	b.Leads(func() { b.Keys("n") })
	if at := b.Eval(`location.search`); at != "?at=/next" {
		t.Errorf("n led to %s", at)
	}
}
