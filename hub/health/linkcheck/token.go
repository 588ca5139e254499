package linkcheck

import (
	"bytes"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// tokens cuts a page into tags and text as the HTML standard's tokenizer does,
// as far as a scanner for links can tell. It allocates next to nothing, which
// the tokenizer of package html does for each attribute; a test holds the two
// against each other.
type tokens struct {
	src []byte
	pos int

	// The token at hand. All slices point into src unless there was something
	// to change.
	tag   atom.Atom // 0 for a name the HTML package has no number for
	name  []byte    // lower case
	attrs []attr
	text  []byte // with its character references

	raw   []byte // name of the element whose text is no markup, if inside one
	lower [64]byte
}

// attr is an attribute as it stands in the page: key in lower case, value with
// its character references.
type attr struct{ key, value []byte }

type kind int

const (
	endOfPage kind = iota
	startTag
	endTag
	someText
)

// next goes on to the next tag or text; comments and the like are passed over.
func (t *tokens) next() kind {
	if t.raw != nil {
		if k := t.rawText(); k != endOfPage {
			return k
		}
	}
	for t.pos < len(t.src) {
		rest := t.src[t.pos:]
		open := markupAt(rest)
		if open > 0 {
			t.text = rest[:open]
			t.pos += open
			return someText
		}
		switch c := rest[1]; {
		case c == '!' || c == '?':
			t.pos += comment(rest)
		case c != '/':
			if !t.readTag(1) {
				return endOfPage
			}
			t.raw = rawName(t.tag, t.name)
			return startTag
		case isLetter(rest[2]):
			if !t.readTag(2) {
				return endOfPage
			}
			return endTag
		default: // "</" before anything else is a comment
			t.pos += upTo(rest, ">")
		}
	}
	return endOfPage
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func isBlank(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f' }

// markupAt returns how much of s is text before the next tag or comment.
func markupAt(s []byte) int {
	for at := 0; ; at++ {
		i := bytes.IndexByte(s[at:], '<')
		if i < 0 {
			return len(s)
		}
		at += i
		if at+1 == len(s) {
			return len(s)
		}
		switch c := s[at+1]; {
		case isLetter(c), c == '!', c == '?', c == '/' && at+2 < len(s):
			return at
		}
	}
}

// upTo returns the length of s up to the end of the first mark, all of it if
// there is none.
func upTo(s []byte, mark string) int {
	if i := bytes.Index(s, []byte(mark)); i >= 0 {
		return i + len(mark)
	}
	return len(s)
}

// comment returns the length of the comment, or what is taken for one, that s
// begins with.
func comment(s []byte) int {
	if !bytes.HasPrefix(s, []byte("<!--")) {
		return upTo(s, ">")
	}
	switch {
	case bytes.HasPrefix(s, []byte("<!-->")):
		return len("<!-->")
	case bytes.HasPrefix(s, []byte("<!--->")):
		return len("<!--->")
	}
	for at := len("<!--"); ; {
		i := bytes.Index(s[at:], []byte("--"))
		if i < 0 {
			return len(s)
		}
		at += i + 2
		for at < len(s) && s[at] == '-' {
			at++
		}
		switch rest := s[at:]; {
		case bytes.HasPrefix(rest, []byte(">")):
			return at + 1
		case bytes.HasPrefix(rest, []byte("!>")):
			return at + 2
		}
	}
}

// readTag reads the tag at pos, whose name begins skip bytes later. It returns
// false when the page ends within: then there is no such tag.
func (t *tokens) readTag(skip int) bool {
	s := t.src
	i := t.pos + skip
	from := i
	for i < len(s) && !isBlank(s[i]) && s[i] != '/' && s[i] != '>' {
		i++
	}
	t.name = t.lowered(s[from:i])
	t.tag = atom.Lookup(t.name)
	t.attrs = t.attrs[:0]
	for {
		for i < len(s) && (isBlank(s[i]) || s[i] == '/') {
			i++
		}
		if i >= len(s) {
			t.pos = len(s)
			return false
		}
		if s[i] == '>' {
			t.pos = i + 1
			return true
		}
		var a attr
		i = readAttr(s, i, &a)
		t.attrs = append(t.attrs, a)
	}
}

// readAttr reads the attribute at i and returns where it ends.
func readAttr(s []byte, i int, a *attr) int {
	from := i
	i++ // an equals sign here belongs to the name
	for i < len(s) && s[i] != '=' && !isBlank(s[i]) && s[i] != '/' && s[i] != '>' {
		i++
	}
	a.key = s[from:i]
	if hasUpper(a.key) {
		a.key = lower(make([]byte, 0, len(a.key)), a.key)
	}
	end := i
	for i < len(s) && isBlank(s[i]) {
		i++
	}
	if i >= len(s) || s[i] != '=' {
		a.value = s[end:end]
		return i
	}
	for i++; i < len(s) && isBlank(s[i]); i++ { //nolint:revive // nothing but to go on
	}
	if i >= len(s) || s[i] == '>' {
		a.value = s[i:i]
		return i
	}
	if quote := s[i]; quote == '"' || quote == '\'' {
		n := bytes.IndexByte(s[i+1:], quote)
		if n < 0 {
			return len(s)
		}
		a.value = s[i+1 : i+1+n]
		return i + n + 2
	}
	from = i
	for i < len(s) && !isBlank(s[i]) && s[i] != '>' {
		i++
	}
	a.value = s[from:i]
	return i
}

func hasUpper(s []byte) bool {
	for _, c := range s {
		if c >= 'A' && c <= 'Z' {
			return true
		}
	}
	return false
}

// lower appends s to b with its ASCII letters in lower case.
func lower(b, s []byte) []byte {
	for _, c := range s {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		b = append(b, c)
	}
	return b
}

// lowered returns a name in lower case.
func (t *tokens) lowered(name []byte) []byte {
	if !hasUpper(name) {
		return name
	}
	return lower(t.lower[:0], name)
}

// rawName returns the name of an element whose content is text; nil for others.
func rawName(tag atom.Atom, name []byte) []byte {
	switch tag {
	case atom.Script, atom.Style, atom.Textarea, atom.Title, atom.Iframe, atom.Noembed, atom.Noframes, atom.Noscript, atom.Xmp, atom.Plaintext:
		return bytes.Clone(name)
	}
	return nil
}

// rawText reads the text of such an element; endOfPage means that there is none
// before its end tag.
func (t *tokens) rawText() kind {
	name := t.raw
	t.raw = nil
	rest := t.src[t.pos:]
	end := len(rest)
	if string(name) != "plaintext" {
		end = rawEnd(rest, name)
	}
	if end == 0 {
		return endOfPage
	}
	t.text = rest[:end]
	t.pos += end
	return someText
}

// rawEnd returns where the end tag of an element begins whose content is text.
// A script may hold another one inside a comment of its own.
func rawEnd(s, name []byte) int {
	script := string(name) == "script"
	commented, inner := false, false
	for at := 0; ; at++ {
		i := bytes.IndexByte(s[at:], '<')
		if i < 0 {
			return len(s)
		}
		if commented && bytes.Contains(s[at:at+i], []byte("-->")) {
			commented, inner = false, false
		}
		at += i
		switch rest := s[at+1:]; {
		case len(rest) > 0 && rest[0] == '/' && named(rest[1:], name):
			if !inner {
				return at
			}
			inner = false
		case script && bytes.HasPrefix(rest, []byte("!--")):
			commented = true
			at++ // the dashes may be those that end it
		case commented && named(rest, name):
			inner = true
		}
	}
}

// named tells whether s begins with the name of a tag.
func named(s, name []byte) bool {
	if len(s) <= len(name) || !bytes.EqualFold(s[:len(name)], name) {
		return false
	}
	c := s[len(name)]
	return isBlank(c) || c == '/' || c == '>'
}

// unescaped undoes the character references of text.
func unescaped(text []byte) []byte {
	if bytes.IndexByte(text, '&') < 0 {
		return text
	}
	return []byte(html.UnescapeString(string(text)))
}

// unescapedValue undoes those of an attribute, where a name without its
// semicolon before a letter, digit or equals sign is none: addresses are full
// of "&copy=1".
func unescapedValue(value []byte) string {
	if bytes.IndexByte(value, '&') < 0 {
		return string(value)
	}
	var b strings.Builder
	rest := string(value)
	for {
		before, after, ok := strings.Cut(rest, "&")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		n := 0
		for n < len(after) && (isLetter(after[n]) || after[n] >= '0' && after[n] <= '9' || n == 0 && after[n] == '#') {
			n++
		}
		name := after[:n]
		rest = after[n:]
		semicolon := strings.HasPrefix(rest, ";")
		whole := html.UnescapeString("&" + name + ";")
		switch plain := html.UnescapeString("&" + name); {
		case strings.HasPrefix(name, "#") && !semicolon:
			b.WriteString(plain)
		case strings.HasPrefix(name, "#"), semicolon && whole != "&"+name+";" && !strings.HasSuffix(whole, ";"):
			b.WriteString(whole)
			rest = rest[1:]
		case semicolon || strings.HasPrefix(rest, "=") || len([]rune(plain)) != 1:
			b.WriteString("&" + name)
		default:
			b.WriteString(plain)
		}
	}
}
