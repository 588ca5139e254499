package ui_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/chromedp"

	"zhanqun/internal/testenv"
	"zhanqun/internal/ui"
	"zhanqun/internal/ui/uitest"
	"zhanqun/internal/web"
)

// tab is one page of a real browser that notes what the browser complains of.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu    sync.Mutex
	noted []string
}

func newTab(t *testing.T) *tab {
	t.Helper()
	path := testenv.Chromium(t)
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.ExecPath(path))
	alloc, cancelAlloc := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(cancelAlloc)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	b := &tab{t: t}
	if err := chromedp.Listen(ctx, func(ev any) {
		if e, ok := ev.(*log.EventEntryAdded); ok {
			b.mu.Lock()
			b.noted = append(b.noted, e.Entry.Text+" "+e.Entry.URL)
			b.mu.Unlock()
		}
	}); err != nil {
		t.Fatal(err)
	}
	// The first call starts the browser, which lives as long as its context: so
	// only what follows is bounded in time.
	b.ctx = ctx
	b.do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, log.Enable, cdp.Empty{})
		return err
	}))
	b.ctx, cancel = context.WithTimeout(ctx, 90*time.Second)
	t.Cleanup(cancel)
	return b
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

// eval returns the value of a script, awaiting promises.
func (b *tab) eval(script string) string {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](script, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: %v", script, err)
	}
	return v
}

// until waits in the page until the condition holds.
func (b *tab) until(condition string) {
	b.t.Helper()
	b.eval(fmt.Sprintf(`new Promise((ok) => { const f = () => (%s) ? ok("") : setTimeout(f, 10); f(); })`, condition))
}

// look sets the size of the window and the theme.
func (b *tab) look(width int64, theme string) {
	b.t.Helper()
	var opts []chromedp.EmulateViewportOption
	if width < 720 {
		opts = append(opts, chromedp.EmulateMobile, chromedp.EmulateTouch)
	}
	b.do(chromedp.EmulateViewport(width, 900, opts...), chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}},
		})
		return err
	}))
}

// complaints returns what the browser noted, such as a blocked style.
func (b *tab) complaints() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.noted
}

