package linkcheck

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// scanner walks the tokens of a page. Tokens, not a tree: nesting costs
// nothing then, however deep, and broken markup is no special case.
type scanner struct {
	page  *page
	z     *html.Tokenizer
	raw   atom.Atom // element whose text is no markup: style is read, others skipped
	inert int       // depth of <template>, whose content is not shown
	open  int       // index of the <a> being labelled, plus one
	label strings.Builder
}

// linkRels are the relations of <link> a browser loads or a reader's program
// follows. The others, such as preconnect or canonical, are no links in a
// reader's sense.
var linkRels = words("stylesheet icon apple-touch-icon apple-touch-icon-precomposed preload modulepreload manifest alternate search help license next prev author")

// addressAttrs are the attributes that hold one address, by element.
var addressAttrs = map[atom.Atom][]string{
	atom.A: {"href", "xlink:href"}, atom.Area: {"href"}, atom.Link: {"href"},
	atom.Img: {"src", "lowsrc", "dynsrc", "longdesc"}, atom.Image: {"href", "xlink:href", "src"},
	atom.Input: {"src", "formaction"}, atom.Button: {"formaction"}, atom.Form: {"action"},
	atom.Script: {"src"}, atom.Iframe: {"src"}, atom.Frame: {"src"}, atom.Embed: {"src"},
	atom.Object: {"data"}, atom.Video: {"src", "poster"}, atom.Audio: {"src"},
	atom.Source: {"src"}, atom.Track: {"src"},
	atom.Body: {"background"}, atom.Table: {"background"}, atom.Tr: {"background"},
	atom.Td: {"background"}, atom.Th: {"background"}, atom.Tbody: {"background"},
}

// next handles one token and tells whether there may be more.
func (s *scanner) next() bool {
	switch s.z.Next() {
	case html.ErrorToken:
		s.closeLabel()
		return false
	case html.StartTagToken, html.SelfClosingTagToken:
		s.start(s.z.Token())
	case html.EndTagToken:
		name, _ := s.z.TagName()
		switch tag := atom.Lookup(name); tag {
		case atom.A:
			s.closeLabel()
		case atom.Template:
			s.inert = max(s.inert-1, 0)
		case s.raw:
			s.raw = 0
		}
	case html.TextToken:
		s.text()
	}
	return true
}

func (s *scanner) text() {
	switch {
	case s.raw == atom.Style && s.inert == 0:
		s.page.css(string(s.z.Raw()), "style", "url")
	case s.raw == 0 && s.open > 0 && s.label.Len() < 4*maxLabel:
		text := s.z.Text()
		s.label.Write(text[:min(len(text), 4*maxLabel)])
	}
}

func (s *scanner) start(t html.Token) {
	switch t.DataAtom {
	case atom.Template:
		s.inert++
	case atom.Script, atom.Style, atom.Noscript, atom.Noframes, atom.Noembed, atom.Xmp, atom.Textarea, atom.Title, atom.Iframe:
		s.raw = t.DataAtom
	default:
		s.raw = 0
	}
	if s.inert > 0 {
		return
	}
	at := attrs(t)
	s.anchor(t, at)
	if style := at["style"]; style != "" {
		s.page.css(style, t.Data, "style")
	}
	switch t.DataAtom {
	case atom.Base:
		if href, ok := at["href"]; ok && !s.page.hasBase {
			s.page.base, s.page.hasBase = href, true
		}
		return
	case atom.Meta:
		if strings.EqualFold(at["http-equiv"], "refresh") {
			if _, target, ok := parseRefresh(at["content"]); ok && target != "" {
				s.page.add(target, "meta", "content", "")
			}
		}
		return
	case atom.Param:
		// The address of a film or document in an <object> of old markup.
		switch strings.ToLower(at["name"]) {
		case "movie", "src", "filename", "url":
			s.page.add(at["value"], "param", "value", "")
		}
		return
	case atom.Link:
		if !loads(at["rel"]) {
			return
		}
	}
	s.addresses(t, at)
}

func (s *scanner) addresses(t html.Token, at map[string]string) {
	name := t.Data
	label := first(at["alt"], at["title"], at["aria-label"])
	attrs := addressAttrs[t.DataAtom]
	if name == "bgsound" {
		attrs = []string{"src"}
	} else if name == "use" {
		attrs = []string{"href", "xlink:href"}
	} else if t.DataAtom == atom.Form && strings.EqualFold(strings.TrimSpace(at["method"]), "post") {
		name = "form-post"
	}
	if t.DataAtom == atom.A {
		s.closeLabel()
	}
	for _, attr := range attrs {
		raw, ok := at[attr]
		if !ok || raw == "" && t.DataAtom != atom.A && t.DataAtom != atom.Area {
			continue
		}
		s.page.add(raw, name, attr, label)
		if t.DataAtom == atom.A && !s.page.cut {
			s.open = len(s.page.mentions)
		}
	}
	if t.DataAtom == atom.Img && s.open > 0 && s.label.Len() < 4*maxLabel {
		s.label.WriteString(" " + clip(at["alt"], maxLabel) + " ")
	}
	for _, attr := range []string{"srcset", "imagesrcset"} {
		for _, raw := range srcset(at[attr]) {
			s.page.add(raw, name, attr, label)
		}
	}
}

// closeLabel gives the last <a> the text that stood inside.
func (s *scanner) closeLabel() {
	if s.open > 0 {
		if text := squeeze(s.label.String()); text != "" {
			s.page.mentions[s.open-1].label = clip(text, maxLabel)
		}
	}
	s.open = 0
	s.label.Reset()
}

// anchor remembers what a fragment can point to.
func (s *scanner) anchor(t html.Token, at map[string]string) {
	if len(s.page.anchors) >= maxAnchor {
		return
	}
	if id := at["id"]; id != "" && len(id) <= maxRaw {
		s.page.anchors[id] = struct{}{}
	}
	if name := at["name"]; name != "" && t.DataAtom == atom.A && len(name) <= maxRaw {
		s.page.anchors[name] = struct{}{}
	}
}
