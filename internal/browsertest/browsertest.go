// Package browsertest drives a real Chromium over the pages, for tests. It
// promises that a click is a click and a key a key, that whoever waits waits for
// what the page shows and not for time, that several people can use one browser
// without sharing a cookie, and that what the browser complains of (a blocked
// style, a script that fails) is noted for the test to see.
//
// Only tests import this package.
package browsertest

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"zhanqun/internal/testenv"
)

// patience bounds one step in the browser, on a machine busy with others.
const patience = time.Minute

// Tab is one person at a page.
type Tab struct {
	t    testing.TB
	root context.Context // of the browser
	ctx  context.Context

	mu    sync.Mutex
	noted []string
}

// Open starts a browser for the test. It ends with the test.
func Open(t testing.TB) *Tab {
	t.Helper()
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.ExecPath(testenv.Chromium(t)))
	alloc, cancel := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(cancel)
	return newTab(alloc, t)
}

// Other returns another person at the same browser, with cookies of his own.
func (b *Tab) Other() *Tab {
	b.t.Helper()
	return newTab(b.root, b.t, chromedp.WithNewBrowserContext())
}

func newTab(parent context.Context, t testing.TB, opts ...chromedp.ContextOption) *Tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(parent, opts...)
	t.Cleanup(cancel)
	b := &Tab{t: t, root: ctx, ctx: ctx}
	if err := chromedp.Listen(ctx, b.note); err != nil {
		t.Fatal(err)
	}
	// The first call starts the browser, which lives as long as its context: so
	// only the steps that follow are bounded in time.
	err := chromedp.Do(ctx, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, log.Enable, cdp.Empty{})
		return err
	}))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *Tab) note(event any) {
	if e, ok := event.(*log.EventEntryAdded); ok {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.noted = append(b.noted, e.Entry.Text+" "+e.Entry.URL)
	}
}

// Complaints returns what the browser noted since the last call, without the
// answers of a kind the test asked for, such as "409".
func (b *Tab) Complaints(expected ...string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var list []string
	for _, text := range b.noted {
		wanted := false
		for _, e := range expected {
			wanted = wanted || strings.Contains(text, e)
		}
		if !wanted {
			list = append(list, text)
		}
	}
	b.noted = nil
	return list
}

func (b *Tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

// Visit opens an address.
func (b *Tab) Visit(address string) {
	b.t.Helper()
	b.do(chromedp.Navigate(address))
}

// Leave ends what the page has open, such as its event stream, so that the
// server can stop.
func (b *Tab) Leave() {
	b.t.Helper()
	b.do(chromedp.Navigate("about:blank"))
}

// Look sets the width of the window and the theme. Below 720 px it is a phone.
func (b *Tab) Look(width int64, dark bool) {
	b.t.Helper()
	var opts []chromedp.EmulateViewportOption
	if width < 720 {
		opts = append(opts, chromedp.EmulateMobile, chromedp.EmulateTouch)
	}
	theme := "light"
	if dark {
		theme = "dark"
	}
	b.do(chromedp.EmulateViewport(width, 900, opts...))
	b.media(emulation.SetEmulatedMediaParams{Media: "screen", Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}}})
	b.Eval(`for (const a of document.getAnimations()) a.finish(); ""`) // colours fade from one to the other
}

// OnPaper shows the page as it would be printed, until the next Look.
func (b *Tab) OnPaper() {
	b.t.Helper()
	b.media(emulation.SetEmulatedMediaParams{Media: "print"})
}

func (b *Tab) media(m emulation.SetEmulatedMediaParams) {
	b.t.Helper()
	b.do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, m)
		return err
	}))
}

// WithoutScript switches the scripts of pages off, as some offices do.
func (b *Tab) WithoutScript() {
	b.t.Helper()
	b.do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	}))
}

// Eval returns the value of a script, a string, awaiting promises.
func (b *Tab) Eval(script string) string {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[string](script, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: %v", script, err)
	}
	return v
}

// Until waits in the page until the condition, a script, holds.
func (b *Tab) Until(condition string) {
	b.t.Helper()
	b.Eval(fmt.Sprintf(`new Promise((ok) => { const f = () => (%s) ? ok("") : setTimeout(f, 10); f(); })`, condition))
}

// Picture writes the whole page to a PNG file.
func (b *Tab) Picture(file string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	image, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(file, image, 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// a4 are the sides of a sheet, inches.
const a4Width, a4Height = 8.27, 11.69

// Print returns the page as a PDF of A4 sheets.
func (b *Tab) Print() []byte {
	b.t.Helper()
	b.media(emulation.SetEmulatedMediaParams{Media: "print"})
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	pdf, err := chromedp.Run(ctx, chromedp.PrintToPDF(func(p *page.PrintToPDFParams) {
		p.PaperWidth, p.PaperHeight = a4Width, a4Height
	}))
	if err != nil {
		b.t.Fatal(err)
	}
	return pdf
}
