package browsertest

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/chromedp/chromedp"
)

// Path is the path of the page.
func (b *Tab) Path() string {
	b.t.Helper()
	return b.Eval(`location.pathname`)
}

// Text is what the page says below its header.
func (b *Tab) Text() string {
	b.t.Helper()
	return b.Eval(`document.querySelector("main").innerText`)
}

// Fill types into the field that the selector names, in place of what is there.
func (b *Tab) Fill(selector, text string) {
	b.t.Helper()
	b.do(chromedp.ScrollIntoView(chromedp.CSS(selector)))
	b.Eval(fmt.Sprintf(`(() => { const e = document.querySelector(%s); e.focus(); e.select(); return ""; })()`, quote(selector)))
	b.Keys("\b" + text)
}

// Attach chooses files in the field that the selector names.
func (b *Tab) Attach(selector string, paths ...string) {
	b.t.Helper()
	b.do(chromedp.SetUploadFiles(chromedp.CSS(selector), paths))
}

// Choose selects the option with a value, as a person at the keyboard does.
func (b *Tab) Choose(selector, value string) {
	b.t.Helper()
	b.Eval(fmt.Sprintf(`(() => { const s = document.querySelector(%s); s.focus(); s.value = %s;
		s.dispatchEvent(new Event("input", { bubbles: true })); s.dispatchEvent(new Event("change", { bubbles: true })); return s.value; })()`,
		quote(selector), quote(value)))
}

// Keys presses keys wherever the focus is.
func (b *Tab) Keys(keys string) {
	b.t.Helper()
	b.do(chromedp.KeyEvent(keys))
}

// Click clicks what the selector names, with the mouse.
func (b *Tab) Click(selector string) {
	b.t.Helper()
	b.do(chromedp.ScrollIntoView(chromedp.CSS(selector)), chromedp.Click(chromedp.CSS(selector)))
}

// Press clicks the visible button or link that begins with words.
func (b *Tab) Press(words string) {
	b.t.Helper()
	found := b.Eval(fmt.Sprintf(`(() => { for (const e of document.querySelectorAll("[data-pressed]")) e.removeAttribute("data-pressed");
		const hit = [...document.querySelectorAll("button, a, summary")].find((e) => e.getClientRects().length && e.innerText.trim().startsWith(%s));
		if (hit) hit.setAttribute("data-pressed", ""); return String(Boolean(hit)); })()`, quote(words)))
	if found != "true" {
		b.t.Fatalf("no button or link %q on the page:\n%s", words, b.Text())
	}
	b.Click("[data-pressed]")
}

// Leads does something that leads to another page, and waits until that is there.
func (b *Tab) Leads(act func()) {
	b.t.Helper()
	b.Eval(`window.before = true; ""`)
	act()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 200*time.Millisecond) {
		// While one page goes and the next comes there may be none to ask.
		there, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`!window.before && document.readyState === "complete"`))
		if err == nil && there {
			return
		}
		select {
		case <-ctx.Done():
			b.t.Fatalf("no other page came: %v", ctx.Err())
		case <-time.After(pause):
		}
	}
}

func quote(text string) string {
	raw, err := json.Marshal(text)
	if err != nil {
		panic(err) // strings always encode
	}
	return string(raw)
}
