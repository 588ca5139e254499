package content

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// phrases puts the children of src, as inline content, into dst.
func (b *builder) phrases(dst, src *html.Node) {
	for c := src.FirstChild; c != nil; c = c.NextSibling {
		b.phrase(dst, c)
	}
}

// phrase puts one node, as inline content, into dst.
func (b *builder) phrase(dst, n *html.Node) {
	if n.Type == html.TextNode {
		addText(dst, n.Data, n.Parent != nil && n.Parent.DataAtom == atom.Pre)
		return
	}
	kind := kindOf(n)
	if n.Type != html.ElementNode || kind == kindDrop || hidden(n) {
		return
	}
	switch kind {
	case kindBreak:
		if dst.FirstChild != nil {
			appendNew(dst, "br")
		}
	case kindImage:
		if src := strings.TrimSpace(attr(n, "src")); isAttachment(src) {
			alt, _ := cutRunes(CleanLine(attr(n, "alt")), 200)
			appendNew(dst, "img").Attr = []html.Attribute{{Key: "src", Val: src}, {Key: "alt", Val: alt}}
		}
	case kindInline:
		b.inline(dst, n)
	default: // a block where none can stand, as a list in a heading: its words
		if kind >= kindPara && dst.FirstChild != nil {
			addText(dst, " ", false)
		}
		b.phrases(dst, n)
	}
}

// inline rebuilds emphasis and links; without meaning here (nested in itself,
// a link to nowhere, emphasis that says it is none) only the content stays.
func (b *builder) inline(dst, n *html.Node) {
	name := inlineName(n)
	var attrs []html.Attribute
	ok := !within(dst, name)
	if name == "a" {
		href, good := safeURL(attr(n, "href"))
		ok = ok && good
		attrs = []html.Attribute{{Key: "href", Val: href}, {Key: "rel", Val: "noopener"}}
	} else if style := strings.ReplaceAll(attr(n, "style"), " ", ""); strings.Contains(style, "font-weight:normal") ||
		strings.Contains(style, "font-style:normal") {
		ok = false // web editors put such a <b> around a whole pasted document
	}
	if !ok {
		b.phrases(dst, n)
		return
	}
	e := appendNew(dst, name)
	e.Attr = attrs
	b.phrases(e, n)
	if e.FirstChild == nil {
		dst.RemoveChild(e)
	}
}

// within reports whether the inline element name is open around dst.
func within(dst *html.Node, name string) bool {
	for n := dst; n != nil && elements[n.Data] != nil && elements[n.Data].inline; n = n.Parent {
		if n.Data == name {
			return true
		}
	}
	return false
}

// addText appends text with white space collapsed as a browser shows it. In
// preformatted text line ends become line breaks. It is cleaned once more, for
// entities such as &#1; only now are what they stand for.
func addText(dst *html.Node, s string, keepLines bool) {
	s = CleanText(s)
	if !keepLines {
		appendText(dst, s)
		return
	}
	for i, line := range strings.Split(s, "\n") {
		if i > 0 && dst.FirstChild != nil {
			appendNew(dst, "br")
		}
		appendText(dst, line)
	}
}

// appendText adds a text node. Neighbours are left as they are, they render as
// one; joining thousands of them would copy the text thousands of times.
func appendText(dst *html.Node, s string) {
	last := dst.LastChild
	if last == nil && elements[dst.Data] != nil && !elements[dst.Data].inline {
		s = strings.TrimLeft(s, blanks)
	}
	s = collapse(s)
	if last != nil && (last.DataAtom == atom.Br || last.Type == html.TextNode && strings.HasSuffix(last.Data, " ")) {
		s = strings.TrimLeft(s, " ")
	}
	if s != "" {
		dst.AppendChild(&html.Node{Type: html.TextNode, Data: s})
	}
}

// collapse makes every run of blanks, tabs and line ends one blank.
func collapse(s string) string {
	if !strings.ContainsAny(s, "\t\n\r\f") && !strings.Contains(s, "  ") {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	blank := false
	for i := range len(s) {
		switch c := s[i]; c {
		case ' ', '\t', '\n', '\r', '\f':
			blank = true
		default:
			if blank {
				b.WriteByte(' ')
				blank = false
			}
			b.WriteByte(c)
		}
	}
	if blank {
		b.WriteByte(' ')
	}
	return b.String()
}
