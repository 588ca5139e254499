package content_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"zhanqun/internal/content"
)

func TestFromText(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"", ""},
		{" \r\n　\n", ""},
		{"　　第一段\r\n\r\n第二段\rc", "<p>第一段</p><p>第二段</p><p>c</p>"},
		{"1 < 2 & \"x\"\tb\x00\u200b", "<p>1 &lt; 2 &amp; &#34;x&#34; b</p>"},
		{"<script>x</script>", "<p>&lt;script&gt;x&lt;/script&gt;</p>"},
	} {
		got := content.FromText(tt.in)
		if got != tt.want {
			t.Errorf("FromText(%q) = %q, want %q", tt.in, got, tt.want)
		}
		if again := sanitize(t, got); again != got {
			t.Errorf("FromText(%q) is not clean: %q", tt.in, again)
		}
	}
}

func TestLooksLikeHTML(t *testing.T) {
	for in, want := range map[string]bool{
		"<p>a</p>": true, "a<br>b": true, "a<BR/>": true, "x </div>": true, `<a href="x">`: true, "<table\nborder=1>": true,
		"": false, "a < b and c > d": false, "<": false, "<p": false, "1<2>": false, "《通知》<见附件>": false, "<foo>": false,
		"<p b": false, "a<b": false, "邮箱<x@y.cn>": false, "<<p>": true,
	} {
		if got := content.LooksLikeHTML(in); got != want {
			t.Errorf("LooksLikeHTML(%q) = %v", in, got)
		}
	}
}

