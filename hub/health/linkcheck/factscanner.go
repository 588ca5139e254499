package linkcheck

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// factScanner walks a page for its facts.
type factScanner struct {
	facts
	z       *html.Tokenizer
	raw     atom.Atom
	inTitle bool
	link    bool
	block   strings.Builder
	lone    bool // the line holds text outside links
	heading bool
}

// inlines are the elements that do not break a line of text.
var inlines = words("a abbr b big cite code em font i label mark q s small span strike strong sub sup tt u wbr")

func factsOf(contentType string, body []byte) *facts {
	text, _ := Decode(contentType, body)
	s := &factScanner{z: html.NewTokenizer(bytes.NewReader(text))}
	s.sum = fnvOffset
	for s.next() {
	}
	s.endBlock()
	s.title = clip(squeeze(s.title), maxTitle)
	s.office = bytes.Contains(text, []byte("urn:schemas-microsoft-com:office"))
	return &s.facts
}

func (s *factScanner) next() bool {
	switch s.z.Next() {
	case html.ErrorToken:
		return false
	case html.StartTagToken, html.SelfClosingTagToken:
		s.start(s.z.Token())
	case html.EndTagToken:
		name, _ := s.z.TagName()
		s.end(string(name), atom.Lookup(name))
	case html.TextToken:
		s.words(s.z.Text())
	}
	return true
}

func (s *factScanner) start(t html.Token) {
	if !inlines[t.Data] {
		s.endBlock()
	}
	s.raw, s.inTitle = 0, false
	switch t.DataAtom {
	case atom.Title:
		s.inTitle = s.title == ""
		s.raw = t.DataAtom
	case atom.Script:
		s.scripts++
		s.raw = t.DataAtom
	case atom.Style, atom.Noscript, atom.Noframes, atom.Noembed, atom.Textarea, atom.Template:
		s.raw = t.DataAtom
	case atom.Iframe, atom.Frame, atom.Object, atom.Embed:
		s.embeds++
		s.viewers++
		if t.DataAtom == atom.Iframe {
			s.raw = t.DataAtom
		}
	case atom.Img, atom.Image, atom.Video, atom.Audio, atom.Canvas, atom.Svg, atom.Button, atom.Select:
		s.embeds++
	case atom.H1, atom.H2, atom.H3:
		s.heading = true
	case atom.A:
		s.link = attrs(t)["href"] != ""
	case atom.Input, atom.Meta, atom.Div:
		s.details(t, attrs(t))
	}
}

func (s *factScanner) details(t html.Token, at map[string]string) {
	switch t.DataAtom {
	case atom.Input:
		if !strings.EqualFold(at["type"], "hidden") {
			s.embeds++
		}
		s.password = s.password || strings.EqualFold(at["type"], "password")
	case atom.Div:
		s.app = s.app || at["id"] == "app" || at["id"] == "root" || at["id"] == "__next"
	case atom.Meta:
		name := strings.ToLower(first(at["name"], at["property"]))
		s.article = s.article || (name == "pubdate" || name == "articletitle" || name == "article:published_time") && at["content"] != ""
		if strings.EqualFold(at["http-equiv"], "refresh") && s.refresh == "" {
			s.after, s.refresh, _ = parseRefresh(at["content"])
		}
	}
}

func (s *factScanner) end(name string, tag atom.Atom) {
	if !inlines[name] {
		s.endBlock()
	}
	switch tag {
	case atom.A:
		s.link = false
	case atom.H1, atom.H2, atom.H3:
		s.heading = false
	case atom.Body, atom.Html:
		s.closed = true
	}
	s.raw, s.inTitle = 0, false
}

func (s *factScanner) words(text []byte) {
	switch {
	case s.inTitle:
		s.title += clip(string(text[:min(len(text), 4*maxTitle)]), maxTitle)
		return
	case s.raw == atom.Script && len(s.script) < maxScripts:
		s.script += string(text[:min(len(text), maxScripts-len(s.script))])
		return
	case s.raw != 0:
		return
	}
	if s.block.Len() < 4*maxBlock {
		s.block.Write(text[:min(len(text), 4*maxBlock)])
	}
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		text = text[n:]
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			continue
		}
		s.text++
		if !s.link {
			s.prose++
			s.lone = true
		}
		s.sum = (s.sum ^ uint64(r)) * fnvPrime
	}
}

// FNV-1a over runes: equal sums mean equal text for our purpose.
const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

// endBlock closes the line of text being collected. Lines that are links alone,
// such as menus, say nothing of the page.
func (s *factScanner) endBlock() {
	block := clip(squeeze(s.block.String()), maxBlock)
	lone := s.lone || s.heading
	s.block.Reset()
	s.lone = false
	if block == "" || !lone || len(s.blocks) >= maxBlocks {
		return
	}
	if s.heading {
		s.headings = append(s.headings, block)
	}
	s.blocks = append(s.blocks, block)
}
