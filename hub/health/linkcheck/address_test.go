package linkcheck

import (
	"io"
	"net"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

func TestResolve(t *testing.T) {
	const base = "http://www.sinan.gov.cn/zw/list/index.html?p=1#top"
	tests := []struct{ raw, want string }{
		{"http://www.tongren.gov.cn", "http://www.tongren.gov.cn/"},
		{"HTTP://WWW.Tongren.Gov.CN:80/A/b", "http://www.tongren.gov.cn/A/b"},
		{"https://a.cn:443/", "https://a.cn/"},
		{"https://a.cn:0080/", "https://a.cn:80/"},
		{"https://a.cn:/x", "https://a.cn/x"},
		{"//cdn.cn/a.js", "http://cdn.cn/a.js"},
		{"http:/a/b.html", "http://www.sinan.gov.cn/a/b.html"},
		{`http:\\cdn.cn\a.js`, "http://cdn.cn/a.js"},
		{"https:/cdn.cn/a.js", "https://cdn.cn/a.js"},
		{"/a/b.html", "http://www.sinan.gov.cn/a/b.html"},
		{"b.html", "http://www.sinan.gov.cn/zw/list/b.html"},
		{"./b.html", "http://www.sinan.gov.cn/zw/list/b.html"},
		{"../b.html", "http://www.sinan.gov.cn/zw/b.html"},
		{"../../../../b.html", "http://www.sinan.gov.cn/b.html"},
		{"%2e%2E/b.html", "http://www.sinan.gov.cn/zw/b.html"},
		{"..", "http://www.sinan.gov.cn/zw/"},
		{"./", "http://www.sinan.gov.cn/zw/list/"},
		{"a/./b/../c", "http://www.sinan.gov.cn/zw/list/a/c"},
		{"a//b", "http://www.sinan.gov.cn/zw/list/a//b"},
		{"?p=2", "http://www.sinan.gov.cn/zw/list/index.html?p=2"},
		{"?", "http://www.sinan.gov.cn/zw/list/index.html?"},
		{"#x", "http://www.sinan.gov.cn/zw/list/index.html?p=1"},
		{"", "http://www.sinan.gov.cn/zw/list/index.html?p=1"},
		{"http:b.html", "http://www.sinan.gov.cn/zw/list/b.html"},
		{"https:a.cn/b", "https://a.cn/b"},
		{"http:///a.cn/b", "http://a.cn/b"},
		{`http:\\a.cn\b\c`, "http://a.cn/b/c"},
		{`\a\b`, "http://www.sinan.gov.cn/a/b"},
		{" \t\n/a\n b\t.html \r\n", "http://www.sinan.gov.cn/a%20b.html"},
		{"/思南/a.html", "http://www.sinan.gov.cn/%E6%80%9D%E5%8D%97/a.html"},
		{"/%CB%BC%C4%CF.html", "http://www.sinan.gov.cn/%CB%BC%C4%CF.html"},
		{"/%e6%80%9d.html", "http://www.sinan.gov.cn/%e6%80%9d.html"},
		{"/100%/a%zz%", "http://www.sinan.gov.cn/100%/a%zz%"},
		{"/a b|c[d]{e}^`<f>\"'", "http://www.sinan.gov.cn/a%20b|c[d]%7Be%7D%5E%60%3Cf%3E%22'"},
		{"/a?b=c d'<>\"|{}`%", "http://www.sinan.gov.cn/a?b=c%20d%27%3C%3E%22|{}`%"},
		{"/a?x=1?y=2&amp;z", "http://www.sinan.gov.cn/a?x=1?y=2&amp;z"},
		{`/a?p=\b`, `http://www.sinan.gov.cn/a?p=\b`},
		{"http://思南.中国/", "http://xn--6kr101a.xn--fiqs8s/"},
		{"http://ｗｗｗ．a．cn/", "http://www.a.cn/"},
		{"http://%77ww.a.cn/", "http://www.a.cn/"},
		{"http://a_b.cn/", "http://a_b.cn/"},
		{"http://user:pa%20ss@a.cn/x", "http://user:pa%20ss@a.cn/x"},
		{"http://[::1]:81/", "http://[::1]:81/"},
		{"http://0x7f.1/", "http://127.0.0.1/"},
		{"http://2130706433/", "http://127.0.0.1/"},
		{"http://017700000001/", "http://127.0.0.1/"},
		// What no browser opens.
		{"http://", ""}, {"http://a b.cn/", ""}, {"http://a.cn:x/", ""}, {"http://a.cn:99999/", ""},
		{"http://[::1/", ""}, {"http://[g::]/", ""}, {"http://256.1.1.1/", ""}, {"http://1.2.3.4.5/", ""},
		{"http://a..cn/", ""}, {"http://a<b.cn/", ""}, {"http://a%00.cn/", ""},
		{"http://" + strings.Repeat("a", maxAddress), ""},
	}
	from, err := parseAddress(base, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		t.Run(tt.raw[:min(len(tt.raw), 40)], func(t *testing.T) {
			a, err := parseAddress(tt.raw, &from, nil)
			got := ""
			if err == nil {
				got = a.String()
			}
			if got != tt.want {
				t.Errorf("got %q (%v), want %q", got, err, tt.want)
			}
		})
	}
}

func TestQueryInThePagesEncoding(t *testing.T) {
	base, _ := parseAddress("http://a.cn/b/", nil, nil)
	tests := []struct{ raw, want string }{
		{"/思南?k=思南&x=%B2%E2", "http://a.cn/%E6%80%9D%E5%8D%97?k=%CB%BC%C4%CF&x=%B2%E2"},
		{"?k=丂A", "http://a.cn/b/?k=%81@A"}, // second byte of the character is ASCII
		{"?k=한", "http://a.cn/b/?k=%26%2354620%3B"},
	}
	for _, tt := range tests {
		a, err := parseAddress(tt.raw, &base, simplifiedchinese.GBK)
		if err != nil || a.String() != tt.want {
			t.Errorf("%s: got %s (%v), want %s", tt.raw, a.String(), err, tt.want)
		}
	}
}

// What goes over the wire is what the address says, byte for byte.
func TestSentAsWritten(t *testing.T) {
	got := make(chan string, 10)
	// net/http's server would refuse some of these itself.
	site := rawServer(t, func(conn net.Conn) {
		got <- strings.Fields(readRequest(conn))[1]
		io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n"+goodPage("好"))
	})
	c := newChecker(t)
	for _, uri := range []string{
		"/a", "/%e6%80%9d%zz/100%?x=%&y=%E6", "//double/slash", "//double/%", "/a?", "/a;b=c?d=e;f", "/a|b[c]'(d)?q={x}|'",
		"/?b=http://x.cn/?c", "/a/%2e%2e%2fb", "/~user/*.html", "/a+b?c+d",
	} {
		r := c.Check(t.Context(), site+uri)
		var sent string
		select {
		case sent = <-got:
		default:
		}
		want := uri
		if _, query, ok := strings.Cut(want, "?"); ok {
			want = strings.TrimSuffix(want, query) + strings.ReplaceAll(query, "'", "%27")
		}
		if uri == "//double/%" {
			want = "//double/%25" // the one spelling net/http cannot send
		}
		if sent != want || r.Verdict != OK {
			t.Errorf("%s: sent %s, want %s (%s)", uri, sent, want, r.Detail)
		}
	}
}

func TestNormalize(t *testing.T) {
	for raw, want := range map[string]string{
		"www.sinan.gov.cn":        "http://www.sinan.gov.cn/",
		"　https://a.cn/b#c　":      "https://a.cn/b",
		"//a.cn/b":                "http://a.cn/b",
		"localhost:8080/x":        "http://localhost:8080/x",
		"www.sinan.gov.cn:8080":   "http://www.sinan.gov.cn:8080/",
		"mailto:a@b.cn":           "",
		"tel:12345":               "",
		"javascript:void(0)":      "",
		"":                        "",
		"abc":                     "",
		"http：//www.sinan.gov.cn": "",
		"www.sinan.gov.cn/思 南":    "http://www.sinan.gov.cn/%E6%80%9D%20%E5%8D%97",
	} {
		got, err := Normalize(raw)
		if got != want || (err != nil) != (want == "") {
			t.Errorf("Normalize(%q) = %q, %v; want %q", raw, got, err, want)
		}
	}
}

func FuzzNormalize(f *testing.F) {
	for _, s := range []string{"http://a.cn/%zz?思=南#x", "http:\\\\a\\..\\b", "//[::1]:80", "a.cn:80", "http://0x.1/", "http://a@b:c@d/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		a, err := parseLoose(raw)
		if err != nil {
			return
		}
		s := a.String()
		if !utf8.ValidString(s) || !isASCII(s) || strings.ContainsAny(s, " \t\r\n\x00") {
			t.Fatalf("%q became %q, which cannot be sent", raw, s)
		}
		again, err := parseAddress(s, nil, nil)
		if err != nil || again.String() != s {
			t.Fatalf("%q became %q and then %q (%v)", raw, s, again.String(), err)
		}
		u := a.request()
		if u.Host == "" || strings.ContainsAny(u.RequestURI(), " \r\n") {
			t.Fatalf("%q would be asked as %q", raw, u.RequestURI())
		}
		if _, err := url.Parse(u.Scheme + "://" + u.Host + "/"); err != nil {
			t.Fatalf("host %q is refused: %v", u.Host, err)
		}
		a.place()
		isDeep(a)
		hostFault(a.host, "")
	})
}
