package linkcheck

import (
	"bytes"
	"mime"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

// metaWindow is how far into a page a charset declaration is looked for. The
// standard says 1024 bytes; real pages put scripts before it.
const metaWindow = 8 << 10

var (
	utf16le = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	utf16be = unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
)

// Decode returns body as UTF-8 and the name of the encoding it was in. The
// order of evidence is: byte order mark, UTF-16 by its zero bytes, the whole
// body being valid UTF-8, the charset of contentType, a declaration in the
// first 8 KiB, and at last GB18030 or Big5, whichever reads better. A
// declaration the bytes contradict is passed over. GB2312 and GBK are read as
// GB18030. Bytes that mean nothing become U+FFFD; there is no error.
func Decode(contentType string, body []byte) (text []byte, charset string) {
	enc, charset, skip := detect(contentType, body)
	body = body[skip:]
	if enc == nil && utf8.Valid(body) {
		return body, charset
	}
	if enc == nil {
		return bytes.ToValidUTF8(body, []byte("\uFFFD")), charset
	}
	text, err := enc.NewDecoder().Bytes(body)
	if err != nil {
		return bytes.ToValidUTF8(body, []byte("\uFFFD")), "utf-8"
	}
	return text, charset
}

// detect returns the encoding of body, nil for UTF-8, its name, and how many
// bytes of byte order mark to skip.
func detect(contentType string, body []byte) (encoding.Encoding, string, int) {
	switch {
	case bytes.HasPrefix(body, []byte("\xEF\xBB\xBF")):
		return nil, "utf-8", 3
	case bytes.HasPrefix(body, []byte("\xFF\xFE")):
		return utf16le, "utf-16le", 2
	case bytes.HasPrefix(body, []byte("\xFE\xFF")):
		return utf16be, "utf-16be", 2
	}
	if enc, name := zeroBytes(body); enc != nil {
		return enc, name, 0
	}
	if utf8.Valid(trimPartial(body)) {
		return nil, "utf-8", 0
	}
	_, params, _ := mime.ParseMediaType(contentType)
	for _, label := range []string{params["charset"], metaCharset(body)} {
		enc, name := lookup(label)
		switch {
		case name == "":
		case name == "utf-8" && brokenUTF8(body) <= 10:
			return nil, name, 0
		case enc != nil && brokenAs(enc, body) <= 5 && !mistaken(enc, body):
			return enc, name, 0
		}
	}
	return guess(body)
}

// zeroBytes recognises UTF-16 without a byte order mark by ASCII characters
// whose other half is zero.
func zeroBytes(body []byte) (encoding.Encoding, string) {
	head := body[:min(len(body), 512)]
	var even, odd int
	for i, c := range head {
		if c == 0 && i%2 == 0 {
			even++
		} else if c == 0 {
			odd++
		}
	}
	switch enough := len(head) / 8; {
	case len(head) < 4:
	case odd > enough && 8*even < odd: // 开 and 一 end in a zero
		return utf16le, "utf-16le"
	case even > enough && 8*odd < even:
		return utf16be, "utf-16be"
	}
	return nil, ""
}

// trimPartial drops a rune cut off at the end, as a size limit leaves it.
func trimPartial(body []byte) []byte {
	for i := 1; i <= min(utf8.UTFMax-1, len(body)); i++ {
		if c := body[len(body)-i]; utf8.RuneStart(c) {
			if c >= utf8.RuneSelf && !utf8.FullRune(body[len(body)-i:]) {
				return body[:len(body)-i]
			}
			break
		}
	}
	return body
}

var metaPattern = regexp.MustCompile(`(?i)(?:<meta[^>]{0,300}?charset\s*=\s*["']?\s*|<\?xml[^>]{0,100}?encoding\s*=\s*["']|@charset\s+")([\w.:-]{2,40})`)

func metaCharset(body []byte) string {
	m := metaPattern.FindSubmatch(body[:min(len(body), metaWindow)])
	if m == nil {
		return ""
	}
	return string(m[1])
}

// lookup finds the encoding a label stands for; nil with a name is UTF-8, no
// name means that the label says nothing.
func lookup(label string) (encoding.Encoding, string) {
	label = strings.ToLower(strings.Trim(strings.TrimSpace(label), `"'`))
	switch label {
	case "":
		return nil, ""
	case "gb2312", "gbk", "gb18030", "gb_2312-80", "x-gbk", "cp936", "euc-cn", "gb-2312", "gb":
		return simplifiedchinese.GB18030, "gb18030"
	case "utf8", "utf-8", "utf_8", "unicode":
		return nil, "utf-8"
	}
	enc, err := htmlindex.Get(label)
	if err != nil {
		return nil, ""
	}
	name, err := htmlindex.Name(enc)
	if err != nil || name == "utf-8" || name == "replacement" || name == "x-user-defined" || strings.HasPrefix(name, "utf-16") {
		// ASCII-readable bytes that say they are UTF-16 cannot be.
		return nil, ""
	}
	return enc, name
}
