package content

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// ToText returns the words of HTML as plain text: a line per paragraph, heading,
// list entry or table row, cells parted by tabs, no empty lines. It is meant for
// scanning, searching and previews and takes any HTML, clean or not.
func ToText(s string) string {
	var t textWriter
	t.b.Grow(len(s))
	t.tokens(t.plain(s))
	return t.b.String()
}

// textWriter writes words with at most one separator between them: a line end
// beats a tab, a tab beats a blank.
type textWriter struct {
	b   strings.Builder
	sep byte
}

// plain writes the words of s as long as its tags are written the way nearly
// all are, and returns the rest, which begins with one that is not. A tokenizer
// that is ready for anything goes byte by byte and takes five times as long.
func (t *textWriter) plain(s string) (rest string) {
	for {
		words, _, _ := strings.Cut(s, "<")
		s = s[len(words):]
		if strings.Contains(words, "&") {
			words = html.UnescapeString(words)
		}
		t.text(words)
		a, n := plainTag(s)
		if n == 0 {
			return s
		}
		t.tag(a)
		s = s[n:]
	}
}

// plainTag reads a tag at the start of s whose end no browser could see
// elsewhere: small letters and digits, attributes in double quotes. n is its
// length, 0 if s begins otherwise or what follows the tag is not HTML.
func plainTag(s string) (a atom.Atom, n int) {
	i := 1
	if strings.HasPrefix(s, "</") {
		i++
	}
	start := i
	for i < len(s) && (s[i] >= 'a' && s[i] <= 'z' || i > start && s[i] >= '0' && s[i] <= '9') {
		i++
	}
	if i == start {
		return 0, 0
	}
	a = atom.Lookup([]byte(s[start:i]))
	if kinds[a] == kindDrop || a == atom.Xmp {
		return 0, 0
	}
	for i < len(s) {
		switch s[i] {
		case '>':
			return a, i + 1
		case ' ':
			i++
			continue
		case '/':
			if i+1 == len(s) || s[i+1] != '>' {
				return 0, 0
			}
			i++
			continue
		}
		name := i
		for i < len(s) && (s[i] >= 'a' && s[i] <= 'z' || s[i] == '-') {
			i++
		}
		if i == name || s[name-1] != ' ' || !strings.HasPrefix(s[i:], `="`) {
			return 0, 0
		}
		i += 2
		quote := strings.IndexByte(s[i:], '"')
		if quote < 0 {
			return 0, 0
		}
		i += quote + 1
	}
	return 0, 0
}

// tokens writes the words of any HTML.
func (t *textWriter) tokens(s string) {
	if s == "" {
		return
	}
	z := html.NewTokenizer(strings.NewReader(s))
	skip := atom.Atom(0) // the element whose content is not words
	for {
		switch z.Next() {
		case html.ErrorToken: // only ever the end: a string does not fail
			return
		case html.TextToken:
			if skip == 0 {
				t.text(string(z.Text()))
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name, _ := z.TagName()
			a := atom.Lookup(name)
			t.tag(a)
			if skip == 0 && (a == atom.Script || a == atom.Style || a == atom.Title || a == atom.Textarea) {
				skip = a
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			a := atom.Lookup(name)
			if a == skip {
				skip = 0
			}
			t.tag(a)
		}
	}
}

func (t *textWriter) tag(a atom.Atom) {
	switch k := kinds[a]; {
	case a == atom.Td || a == atom.Th:
		if t.sep != '\n' {
			t.sep = '\t'
		}
	case k == kindBreak || k >= kindPara:
		t.sep = '\n'
	}
}

func (t *textWriter) text(s string) {
	for s != "" {
		n := 0
		for n < len(s) && !blank(s[n]) {
			n++
		}
		if n > 0 {
			if t.sep != 0 && t.b.Len() > 0 {
				t.b.WriteByte(t.sep)
			}
			t.sep = 0
			t.b.WriteString(s[:n])
		}
		if n < len(s) {
			if t.sep == 0 {
				t.sep = ' '
			}
			n++
		}
		s = s[n:]
	}
}

// blank reports whether HTML takes c for white space.
func blank(c byte) bool {
	return c <= ' ' && (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f')
}
