package content

import (
	"html"
	"strings"

	nethtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// FromText turns plain text into clean HTML: each line that is not empty is a
// paragraph.
func FromText(plain string) string {
	var b strings.Builder
	b.Grow(len(plain) + len(plain)/8)
	for line := range strings.SplitSeq(CleanText(plain), "\n") {
		if line = strings.Trim(line, blanks); line != "" {
			b.WriteString("<p>")
			b.WriteString(html.EscapeString(strings.ReplaceAll(line, "\t", " ")))
			b.WriteString("</p>")
		}
	}
	return b.String()
}

// LooksLikeHTML reports whether s is meant as HTML rather than as text in which
// a "<" occurs: it holds at least one tag of a known name.
func LooksLikeHTML(s string) bool {
	for {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			return false
		}
		s = strings.TrimPrefix(s[i+1:], "/")
		n := 0
		for n < len(s) && n < 12 && (isLetter(s[n]) || s[n] >= '0' && s[n] <= '9') {
			n++
		}
		if n == 0 || n == len(s) || strings.IndexByte(" \t\r\n/>", s[n]) < 0 {
			continue
		}
		if atom.Lookup([]byte(strings.ToLower(s[:n]))) != 0 && strings.IndexByte(s[n:], '>') >= 0 {
			return true
		}
	}
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// ToText returns the words of HTML as plain text: a line per paragraph, heading,
// list entry or table row, cells parted by tabs, no empty lines. It is meant for
// scanning, searching and previews and takes any HTML, clean or not.
func ToText(s string) string {
	var t textWriter
	t.b.Grow(len(s))
	z := nethtml.NewTokenizer(strings.NewReader(s))
	skip := atom.Atom(0) // the element whose content is not words
	for {
		switch z.Next() {
		case nethtml.ErrorToken: // only ever the end: a string does not fail
			return t.b.String()
		case nethtml.TextToken:
			if skip == 0 {
				t.text(string(z.Text()))
			}
		case nethtml.StartTagToken, nethtml.SelfClosingTagToken:
			name, _ := z.TagName()
			a := atom.Lookup(name)
			t.tag(a)
			if skip == 0 && (a == atom.Script || a == atom.Style || a == atom.Title || a == atom.Textarea) {
				skip = a
			}
		case nethtml.EndTagToken:
			name, _ := z.TagName()
			a := atom.Lookup(name)
			if a == skip {
				skip = 0
			}
			t.tag(a)
		}
	}
}

// Shown returns all words of clean HTML that readers meet: those of ToText, and
// the descriptions of its images, a line each.
func Shown(clean string) string {
	return strings.Join(append([]string{ToText(clean)}, Descriptions(clean)...), "\n")
}

// Descriptions returns the descriptions of the images in clean HTML, in order.
func Descriptions(clean string) []string {
	var out []string
	for _, part := range strings.Split(clean, imgOpen)[1:] {
		_, rest, _ := strings.Cut(part, `" alt="`)
		if alt, _, _ := strings.Cut(rest, `"`); alt != "" {
			out = append(out, html.UnescapeString(alt))
		}
	}
	return out
}

// textWriter writes words with at most one separator between them: a line end
// beats a tab, a tab beats a blank.
type textWriter struct {
	b   strings.Builder
	sep byte
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
		n := strings.IndexAny(s, " \t\r\n\f")
		if n < 0 {
			n = len(s)
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

// Excerpt returns the first runes characters of the words of HTML on one line,
// with "…" when there are more.
func Excerpt(s string, runes int) string {
	text := CleanLine(ToText(s))
	cut, more := cutRunes(text, runes)
	if more {
		return strings.TrimRight(cut, " 　，、；：") + "…"
	}
	return cut
}
