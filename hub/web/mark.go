package web

import (
	"html"
	"slices"
	"strings"

	nethtml "golang.org/x/net/html"

	"zhanqun/internal/content"
)

// marked returns clean HTML with the words of hits marked, so that a reviewer
// sees them before reading. Words that tags cut in two stay unmarked; the notice
// above the text tells of them all the same. Nothing but mark elements is added.
func marked(clean string, hits []content.Hit) string {
	var words []string
	for _, h := range hits {
		if h.Value != "" && !slices.Contains(words, h.Value) {
			words = append(words, h.Value)
		}
	}
	if len(words) == 0 {
		return clean
	}
	// Of two that begin at one place the longer one is meant.
	slices.SortFunc(words, func(a, b string) int { return len(b) - len(a) })
	pairs := make([]string, 0, 2*len(words))
	for _, w := range words {
		pairs = append(pairs, html.EscapeString(w), "<mark>"+html.EscapeString(w)+"</mark>")
	}
	mark := strings.NewReplacer(pairs...)
	var b strings.Builder
	z := nethtml.NewTokenizer(strings.NewReader(clean))
	for {
		switch z.Next() {
		case nethtml.ErrorToken:
			return b.String()
		case nethtml.TextToken:
			b.WriteString(mark.Replace(html.EscapeString(html.UnescapeString(string(z.Raw())))))
		default:
			b.Write(z.Raw())
		}
	}
}
