package linkcheck

import (
	"bytes"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// FNV-1a over runes: equal sums mean equal text for our purpose.
const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

// maxPieces bounds the pieces of text that are told of one page.
const maxPieces = 2000

// sums tell pages apart by their visible text. They are made of its pieces, the
// runs of text between tags, in any order, so that a list sorted another way is
// the same list. A piece that repeats the page's own address is left out: pages
// made for any address love to do that.
type sums struct {
	sum    uint64 // of letters and digits
	plain  uint64 // of letters alone, which a calendar has in common with itself
	pieces []uint64
	want   bool           // collect pieces
	weigh  map[uint64]int // if not nil, pieces without digits and how many letters they have
	echo   [][]byte       // what repeats the page's address
}

// SeveralValues tells of an address whether it may be one of those that filters
// make: its query has several values, or its path several short numbers.
func SeveralValues(path, query string) bool {
	if query != "" {
		return strings.Contains(query, "&")
	}
	runs, long := 0, 0
	for i := range len(path) {
		if path[i] < '0' || path[i] > '9' {
			long = 0
			continue
		}
		if long++; long == 1 {
			runs++
		}
		if long > 4 {
			return false
		}
	}
	return runs >= 4
}

// take adds a piece of text and returns how many letters and digits it has.
func (s *sums) take(text []byte) int {
	sum, plain, n := uint64(fnvOffset), uint64(fnvOffset), 0
	for i := 0; i < len(text); {
		r := rune(text[i])
		if r < utf8.RuneSelf {
			i++
			switch kind := ascii[r]; kind {
			case letter:
				plain = (plain ^ uint64(r)) * fnvPrime
			case digit:
			default:
				continue
			}
			sum = (sum ^ uint64(r)) * fnvPrime
			n++
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		i += size
		if !(r >= '一' && r <= '\u9fff') && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			continue
		}
		n++
		sum = (sum ^ uint64(r)) * fnvPrime
		if !number(r) {
			plain = (plain ^ uint64(r)) * fnvPrime
		}
	}
	if n == 0 || s.echoes(text) {
		return n
	}
	s.sum += mix(sum)
	if plain != fnvOffset {
		s.plain += mix(plain)
	}
	if s.weigh != nil && plain != fnvOffset && len(s.weigh) < maxPieces {
		s.weigh[plain] = n
	}
	if s.want && len(s.pieces) < maxPieces {
		s.pieces = append(s.pieces, sum)
	}
	return n
}

// mix spreads the bits of a sum, so that sums can be added up.
func mix(x uint64) uint64 {
	x ^= x >> 32
	x *= 0xd6e8feb86659fd93
	x ^= x >> 32
	return x
}

const (
	letter = 1
	digit  = 2
)

var ascii = func() (table [utf8.RuneSelf]byte) {
	for c := range table {
		switch r := rune(c); {
		case unicode.IsLetter(r):
			table[c] = letter
		case unicode.IsDigit(r):
			table[c] = digit
		}
	}
	return table
}()

// number tells whether a character outside ASCII counts.
func number(r rune) bool {
	switch r {
	case '〇', '零', '一', '二', '三', '四', '五', '六', '七', '八', '九', '十':
		return true
	}
	return r >= '０' && r <= '９' || r < '一' && unicode.IsDigit(r)
}

func (s *sums) echoes(text []byte) bool {
	for _, e := range s.echo {
		if len(text) >= len(e) && bytes.Contains(text, e) {
			return true
		}
	}
	return false
}

// echoesOf returns the texts by which a page shows its own address: its whole
// path, its file and its query, plain and escaped. Short ones may be words.
func echoesOf(a address) (list [][]byte) {
	add := func(text string, least int) {
		if len(text) >= least {
			list = append(list, []byte(text))
		}
	}
	for _, p := range []string{a.path, a.plainPath()} {
		if len(list) > 0 && p == a.path {
			break
		}
		whole := strings.TrimSuffix(p, "/")
		if strings.Count(whole, "/") > 1 {
			add(whole, 4)
		}
		file := path.Base(whole)
		if path.Ext(file) == "" {
			if strings.ContainsAny(file, "0123456789") {
				add(file, 8)
			}
			file = "/" + file
		}
		add(file, 6)
	}
	add(a.query, 4)
	return list
}
