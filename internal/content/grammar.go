package content

import (
	"strings"
	"unicode/utf8"
)

// The grammar of clean HTML. Elements are lower case and properly nested, void
// ones end in "/>", and each stands only where the HTML parser leaves it, so
// that parsing and rendering give the same text again. No element has
// attributes but these, in this order and spelling:
//
//	<a href="http(s)://… or mailto:…" rel="noopener">
//	<img src="att:<64 hex digits>" alt="…"/>
//	<td colspan="n" rowspan="n">, <th …>, each optional, 2 ≤ n ≤ 99
//
// Text holds & only as one of five entities and no control or invisible
// characters. Sanitize returns nothing else, and what is inside the grammar it
// returns as it is: that is both its fast path and the proof that sanitising
// twice is the same as once.

// place says what an element's children may be.
type place uint16

const (
	inFlow     place = 1 << iota // body, blockquote: blocks only
	inMixed                      // li, td, th: blocks and text
	inFigure                     // figure: the same, and one caption
	inPhrasing                   // p, headings, captions and inline elements
	inList                       // ul, ol
	inTable                      // table
	inRows                       // thead, tbody, tfoot
	inRow                        // tr
)

const holdsText = inMixed | inFigure | inPhrasing

type element struct {
	within place // the places it may stand in
	inside place // the place its children stand in; 0 for void elements
	inline bool  // may not be nested in itself
}

// elements is the closed list of what readers may see.
var elements = func() map[string]*element {
	m := map[string]*element{}
	add := func(e element, names string) {
		for _, n := range strings.Fields(names) {
			c := e
			m[n] = &c
		}
	}
	const blocks = inFlow | inMixed | inFigure
	add(element{within: blocks, inside: inPhrasing}, "p h2 h3 h4")
	add(element{within: blocks, inside: inFlow}, "blockquote")
	add(element{within: blocks, inside: inList}, "ul ol")
	add(element{within: blocks, inside: inTable}, "table")
	add(element{within: blocks, inside: inFigure}, "figure")
	add(element{within: blocks}, "hr")
	add(element{within: inFigure, inside: inPhrasing}, "figcaption")
	add(element{within: inList, inside: inMixed}, "li")
	add(element{within: inTable, inside: inPhrasing}, "caption")
	add(element{within: inTable, inside: inRows}, "thead tbody tfoot")
	add(element{within: inRows, inside: inRow}, "tr")
	add(element{within: inRow, inside: inMixed}, "td th")
	add(element{within: holdsText, inside: inPhrasing, inline: true}, "a b strong i em u s sub sup")
	add(element{within: holdsText}, "br img")
	return m
}()

// maxDepth bounds nesting inside the grammar; the builder stays well below.
const maxDepth = 96

// plain marks the bytes of text that need no second look.
var plain = func() (t [256]bool) {
	for c := range t {
		t[c] = c >= 0x20 && c != 0x7f && c != '<' && c != '>' && c != '&' && c != 0xc2 && c != 0xe2 && c != 0xef
	}
	t['\n'], t['\t'] = true, true
	return t
}()

// isClean reports whether s is inside the grammar.
func isClean(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	var stack [maxDepth]string
	depth, at := 0, inFlow
	places := [maxDepth]place{}
	for i := 0; i < len(s); {
		if s[i] != '<' {
			end := i + textLen(s[i:])
			if end == i || at&holdsText == 0 && strings.Trim(s[i:end], " \t\n") != "" {
				return false
			}
			i = end
			continue
		}
		end := strings.IndexByte(s[i:], '>')
		if end < 0 {
			return false
		}
		tag := s[i+1 : i+end]
		i += end + 1
		if name, closing := strings.CutPrefix(tag, "/"); closing {
			if depth == 0 || stack[depth-1] != name {
				return false
			}
			depth--
			at = places[depth]
			continue
		}
		name, attrs, _ := strings.Cut(tag, " ")
		if len(name) == len(tag) {
			name = strings.TrimSuffix(tag, "/")
		}
		e := elements[name]
		if e == nil || e.within&at == 0 || !attrsClean(name, tag[len(name):], attrs, e.inside == 0) {
			return false
		}
		if e.inside == 0 {
			continue
		}
		if depth == maxDepth || e.inline && openInline(stack[:depth], name) {
			return false
		}
		stack[depth], places[depth] = name, at
		depth++
		at = e.inside
	}
	return depth == 0
}

// openInline reports whether the inline element name is open. Inline elements
// hold no blocks, so those open are the top of the stack.
func openInline(stack []string, name string) bool {
	for i := len(stack) - 1; i >= 0 && elements[stack[i]].inline; i-- {
		if stack[i] == name {
			return true
		}
	}
	return false
}

// textLen returns how much of s, up to the next tag, is clean text. It stops
// before the first thing that is not.
func textLen(s string) int {
	i := 0
	for i < len(s) {
		c := s[i]
		if plain[c] {
			i++
			continue
		}
		switch {
		case c == '&':
			n := entityLen(s[i:])
			if n == 0 {
				return 0
			}
			i += n
		case c >= 0x80:
			r, n := utf8.DecodeRuneInString(s[i:])
			if dirtyRune(r) {
				return 0
			}
			i += n
		case c == '<':
			return i
		default:
			return 0
		}
	}
	return i
}

// entityLen returns the length of the entity s begins with, 0 for one that the
// renderer does not write.
func entityLen(s string) int {
	for _, e := range [...]string{"&amp;", "&lt;", "&gt;", "&#34;", "&#39;"} {
		if strings.HasPrefix(s, e) {
			return len(e)
		}
	}
	return 0
}
