package content

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

// Charset names DecodeText returns.
const (
	UTF8    = "utf-8"
	UTF16LE = "utf-16le"
	UTF16BE = "utf-16be"
	GB18030 = "gb18030"
)

// DecodeText turns bytes of unknown charset into text cleaned like CleanText. A
// byte order mark decides; else bytes that are valid UTF-8 are UTF-8; else it is
// GB18030, which reads GBK and GB2312 as well. replaced counts the characters
// that could not be read and became U+FFFD: when it is not 0, let a person look.
//
// UTF-8 of which a few bytes are damaged (a file cut in the middle of a
// character) stays UTF-8: read as GB18030 every word of it would be wrong.
func DecodeText(b []byte) (text, charset string, replaced int) {
	switch {
	case bytes.HasPrefix(b, []byte{0xef, 0xbb, 0xbf}):
		return decodeUTF8(b[3:])
	case bytes.HasPrefix(b, []byte{0xff, 0xfe}):
		text, replaced = decode(unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), b[2:])
		return text, UTF16LE, replaced
	case bytes.HasPrefix(b, []byte{0xfe, 0xff}):
		text, replaced = decode(unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), b[2:])
		return text, UTF16BE, replaced
	case utf8.Valid(b) || mostlyUTF8(b):
		return decodeUTF8(b)
	}
	text, replaced = decode(simplifiedchinese.GB18030, b)
	return text, GB18030, replaced
}

func decodeUTF8(b []byte) (text, charset string, replaced int) {
	if utf8.Valid(b) {
		return CleanText(string(b)), UTF8, 0
	}
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			replaced++
		}
		i += n
	}
	return CleanText(string(b)), UTF8, replaced
}

// decode reads b as enc. The decoders never fail, they write U+FFFD.
func decode(enc encoding.Encoding, b []byte) (text string, replaced int) {
	out, err := enc.NewDecoder().Bytes(b)
	if err != nil {
		out = bytes.ToValidUTF8(b, []byte("\ufffd"))
	}
	return CleanText(string(out)), strings.Count(string(out), "\ufffd")
}

// mostlyUTF8 reports whether b has at least eight whole multi-byte characters
// of UTF-8 for each byte that is none. Chinese in GBK has hardly any: its pairs
// seldom fall into UTF-8's pattern of three.
func mostlyUTF8(b []byte) bool {
	whole, broken := 0, 0
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			broken++
		case n > 1:
			whole++
		}
		i += n
	}
	return whole >= 8*broken
}
