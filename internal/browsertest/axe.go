package browsertest

import "github.com/chromedp/chromedp"

// Accessible returns what the accessibility checker finds wrong with the page,
// and what sticks out of the window; axe is the checker's text (testenv.Axe).
func (b *Tab) Accessible(axe string) string {
	b.t.Helper()
	if b.Eval(`typeof window.axe`) == "undefined" {
		b.do(chromedp.Evaluate[chromedp.Void](axe + ";undefined"))
	}
	found := b.Eval(`axe.run().then((r) => r.violations.map((v) => v.id + ": " + v.nodes.map((n) => n.target + " " + n.failureSummary).join("; ")).join("\n"))`)
	over := b.Eval(`(() => { const wide = document.documentElement.scrollWidth - window.innerWidth; if (wide <= 0) return "";
		const out = [...document.querySelectorAll("main *, header *, footer *")].filter((e) => e.getBoundingClientRect().right > window.innerWidth + 1);
		return "\n" + wide + " px too wide: " + out.slice(0, 3).map((e) => e.outerHTML.slice(0, 120)).join(" | "); })()`)
	return found + over
}

// Small returns controls that are too small to touch: lower than 44 px.
func (b *Tab) Small() string {
	b.t.Helper()
	return b.Eval(`[...document.querySelectorAll(".button, .main-nav a, .tabs a, .field input, .field select, .choice, footer a")]
		.filter((e) => !["checkbox", "radio"].includes(e.type) && e.getClientRects().length && e.getBoundingClientRect().height < 44)
		.map((e) => e.outerHTML).join("\n")`)
}
