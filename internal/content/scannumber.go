package content

import (
	"bytes"
	"unicode/utf8"
)

// chunk is a run of digits without anything between them but invisible marks.
type chunk struct {
	start, end int  // bytes of the text
	first      int  // index of its first digit in numbers.digits
	n          int  // how many digits, a final X included
	sep        byte // what joins it to the chunk before: 0 nothing, ' ' blanks, '-' hyphen
	left       bool // a letter, a decimal point or a currency sign stands before
	right      bool // a letter, a decimal part or a unit of money stands after
	x          bool // ends with X
}

// chain is a run of chunks joined by blanks or hyphens: numbers as people
// group them, or several numbers beside each other.
type chain struct {
	text   string
	chunks []chunk
	digits []byte // values 0–9, 10 for X
}

// minDigits is the shortest chain that can hold a number of a person.
const minDigits = 11

// maxChunks bounds the memory of a chain; a text of single digits is cut there.
const maxChunks = 4096

// digitAt returns the digit at byte i, half or full width, and its length; 0 if
// there is none.
func digitAt(s string, i int) (digit byte, n int) {
	if i >= len(s) {
		return 0, 0
	}
	if d := s[i] - '0'; d <= 9 {
		return d, 1
	}
	if s[i] == 0xef && i+2 < len(s) && s[i+1] == 0xbc {
		if d := s[i+2] - 0x90; d <= 9 {
			return d, 3
		}
	}
	return 0, 0
}

// invisible returns the length of the invisible mark at byte i, or 0.
func invisible(s string, i int) int {
	if i >= len(s) || s[i] < 0xc2 {
		return 0
	}
	switch r, n := utf8.DecodeRuneInString(s[i:]); r {
	case 0x200b, 0x200c, 0x200d, 0x2060, 0xfeff, 0xad:
		return n
	}
	return 0
}

// separator returns the length of the blanks or the hyphen at byte i that may
// stand inside a number, and which it is. Blanks around a hyphen belong to it.
func separator(s string, i int) (kind byte, n int) {
	start := i
	for count := 0; count < 3 && i < len(s); count++ {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch r {
		case ' ', 0xa0, '　', 0x2002, 0x2003, 0x2009, 0x202f:
			if kind == 0 {
				kind = ' '
			}
		case '-', '－', '–', '—', '‐', '‑', '−':
			kind = '-'
		default:
			return kind, i - start
		}
		i += size
	}
	return kind, i - start
}

// read fills c with the chain that begins at byte i and returns where it ends.
func (c *chain) read(i int) int {
	c.chunks, c.digits = c.chunks[:0], c.digits[:0]
	var sep byte
	for {
		k := chunk{start: i, first: len(c.digits), sep: sep}
		i = c.readChunk(&k)
		c.chunks = append(c.chunks, k)
		kind, n := separator(c.text, i)
		if _, d := digitAt(c.text, i+n); n == 0 || d == 0 || len(c.chunks) == maxChunks {
			return i
		}
		sep, i = kind, i+n
	}
}

func (c *chain) readChunk(k *chunk) int {
	i := k.start
	for {
		d, n := digitAt(c.text, i)
		if n == 0 {
			mark := i
			for m := invisible(c.text, i); m > 0; m = invisible(c.text, i) {
				i += m
			}
			if _, n = digitAt(c.text, i); n == 0 {
				i = mark
				break
			}
			continue
		}
		c.digits = append(c.digits, d)
		i += n
	}
	if n := finalX(c.text, i); n > 0 {
		c.digits = append(c.digits, 10)
		k.x = true
		i += n
	}
	k.end, k.n = i, len(c.digits)-k.first
	return i
}

// finalX returns the length of an X at byte i that no letter or digit follows.
func finalX(s string, i int) int {
	r, n := utf8.DecodeRuneInString(s[i:])
	if r != 'X' && r != 'x' && r != 'Ｘ' && r != 'ｘ' {
		return 0
	}
	if next, _ := utf8.DecodeRuneInString(s[i+n:]); wordRune(next) {
		return 0
	}
	return n
}

// wordRune reports whether r is a letter or digit of either width.
func wordRune(r rune) bool {
	if r >= 0xff01 && r <= 0xff5e {
		r -= 0xfee0
	}
	return r >= '0' && r <= '9' || r|0x20 >= 'a' && r|0x20 <= 'z'
}

// digitsEqual reports whether the digits from first on begin with want.
func (c *chain) digitsEqual(first int, want ...byte) bool {
	return bytes.HasPrefix(c.digits[first:], want)
}
