package linkcheck

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

func encode(t testing.TB, enc encoding.Encoding, s string) []byte {
	t.Helper()
	b, err := enc.NewEncoder().Bytes([]byte(s))
	if err != nil {
		t.Fatalf("encode %q: %v", s, err)
	}
	return b
}

func TestDecode(t *testing.T) {
	const text = "思南县人民政府关于印发工作方案的通知，现就有关事项通知如下。"
	const trad = "臺北市政府關於一個活動的公告，我們在這裡為大家說明有關的事項。"
	gbk := encode(t, simplifiedchinese.GBK, text)
	big5 := encode(t, traditionalchinese.Big5, trad)
	late := strings.Repeat("<!-- script -->", 200) + `<meta charset=big5>`
	tests := []struct {
		name, contentType string
		body              []byte
		want, charset     string
	}{
		{"utf-8 undeclared", "text/html", []byte(text), text, "utf-8"},
		{"utf-8 under a false header", "text/html; charset=gb2312", []byte(text), text, "utf-8"},
		{"utf-8 with mark", "text/html; charset=gbk", []byte("\uFEFF" + text), text, "utf-8"},
		{"utf-8 cut inside a character", "", []byte(text)[:len(text)-1], strings.TrimSuffix(text, "。") + "\uFFFD", "utf-8"},
		{"utf-8 with a bad byte, declared", "text/html; charset=utf-8", []byte(text + "\xff"), text + "\uFFFD", "utf-8"},
		{"gbk by header", "text/html; charset=GB2312", gbk, text, "gb18030"},
		{"gbk by quoted header", `text/html; charset="gbk"`, gbk, text, "gb18030"},
		{"gbk under a false utf-8 header", "text/html; charset=utf-8", gbk, text, "gb18030"},
		{"gbk undeclared", "", gbk, text, "gb18030"},
		{"gbk in a broken header", "text/html; charset=", gbk, text, "gb18030"},
		{"gb18030 four bytes", "", encode(t, simplifiedchinese.GB18030, text+"㐀𠀀"), text + "㐀𠀀", "gb18030"},
		{"big5 by meta after 1024 bytes", "text/html", append([]byte(late), big5...), late + trad, "big5"},
		{"big5 undeclared", "text/html", big5, trad, "big5"},
		{"gbk that says big5", "text/html; charset=big5", gbk, text, "gb18030"},
		{"utf-16le with mark", "", append([]byte("\xff\xfe"), encode(t, utf16le, text)...), text, "utf-16le"},
		{"utf-16be with mark", "text/html", append([]byte("\xfe\xff"), encode(t, utf16be, text)...), text, "utf-16be"},
		{"utf-16le without mark", "", encode(t, utf16le, "<html><title>"+text), "<html><title>" + text, "utf-16le"},
		{"utf-16 with characters that end in a zero", "", encode(t, utf16be, "<html><head><title>公开一览"), "<html><head><title>公开一览", "utf-16be"},
		{"utf-16 only said", "text/html; charset=utf-16", []byte("<p>plain"), "<p>plain", "utf-8"},
		{"xml declaration", "", append([]byte(`<?xml version="1.0" encoding="gb2312"?>`), gbk...), `<?xml version="1.0" encoding="gb2312"?>` + text, "gb18030"},
		{"unknown label", "text/html; charset=klingon", gbk, text, "gb18030"},
		{"empty", "", nil, "", "utf-8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, charset := Decode(tt.contentType, tt.body)
			if string(got) != tt.want || charset != tt.charset {
				t.Errorf("Decode = %q, %s; want %q, %s", got, charset, tt.want, tt.charset)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("text/html; charset=gbk", []byte("\xb9\xfa"))
	f.Add("", []byte("\xff\xfe<\x00"))
	f.Add("text/html", []byte(`<meta charset="big5">`+"\xa4\xa4"))
	f.Add("text/html; charset=iso-2022-jp", []byte("\x1b$B\xff"))
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		text, charset := Decode(contentType, body)
		if !utf8.Valid(text) {
			t.Errorf("Decode gave invalid UTF-8")
		}
		if charset == "" {
			t.Errorf("Decode named no charset")
		}
		if len(text) > 4*len(body)+16 {
			t.Errorf("Decode made %d bytes of %d", len(text), len(body))
		}
	})
}
