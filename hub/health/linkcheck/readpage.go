package linkcheck

import (
	"context"
	"net/url"
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

	anchors map[string]struct{}
}

// ReadPage takes one look at rawURL and reads the links of the page or style
// sheet found there. The Page is empty unless an answer came that is one.
func (c *Checker) ReadPage(ctx context.Context, rawURL string) (Page, Result) {
	v := c.visit(ctx, rawURL)
	r := &v.result
	r.Detail = r.sentence()
	if !v.arrived || v.facts == nil && !isCSS(r.ContentType) {
		return Page{}, v.result
	}
	found := scan(r.Final, r.ContentType, v.answer.body)
	return Page{
		URL: r.Final, ContentType: r.ContentType, Charset: found.name, Title: r.Title,
		Links: found.resolve(), Body: v.answer.body, Partial: r.Partial || found.cut,
		anchors: found.anchors,
	}, v.result
}

// HasTarget tells whether a link's Fragment leads to something on p. The top of
// the page, text fragments and addresses of script applications need no
// target. On a page read in part, or beyond the bound on what is remembered,
// nothing is missed for certain and the answer is yes.
func (p *Page) HasTarget(fragment string) bool {
	fragment, _, _ = strings.Cut(fragment, ":~:")
	if fragment == "" || strings.EqualFold(fragment, "top") || strings.HasPrefix(fragment, "!") ||
		strings.HasPrefix(fragment, "/") || p.Partial || len(p.anchors) >= maxAnchor {
		return true
	}
	if _, ok := p.anchors[fragment]; ok {
		return true
	}
	name, err := url.PathUnescape(fragment)
	_, ok := p.anchors[name]
	return err == nil && ok
}
