package fresh

import (
	"strings"
	"unicode/utf8"

	"zhanqun/internal/oneline"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Bounds on the tree of one page. What lies beyond them is not read.
const (
	maxNodes  = 200_000
	maxDepth  = 300
	maxScript = 64 << 10 // bytes kept of one inline script
)

// node is an element or a text. Nodes stand in the order of the page, so that
// a subtree is a run of them.
type node struct {
	tag    string // empty for a text
	atom   atom.Atom
	parent int32
	end    int32 // index after the last node inside
	text   string
	attr   map[string]string
	off    bool // not part of what may hold the list: hidden, a menu, a side box
	hidden bool // not shown at all
}

// tree is a page taken apart, forgiving as browsers are but simpler: what
// matters here is which things stand together.
type tree struct {
	nodes    []node
	runes    []int32 // runes of text before each node, one more at the end
	title    string
	metas    map[string]string
	scripts  map[int32]string // text of inline scripts, by their node
	template bool             // has a template that a script fills in
}

type builder struct {
	*tree
	open []int32
	z    *html.Tokenizer
	raw  atom.Atom
	kind string // type of the script being read
}

func parse(page string) *tree {
	b := &builder{tree: &tree{metas: map[string]string{}, scripts: map[int32]string{}}}
	b.push(html.Token{Data: "html", DataAtom: atom.Html}, true)
	b.feed(page)
	for len(b.open) > 0 {
		b.pop()
	}
	b.measure()
	return b.tree
}

func (b *builder) feed(page string) {
	outer := b.z
	defer func() { b.z = outer }()
	b.z = html.NewTokenizer(strings.NewReader(page))
	for len(b.nodes) < maxNodes {
		switch b.z.Next() {
		case html.ErrorToken:
			return
		case html.StartTagToken, html.SelfClosingTagToken:
			b.start(b.z.Token())
		case html.EndTagToken:
			name, _ := b.z.TagName()
			b.closeTag(string(name))
		case html.TextToken:
			b.textNode()
		}
	}
}

// voids are elements without content.
var voids = oneline.Words("area base br col embed hr img input link meta param source track wbr")

func (b *builder) start(t html.Token) {
	b.raw = 0
	switch t.DataAtom {
	case atom.Html, atom.Head:
		return
	case atom.Body:
		if a := attrsOf(t); a["onload"] != "" {
			b.scripts[0] = a["onload"]
		}
	case atom.Meta:
		b.meta(attrsOf(t))
		return
	case atom.Script:
		a := attrsOf(t)
		b.kind = strings.ToLower(a["type"])
		b.push(t, false)
		b.raw = t.DataAtom
		return
	case atom.Style, atom.Textarea, atom.Title, atom.Xmp, atom.Noembed, atom.Noframes:
		b.raw = t.DataAtom
		return
	}
	if rule, ok := implied[t.DataAtom]; ok {
		b.closeTo(rule)
	}
	b.push(t, !voids[t.Data] && t.DataAtom != atom.Iframe)
	if t.DataAtom == atom.Iframe {
		b.raw = atom.Iframe
	}
}

// endRule says what a new element ends without saying so: the innermost open
// one of tags, unless one of stops lies further in.
type endRule struct{ tags, stops map[string]bool }

var implied = func() map[atom.Atom]endRule {
	cell := endRule{oneline.Words("td th"), oneline.Words("tr table")}
	group := endRule{oneline.Words("tbody thead tfoot"), oneline.Words("table")}
	term := endRule{oneline.Words("dt dd"), oneline.Words("dl table td")}
	rules := map[atom.Atom]endRule{
		atom.Li: {oneline.Words("li"), oneline.Words("ul ol menu table td")},
		atom.Dt: term, atom.Dd: term, atom.Td: cell, atom.Th: cell,
		atom.Tr:    {oneline.Words("tr"), oneline.Words("table")},
		atom.Tbody: group, atom.Thead: group, atom.Tfoot: group,
		atom.Option: {oneline.Words("option"), oneline.Words("select")},
		atom.A:      {oneline.Words("a"), oneline.Words("td li table div")},
	}
	block := endRule{oneline.Words("p"), oneline.Words("div td li table dd section article")}
	for _, a := range []atom.Atom{atom.P, atom.Div, atom.Ul, atom.Ol, atom.Dl, atom.Table, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Section, atom.Article} {
		rules[a] = block
	}
	return rules
}()

func (b *builder) closeTo(rule endRule) {
	for i := len(b.open) - 1; i > 0; i-- {
		tag := b.nodes[b.open[i]].tag
		switch {
		case rule.tags[tag]:
			for len(b.open) > i {
				b.pop()
			}
			return
		case rule.stops[tag]:
			return
		}
	}
}

func (b *builder) closeTag(tag string) {
	if b.raw != 0 {
		b.raw = 0
		return
	}
	if tag == "html" || tag == "body" {
		return // what comes after is shown all the same
	}
	for i := len(b.open) - 1; i > 0; i-- {
		open := b.nodes[b.open[i]].tag
		if open == tag {
			for len(b.open) > i {
				b.pop()
			}
			return
		}
		if (open == "td" || open == "th" || open == "table") && tag != "tr" && tag != "table" && tag != "tbody" {
			return // a stray end does not leave its cell
		}
	}
}

func (b *builder) push(t html.Token, container bool) {
	parent := int32(-1)
	if len(b.open) > 0 {
		parent = b.open[len(b.open)-1]
	}
	n := node{tag: t.Data, atom: t.DataAtom, parent: parent}
	if len(t.Attr) > 0 {
		n.attr = attrsOf(t)
	}
	if parent >= 0 {
		n.hidden = b.nodes[parent].hidden || n.unseen()
	}
	if t.DataAtom == atom.Template {
		b.template = true
	}
	b.nodes = append(b.nodes, n)
	at := int32(len(b.nodes) - 1)
	b.nodes[at].end = at + 1
	if container && len(b.open) < maxDepth {
		b.open = append(b.open, at)
	}
}

func (b *builder) pop() {
	last := len(b.open) - 1
	b.nodes[b.open[last]].end = int32(len(b.nodes))
	b.open = b.open[:last]
}

func (b *builder) textNode() {
	text := string(b.z.Text())
	switch b.raw {
	case atom.Script:
		b.script(text)
		return
	case atom.Title:
		if b.title == "" {
			b.title = oneline.Of(text)
		}
		return
	case 0:
	default:
		return
	}
	if text = oneline.Of(text); text == "" {
		return
	}
	parent := b.open[len(b.open)-1]
	at := int32(len(b.nodes))
	b.nodes = append(b.nodes, node{parent: parent, end: at + 1, text: text, hidden: b.nodes[parent].hidden})
}

// script keeps a script's text, or reads the list a page carries as data: some
// systems send the items as XML and let a script page through them.
func (b *builder) script(text string) {
	switch {
	case strings.Contains(b.kind, "xml") && strings.Contains(text, "<![CDATA["):
		b.raw = 0
		for record := range strings.SplitSeq(text, "<record>") {
			if _, rest, ok := strings.Cut(record, "<![CDATA["); ok && strings.Contains(record, "</record>") {
				data, _, _ := strings.Cut(rest, "]]>")
				b.feed(data)
			}
		}
		b.raw = atom.Script
		return
	case strings.Contains(b.kind, "template") || strings.Contains(b.kind, "html"):
		b.template = true
		return
	}
	at := int32(len(b.nodes) - 1)
	b.scripts[at] = text[:min(len(text), maxScript)]
}

func (b *builder) meta(a map[string]string) {
	name := strings.ToLower(oneline.First(a["name"], a["property"], a["itemprop"]))
	if name != "" && b.metas[name] == "" {
		b.metas[name] = strings.TrimSpace(a["content"])
	}
}

// measure fills in what is asked of runs of nodes.
func (b *builder) measure() {
	b.runes = make([]int32, len(b.nodes)+1)
	for i := range b.nodes {
		b.runes[i+1] = b.runes[i]
		if !b.nodes[i].hidden {
			b.runes[i+1] += int32(utf8.RuneCountInString(b.nodes[i].text))
		}
	}
}

// length is how many runes of shown text stand inside node i.
func (t *tree) length(i int32) int32 { return t.runes[t.nodes[i].end] - t.runes[i] }

// textOf joins the shown texts inside node i, at most most runes of them.
func (t *tree) textOf(i int32, between string, most int) string {
	var b strings.Builder
	for j := i; j < t.nodes[i].end && b.Len() < 4*most; j++ {
		if n := &t.nodes[j]; n.text != "" && !n.hidden {
			if b.Len() > 0 {
				b.WriteString(between)
			}
			b.WriteString(n.text)
		}
	}
	return oneline.Clip(oneline.Of(b.String()), most)
}

// inside tells whether node i is node of or lies inside it.
func (t *tree) inside(i, of int32) bool { return i >= of && i < t.nodes[of].end }

// unseen tells whether an element hides itself.
func (n *node) unseen() bool {
	switch n.atom {
	case atom.Template, atom.Noscript, atom.Select, atom.Datalist, atom.Object, atom.Button:
		return true
	}
	if n.attr == nil {
		return false
	}
	if _, ok := n.attr["hidden"]; ok {
		return true
	}
	style := strings.ToLower(strings.ReplaceAll(n.attr["style"], " ", ""))
	return strings.Contains(style, "display:none") || strings.Contains(style, "visibility:hidden")
}

// attrsOf returns the attributes of t, the first of each name, as browsers do.
func attrsOf(t html.Token) map[string]string {
	m := make(map[string]string, len(t.Attr))
	for _, a := range t.Attr {
		if _, ok := m[a.Key]; !ok {
			m[a.Key] = a.Val
		}
	}
	return m
}
