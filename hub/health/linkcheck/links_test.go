package linkcheck

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// brief writes links one a line: element.attr url [label] !fault -excluded.
func brief(links []Link) []string {
	var out []string
	for _, l := range links {
		s := l.Element + "." + l.Attr + " " + l.URL
		if l.Fragment != "" {
			s += "#" + l.Fragment
		}
		if l.Label != "" {
			s += " [" + l.Label + "]"
		}
		if l.Fault != "" {
			s += " !" + string(l.Fault)
		}
		if l.Excluded != "" {
			s += " -" + string(l.Excluded)
		}
		out = append(out, s)
	}
	return out
}

func TestLinks(t *testing.T) {
	const base = "http://a.cn/d/p.html"
	tests := []struct {
		name, body string
		want       []string
	}{
		{"anchor with label", "<a href=x.html>  政务\n <b>公开</b> </a>", []string{"a.href http://a.cn/d/x.html [政务 公开]"}},
		{"picture as label", "<a href=x><img src=i.png alt='国徽'></a>", []string{"a.href http://a.cn/d/x [国徽]", "img.src http://a.cn/d/i.png [国徽]"}},
		{"unclosed anchors", "<a href=1>一<a href=2>二", []string{"a.href http://a.cn/d/1 [一]", "a.href http://a.cn/d/2 [二]"}},
		{"area", "<map><area href='/m' alt=图></map>", []string{"area.href http://a.cn/m [图]"}},
		{"images", `<img src=a.jpg srcset="b.jpg 1x, c,d.jpg 2x,e.jpg" lowsrc=f.jpg>`, []string{
			"img.src http://a.cn/d/a.jpg", "img.lowsrc http://a.cn/d/f.jpg", "img.srcset http://a.cn/d/b.jpg", "img.srcset http://a.cn/d/c,d.jpg", "img.srcset http://a.cn/d/e.jpg"}},
		{"picture", `<picture><source srcset="x.webp, y.webp 2x"><img src=z.png></picture>`, []string{
			"source.srcset http://a.cn/d/x.webp", "source.srcset http://a.cn/d/y.webp", "img.src http://a.cn/d/z.png"}},
		{"media", `<video src=v.mp4 poster=v.jpg><source src=w.mp4><track src=t.vtt></video><audio src=s.mp3></audio><bgsound src=b.mid>`, []string{
			"video.src http://a.cn/d/v.mp4", "video.poster http://a.cn/d/v.jpg", "source.src http://a.cn/d/w.mp4", "track.src http://a.cn/d/t.vtt", "audio.src http://a.cn/d/s.mp3", "bgsound.src http://a.cn/d/b.mid"}},
		{"frames", "<frameset><frame src=1.html><frame src=2.html></frameset><iframe src=3.html></iframe>", []string{
			"frame.src http://a.cn/d/1.html", "frame.src http://a.cn/d/2.html", "iframe.src http://a.cn/d/3.html"}},
		{"objects", `<object data=o.pdf><param name=movie value=m.swf><param name=x value=n><embed src=e.swf></object>`, []string{
			"object.data http://a.cn/d/o.pdf", "param.value http://a.cn/d/m.swf", "embed.src http://a.cn/d/e.swf"}},
		{"forms", `<form action=/search><input type=image src=go.gif></form><form method=POST action=/post></form><button formaction=/f>`, []string{
			"form.action http://a.cn/search", "input.src http://a.cn/d/go.gif", "form.action http://a.cn/post -form", "button.formaction http://a.cn/f -form"}},
		{"old markup", `<body background=bg.gif><table background=t.gif><td background=c.gif>`, []string{
			"body.background http://a.cn/d/bg.gif", "table.background http://a.cn/d/t.gif", "td.background http://a.cn/d/c.gif"}},
		{"head", `<link rel=stylesheet href=s.css><link rel="shortcut icon" href=/f.ico><link rel=canonical href=/c><link rel=preconnect href=//cdn.cn><script src=j.js>var a="<a href=no>"</script>`, []string{
			"link.href http://a.cn/d/s.css", "link.href http://a.cn/f.ico", "script.src http://a.cn/d/j.js"}},
		{"refresh", `<meta http-equiv=refresh content="5; url='/new.html'"><meta http-equiv=Refresh content=30>`, []string{"meta.content http://a.cn/new.html"}},
		{"style", `<style>@import "i.css"; a{background:url(b.png)} /* url(c.png) */ @font-face{src:url( "f.woff" )}</style><p style="background:url('p\.png')"><style>a{background:url(q\72 s.png)}b{background:url(t\ u.png)}c{background:url(\</style>`, []string{
			"style.url http://a.cn/d/i.css", "style.url http://a.cn/d/b.png", "style.url http://a.cn/d/f.woff", "p.style http://a.cn/d/p.png", "style.url http://a.cn/d/qrs.png", "style.url http://a.cn/d/t%20u.png"}},
		{"quoted style", `<style>a:before{content:"url(no.png)"}b{content:"\"";background:url(b.png)}c{content:'\\'}d{background:url(d.png)}</style>`, []string{"style.url http://a.cn/d/b.png", "style.url http://a.cn/d/d.png"}},
		{"image sets", `<style>a{background:-webkit-image-set(url(a.png) 1x, "b.png" 2x)}b{background:image-set("c.webp" type("image/webp"), 'd.png');content:"no.png"}c{background:image-set("e.png" 1x;content:"no.png"}</style>`, []string{
			"style.url http://a.cn/d/a.png", "style.url http://a.cn/d/b.png", "style.url http://a.cn/d/c.webp", "style.url http://a.cn/d/d.png", "style.url http://a.cn/d/e.png"}},
		{"drawings", `<svg><a xlink:href=/s><image href=p.png /></a><use href="#x"/></svg>`, []string{
			"a.xlink:href http://a.cn/s", "image.href http://a.cn/d/p.png", "use.href http://a.cn/d/p.html#x"}},
		{"base", `<a href=1></a><base href=/other/><base href=/third/><a href=2></a>`, []string{"a.href http://a.cn/other/1", "a.href http://a.cn/other/2"}},
		{"base that is none", `<base href="javascript:x"><a href=1>`, []string{"a.href http://a.cn/d/1"}},
		{"not links", `<!-- <a href=1> --><script>"<a href=2>"</script><textarea><a href=4></textarea><title><a href=5></title><template><a href=6></template><a name=7>`, nil},
		{"without scripts", `<noscript><base href=/no/><a href=1>一</a><img src=2.png></noscript><template><noscript><a href=3></noscript></template><a href=4>`, []string{
			"a.href http://a.cn/d/1 [一]", "img.src http://a.cn/d/2.png", "a.href http://a.cn/d/4"}},
		{"page in a frame", `<iframe srcdoc="<base href=/no/><a href='1?a&amp;amp;b'>一</a><iframe srcdoc='&lt;img src=2.png&gt;'></iframe>"></iframe><iframe srcdoc="&lt;p style=&quot;background:url(3.png)&quot;&gt;" src=4.html></iframe>`, []string{
			"a.href http://a.cn/d/1?a&b [一]", "img.src http://a.cn/d/2.png", "iframe.src http://a.cn/d/4.html", "p.style http://a.cn/d/3.png"}},
		{"other schemes", `<a href="mailto:x@y.cn"><a href="tel:110"><a href="javascript:;"><img src="data:image/gif;base64,AA"><a href="weixin://x">`, []string{
			"a.href  -mail", "a.href  -telephone", "a.href  -script", "img.src  -inline", "a.href  -other_scheme"}},
		{"character references", `<a href="?a=1&amp;b=2&copy=3&#x26;c">`, []string{"a.href http://a.cn/d/p.html?a=1&b=2&copy=3&c"}},
		{"blanks and breaks", "<a href=' \n/a\tb\r\n.html '>", []string{"a.href http://a.cn/ab.html"}},
		{"fragments", `<a href="#目录">x</a><a href="q.html#s">`, []string{"a.href http://a.cn/d/p.html#%E7%9B%AE%E5%BD%95 [x]", "a.href http://a.cn/d/q.html#s"}},
		{"capitals", `<A HREF="X.HTML">大</A>`, []string{"a.href http://a.cn/d/X.HTML [大]"}},
		{"attribute twice", `<a href=1 href=2>`, []string{"a.href http://a.cn/d/1"}},
		{"empty", `<a href="">顶</a><img src="">`, []string{"a.href http://a.cn/d/p.html [顶]"}},
		{"broken markup", `<a href="1>x</a><b <a href=2>"><a href=3`, []string{`a.href http://a.cn/d/1%3Ex%3C/a%3E%3Cb%20%3Ca%20href=2%3E`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, brief(Links(base, "text/html", []byte(tt.body)))); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
	if diff := cmp.Diff([]string{"style.url http://a.cn/d/x.png"}, brief(Links(base, "text/css; charset=utf-8", []byte("a{background:url(x.png)}")))); diff != "" {
		t.Errorf("style sheet: -want +got\n%s", diff)
	}
}

func TestLinksInOldEncodings(t *testing.T) {
	body := encode(t, simplifiedchinese.GBK, `<meta charset=gb2312><a href="/思南.html?k=思南&x=%B2">思南县</a>`)
	want := []string{"a.href http://a.cn/%E6%80%9D%E5%8D%97.html?k=%CB%BC%C4%CF&x=%B2 [思南县]"}
	if diff := cmp.Diff(want, brief(Links("http://a.cn/", "text/html", body))); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// Pages made to hurt: each must be read in bounded time and memory.
func TestHugePages(t *testing.T) {
	many := strings.Repeat("<a href=x>y</a>", 30_000)
	long := strings.Repeat("a", maxAddress-200)
	for name, body := range map[string]string{
		"many links":          many,
		"deep nesting":        strings.Repeat("<div><a href=x>", 30_000),
		"one long attribute":  `<a href="` + strings.Repeat("x", 4<<20) + `">y</a>`,
		"one long label":      "<a href=x>" + strings.Repeat("字", 1<<20) + "</a>",
		"many attributes":     "<a " + strings.Repeat("b=c ", 60_000) + "href=x>",
		"long base":           "<base href='/" + long + "/'>" + many,
		"open comment in css": "<style>/*" + strings.Repeat("url(a)", 80_000) + "</style>",
		"css strings":         "<style>" + strings.Repeat(`url("a `, 80_000) + "</style>",
		"css imports":         "<style>" + strings.Repeat(`@import "`, 80_000) + "</style>",
		"css blanks":          "<style>" + strings.Repeat("url( ", 80_000) + strings.Repeat(" ", 1<<20) + "</style>",
		"srcset":              "<img srcset='" + strings.Repeat("a 1x,", 80_000) + "'>",
		"srcset parentheses":  "<img srcset='" + strings.Repeat("a (", 80_000) + "'>",
		"open tags":           strings.Repeat("<a href='", 80_000),
		"entities":            "<a href='" + strings.Repeat("&amp", 80_000) + "'>",
		"many ids":            strings.Repeat("<p id=a>", 30_000),
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			links := Links("http://a.cn/", "text/html", []byte(body))
			size := 0
			for _, l := range links {
				size += len(l.URL) + len(l.Raw) + len(l.Label)
				if utf8.RuneCountInString(l.Raw) > maxRaw || utf8.RuneCountInString(l.Label) > maxLabel {
					t.Fatalf("a link keeps %d and %d bytes", len(l.Raw), len(l.Label))
				}
			}
			if len(links) > maxLinks || size > 2*maxMemory {
				t.Errorf("%d links of %d bytes", len(links), size)
			}
			factsOf("text/html", []byte(body))
			if spent := time.Since(began); spent > 20*time.Second {
				t.Errorf("took %s", spent)
			}
		})
	}
}

func FuzzLinks(f *testing.F) {
	f.Add("http://a.cn/", "text/html; charset=gbk", []byte("<a href='?\xcb\xbc'>\xcb\xbc</a><base href=//b.cn>"))
	f.Add("", "text/css", []byte(`@import "a"; b{c:url( 'd' )}/*`))
	f.Add("https://[::1]/x?y", "", []byte("<img srcset='a 1x, b (c, d'><meta http-equiv=refresh content='0;url=x'><template><svg>"))
	f.Fuzz(func(t *testing.T, base, contentType string, body []byte) {
		for _, l := range Links(base, contentType, body) {
			if !utf8.ValidString(l.Raw+l.Label+l.URL) || !isASCII(l.URL) || l.Element == "" || l.Attr == "" {
				t.Fatalf("link %+v", l)
			}
			if l.URL == "" {
				continue
			}
			if again, err := Normalize(l.URL); err != nil || again != l.URL {
				t.Fatalf("%q is not its own normal form: %q, %v", l.URL, again, err)
			}
		}
	})
}
