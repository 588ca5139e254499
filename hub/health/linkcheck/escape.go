package linkcheck

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
)

// The ASCII characters browsers escape in each part of an address, besides
// control characters, blanks and everything non-ASCII. The per cent sign is in
// none of them: escapes that are there, sound or not, go out untouched.
const (
	pathSet     = "\"#<>?`{}^"
	querySet    = "\"#<>'"
	fragmentSet = "\"<>`"
	userSet     = pathSet + "/;=@[]|"
)

const hexDigits = "0123456789ABCDEF"

// escape writes every byte of s that may not stand in an address, or is in
// set, as %XX. Bytes that are no UTF-8, as redirect targets in GBK carry them,
// are escaped one by one as they are.
func escape(s, set string) string {
	unsafe := func(c byte) bool {
		return c <= ' ' || c >= 0x7f || strings.IndexByte(set, c) >= 0
	}
	n := 0
	for i := range len(s) {
		if unsafe(s[i]) {
			n++
		}
	}
	if n == 0 {
		return s
	}
	b := make([]byte, 0, len(s)+2*n)
	for i := range len(s) {
		if c := s[i]; unsafe(c) {
			b = append(b, '%', hexDigits[c>>4], hexDigits[c&15])
		} else {
			b = append(b, c)
		}
	}
	return string(b)
}

// encodeQuery writes the non-ASCII text of a query in the page's encoding. What
// that encoding lacks becomes an escaped numeric character reference, which is
// what browsers send. The result is raw bytes, yet to be escaped.
func encodeQuery(query string, enc encoding.Encoding) string {
	if enc == nil || isASCII(query) || !utf8.ValidString(query) {
		return query
	}
	var b strings.Builder
	encoder := enc.NewEncoder()
	for _, r := range query {
		if r < utf8.RuneSelf {
			b.WriteRune(r)
			continue
		}
		encoder.Reset()
		if s, err := encoder.String(string(r)); err == nil {
			b.WriteString(s)
			continue
		}
		fmt.Fprintf(&b, "%%26%%23%d%%3B", r)
	}
	return b.String()
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// cleanPath resolves dot segments, plain or escaped. The result begins with a
// slash and keeps empty segments.
func cleanPath(path string) string {
	path = strings.TrimPrefix(path, "/")
	segments := strings.Split(path, "/")
	kept := segments[:0]
	for i, s := range segments {
		last := i == len(segments)-1
		switch dots(s) {
		case 0:
			kept = append(kept, s)
			continue
		case 2:
			if len(kept) > 0 {
				kept = kept[:len(kept)-1]
			}
		}
		if last {
			kept = append(kept, "")
		}
	}
	return "/" + strings.Join(kept, "/")
}

// dots returns 1 for ".", 2 for "..", escaped spellings included, else 0.
func dots(segment string) int {
	if len(segment) == 0 || len(segment) > len("%2e%2e") || segment[0] != '.' && segment[0] != '%' {
		return 0
	}
	switch strings.ReplaceAll(strings.ToLower(segment), "%2e", ".") {
	case ".":
		return 1
	case "..":
		return 2
	}
	return 0
}
