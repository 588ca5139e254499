package uitest

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// Parse reads a page for Find and All.
func Parse(t testing.TB, page []byte) *html.Node {
	t.Helper()
	doc, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		t.Fatalf("parsing page: %v", err)
	}
	return doc
}

// Find is the first element within n that the selector names, or nil.
func Find(n *html.Node, selector string) *html.Node {
	if all := All(n, selector); len(all) > 0 {
		return all[0]
	}
	return nil
}

// All lists the elements within n that the selector names, in order. It knows
// tag, #id, .class, [attr], [attr=value] and the blank for "within":
//
//	uitest.All(doc, "form[action=/items] input[name=title]")
func All(n *html.Node, selector string) []*html.Node {
	steps := strings.Fields(selector)
	var out []*html.Node
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && matchesPath(d, n, steps) {
			out = append(out, d)
		}
	}
	return out
}

// Attr is the value of an attribute, or "".
func Attr(n *html.Node, name string) string {
	if n == nil {
		return ""
	}
	v, _ := attr(n, name)
	return v
}

// Words is the text of an element with blanks made single, or "" for nil.
func Words(n *html.Node) string {
	if n == nil {
		return ""
	}
	return strings.Join(strings.Fields(Text(n)), " ")
}

// matchesPath matches the last step against d and the others, from the right,
// against elements around it up to root.
func matchesPath(d, root *html.Node, steps []string) bool {
	last := len(steps) - 1
	if last < 0 || !matches(d, steps[last]) {
		return false
	}
	at := d.Parent
	for _, step := range slices.Backward(steps[:last]) {
		for at != nil && at != root && !(at.Type == html.ElementNode && matches(at, step)) {
			at = at.Parent
		}
		if at == nil || at == root {
			return false
		}
		at = at.Parent
	}
	return true
}

// matches holds one element against one step such as a.row-title[href].
func matches(n *html.Node, step string) bool {
	end := func(s string) int {
		if i := strings.IndexAny(s, "#.["); i >= 0 {
			return i
		}
		return len(s)
	}
	i := end(step)
	if tag := step[:i]; tag != "" && tag != "*" && tag != n.Data {
		return false
	}
	for rest := step[i:]; rest != ""; {
		kind := rest[0]
		rest = rest[1:]
		if kind == '[' {
			cond, after, _ := strings.Cut(rest, "]")
			name, want, exact := strings.Cut(cond, "=")
			v, ok := attr(n, name)
			if !ok || exact && v != want {
				return false
			}
			rest = after
			continue
		}
		i := end(rest)
		word := rest[:i]
		rest = rest[i:]
		if kind == '#' && Attr(n, "id") != word {
			return false
		}
		if kind == '.' && !slices.Contains(strings.Fields(Attr(n, "class")), word) {
			return false
		}
	}
	return true
}
