package linkcheck

import (
	"strings"
	"testing"
)

func TestFaults(t *testing.T) {
	for raw, want := range map[string]Fault{
		"http://http://www.a.cn/": FaultDoubledScheme,
		"http://https//www.a.cn/": FaultDoubledScheme,
		"https:https://a.cn":      FaultDoubledScheme,
		"htp://a.cn/":             FaultBrokenScheme,
		"httpp://a.cn/":           FaultBrokenScheme,
		"htpp://a.cn/":            FaultBrokenScheme,
		"ttp://a.cn/":             FaultBrokenScheme,
		"http//a.cn/":             FaultBrokenScheme,
		"http;//a.cn/":            FaultBrokenScheme,
		"http:/www.a.cn/":         FaultBrokenScheme,
		"http:www.a.cn/":          FaultBrokenScheme,
		"://a.cn/":                FaultBrokenScheme,
		"www.sinan.gov.cn":        FaultMissingScheme,
		"sinan.gov.cn/zw/":        FaultMissingScheme,
		"www.baidu.com/s?wd=a":    FaultMissingScheme,
		`C:\Documents\a.doc`:      FaultLocalPath,
		"file:///D:/photo.jpg":    FaultLocalPath,
		"D:/a.jpg":                FaultLocalPath,
		`\\server\share\a.doc`:    FaultLocalPath,
		"http://localhost:8080/a": FaultLocalHost,
		"http://127.0.0.1/a":      FaultLocalHost,
		"http://[::1]/":           FaultLocalHost,
		"http://192.168.1.5/oa":   FaultPrivateHost,
		"http://10.0.0.8:9000/":   FaultPrivateHost,
		"http://cms.local/a":      FaultTestHost,
		"http://www.sinan.test/":  FaultTestHost,
		"/list/{{item.url}}":      FaultTemplate,
		"${ctx}/a.html":           FaultTemplate,
		"<%=url%>":                FaultTemplate,
		"undefined":               FaultTemplate,
		"/art/undefined":          FaultTemplate,
		"[object Object]":         FaultTemplate,
		"http：//a.cn/":            FaultFullWidth,
		"http://a.cn/a.html，":     FaultFullWidth,
		"http://a.cn/a.jsp？id=3":  FaultFullWidth,
		"zf@sinan.gov.cn":         FaultMail,
		"http://zf@sinan.gov.cn":  FaultMail,
		"http://":                 FaultBadAddress,
		"http://a b.cn/":          FaultBadAddress,

		// Odd, but right.
		"http://a.cn/?u=http://b.cn/":       "",
		"http://web.a.cn/2020/http://b.cn/": "",
		"/art/2026/11/3/art_1_2.html":       "",
		"index.html":                        "",
		"/关于印发《方案》的通知（试行）.html":             "",
		"/a/北京（城市）":                         "",
		"http://ＷＷＷ．a．cn/":                  "",
		"http://user:pw@a.cn/":              "",
		"./www/index.html":                  "",
		"http://8.8.8.8/":                   "",
		"http://localhost.a.cn/":            "",
		"http://test.sinan.gov.cn/":         "",
		"ftp://a.cn/x":                      "",
		"mailto:a@b.cn":                     "",
		"#":                                 "",
		"?page=2":                           "",
		"a%7Bb.html":                        "",
		"http:\\\\a.cn\\b":                  "",
	} {
		links := Links("http://www.a.cn/p/", "text/html", []byte(`<a href="`+strings.ReplaceAll(raw, `"`, "&quot;")+`">x</a>`))
		if len(links) != 1 || links[0].Fault != want {
			t.Errorf("%q: %+v, want fault %q", raw, links, want)
		} else if (want == "") != (want.Text() == "") {
			t.Errorf("fault %q has the text %q", want, want.Text())
		}
	}
	if l := Links("http://localhost:8080/", "", []byte("<a href=/x>")); l[0].Fault != "" {
		t.Errorf("a page on localhost may link to itself: %+v", l)
	}
}

// What is waved through as ordinary is what no pattern knows.
func FuzzOrdinary(f *testing.F) {
	for _, raw := range []string{"a.html", "/zwgk/2026/11/t1.html?x=1&y=2#z", "http://www.example.cn/a", "www.example.cn", "xx.gov.cn/a", "a.com/", "http//x", "https://http//x",
		"undefined", "/a/NaN", "nonesuch", "//x.cn", "ttps://x", "http://user.cn", "HTTP://a", "x.cn", "x.cn?y", "(a)", "a'b", "/%E4%B8%AD.html", "/a,b", "x%7B%7Bid", "a%5Cb", "http,//x.cn", "null,"} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		raw = strings.TrimSpace(raw)
		if len(raw) > maxAddress || !ordinary(raw) {
			return
		}
		for _, s := range slips {
			if s.pattern.MatchString(raw) {
				t.Errorf("%q is waved through: %s", raw, s.fault)
			}
		}
		if scheme, _ := cutScheme(raw); misspelt(scheme) {
			t.Errorf("%q is waved through", raw)
		}
	})
}
