package linkcheck

import (
	"bytes"
	"strings"

	"zhanqun/internal/oneline"

	"golang.org/x/net/html/atom"
)

// scanner walks the tokens of a page, once, for its links and its facts.
// Tokens, not a tree: nesting costs nothing then, however deep, and broken
// markup is no special case.
type scanner struct {
	page  *page
	facts *facts
	z     tokens
	links bool // links are wanted, not facts alone

	name  string // of the tag at hand
	tag   atom.Atom
	raw   atom.Atom // element whose text is no markup: style is read, others skipped
	inert int       // depth of <template>, whose content is not shown
	depth int       // of documents inside of documents; see nested
	open  int       // index of the <a> being labelled, plus one
	veils veils
	label []byte

	text text
}

// get returns the first attribute of a name, as browsers do; nil if there is
// none.
func (s *scanner) get(name string) []byte {
	for i := range s.z.attrs {
		if a := &s.z.attrs[i]; string(a.key) == name {
			if bytes.IndexByte(a.value, '&') >= 0 {
				return []byte(unescapedValue(a.value))
			}
			return a.value
		}
	}
	return nil
}

// linkRels are the relations of <link> a browser loads or a reader's program
// follows. The others, such as preconnect or canonical, are no links in a
// reader's sense.
var linkRels = oneline.Words("stylesheet icon apple-touch-icon apple-touch-icon-precomposed preload modulepreload manifest alternate search help license next prev author")

// addressAttrs are the attributes that hold one address, by element.
var addressAttrs = map[atom.Atom][]string{
	atom.A: {"href", "xlink:href"}, atom.Area: {"href"}, atom.Link: {"href"},
	atom.Img: {"src", "lowsrc", "dynsrc", "longdesc", "data-src", "data-original", "data-lazy-src"}, atom.Image: {"href", "xlink:href", "src"},
	atom.Input: {"src", "formaction"}, atom.Button: {"formaction"}, atom.Form: {"action"},
	atom.Script: {"src"}, atom.Iframe: {"src"}, atom.Frame: {"src"}, atom.Embed: {"src"},
	atom.Object: {"data"}, atom.Video: {"src", "poster"}, atom.Audio: {"src"},
	atom.Source: {"src"}, atom.Track: {"src"},
	atom.Body: {"background"}, atom.Table: {"background"}, atom.Tr: {"background"},
	atom.Td: {"background"}, atom.Th: {"background"}, atom.Tbody: {"background"},
}

// oddAttrs are the same for elements the HTML package has no constant for.
var oddAttrs = map[string][]string{"bgsound": {"src"}, "use": {"href", "xlink:href"}}

// next handles one token and tells whether there may be more.
func (s *scanner) next() bool {
	switch s.z.next() {
	case endOfPage:
		s.closeLabel()
		s.endBlock()
		return false
	case startTag:
		s.start()
	case endTag:
		s.end(s.z.tag, s.z.name)
	case someText:
		s.words()
	}
	return true
}

func (s *scanner) start() {
	if s.tag = s.z.tag; s.tag != 0 {
		s.name = s.tag.String()
	} else {
		s.name = string(s.z.name)
	}
	s.raw = 0
	switch s.tag {
	case atom.Template:
		s.inert++
		s.raw = s.tag
	case atom.Script, atom.Style, atom.Noscript, atom.Noframes, atom.Noembed, atom.Xmp, atom.Textarea, atom.Title, atom.Iframe:
		s.raw = s.tag
	}
	s.fact()
	if s.links && s.inert == 0 {
		s.hide()
		s.link()
		if s.tag == atom.Iframe {
			s.nested(s.get("srcdoc"))
		}
	}
}

// maxNested is how deep documents inside of documents are read.
const maxNested = 3

// nested reads the links of markup that a page holds as text: the page inside a
// frame's srcdoc, and what stands in <noscript> for readers without scripts. What
// it shows says nothing of the page, so there are no facts in it.
func (s *scanner) nested(markup []byte) {
	if s.depth >= maxNested || bytes.IndexByte(markup, '<') < 0 {
		return
	}
	inner := scanner{page: s.page, facts: &facts{}, z: tokens{src: markup}, links: true, depth: s.depth + 1}
	for inner.next() {
	}
}

func (s *scanner) end(tag atom.Atom, name []byte) {
	switch tag {
	case atom.A:
		s.closeLabel()
	case atom.Template:
		s.inert = max(s.inert-1, 0)
	}
	s.raw = 0
	if len(s.veils.open) > 0 {
		s.veils.unhide(tag)
	}
	s.factEnd(tag, name)
}