// gallery serves the samples as pages under their names.
func gallery(t *testing.T) *httptest.Server {
	t.Helper()
	r := newRenderer(t)
	mux := http.NewServeMux()
	mux.Handle("GET "+ui.StaticPrefix, ui.Static())
	for _, s := range gallerySamples() {
		mux.HandleFunc("GET /"+s.Page, func(w http.ResponseWriter, req *http.Request) {
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
	b, srv := newTab(t), gallery(t)
	for _, s := range gallerySamples() {
		for _, theme := range []string{"light", "dark"} {
			for _, width := range []int64{1280, 390, 320} {
				b.look(width, theme)
				b.do(chromedp.Navigate(srv.URL+"/"+s.Page), chromedp.Evaluate[chromedp.Void](axe+";undefined"))
				found := b.eval(`axe.run().then((r) => r.violations.map((v) => v.id + ": " + v.nodes.map((n) => n.target + " " + n.failureSummary).join("; ")).join("\n"))`)
				if found != "" {
					t.Errorf("%s, %s, %d px: %s", s.Page, theme, width, found)
				}
				if over := b.eval(`String(document.documentElement.scrollWidth - window.innerWidth)`); over != "0" {
					t.Errorf("%s at %d px is %s px too wide", s.Page, width, over)
				}
			}
		}
	}
	// On touch screens what is touched is at least 44 px high.
	b.look(390, "light")
	b.do(chromedp.Navigate(srv.URL + "/gallery"))
	if small := b.eval(`[...document.querySelectorAll(".button, .main-nav a, .tabs a, .field input, .field select, .choice, footer a")]
		.filter((e) => !["checkbox", "radio"].includes(e.type) && e.getClientRects().length && e.getBoundingClientRect().height < 44).map((e) => e.outerHTML).join("\n")`); small != "" {
		t.Errorf("too small to touch: %s", small)
	}
	if noted := b.complaints(); len(noted) > 0 {
		t.Errorf("the browser complains: %q", noted)
	}
}

func TestKeys(t *testing.T) {
	b, srv := newTab(t), gallery(t)
	b.do(chromedp.Navigate(srv.URL + "/gallery"))
	at := func() string { return b.eval(`document.activeElement.textContent.slice(0, 12)`) }
	first := uitest.Words(uitest.Find(uitest.Parse(t, uitest.Render(t, newRenderer(t), gallerySamples()[0], "zh")), "tbody th a"))
	b.do(chromedp.KeyEvent("j"))
	if got := at(); got != first[:len(got)] || got == "" {
		t.Errorf("j leads to %q, want %q", got, first)
	}
	b.do(chromedp.KeyEvent("j"))
	second := at()
	b.do(chromedp.KeyEvent("k"))
	if got := at(); got == second || got != first[:len(got)] {
		t.Errorf("k leads from %q to %q", second, got)
	}
	b.do(chromedp.KeyEvent("?"))
	b.until(`document.getElementById("keys").open`)
	b.do(chromedp.KeyEvent("\u001b"))
	b.until(`!document.getElementById("keys").open`)
	b.do(chromedp.KeyEvent("/"))
	if got := b.eval(`const f = document.activeElement; f.value = ""; f.type`); got != "search" {
		t.Errorf("/ leads to %q", got)
	}
	b.do(chromedp.KeyEvent("j?"))
	if got := b.eval(`document.activeElement.value + document.getElementById("keys").open`); got != "j?false" {
		t.Errorf("keys typed into a field did %q", got)
	}
	if noted := b.complaints(); len(noted) > 0 {
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
	b := newTab(t)
	defer b.do(chromedp.Navigate("about:blank")) // ends the event stream before the server
	b.do(chromedp.Navigate(srv.URL + "/"))
	text := func() string {
		return b.eval(`document.getElementById("a").textContent + " " + document.getElementById("b").textContent`)
	}
	if got := text(); got != "1 1" {
		t.Fatalf("regions hold %q", got)
	}
	events <- web.Event{Name: "change", Data: "a other"}
	b.until(`document.getElementById("a").textContent === "2"`)
	if got := text(); got != "2 1" {
		t.Errorf("after a change of a: %q", got)
	}
	events <- web.Event{Name: "change", Data: "*"}
	b.until(`document.getElementById("b").textContent === "3"`)

	b.until(`!document.querySelector("[data-undo-until]")`) // the time to undo is over

	leave := `(() => { const e = new Event("beforeunload", { cancelable: true }); window.dispatchEvent(e); return String(e.defaultPrevented); })()`
	if got := b.eval(leave); got != "false" {
		t.Error("asked before leaving without work")
	}
	b.eval(`document.getElementById("f-body").focus(); ""`)
	tall := `String(document.getElementById("f-body").offsetHeight)`
	before := b.eval(tall)
	b.do(chromedp.KeyEvent("1\r2\r3\r4\r5\r6\r7\r8\r9\r10\r11\r12\r13\r14"))
	if got := b.eval(leave); got != "true" {
		t.Error("unsaved work was given away")
	}
	if after := b.eval(tall); after == before {
		t.Errorf("the text area stayed %s px high", before)
	}
	// Two presses on a slow line send once. The listener stands in for the line.
	sent := b.eval(`(() => {
		const let_through = [];
		document.addEventListener("submit", (e) => { let_through.push(!e.defaultPrevented); e.preventDefault(); });
		document.getElementById("send").click();
		document.getElementById("send").click();
		return let_through.join();
	})()`)
	if sent != "true,false" {
		t.Errorf("two presses were let through as %s", sent)
	}
	if got := b.eval(leave); got != "false" {
		t.Error("asked before leaving after sending")
	}
	if noted := b.complaints(); len(noted) > 0 {
		t.Errorf("the browser complains: %q", noted)
	}
}

// What a clerk wrote outlives a failed submission, and goes once it was taken.
func TestKeptText(t *testing.T) {
	r, err := ui.New(ui.Options{Brand: "站群", Templates: fstest.MapFS{"form.tmpl": {Data: []byte(
		`<form method="post" action="/save" data-guard>{{token $}}{{field "Name" "body" "Label" "x" "Type" "textarea"}}{{field "Name" "pw" "Label" "y" "Type" "password"}}<button id="send">x</button></form>`)}}})
	if err != nil {
		t.Fatal(err)
	}
	page := func(flash *ui.Flash) http.HandlerFunc {
		return func(w http.ResponseWriter, req *http.Request) {
			p := &livePage{}
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
	b := newTab(t)
	b.do(chromedp.Navigate(srv.URL + "/new"))
	b.eval(`(() => { const f = document.getElementById("f-body"); f.value = "两段文字"; document.getElementById("f-pw").value = "secret";
		f.form.addEventListener("submit", (e) => e.preventDefault()); document.getElementById("send").click(); return ""; })()`)
	if kept := b.eval(`JSON.stringify(sessionStorage)`); !strings.Contains(kept, "两段文字") || strings.Contains(kept, "secret") {
		t.Errorf("kept %s", kept)
	}
	b.do(chromedp.Navigate("about:blank"), chromedp.Navigate(srv.URL+"/new"))
	if got := b.eval(`document.getElementById("f-body").value`); got != "" {
		t.Fatalf("the form came with %q", got)
	}
	b.eval(`document.querySelector("main .strip button").click(); ""`)
	if got := b.eval(`document.getElementById("f-body").value`); got != "两段文字" {
		t.Errorf("restored %q", got)
	}
	b.eval(`window.onbeforeunload = null; document.querySelector("form[data-guard]").dispatchEvent(new Event("submit")); ""`)
	b.do(chromedp.Navigate(srv.URL+"/done"), chromedp.Navigate(srv.URL+"/new"))
	if got := b.eval(`String(document.querySelectorAll("main .strip").length + sessionStorage.length)`); got != "0" {
		t.Errorf("still offered after it was taken: %s", got)
	}
}
