package content

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// dirtyRune reports whether r has no place in text: control characters (a
// database or XML refuses them), marks that turn the direction of reading (they
// make a name read as another), and the invisible debris of pasting. Joiners
// U+200C and U+200D stay: minority scripts and emoji need them.
func dirtyRune(r rune) bool {
	switch {
	case r < 0x20:
		return r != '\n' && r != '\t'
	case r < 0x7f:
		return false
	case r < 0xa0, r == 0xad, r == 0x200b, r == 0x200e, r == 0x200f,
		r >= 0x2028 && r <= 0x202e, r >= 0x2060 && r <= 0x206f,
		r >= 0xfff9 && r <= 0xfffb, r == 0xfeff, r == 0xfffe, r == 0xffff,
		r >= 0xfdd0 && r <= 0xfdef:
		return true
	}
	return false
}

// CleanText returns s as valid UTF-8 without control and invisible characters;
// line ends of any kind become "\n". Bytes that are no UTF-8 become U+FFFD.
func CleanText(s string) string {
	if utf8.ValidString(s) && !hasDirt(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for i, r := range s {
		switch {
		case r == '\r':
			if i+1 == len(s) || s[i+1] != '\n' {
				b.WriteByte('\n')
			}
		case r == 0x85 || r == 0x2028 || r == 0x2029 || r == '\f' || r == '\v':
			b.WriteByte('\n')
		case !dirtyRune(r):
			b.WriteRune(r)
		}
	}
	return b.String()
}

// hasDirt reports whether CleanText would change s, which is valid UTF-8.
func hasDirt(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if plain[c] || c == '<' || c == '>' || c == '&' {
			continue
		}
		if c < 0x80 {
			return true
		}
		if r, _ := utf8.DecodeRuneInString(s[i:]); dirtyRune(r) {
			return true
		}
	}
	return false
}

// CleanLine returns s as one tidy line, for titles and names: cleaned like
// CleanText, every run of white space one blank (a full-width one if it held a
// full-width one), none at the ends.
func CleanLine(s string) string {
	s = strings.TrimSpace(CleanText(s))
	var b strings.Builder
	b.Grow(len(s))
	var blank rune
	for _, r := range s {
		if unicode.IsSpace(r) {
			if blank != '　' {
				blank = ' '
			}
			if r == '　' {
				blank = r
			}
			continue
		}
		if blank != 0 {
			b.WriteRune(blank)
			blank = 0
		}
		b.WriteRune(r)
	}
	return b.String()
}

// cutRunes returns at most n runes of s and whether something was left out.
func cutRunes(s string, n int) (string, bool) {
	if n < 0 {
		n = 0
	}
	if utf8.RuneCountInString(s) <= n {
		return s, false
	}
	for i := range s {
		if n == 0 {
			return s[:i], true
		}
		n--
	}
	return s, false
}
