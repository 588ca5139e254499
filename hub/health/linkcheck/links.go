package linkcheck

import (
	"bytes"
	"errors"
	"strings"

	"zhanqun/internal/oneline"

	"golang.org/x/text/encoding"
)

// Bounds on what one page may make us remember. A page beyond them is read up
// to there.
const (
	maxLinks  = 100_000
	maxAnchor = 100_000  // targets of fragments
	maxRaw    = 512      // runes of an address kept as it was written
	maxMemory = 16 << 20 // bytes of all resolved addresses together
	maxLabel  = 100      // runes
)

// Link is one place of a page from where a browser loads or a reader can go.
type Link struct {
	URL      string // resolved, escaped, without fragment; empty when it cannot be
	Raw      string // as written, blanks and line breaks too, at most 512 runes
	Fragment string // as escaped, without "#"
	Element  string // "a", "img", …; "style" for addresses in CSS
	Attr     string // "href", "srcset", …
	Label    string // what a reader sees of it, at most 100 runes
	Fault    Fault  // slip of the editor, if one shows
	Excluded Reason // why the link is not to be asked, if so
	Hidden   string // how an <a>, <area> or <iframe> is hidden from people; see hidden.go
}

// Links returns the links of body, a page or style sheet found at base, in the
// order they stand there, each mention once. A contentType of text/css makes
// body a style sheet; everything else is read as HTML. Relative addresses are
// resolved and queries encoded as browsers do.
func Links(base, contentType string, body []byte) []Link {
	a, _ := parseLoose(base)
	return survey(a, contentType, body, true).resolve()
}

// mention is a link as it stands in the page.
type mention struct{ raw, element, attr, label, hidden string }

// page is what one pass over a document finds.
type page struct {
	address  address
	charset  encoding.Encoding // nil for UTF-8
	name     string
	base     string
	hasBase  bool
	mentions []mention
	anchors  []uint32 // AnchorSum of each
	cut      bool     // more links than are kept
	facts    facts
}

// survey reads a document found at a, once. Without links only the facts are
// filled in; a style sheet has no facts.
func survey(a address, contentType string, body []byte, links bool) *page {
	p := &page{address: a}
	text, name := Decode(contentType, body)
	p.name = name
	p.charset, _ = lookup(name)
	if isCSS(contentType) {
		p.css(string(text), "style", "url")
		return p
	}
	f := &p.facts
	if a.host != "" {
		f.echo = echoesOf(a)
	}
	f.want = links && SeveralValues(a.path, a.query)
	s := scanner{page: p, facts: f, z: tokens{src: text}, links: links}
	for s.next() {
	}
	f.title = oneline.Clip(oneline.Of(f.title), maxTitle)
	f.office = bytes.Contains(text, []byte("urn:schemas-microsoft-com:office"))
	return p
}

func isCSS(contentType string) bool {
	return strings.HasPrefix(strings.ToLower(strings.TrimSpace(contentType)), "text/css")
}

// resolve turns mentions into links; the first <base> rules them all.
func (p *page) resolve() []Link {
	base := p.address
	if p.hasBase {
		if a, err := parseAddress(p.base, pointer(p.address), p.charset); err == nil {
			base = a
		}
	}
	links := make([]Link, 0, len(p.mentions))
	size := 0
	for _, m := range p.mentions {
		l := p.link(m, base)
		// A short reference under a long base makes much of little.
		if size += len(l.URL); size > maxMemory {
			p.cut = true
			break
		}
		links = append(links, l)
	}
	return links
}

// pointer returns nil for the empty address, against which nothing resolves.
func pointer(a address) *address {
	if a.host == "" {
		return nil
	}
	return &a
}

func (p *page) link(m mention, base address) Link {
	raw := strings.TrimFunc(m.raw, func(r rune) bool { return r <= ' ' })
	l := Link{Raw: written(m.raw), Element: m.element, Attr: m.attr, Label: m.label, Hidden: m.hidden}
	a, err := parseAddress(raw, pointer(base), p.charset)
	var other *schemeError
	switch {
	case err == nil:
		l.URL, l.Fragment = a.String(), a.fragment
		if l.Fault = slipIn(raw); l.Fault == "" {
			l.Fault = hostFault(a.host, p.address.host)
		}
		if m.element == "form-post" || m.attr == "formaction" {
			// A GET proves nothing about an address made for POST.
			l.Excluded = ReasonForm
		}
	case errors.As(err, &other):
		if reason := excludedScheme(other.scheme); reason != "" {
			l.Excluded = reason
		} else {
			l.Fault = slipIn(raw)
		}
	default:
		if l.Fault = slipIn(raw); l.Fault == "" {
			l.Fault = FaultBadAddress
		}
	}
	if m.element == "form-post" {
		l.Element = "form"
	}
	return l
}

// add keeps a mention, if there is something to it and room.
func (p *page) add(raw, element, attr, label string) {
	if len(p.mentions) >= maxLinks {
		p.cut = true
		return
	}
	if len(raw) > maxAddress {
		// Long data: addresses are ordinary; of others the beginning is enough
		// to tell the editor which one it is, and it stays too long to open.
		raw = raw[:maxAddress+1]
	}
	p.mentions = append(p.mentions, mention{raw, element, attr, oneline.Clip(oneline.Of(label), maxLabel), ""})
}

// hidden notes how the last mention is hidden.
func (p *page) hidden(how string) {
	if how != "" && !p.cut && len(p.mentions) > 0 {
		p.mentions[len(p.mentions)-1].hidden = how
	}
}

// written returns an address as it stands in a page, fit to be stored.
func written(raw string) string {
	n := 0
	for i := range raw {
		if n++; n > maxRaw {
			raw = raw[:i]
			break
		}
	}
	return strings.ReplaceAll(strings.ToValidUTF8(raw, "\uFFFD"), "\x00", "\uFFFD")
}
