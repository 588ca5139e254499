package uitest

import (
	"strings"

	"golang.org/x/net/html"
)

// element checks one element of a page.
func (c *checker) element(n *html.Node) {
	c.policy(n)
	c.references(n)
	switch n.Data {
	case "html":
		if lang, _ := attr(n, "lang"); lang == "" {
			c.report("<html> has no lang")
		}
	case "title":
		if n.Parent != nil && n.Parent.Data == "head" {
			c.title = Text(n)
		}
	case "main":
		c.main++
	case "h1", "h2", "h3", "h4", "h5", "h6":
		c.headings(n)
	case "input", "select", "textarea":
		c.control(n)
	case "img":
		if _, ok := attr(n, "alt"); !ok {
			c.report("<img> without alt")
		}
	case "a", "button":
		if !named(n) {
			c.report("<%s> without text: %s", n.Data, attrs(n))
		}
	case "form":
		c.form(n)
	case "th":
		if scope, _ := attr(n, "scope"); scope == "" {
			c.report("<th> without scope: %q", Text(n))
		}
	case "progress", "meter":
		if !c.labelled(n) {
			c.report("<%s> without label", n.Data)
		}
	case "nav":
		if !named(n) || !has(n, "aria-label", "aria-labelledby") {
			c.report("<nav> without aria-label")
		}
	}
}

func (c *checker) headings(n *html.Node) {
	level := int(n.Data[1] - '0')
	if strings.TrimSpace(Text(n)) == "" {
		c.report("empty <%s>", n.Data)
	}
	if level == 1 {
		c.h1++
	}
	if level > c.heading+1 {
		c.report("<%s> follows <h%d>: a level is skipped", n.Data, c.heading)
	}
	c.heading = level
}

// policy finds what the content security policy would block.
func (c *checker) policy(n *html.Node) {
	for _, a := range n.Attr {
		switch {
		case a.Key == "style":
			c.report("<%s> has a style attribute", n.Data)
		case strings.HasPrefix(a.Key, "on"):
			c.report("<%s> has %s", n.Data, a.Key)
		case a.Key == "href" || a.Key == "src" || a.Key == "action" || a.Key == "formaction":
			v := strings.ToLower(strings.TrimSpace(a.Val))
			if strings.HasPrefix(v, "javascript:") {
				c.report("<%s> has a script in %s", n.Data, a.Key)
			}
			foreign := strings.HasPrefix(v, "http:") || strings.HasPrefix(v, "https:") || strings.HasPrefix(v, "//")
			if foreign && n.Data != "a" && (a.Key != "href" || n.Data == "link") {
				c.report("<%s> loads from elsewhere: %s", n.Data, a.Val)
			}
		}
	}
	switch n.Data {
	case "style", "iframe", "object", "embed", "base":
		c.report("<%s> is not allowed", n.Data)
	case "script":
		if _, ok := attr(n, "src"); !ok {
			c.report("inline <script>")
		}
	}
}

// references checks that ids spoken of exist.
func (c *checker) references(n *html.Node) {
	for _, name := range []string{"for", "aria-describedby", "aria-labelledby", "aria-controls", "list", "form"} {
		v, ok := attr(n, name)
		if !ok {
			continue
		}
		for id := range strings.FieldsSeq(v) {
			if c.ids[id] == 0 {
				c.report("<%s %s=%q>: no such id", n.Data, name, id)
			}
		}
	}
	if v, ok := attr(n, "href"); ok && strings.HasPrefix(v, "#") && len(v) > 1 && c.ids[v[1:]] == 0 {
		c.report("<%s href=%q>: no such id", n.Data, v)
	}
}

func (c *checker) control(n *html.Node) {
	kind, _ := attr(n, "type")
	if _, unseen := attr(n, "hidden"); unseen {
		return // for what keeps passwords: it tells whose they are
	}
	if n.Data == "input" && (kind == "hidden" || kind == "submit" || kind == "button") {
		return
	}
	if !c.labelled(n) {
		c.report("<%s> without label: %s", n.Data, attrs(n))
	}
}

func (c *checker) labelled(n *html.Node) bool {
	if has(n, "aria-label", "aria-labelledby") {
		return true
	}
	if id, ok := attr(n, "id"); ok && c.labels[id] {
		return true
	}
	for p := n.Parent; p != nil; p = p.Parent {
		if p.Data == "label" && strings.TrimSpace(Text(p)) != "" {
			return true
		}
	}
	return false
}

// form checks that what changes something carries the token, first: the server
// looks for it before it reads files.
func (c *checker) form(n *html.Node) {
	method, _ := attr(n, "method")
	if !strings.EqualFold(method, "post") {
		return
	}
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && (d.Data == "input" || d.Data == "select" || d.Data == "textarea") {
			if name, _ := attr(d, "name"); name != "_token" {
				c.report("form %s: the first field is %q, want the token", attrs(n), name)
			}
			return
		}
	}
	c.report("form %s: no token", attrs(n))
}

// named reports whether something says what the element is.
func named(n *html.Node) bool {
	return strings.TrimSpace(Text(n)) != "" || has(n, "aria-label", "aria-labelledby")
}

func has(n *html.Node, names ...string) bool {
	for _, name := range names {
		if v, _ := attr(n, name); strings.TrimSpace(v) != "" {
			return true
		}
	}
	return false
}

func attrs(n *html.Node) string {
	var b strings.Builder
	for _, a := range n.Attr {
		b.WriteString(a.Key + "=" + a.Val + " ")
	}
	return strings.TrimSpace(b.String())
}
