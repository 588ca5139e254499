package uitest

import (
	"bytes"
	"fmt"
	"strings"

	"golang.org/x/net/html"
)

// Check returns what is wrong with a whole HTML page, in words. No finding
// means: tags match, ids are unique and references to them hold, there is one
// heading of the first level, controls have labels, forms carry the token, and
// nothing the content security policy would block.
func Check(page []byte) []string {
	c := &checker{ids: map[string]int{}}
	for _, trace := range []string{"ZgotmplZ", "<no value>", "%!", "&lt;nil&gt;"} {
		if bytes.Contains(page, []byte(trace)) {
			c.report("page holds %q, the trace of a template fault", trace)
		}
	}
	c.nesting(page)
	doc, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		return append(c.problems, "parsing: "+err.Error())
	}
	if doc.FirstChild == nil || doc.FirstChild.Type != html.DoctypeNode {
		c.report("no doctype")
	}
	c.collect(doc)
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode {
			c.element(n)
		}
	}
	c.whole()
	return c.problems
}

type checker struct {
	problems []string
	ids      map[string]int
	labels   map[string]bool // ids that some label is for
	h1, main int
	heading  int // level of the last heading
	title    string
}

func (c *checker) report(format string, args ...any) {
	c.problems = append(c.problems, fmt.Sprintf(format, args...))
}

// void elements have no end tag.
var void = map[string]bool{
	"area": true, "base": true, "br": true, "col": true, "embed": true, "hr": true, "img": true,
	"input": true, "link": true, "meta": true, "source": true, "track": true, "wbr": true,
}

// nesting checks start and end tags on the raw text, because the parser mends
// what is wrong.
func (c *checker) nesting(page []byte) {
	var open []string
	z := html.NewTokenizer(bytes.NewReader(page))
	for {
		switch z.Next() {
		case html.ErrorToken:
			if len(open) > 0 {
				c.report("not closed: <%s>", strings.Join(open, "> <"))
			}
			return
		case html.StartTagToken:
			name, _ := z.TagName()
			tag := string(name)
			if void[tag] {
				continue
			}
			for _, o := range open {
				if o == tag && (tag == "form" || tag == "a" || tag == "button" || tag == "label" || tag == "p") {
					c.report("<%s> within <%s>", tag, tag)
				}
				if o == "p" && blocks[tag] {
					c.report("<%s> within <p>", tag)
				}
			}
			open = append(open, tag)
		case html.EndTagToken:
			name, _ := z.TagName()
			tag := string(name)
			if len(open) == 0 || open[len(open)-1] != tag {
				c.report("</%s> closes nothing; open: <%s>", tag, strings.Join(open, "> <"))
				return
			}
			open = open[:len(open)-1]
		}
	}
}

// blocks end a paragraph when they stand in it.
var blocks = map[string]bool{
	"div": true, "ul": true, "ol": true, "dl": true, "table": true, "form": true, "fieldset": true,
	"section": true, "nav": true, "h1": true, "h2": true, "h3": true, "p": true, "pre": true, "figure": true, "details": true,
}

// collect notes ids and labels before references are checked.
func (c *checker) collect(doc *html.Node) {
	c.labels = map[string]bool{}
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if id, ok := attr(n, "id"); ok {
			if c.ids[id]++; c.ids[id] == 2 {
				c.report("id %q twice", id)
			}
			if id == "" || strings.ContainsAny(id, " \t\n") {
				c.report("id %q is empty or has a blank", id)
			}
		}
		if n.Data == "label" {
			if id, ok := attr(n, "for"); ok && strings.TrimSpace(Text(n)) != "" {
				c.labels[id] = true
			}
		}
	}
}

func (c *checker) whole() {
	if c.h1 != 1 {
		c.report("%d headings of the first level, want 1", c.h1)
	}
	if c.main != 1 {
		c.report("%d main regions, want 1", c.main)
	}
	if strings.Trim(c.title, " ·") == "" {
		c.report("no page title")
	}
}

// attr returns an attribute of n.
func attr(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

// Text is all text within n, with alternative texts of images.
func Text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
		if d.Type == html.ElementNode && d.Data == "img" {
			alt, _ := attr(d, "alt")
			b.WriteString(alt)
		}
	}
	return b.String()
}
