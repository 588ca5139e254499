package content

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// kind is what becomes of an element. From kindPara on elements are blocks, from
// kindNest on they nest.
type kind int

const (
	kindPass   kind = iota // unknown or meaningless: only its content counts
	kindInline             // emphasis and links
	kindBreak
	kindImage
	kindDrop // goes with all its content
	kindPara // a paragraph, or a frame around blocks
	kindHeading
	kindRule
	kindNest
	kindList
	kindTable
	kindQuote
	kindFigure
)

var kinds = func() map[atom.Atom]kind {
	m := map[atom.Atom]kind{}
	for k, names := range map[kind]string{
		kindInline: "a b strong i em u s sub sup del strike ins",
		kindBreak:  "br",
		kindImage:  "img",
		kindDrop: "script style noscript template iframe frame frameset noframes object embed applet param svg math " +
			"canvas audio video source track select option optgroup datalist textarea input button head title meta " +
			"link base area map noembed plaintext col colgroup",
		kindPara: "p div section article header footer main aside nav address center form fieldset legend details " +
			"summary dl dt dd pre li figcaption caption thead tbody tfoot tr td th html body hgroup dir menu listing xmp",
		kindHeading: "h1 h2 h3 h4 h5 h6",
		kindRule:    "hr",
		kindList:    "ul ol",
		kindTable:   "table",
		kindQuote:   "blockquote",
		kindFigure:  "figure",
	} {
		for _, n := range strings.Fields(names) {
			m[atom.Lookup([]byte(n))] = k
		}
	}
	delete(m, 0) // names the parser has no atom for stay unknown
	return m
}()

func kindOf(n *html.Node) kind {
	if n.Type == html.ElementNode && n.Namespace != "" {
		return kindDrop // SVG and MathML
	}
	if n.DataAtom == 0 {
		return kindPass
	}
	return kinds[n.DataAtom]
}

// headingName maps six levels to the three an item may use; the page has h1.
func headingName(n *html.Node) string {
	switch n.DataAtom {
	case atom.H1, atom.H2:
		return "h2"
	case atom.H3:
		return "h3"
	}
	return "h4"
}

func inlineName(n *html.Node) string {
	switch n.DataAtom {
	case atom.Del, atom.Strike:
		return "s"
	case atom.Ins:
		return "u"
	}
	return n.Data
}

// hidden reports whether a reader would not see n where it comes from. Invisible
// links are how broken-into sites are abused; they must not travel on.
func hidden(n *html.Node) bool {
	for _, a := range n.Attr {
		switch a.Key {
		case "hidden":
			return true
		case "style":
			style := strings.ToLower(strings.ReplaceAll(a.Val, " ", ""))
			if strings.Contains(style, "display:none") || strings.Contains(style, "visibility:hidden") ||
				strings.Contains(style, "mso-hide:all") {
				return true
			}
		}
	}
	return false
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key && a.Namespace == "" {
			return a.Val
		}
	}
	return ""
}
