package content_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zhanqun/internal/content"
	"zhanqun/internal/fault"
)

const (
	shaA = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	shaB = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
)

func sanitize(t testing.TB, s string) string {
	t.Helper()
	out, err := content.Sanitize(s)
	if err != nil {
		t.Fatalf("Sanitize(%.200q): %v", s, err)
	}
	again, err := content.Sanitize(out)
	if err != nil || again != out {
		t.Fatalf("not the same twice, %v:\n   in %q\nfirst %q\n then %q", err, s, out, again)
	}
	return out
}

func TestSanitize(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"empty", "", ""},
		{"clean", `<p>春耕<b>开始</b></p><h2>一</h2>`, `<p>春耕<b>开始</b></p><h2>一</h2>`},
		{"loose text", "塘头镇", "<p>塘头镇</p>"},
		{"loose text and inline", "a <b>b</b> c<p>d</p>e", "<p>a <b>b</b> c</p><p>d</p><p>e</p>"},
		{"entities", "<p>&nbsp;a&nbsp;b &copy; &lt;x&gt; \"q\" 'r' &amp;</p>", "<p>a\u00a0b © &lt;x&gt; &#34;q&#34; &#39;r&#39; &amp;</p>"},
		{"script", `<p>a</p><script>alert(1)</script><style>p{}</style>b`, `<p>a</p><p>b</p>`},
		{"script in script", `<scr<script>ipt>alert(1)</scr</script>ipt>`, `<p>ipt&gt;alert(1)ipt&gt;</p>`},
		{"handlers", `<p onclick="x()" id=a class=b style="color:red">a</p>`, `<p>a</p>`},
		{"frames and forms", `<iframe src=http://x></iframe><form action=//x><input value=1><button>b</button>文</form>`, `<p>文</p>`},
		{"svg, math", `<svg><script>1</script><p>x</p></svg><math><mi>y</mi></math><p>a</p>`, `<p>x</p><p>a</p>`},
		{"comment", `<!--[if gte mso 9]><xml>1</xml><![endif]--><p>a<!-- b --></p>`, `<p>a</p>`},
		{"controls", "<p>a\x00b\x08c\u202ed\u200be\ufefff\u0085</p>\r\n", `<p>abcdef</p>`},
		{"broken UTF-8", "<p>a\xffb</p>", "<p>a\ufffdb</p>"},

		{"link", `<a href=" HTTP://X.gov.cn/a b?q=中&r=1#f ">x</a>`, `<p><a href="http://x.gov.cn/a%20b?q=%E4%B8%AD&amp;r=1#f" rel="noopener">x</a></p>`},
		{"link kept", `<p><a href="https://x.cn/a?b=1&amp;c=2" rel="noopener">x</a></p>`, `<p><a href="https://x.cn/a?b=1&amp;c=2" rel="noopener">x</a></p>`},
		{"link, Chinese host", `<a href="http://思南.中国/新闻">x</a>`, `<p><a href="http://xn--6kr101a.xn--fiqs8s/%E6%96%B0%E9%97%BB" rel="noopener">x</a></p>`},
		{"mail", `<a href="mailto:a@b.cn?cc=c@d.cn">x</a>`, `<p><a href="mailto:a@b.cn" rel="noopener">x</a></p>`},
		{"bad links", `<a href="javascript:alert(1)">a</a><a href="//x.cn">b</a><a href="/x">c</a><a name=x>d</a><a href="http://u:p@x.cn">e</a><a href="ftp://x.cn">f</a><a href="data:text/html,x">g</a><a href="java&#10;script:x">h</a><a href="http://">i</a><a href="file:///c:/x">j</a>`, `<p>abcdefghij</p>`},

		{"own image", `<p><img class=x src="att:` + shaA + `" onerror=x alt="春&quot;耕&gt;"></p>`, `<p><img src="att:` + shaA + `" alt="春&#34;耕&gt;"/></p>`},
		{"other images", `<p>a<img src="http://x/1.gif"><img src="data:image/png;base64,AA"><img src="att:../x"><img src="cid:1"></p>`, `<p>a</p>`},
		{"figure", `<figure><img src="att:` + shaA + `"><figcaption><p>图为春耕</p></figcaption></figure>`, `<figure><img src="att:` + shaA + `" alt=""/><figcaption>图为春耕</figcaption></figure>`},

		{"headings", `<h1>a</h1><h3>b</h3><h6>c</h6><h2></h2>`, `<h2>a</h2><h3>b</h3><h4>c</h4>`},
		{"emphasis", `<p><strike>a</strike><del>b</del><ins>c</ins><font color=red>d</font><span>e</span><b><b>f</b></b><i></i></p>`, `<p><s>a</s><s>b</s><u>c</u>de<b>f</b></p>`},
		{"editor lines", `<div>a</div><div><br></div><div>b<br></div><div><div>c</div>d</div>`, `<p>a</p><p>b</p><p>c</p><p>d</p>`},
		{"breaks", `<p><br>a<br><br>b<br></p><pre>x
  y</pre>`, `<p>a<br/><br/>b</p><p>x<br/>y</p>`},
		{"whole-document bold", `<b style="font-weight:normal;"><p>a</p><ul><li>b</li></ul></b>`, `<p>a</p><ul><li>b</li></ul>`},
		{"lists", `<ul><li>a<ul><li>b</li></ul></li><ol><li>c</li></ol>x</ul><li>d</li>`, `<ul><li>a<ul><li>b</li></ul><ol><li>c</li></ol>x</li></ul><p>d</p>`},
		{"blocks in paragraph", `<p>a<div>b</div>c</p>`, `<p>a</p><p>b</p><p>c</p>`},
		{"list in heading", `<h2>a<ul><li>b</li></ul></h2>`, `<h2>a b</h2>`},
		{"table", `<table border=1 width=500><caption>表</caption><tr><th colspan=2 style=x>a</th></tr><tr><td rowspan="1">b</td><td><p>c</p></td></tr><script>1</script></table>`,
			`<table><caption>表</caption><tbody><tr><th colspan="2">a</th></tr><tr><td>b</td><td><p>c</p></td></tr></tbody></table>`},
		{"table parts", `<table><colgroup><col></colgroup><thead><tr><td>a</td></tr></thead><tr></tr></table><table></table>`, `<table><thead><tr><td>a</td></tr></thead></table>`},
		{"spans", `<table><tr><td colspan=0 rowspan=3>a</td><td colspan=1000>b</td><td colspan="2x">c</td></tr></table>`, `<table><tbody><tr><td rowspan="3">a</td><td>b</td><td>c</td></tr></tbody></table>`},
		{"text in table", `<table>x<tr><td>a</td></tr></table>`, `<p>x</p><table><tbody><tr><td>a</td></tr></tbody></table>`},
		{"quotation", `<blockquote>a<p>b</p></blockquote><blockquote></blockquote>`, `<blockquote><p>a</p><p>b</p></blockquote>`},
		{"hidden", `<p style="display: none">x</p><div hidden>y</div><p>a<span style="mso-hide:all">z</span></p>`, `<p>a</p>`},
		{"unclosed", `<p>a<b>b<p>c`, `<p>a<b>b</b></p><p><b>c</b></p>`},
		{"misnested", `<p>a<b>b<i>c</b>d</i></p>`, `<p>a<b>b<i>c</i></b><i>d</i></p>`},
		{"not quite clean", `<p>a</p ><P>b</P><br><hr>`, `<p>a</p><p>b</p><hr/>`},
	} {
		if got := sanitize(t, tt.in); got != tt.want {
			t.Errorf("%s\n  in %s\n got %s\nwant %s", tt.name, tt.in, got, tt.want)
		}
	}
}

