package linkcheck

import (
	"context"
	"net/url"
	"slices"
	"strings"
)

// Page is a page as a reader's browser would have it.
type Page struct {
	URL         string // where it came from at last
	ContentType string
	Charset     string // what it was decoded from
	Title       string
	Links       []Link
	Body        []byte // as sent, decompressed, at most Options.MaxBytes
	Partial     bool   // it was longer, or had more links than are kept

	// Sum and Plain tell whether two pages show the same text, in any order:
	// Plain without the digits. Pieces are its parts, told only of a page whose
	// address has SeveralValues. Words is how many letters and
	// digits there are.
	Sum, Plain uint64
	Pieces     []uint64
	Words      int

	// Anchors are what fragments can lead to, by AnchorSum.
	Anchors []uint32
	drawn   bool // by a script, which may add others
}

// ReadPage takes one look at rawURL and reads the links of the page or style
// sheet found there. The Page is empty unless an answer came that is one.
func (c *Checker) ReadPage(ctx context.Context, rawURL string) (Page, Result) {
	v := c.visit(ctx, rawURL, true)
	c.doubt(ctx, v)
	r := &v.result
	r.Detail = r.sentence()
	if !v.arrived || v.facts == nil && !isCSS(r.ContentType) {
		return Page{}, v.result
	}
	found := v.page
	if found == nil {
		found = survey(v.at, r.ContentType, v.answer.body, true)
	}
	return Page{
		URL: r.Final, ContentType: r.ContentType, Charset: found.name, Title: r.Title,
		Links: found.resolve(), Body: v.answer.body, Partial: r.Partial || found.cut,
		Sum: found.facts.sum, Plain: found.facts.plain, Pieces: found.facts.pieces, Words: found.facts.text,
		Anchors: found.anchors, drawn: found.facts.app,
	}, v.result
}

// Fetch reads up to most bytes of a file that programs read, such as robots.txt,
// at its host's pace and without asking Permit. The status is 0 when there was
// no answer; the Result says why.
func (c *Checker) Fetch(ctx context.Context, rawURL string, most int64) (status int, body []byte, r Result) {
	v := &visit{checker: c, seen: map[string]bool{}, free: true, peek: most}
	v.run(ctx, rawURL)
	if v.arrived {
		body = v.answer.body[:min(int64(len(v.answer.body)), most)]
	}
	return v.result.Status, body, v.result
}

// AnchorSum returns the short form in which a Page remembers what a fragment
// can lead to (FNV-1a).
func AnchorSum(id string) uint32 {
	sum := uint32(2166136261)
	for i := range len(id) {
		sum = (sum ^ uint32(id[i])) * 16777619
	}
	return sum
}

// AnchorsFor returns the anchors one of which a fragment needs. ok is false
// when it needs none: the top of the page, text fragments and addresses of
// script applications.
func AnchorsFor(fragment string) (sums [2]uint32, ok bool) {
	fragment, _, _ = strings.Cut(fragment, ":~:")
	if fragment == "" || strings.EqualFold(fragment, "top") || strings.HasPrefix(fragment, "!") || strings.HasPrefix(fragment, "/") {
		return sums, false
	}
	sums[0] = AnchorSum(fragment)
	sums[1] = sums[0]
	if name, err := url.PathUnescape(fragment); err == nil {
		sums[1] = AnchorSum(name)
	}
	return sums, true
}

// Complete tells whether everything a fragment could lead to is in Anchors.
func (p *Page) Complete() bool { return !p.Partial && !p.drawn && len(p.Anchors) < maxAnchor }

// HasTarget tells whether a link's Fragment leads to something on p. On a page
// read in part, or beyond the bound on what is remembered, nothing is missed
// for certain and the answer is yes.
func (p *Page) HasTarget(fragment string) bool {
	sums, ok := AnchorsFor(fragment)
	return !ok || !p.Complete() || slices.Contains(p.Anchors, sums[0]) || slices.Contains(p.Anchors, sums[1])
}