func TestToText(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"", ""},
		{"<p>a</p><p></p><p>b<br/>c</p>", "a\nb\nc"},
		{"<p>138<b>0000</b>1234</p>", "13800001234"},
		{"<p> a \n b </p>x<b> c</b>", "a b\nx c"},
		{"<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a\tb\nc"},
		{"<ul><li>a<ul><li>b</li></ul></li></ul>", "a\nb"},
		{"a &lt;b&gt; &amp;lt; &nbsp;c", "a <b> &lt; \u00a0c"},
		{"<title>t</title><style>s</style>a<script>x</script>b<!-- c -->", "ab"},
	} {
		if got := content.ToText(tt.in); got != tt.want {
			t.Errorf("ToText(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestExcerpt(t *testing.T) {
	const in = "<h2>春耕</h2><p>塘头镇，今日开工。</p>"
	for n, want := range map[int]string{0: "…", 5: "春耕 塘头…", 7: "春耕 塘头镇…", 12: "春耕 塘头镇，今日开工。", 100: "春耕 塘头镇，今日开工。", -1: "…"} {
		if got := content.Excerpt(in, n); got != want {
			t.Errorf("Excerpt(%d) = %q, want %q", n, got, want)
		}
	}
	if got := content.Excerpt("", 0); got != "" {
		t.Errorf("Excerpt of nothing = %q", got)
	}
}

func TestCleanLine(t *testing.T) {
	for in, want := range map[string]string{
		"":                              "",
		" 关于 \r\n 春耕\tx\u2028y ":        "关于 春耕 x y",
		"思南县　塘头镇 　 通知":                  "思南县　塘头镇　通知",
		"a\x00b\u202ec\ufeff\x7f\u0085": "abc",
		"a\xffb":                        "a\ufffdb",
		"民族文字\u200c\u200d":              "民族文字\u200c\u200d",
	} {
		if got := content.CleanLine(in); got != want {
			t.Errorf("CleanLine(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestReferences(t *testing.T) {
	s := sanitize(t, `<p><img src="att:`+shaA+`" alt="甲"><a href="http://x.cn/?a=1&b=2">x</a><img src="att:`+shaB+`"><img src="att:`+shaA+`"><a href="http://x.cn/?a=1&b=2">y</a></p>`)
	if got := content.Images(s); !slices.Equal(got, []string{shaA, shaB}) {
		t.Errorf("Images = %v", got)
	}
	if got := content.Links(s); !slices.Equal(got, []string{"http://x.cn/?a=1&b=2"}) {
		t.Errorf("Links = %v", got)
	}
	got := content.ResolveImages(s, func(sha string) string {
		if sha == shaA {
			return ""
		}
		return "/files/" + sha + "/a.jpg?x=1&y=2"
	})
	const link = `<a href="http://x.cn/?a=1&amp;b=2" rel="noopener">`
	want := `<p>甲` + link + `x</a><img src="/files/` + shaB + `/a.jpg?x=1&amp;y=2" alt=""/>` + link + `y</a></p>`
	if got != want {
		t.Errorf("ResolveImages\n got %s\nwant %s", got, want)
	}
	if content.ResolveImages("<p>a</p>", nil) != "<p>a</p>" || content.Images("<p>a</p>") != nil {
		t.Error("text without images changed")
	}
}

func gb(t testing.TB, s string) []byte {
	t.Helper()
	b, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestDecodeText(t *testing.T) {
	long := strings.Repeat("思南县塘头镇春耕备耕工作有序推进。", 20)
	for _, tt := range []struct {
		name     string
		in       []byte
		text     string
		charset  string
		replaced int
	}{
		{"empty", nil, "", content.UTF8, 0},
		{"ASCII", []byte("a\r\nb\x00\x1bc"), "a\nbc", content.UTF8, 0},
		{"UTF-8", []byte(long), long, content.UTF8, 0},
		{"UTF-8 with mark", []byte("\ufeff镇"), "镇", content.UTF8, 0},
		{"UTF-8 that holds U+FFFD", []byte("镇\ufffd"), "镇\ufffd", content.UTF8, 0},
		{"UTF-8 cut in a character", []byte(long + "镇")[:len(long)+2], long + "\ufffd\ufffd", content.UTF8, 2},
		{"GBK", gb(t, long), long, content.GB18030, 0},
		{"GBK, short", gb(t, "镇"), "镇", content.GB18030, 0},
		{"GB18030, four bytes", gb(t, "䶮𠮷镇"), "䶮𠮷镇", content.GB18030, 0},
		{"GBK cut in a character", gb(t, long)[:len(gb(t, long))-1], strings.TrimSuffix(long, "。") + "\ufffd", content.GB18030, 1},
		{"UTF-16 little", []byte{0xff, 0xfe, 0x47, 0x95, 'a', 0}, "镇a", content.UTF16LE, 0},
		{"UTF-16 big", []byte{0xfe, 0xff, 0x95, 0x47, 0, 'a'}, "镇a", content.UTF16BE, 0},
		{"UTF-16 cut", []byte{0xff, 0xfe, 0x47, 0x95, 'a'}, "镇\ufffd", content.UTF16LE, 1},
	} {
		text, charset, replaced := content.DecodeText(tt.in)
		if text != tt.text || charset != tt.charset || replaced != tt.replaced {
			t.Errorf("%s: %.60q, %s, %d; want %.60q, %s, %d", tt.name, text, charset, replaced, tt.text, tt.charset, tt.replaced)
		}
	}
}

func FuzzDecodeText(f *testing.F) {
	f.Add([]byte("\ufeff镇"))
	f.Add(gb(f, "思南县"))
	f.Add([]byte{0xff, 0xfe, 0x00, 0xd8, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		text, charset, replaced := content.DecodeText(b)
		if !utf8.ValidString(text) || strings.ContainsAny(text, "\x00\r\x7f\ufeff\u202e") || charset == "" || replaced < 0 {
			t.Fatalf("%q, %s, %d", text, charset, replaced)
		}
		if replaced > 0 && !strings.Contains(text, "\ufffd") {
			t.Fatalf("%d replaced, but none in %q", replaced, text)
		}
		if content.CleanText(text) != text {
			t.Fatalf("%q is not clean", text)
		}
		line := content.CleanLine(text)
		if strings.ContainsAny(line, "\n\t") || content.CleanLine(line) != line {
			t.Fatalf("CleanLine(%q) = %q", text, line)
		}
		plain := content.FromText(text)
		if again, err := content.Sanitize(plain); err != nil || again != plain {
			t.Fatalf("FromText(%q) = %q is not clean: %v", text, plain, err)
		}
	})
}
