package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestBrowserInWords(t *testing.T) {
	const webkit = " AppleWebKit/537.36 (KHTML, like Gecko) "
	for said, want := range map[string]string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64)" + webkit + "Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0":          "Edge · Windows",
		"Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko":                                         "IE · Windows 7",
		"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0":                                       "Firefox · Linux",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Safari/604.1":        "Safari · iPhone",
		"Mozilla/5.0 (Linux; Android 14; V2309A)" + webkit + "Chrome/126.0 Mobile Safari/537.36 MicroMessenger/8.0.50": "微信 · Android",
		"curl/8.5.0":               "",
		"":                         "",
		strings.Repeat("x", 1<<16): "",
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("User-Agent", said)
		if got := Browser(r); got != want {
			t.Errorf("%.80s: %q, want %q", said, got, want)
		}
	}
}
