package web

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
)

func TestAddress(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	tests := []struct {
		from    string
		forward []string
		want    string
	}{
		{"192.0.2.7:999", nil, "192.0.2.7"},
		{"192.0.2.7:999", []string{"198.51.100.1"}, "192.0.2.7"}, // not one of ours: the header is a claim
		{"10.0.0.1:999", []string{"198.51.100.1"}, "198.51.100.1"},
		{"10.0.0.1:999", []string{"1.1.1.1, 198.51.100.1, 10.0.0.2"}, "198.51.100.1"}, // what is left of the first stranger is a claim
		{"10.0.0.1:999", []string{"1.1.1.1", "198.51.100.1"}, "198.51.100.1"},
		{"10.0.0.1:999", []string{"nonsense"}, "10.0.0.1"},
		{"10.0.0.1:999", nil, "10.0.0.1"},
		{"[fd00::1]:999", []string{"2001:db8::5"}, "2001:db8::5"},
		{"[::ffff:10.0.0.1]:999", []string{"198.51.100.1"}, "198.51.100.1"},
	}
	for _, tt := range tests {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = tt.from
		for _, f := range tt.forward {
			r.Header.Add("X-Forwarded-For", f)
		}
		got := ""
		Behind(proxies)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = Address(r) })).
			ServeHTTP(httptest.NewRecorder(), r)
		if got != tt.want {
			t.Errorf("from %s forwarded %q: %q, want %q", tt.from, tt.forward, got, tt.want)
		}
	}
}
