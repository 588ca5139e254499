package linkcheck

import (
	"bytes"
	"strings"

	"zhanqun/internal/oneline"

	"golang.org/x/net/html/atom"
)

// inlines are the elements that do not break a line of text.
var inlines = oneline.Words("a abbr b big cite code em font i label mark q s small span strike strong sub sup tt u wbr")

// inline tells the same by number, which is faster.
var inline = func() map[atom.Atom]bool {
	set := map[atom.Atom]bool{}
	for name := range inlines {
		set[atom.Lookup([]byte(name))] = true
	}
	return set
}()

// text is the text being read.
type text struct {
	block   []byte
	inTitle bool
	link    bool
	lone    bool // the line holds text outside links
	heading bool
}

// factsOf returns the facts of a page.
func factsOf(contentType string, body []byte) *facts {
	return &survey(address{}, contentType, body, false).facts
}

// fact takes from the tag at hand what it says of the page.
func (s *scanner) fact() {
	if !inline[s.tag] || s.tag == 0 {
		s.endBlock()
	}
	f, t := s.facts, &s.text
	t.inTitle = false
	switch s.tag {
	case atom.Title:
		t.inTitle = f.title == ""
	case atom.Script:
		f.scripts++
	case atom.Iframe, atom.Frame, atom.Object, atom.Embed, atom.Video, atom.Audio:
		f.embeds++
		f.viewers++
		if src := s.get("src"); bytes.Contains(src, []byte("_Incapsula_Resource")) {
			f.script += string(src[:min(len(src), maxScripts)])
		}
	case atom.Img, atom.Image, atom.Canvas, atom.Svg, atom.Button, atom.Select, atom.Textarea:
		f.embeds++
		if alt := s.get("alt"); s.tag == atom.Img && len(alt) > 0 && len(f.pictured) < 5 {
			f.pictured = append(f.pictured, oneline.Clip(oneline.Of(string(alt)), maxBlock))
		}
	case atom.Body:
		if on := s.get("onload"); bytes.Contains(on, []byte("location")) {
			f.scripts++
			f.script += string(on[:min(len(on), maxScripts)])
		}
	case atom.Td, atom.Th:
		f.cells++
	case atom.H1, atom.H2, atom.H3:
		t.heading = true
	case atom.A:
		t.link = len(s.get("href")) > 0
	case atom.Input:
		kind := s.get("type")
		if !bytes.EqualFold(kind, []byte("hidden")) {
			f.embeds++
		}
		f.password = f.password || bytes.EqualFold(kind, []byte("password"))
	case atom.Div:
		switch string(s.get("id")) {
		case "app", "root", "__next":
			f.app = true
		}
	case atom.Meta:
		s.meta()
	}
}

func (s *scanner) meta() {
	f := s.facts
	name := s.get("name")
	if len(bytes.TrimSpace(name)) == 0 {
		name = s.get("property")
	}
	content := s.get("content")
	switch strings.ToLower(string(name)) {
	case "pubdate", "articletitle", "article:published_time":
		f.article = f.article || len(content) > 0
	}
	if f.refresh == "" && bytes.EqualFold(s.get("http-equiv"), []byte("refresh")) {
		var ok bool
		f.after, f.refresh, ok = parseRefresh(string(content))
		f.reloads = ok && f.refresh == ""
	}
}

func (s *scanner) factEnd(tag atom.Atom, name []byte) {
	if !inline[tag] || tag == 0 && !inlines[string(name)] {
		s.endBlock()
	}
	switch tag {
	case atom.A:
		s.text.link = false
	case atom.H1, atom.H2, atom.H3:
		s.text.heading = false
	case atom.Body, atom.Html:
		s.facts.closed = true
	}
	s.text.inTitle = false
}

// read takes in text that stands in the page.
func (s *scanner) read(text []byte) {
	f := s.facts
	switch {
	case s.text.inTitle:
		f.title += oneline.Clip(string(text[:min(len(text), 4*maxTitle)]), maxTitle)
		return
	case s.raw == atom.Script:
		if len(f.script) < maxScripts {
			f.script += string(text[:min(len(text), maxScripts-len(f.script))])
		}
		return
	case s.raw != 0 && s.raw != atom.Xmp:
		return
	}
	if len(s.text.block) < 4*maxBlock {
		s.text.block = append(s.text.block, text[:min(len(text), 4*maxBlock)]...)
	}
	n := f.take(text)
	if n == 0 {
		return
	}
	f.text += n
	if !s.text.link {
		f.prose += n
		s.text.lone = true
	}
}

// endBlock closes the line of text being collected. Lines that are links alone,
// such as menus, say nothing of the page.
func (s *scanner) endBlock() {
	t, f := &s.text, s.facts
	if len(t.block) == 0 {
		t.lone = false
		return
	}
	lone := t.lone || t.heading
	block := ""
	if lone && len(f.blocks) < maxBlocks {
		block = oneline.Clip(oneline.Of(string(t.block)), maxBlock)
	}
	t.block = t.block[:0]
	t.lone = false
	if block == "" {
		return
	}
	if t.heading {
		f.headings = append(f.headings, block)
	}
	f.blocks = append(f.blocks, block)
}
