package crawl

import (
	"slices"
	"strconv"
	"strings"
)

// shapeOf returns an address with its numbers written "#" and what looks drawn
// by lot "?*"; ok is false if there are none, so that it is the only one of its
// shape.
func shapeOf(address string) (shape string, ok bool) {
	p := locate(address)
	tail := address[len(p.origin):]
	if !strings.ContainsAny(tail, "0123456789") {
		return "", false
	}
	b := make([]byte, 0, len(address))
	b = append(b, p.host...)
	for len(tail) > 0 {
		n := wordEnd(tail)
		word := tail[:n]
		if n > 0 {
			tail = tail[n:]
			if len(word) >= 8 && drawn(word) && !datish(word) {
				b, ok = append(b, "?*"...), true
				continue
			}
			for i := 0; i < len(word); {
				if word[i] < '0' || word[i] > '9' {
					b = append(b, word[i])
					i++
					continue
				}
				for i < len(word) && word[i] >= '0' && word[i] <= '9' {
					i++
				}
				b, ok = append(b, '#'), true
			}
			continue
		}
		if tail[0] == '%' && len(tail) >= 3 {
			b, tail = append(b, '~'), tail[3:]
			continue
		}
		b, tail = append(b, tail[0]), tail[1:]
	}
	return string(b), ok
}

// wordEnd returns how many letters and digits s begins with.
func wordEnd(s string) int {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return i
		}
	}
	return len(s)
}

// datish tells words like t20260301 and page12of40 from draws of lots: few runs
// of digits, each of some length.
func datish(word string) bool {
	runs, in := 0, false
	for i := range len(word) {
		d := word[i] >= '0' && word[i] <= '9'
		if d && !in {
			runs++
		}
		in = d
	}
	return runs <= 2
}

// farAway returns addresses of the shape of sample that cannot be meant: with
// one of the numbers in which it differs from others of its shape far beyond
// any of them, or another draw of lots. The likeliest to be there comes first.
func farAway(sample string, others ...string) (list []string) {
	type candidate struct {
		rank    int
		address string
	}
	p := locate(sample)
	start := len(p.origin)
	var found []candidate
	numbers := numbersIn(sample[start:])
	for i, n := range numbers {
		differs := false
		for _, other := range others {
			theirs := numbersIn(other[len(locate(other).origin):])
			differs = differs || len(theirs) == len(numbers) && theirs[i].text != n.text
		}
		if !differs {
			continue
		}
		rank := len(n.text)
		if year(n.text) {
			rank += 100
		}
		at := start + n.at
		found = append(found, candidate{rank, sample[:at] + beyond(n) + sample[at+len(n.text):]})
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return b.rank - a.rank })
	for _, c := range found[:min(len(found), 3)] {
		list = append(list, c.address)
	}
	return list
}

// num is a number, or a draw of lots, in the tail of an address.
type num struct {
	at   int
	text string
	lot  bool
}

func numbersIn(tail string) (list []num) {
	for i := 0; i < len(tail); {
		if tail[i] == '%' {
			i += min(3, len(tail)-i)
			continue
		}
		n := wordEnd(tail[i:])
		if n == 0 {
			i++
			continue
		}
		word := tail[i : i+n]
		if len(word) >= 8 && drawn(word) && !datish(word) {
			list = append(list, num{i, word, true})
			i += n
			continue
		}
		for k := 0; k < n; {
			from := k
			for k < n && word[k] >= '0' && word[k] <= '9' {
				k++
			}
			if k > from {
				list = append(list, num{i + from, word[from:k], false})
			} else {
				k++
			}
		}
		i += n
	}
	return list
}

// year tells whether digits are a year, or begin with one as dates do.
func year(s string) bool {
	return (len(s) == 4 || len(s) == 6 || len(s) == 8) && (strings.HasPrefix(s, "19") || strings.HasPrefix(s, "20") || strings.HasPrefix(s, "21"))
}

// beyond returns a number far from n. The calendar repeats itself after 400
// years, so that a date stays one.
func beyond(n num) string {
	switch {
	case n.lot:
		b := []byte(n.text)
		for i, c := range b {
			switch {
			case c >= '0' && c <= '9':
				b[i] = '0' + (c-'0'+7)%10
			case c >= 'a' && c <= 'f':
				b[i] = 'a' + (c-'a'+3)%6
			case c >= 'A' && c <= 'F':
				b[i] = 'A' + (c-'A'+3)%6
			}
		}
		return string(b)
	case year(n.text):
		y, _ := strconv.Atoi(n.text[:4])
		return strconv.Itoa(y+400) + n.text[4:]
	case n.text[0] == '0' && len(n.text) > 1 || len(n.text) > 8:
		return "9" + strings.Repeat("8", len(n.text)-1)
	}
	v, _ := strconv.Atoi(n.text)
	return strconv.Itoa(v + 900_000)
}
