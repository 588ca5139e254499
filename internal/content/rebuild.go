package content

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// maxNest is how deep blocks may stand in one another; deeper ones lose their
// frame and keep their text.
const maxNest = 12

// builder makes a tree inside the grammar out of whatever the parser found.
type builder struct {
	hasBlock map[*html.Node]bool // elements with a block somewhere below
}

func rebuild(nodes []*html.Node) *html.Node {
	b := &builder{hasBlock: map[*html.Node]bool{}}
	src := &html.Node{Type: html.DocumentNode}
	for _, n := range nodes {
		src.AppendChild(n)
	}
	b.mark(src)
	dst := &html.Node{Type: html.DocumentNode}
	b.flow(&flow{dst: dst, wrap: true}, src)
	return dst
}

// mark notes which elements hold blocks, once, bottom up.
func (b *builder) mark(n *html.Node) bool {
	has := false
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if b.mark(c) || c.Type == html.ElementNode && kindOf(c) >= kindPara {
			has = true
		}
	}
	if has {
		b.hasBlock[n] = true
	}
	return has
}

// flow is a block container being filled.
type flow struct {
	dst   *html.Node
	para  *html.Node // the paragraph loose text goes into; nil when none is open
	wrap  bool       // loose text needs a paragraph here
	depth int
}

// end closes the paragraph loose text was going into, and drops an empty one.
func (f *flow) end() {
	if f.para != nil {
		finish(f.para)
	}
	f.para = nil
}

// text returns the node loose text goes into now.
func (f *flow) text() *html.Node {
	if !f.wrap {
		return f.dst
	}
	if f.para == nil {
		f.para = appendNew(f.dst, "p")
	}
	return f.para
}

// flow puts the children of src into f.
func (b *builder) flow(f *flow, src *html.Node) {
	b.children(f, src)
	f.end()
}

func (b *builder) children(f *flow, src *html.Node) {
	for c := src.FirstChild; c != nil; c = c.NextSibling {
		b.node(f, c)
	}
}

func (b *builder) node(f *flow, n *html.Node) {
	if n.Type == html.TextNode {
		// White space between blocks is nothing; between words it is a blank.
		last := f.dst.LastChild
		if strings.Trim(n.Data, " \t\n") != "" || f.para != nil || !f.wrap && last != nil && kindOf(last) < kindPara {
			b.phrase(f.text(), n)
		}
		return
	}
	kind := kindOf(n)
	if n.Type != html.ElementNode || kind == kindDrop || hidden(n) {
		return
	}
	if kind < kindPara { // inline: with blocks inside it only passes them on
		if b.hasBlock[n] {
			b.children(f, n)
		} else {
			b.phrase(f.text(), n)
		}
		return
	}
	f.end()
	if f.depth >= maxNest && kind >= kindNest {
		kind = kindPara
	}
	switch kind {
	case kindHeading:
		b.paragraph(f.dst, headingName(n), n)
	case kindRule:
		appendNew(f.dst, "hr")
	case kindList:
		b.list(f, n)
	case kindTable:
		b.table(f, n)
	case kindQuote:
		inner := appendNew(f.dst, "blockquote")
		b.flow(&flow{dst: inner, wrap: true, depth: f.depth + 1}, n)
		finish(inner)
	case kindFigure:
		b.figure(f, n)
	default:
		if b.hasBlock[n] {
			b.children(f, n)
			f.end()
		} else {
			b.paragraph(f.dst, "p", n)
		}
	}
}

func (b *builder) paragraph(dst *html.Node, name string, src *html.Node) {
	p := appendNew(dst, name)
	b.phrases(p, src)
	finish(p)
}

// list rebuilds ul and ol. What stands in a list outside an entry, as word
// processors write sub-lists, joins the entry before it or becomes one.
func (b *builder) list(f *flow, n *html.Node) {
	list := appendNew(f.dst, n.Data)
	var loose *flow
	endLoose := func() {
		if loose != nil {
			loose.end()
			finish(loose.dst)
		}
		loose = nil
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.ElementNode && c.DataAtom == atom.Li {
			endLoose()
			loose = &flow{dst: appendNew(list, "li"), depth: f.depth + 1}
			b.flow(loose, c)
			continue
		}
		if c.Type == html.TextNode && strings.TrimSpace(c.Data) == "" {
			continue
		}
		if loose == nil {
			loose = &flow{dst: appendNew(list, "li"), depth: f.depth + 1}
		}
		b.node(loose, c)
	}
	endLoose()
	finish(list)
}

func (b *builder) figure(f *flow, n *html.Node) {
	fig := appendNew(f.dst, "figure")
	inner := &flow{dst: fig, depth: f.depth + 1}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.ElementNode && c.DataAtom == atom.Figcaption {
			inner.end()
			b.paragraph(fig, "figcaption", c)
			continue
		}
		b.node(inner, c)
	}
	inner.end()
	finish(fig)
}
