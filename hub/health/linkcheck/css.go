package linkcheck

import (
	"regexp"
	"strconv"
	"strings"
)

// css adds the addresses in a style sheet or style attribute: url(…), @import and
// the strings of image-set(…). It walks by hand because a regular expression costs
// the square of the length on text made to hurt it.
func (p *page) css(text, element, attr string) {
	set := 0 // parentheses open in an image-set
	for i := 0; i < len(text) && !p.cut; {
		switch rest := text[i:]; {
		case strings.HasPrefix(rest, "/*"):
			end := strings.Index(rest[2:], "*/")
			if end < 0 {
				return
			}
			i += end + 4
		case hasPrefixFold(rest, "url("):
			raw, n := cssURL(rest[4:])
			if raw != "" {
				p.add(unescapeCSS(raw), element, attr, "")
			}
			if i += 4 + n; set > 0 {
				set++ // its end is still to come
			}
		case hasPrefixFold(rest, "@import"):
			quoted := strings.TrimLeft(rest[7:], cssBlank)
			raw, n := cssString(quoted)
			if raw != "" {
				p.add(unescapeCSS(raw), element, attr, "")
			}
			i += len(rest) - len(quoted) + n
		case hasPrefixFold(rest, "image-set("):
			set = 1
			i += len("image-set(")
		case rest[0] == '"' || rest[0] == '\'':
			if raw, n := cssString(rest); n > 0 && set == 1 {
				p.add(unescapeCSS(raw), element, attr, "")
			}
			i += quotedEnd(rest) // elsewhere what stands in quotes is text
		case set > 0 && rest[0] == '(':
			set++
			i++
		case set > 0 && (rest[0] == ')' || rest[0] == ';' || rest[0] == '}'):
			if set--; rest[0] != ')' {
				set = 0
			}
			i++
		default:
			i++
		}
	}
}

// quotedEnd returns where the quoted text ends that s begins with. One that is
// not closed ends its line.
func quotedEnd(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '\n', s[0]:
			return i + 1
		}
	}
	return len(s)
}

const cssBlank = " \t\r\n\f"

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// cssURL reads what follows "url(" and how much of s it took.
func cssURL(s string) (raw string, n int) {
	t := strings.TrimLeft(s, cssBlank)
	skipped := len(s) - len(t)
	if raw, n := cssString(t); n > 0 {
		return raw, skipped + n
	}
	end := bareEnd(t)
	if end < 0 || !strings.HasPrefix(strings.TrimLeft(t[end:min(len(t), end+64)], cssBlank), ")") {
		return "", skipped
	}
	return t[:end], skipped + end
}

// bareEnd returns where an address without quotes ends, -1 if it does not. A blank
// that closes an escape, or is escaped itself, does not end it.
func bareEnd(t string) int {
	for i := 0; i < len(t); i++ {
		if t[i] == '\\' {
			i += max(len(cssEscape.FindString(t[i:min(len(t), i+10)])), 1) - 1
		} else if strings.IndexByte(cssBlank+`"'()`, t[i]) >= 0 {
			return i
		}
	}
	return -1
}

// cssString reads a quoted string at the start of s; n is 0 if there is none.
func cssString(s string) (raw string, n int) {
	if s == "" || s[0] != '"' && s[0] != '\'' {
		return "", 0
	}
	end := strings.IndexAny(s[1:], s[:1]+"\n")
	if end < 0 || s[1+end] == '\n' {
		return "", 0
	}
	return s[1 : 1+end], end + 2
}

var cssEscape = regexp.MustCompile(`\\(?:([0-9A-Fa-f]{1,6})\s?|(.))`)

func unescapeCSS(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	return cssEscape.ReplaceAllStringFunc(s, func(e string) string {
		if n, err := strconv.ParseUint(strings.TrimSpace(e[1:]), 16, 32); err == nil && n > 0 && n <= 0x10FFFF {
			return string(rune(n))
		}
		return e[1:]
	})
}
