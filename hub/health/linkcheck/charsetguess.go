package linkcheck

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// guess chooses between the two encodings undeclared Chinese pages use.
func guess(body []byte) (encoding.Encoding, string, int) {
	gb, big := brokenAs(simplifiedchinese.GB18030, body), brokenAs(traditionalchinese.Big5, body)
	if brokenUTF8(body) <= 3 {
		return nil, "utf-8", 0
	}
	if big <= gb && common(traditionalchinese.Big5, body) > common(simplifiedchinese.GB18030, body) {
		return traditionalchinese.Big5, "big5", 0
	}
	return simplifiedchinese.GB18030, "gb18030", 0
}

// mistaken tells whether a declaration of one of the two Chinese encodings is
// plainly the other's.
func mistaken(enc encoding.Encoding, body []byte) bool {
	var other encoding.Encoding = simplifiedchinese.GB18030
	switch enc {
	case traditionalchinese.Big5:
	case simplifiedchinese.GB18030:
		other = traditionalchinese.Big5
	case charmap.Windows1252, charmap.ISO8859_1:
		// What some servers say of every page there is.
		return brokenAs(other, body) == 0 && common(other, body) > 0
	default:
		return false
	}
	return brokenAs(other, body) <= brokenAs(enc, body) && common(other, body) > 2*common(enc, body)+2
}

// sample is the part of a body that guesses are made from, without the last
// bytes, which may be half a character.
func sample(body []byte) []byte { return body[:min(len(body), 64<<10)] }

// brokenUTF8 returns how many in a hundred non-ASCII bytes are no UTF-8.
func brokenUTF8(body []byte) int {
	var high, bad int
	for b := sample(trimPartial(body)); len(b) > 0; {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			bad++
		}
		if b[0] >= utf8.RuneSelf {
			high += n
		}
		b = b[n:]
	}
	return bad * 100 / max(high, 1)
}

// brokenAs returns how many in a hundred non-ASCII characters of body mean
// nothing in enc.
func brokenAs(enc encoding.Encoding, body []byte) int {
	var high, bad int
	text, _ := enc.NewDecoder().Bytes(sample(body))
	for _, r := range string(text) {
		if r >= utf8.RuneSelf {
			high++
		}
		if r == utf8.RuneError {
			bad++
		}
	}
	return max(bad-1, 0) * 100 / max(high, 1)
}

// common counts characters every longer Chinese text is full of.
func common(enc encoding.Encoding, body []byte) (n int) {
	text, _ := enc.NewDecoder().Bytes(sample(body))
	for _, r := range string(text) {
		if strings.ContainsRune("的一是不在有人和了中大为為上个個我这這到要以会會就年政府", r) {
			n++
		}
	}
	return n
}