func TestSanitizeWordAndWPS(t *testing.T) {
	files, err := filepath.Glob("testdata/paste/*.html")
	if err != nil || len(files) < 2 {
		t.Fatalf("samples: %v, %v", files, err)
	}
	for _, name := range files {
		in, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(name + ".want")
		if err != nil {
			t.Fatal(err)
		}
		if got := sanitize(t, string(in)); got != strings.TrimSpace(string(want)) {
			t.Errorf("%s\n got %s\nwant %s", name, got, want)
		}
	}
}

func TestSanitizeDeepNesting(t *testing.T) {
	_, err := content.Sanitize(strings.Repeat("<div>", 600) + "x")
	if !fault.Is(err, fault.Invalid) || !strings.Contains(fault.Fields(err)["body"], "嵌套太深") {
		t.Errorf("600 levels: %v", err)
	}
	for _, tag := range []string{"blockquote", "div", "ul><li", "table><tr><td", "b", "span", "a href=http://x"} {
		in := strings.Repeat("<"+tag+">", 100) + "深"
		if got := sanitize(t, in); !strings.Contains(got, "深") {
			t.Errorf("100 × %s: %.300s", tag, got)
		}
	}
}

// Whatever goes in, what comes out is the same when it goes in again and holds
// nothing that can run or call home.
func FuzzSanitize(f *testing.F) {
	for _, s := range []string{
		`<b><p>a<table><tr><td><a href=http://x.cn>x<a href=http://y.cn>y</table>`,
		`<ul><p><li><table><li>x<caption><h2><figure><figcaption><p>`,
		`<a href="http://x.cn"><table><tr><td><a href="http://y.cn">z`,
		`<svg><p><style><!--</style><img title="--&gt;&lt;img src=1 onerror=x&gt;">`,
		`<math><mtext><table><mglyph><style><math><img src onerror=x>`,
		`<select><template><p><noscript><p title="</noscript><img src=x onerror=x>">`,
		`<img src="att:` + shaA + `" alt="&#34;>"><td colspan=2><p/><br/>&#x0;&lt`,
		"<plaintext><p>\x00<xmp></p>", "<pre>\n\n a\tb</pre><frameset>", "<p>a</p>\u2028<hr/>",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if _, err := content.Sanitize(s); err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Fatalf("Sanitize(%q): %v", s, err)
			}
			return
		}
		if out := sanitize(t, s); strings.Contains(out, "<") {
			low := strings.ToLower(out)
			for _, bad := range []string{"<script", "<style", "<iframe", "<svg", " on", " style=", "javascript:", "<img src=\"h", "<!--"} {
				if i := strings.Index(low, bad); i >= 0 && strings.LastIndexByte(low[:i+1], '<') > strings.LastIndexByte(low[:i+1], '>') {
					t.Fatalf("%q lets %q through: %q", s, bad, out)
				}
			}
		}
	})
}

func BenchmarkSanitize(b *testing.B) {
	clean := content.FromText(strings.ReplaceAll(prose, "会议", "\n会议"))
	dirty := `<div class="WordSection1"><p class=MsoNormal style="x">` + strings.ReplaceAll(clean, "<p>", `<p class="MsoNormal"><span style="font-size:16pt">`) + `</div>`
	for name, text := range map[string]string{"clean": clean, "pasted": dirty} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if _, err := content.Sanitize(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
