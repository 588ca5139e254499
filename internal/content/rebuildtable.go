package content

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// table rebuilds a table. The parser has put its parts in order already; all
// else between them is dropped.
func (b *builder) table(f *flow, n *html.Node) {
	table := appendNew(f.dst, "table")
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type != html.ElementNode || hidden(c) {
			continue
		}
		switch c.DataAtom {
		case atom.Caption:
			b.paragraph(table, "caption", c)
		case atom.Thead, atom.Tbody, atom.Tfoot:
			rows := appendNew(table, c.Data)
			for r := c.FirstChild; r != nil; r = r.NextSibling {
				if r.Type == html.ElementNode && r.DataAtom == atom.Tr && !hidden(r) {
					b.row(rows, r, f.depth+1)
				}
			}
			if rows.FirstChild == nil {
				table.RemoveChild(rows)
			}
		}
	}
	if table.FirstChild == nil {
		f.dst.RemoveChild(table)
	}
}

func (b *builder) row(rows, n *html.Node, depth int) {
	row := appendNew(rows, "tr")
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type != html.ElementNode || c.DataAtom != atom.Td && c.DataAtom != atom.Th {
			continue
		}
		cell := appendNew(row, c.Data)
		for _, key := range [...]string{"colspan", "rowspan"} {
			if v := strings.TrimSpace(attr(c, key)); cleanSpan(v) {
				cell.Attr = append(cell.Attr, html.Attribute{Key: key, Val: v})
			}
		}
		if !hidden(c) { // an emptied cell keeps its column
			b.flow(&flow{dst: cell, depth: depth}, c)
		}
	}
	if row.FirstChild == nil {
		rows.RemoveChild(row)
	}
}

// appendNew adds an empty element to dst.
func appendNew(dst *html.Node, name string) *html.Node {
	n := &html.Node{Type: html.ElementNode, DataAtom: atom.Lookup([]byte(name)), Data: name}
	dst.AppendChild(n)
	return n
}

// finish takes trailing blanks and line breaks off n, and takes n itself out of
// the tree if nothing is left in it: pasted text is full of empty paragraphs.
func finish(n *html.Node) {
	for last := n.LastChild; last != nil; last = n.LastChild {
		if last.Type == html.TextNode {
			last.Data = strings.TrimRight(last.Data, blanks)
			if last.Data != "" {
				break
			}
		} else if last.DataAtom != atom.Br {
			break
		}
		n.RemoveChild(last)
	}
	if n.FirstChild == nil {
		n.Parent.RemoveChild(n)
	}
}

// blanks are what a paragraph does not begin or end with. A full-width blank at
// the beginning is how people indent by hand; the stylesheet does that.
const blanks = " \t\n\u00a0　"