// words handles text.
func (s *scanner) words() {
	if s.raw == atom.Style {
		if s.links && s.inert == 0 {
			css := string(s.z.text)
			s.page.css(css, "style", "url")
			s.veils.learn(css)
		}
		return
	}
	text := s.z.text
	switch {
	case s.raw == atom.Noscript:
		if s.links && s.inert == 0 {
			s.nested(text)
		}
		return
	case s.raw != atom.Script:
		text = unescaped(text)
	case s.links && s.inert == 0 && bytes.Contains(text, []byte("document.write")):
		s.written(string(text[:min(len(text), maxScripts)]))
	}
	s.read(text)
	if s.raw == 0 && s.open > 0 && len(s.label) < 4*maxLabel {
		s.label = append(s.label, text[:min(len(text), 4*maxLabel)]...)
	}
}

// link adds what addresses the tag at hand holds.
func (s *scanner) link() {
	if len(s.z.attrs) == 0 {
		if s.tag == atom.A {
			s.closeLabel()
		}
		return
	}
	s.anchor()
	if style := s.get("style"); len(style) > 0 && bytes.IndexByte(style, '(') >= 0 {
		s.page.css(string(style), s.name, "style")
	}
	switch s.tag {
	case atom.Base:
		if href := s.get("href"); href != nil && !s.page.hasBase && s.depth == 0 {
			s.page.base, s.page.hasBase = string(href), true
		}
		return
	case atom.Meta:
		if bytes.EqualFold(s.get("http-equiv"), []byte("refresh")) {
			if _, target, ok := parseRefresh(string(s.get("content"))); ok && target != "" {
				s.page.add(target, "meta", "content", "")
			}
		}
		return
	case atom.Param:
		// The address of a film or document in an <object> of old markup.
		switch strings.ToLower(string(s.get("name"))) {
		case "movie", "src", "filename", "url":
			s.page.add(string(s.get("value")), "param", "value", "")
		}
		return
	case atom.Link:
		if !loads(string(s.get("rel"))) {
			return
		}
	}
	s.addresses()
}

func (s *scanner) addresses() {
	list := addressAttrs[s.tag]
	if list == nil {
		list = oddAttrs[s.name]
	}
	name := s.name
	if s.tag == atom.Form {
		switch strings.ToLower(strings.TrimSpace(string(s.get("method")))) {
		case "post", "dialog":
			name = "form-post"
		}
	}
	if s.tag == atom.A {
		s.closeLabel()
	}
	label := ""
	if list != nil {
		label = s.spoken()
	}
	for _, attr := range list {
		raw := s.get(attr)
		if raw == nil || len(raw) == 0 && s.tag != atom.A && s.tag != atom.Area {
			continue
		}
		s.page.add(string(raw), name, attr, label)
		if s.tag == atom.A || s.tag == atom.Area || s.tag == atom.Iframe {
			s.page.hidden(s.veils.how())
		}
		if s.tag == atom.A && !s.page.cut {
			s.open = len(s.page.mentions)
		}
	}
	if s.tag == atom.Img && s.open > 0 && len(s.label) < 4*maxLabel {
		s.label = append(s.label, " "+oneline.Clip(string(s.get("alt")), maxLabel)+" "...)
	}
	for _, attr := range []string{"srcset", "imagesrcset"} {
		if set := s.get(attr); len(set) > 0 {
			for _, raw := range srcset(string(set)) {
				s.page.add(raw, name, attr, label)
			}
		}
	}
}

// spoken is what the tag at hand says of itself.
func (s *scanner) spoken() string {
	for _, attr := range []string{"alt", "title", "aria-label"} {
		if v := s.get(attr); len(bytes.TrimSpace(v)) > 0 {
			return string(v)
		}
	}
	return ""
}

// closeLabel gives the last <a> the text that stood inside.
func (s *scanner) closeLabel() {
	if s.open > 0 {
		if text := oneline.Of(string(s.label)); text != "" {
			s.page.mentions[s.open-1].label = oneline.Clip(text, maxLabel)
		}
		s.open, s.label = 0, s.label[:0]
	}
}

// anchor remembers what a fragment can point to.
func (s *scanner) anchor() {
	if len(s.page.anchors) >= maxAnchor {
		return
	}
	if id := s.get("id"); len(id) > 0 && len(id) <= maxRaw {
		s.page.anchors = append(s.page.anchors, AnchorSum(string(id)))
	}
	if s.tag == atom.A {
		if name := s.get("name"); len(name) > 0 && len(name) <= maxRaw {
			s.page.anchors = append(s.page.anchors, AnchorSum(string(name)))
		}
	}
}
