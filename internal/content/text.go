package content

import (
	"html"
	"strings"

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
