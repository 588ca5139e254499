package content

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"zhanqun/internal/fault"
)

// policy repeats the grammar for bluemonday. The tree has been rebuilt from the
// closed list before it gets there; a second, independent filter stands behind
// it because a hole in one should not be a hole in the product.
var policy = func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "h2", "h3", "h4", "blockquote", "ul", "ol", "li", "hr", "br",
		"table", "caption", "thead", "tbody", "tfoot", "tr", "td", "th", "figure", "figcaption",
		"b", "strong", "i", "em", "u", "s", "sub", "sup")
	p.AllowURLSchemes("http", "https", "mailto", "att")
	p.RequireParseableURLs(true)
	p.AllowRelativeURLs(false)
	p.AllowAttrs("href").Matching(regexp.MustCompile(`^(?:https?://|mailto:)`)).OnElements("a")
	p.AllowAttrs("rel").Matching(regexp.MustCompile(`^noopener$`)).OnElements("a")
	p.AllowAttrs("src").Matching(regexp.MustCompile(`^att:[0-9a-f]{64}$`)).OnElements("img")
	p.AllowAttrs("alt").OnElements("img")
	p.AllowAttrs("colspan", "rowspan").Matching(regexp.MustCompile(`^[1-9][0-9]?$`)).OnElements("td", "th")
	return p
}()

// Sanitize returns what of the HTML text s may be shown to readers: paragraphs,
// headings, lists, tables, quotations, emphasis, links, and images that are the
// item's own attachments (src="att:<sha256>"). Scripts, styles, classes, remote
// images, hidden parts, Word and WPS markup and control characters are gone.
// Sanitize of the result is the result.
//
// Text nested deeper than 512 elements cannot be parsed safely and is a fault
// of kind Invalid at the field "body".
func Sanitize(s string) (string, error) {
	if isClean(s) {
		return s, nil
	}
	out, err := filter(s)
	if err != nil {
		return "", err
	}
	if !isClean(out) {
		// Not known to happen; if it does, the words are kept and the layout is not.
		out = FromText(ToText(out))
	}
	return out, nil
}

// filter parses, rebuilds and renders s and sends it through the policy. What
// it returns is inside the grammar; Sanitize checks that, and a fuzz test does.
func filter(s string) (string, error) {
	body := &html.Node{Type: html.ElementNode, DataAtom: atom.Body, Data: "body"}
	nodes, err := html.ParseFragment(strings.NewReader(CleanText(s)), body)
	if err != nil {
		deep := fault.Field("body", "正文的格式嵌套太深，无法处理。请先粘贴为纯文本，再重新排版。")
		return "", errors.Join(deep, fmt.Errorf("parsing item text: %w", err))
	}
	var b strings.Builder
	b.Grow(len(s))
	for n := rebuild(nodes).FirstChild; n != nil; n = n.NextSibling {
		if err := html.Render(&b, n); err != nil {
			return "", fmt.Errorf("rendering item text: %w", err)
		}
	}
	return policy.Sanitize(b.String()), nil
}
