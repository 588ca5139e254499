package linkcheck

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
)

func TestPrivateAddresses(t *testing.T) {
	tests := []struct {
		url  string
		want ErrorKind
	}{
		{"http://127.0.0.2/", KindPrivate}, {"http://2130706434/", KindPrivate}, {"http://0x7f.2/", KindPrivate},
		{"http://0177.0.0.2/", KindPrivate}, {"http://10.0.0.1/", KindPrivate}, {"http://172.16.9.9/", KindPrivate},
		{"http://192.168.1.1:8080/", KindPrivate}, {"http://100.64.0.1/", KindPrivate}, {"http://169.254.169.254/latest/", KindPrivate},
		{"http://100.100.100.200/", KindPrivate}, {"http://0.0.0.0/", KindPrivate}, {"http://0/", KindPrivate},
		{"http://[::1]/", KindPrivate}, {"http://[::]/", KindPrivate}, {"http://[fe80::1]/", KindPrivate},
		{"http://[fd00::1]/", KindPrivate}, {"http://[::ffff:127.0.0.2]/", KindPrivate}, {"http://[::ffff:0a00:0001]/", KindPrivate},
		{"http://[64:ff9b::10.0.0.1]/", KindPrivate}, {"http://[2002:0a00:0001::]/", KindPrivate}, {"http://[::10.0.0.1]/", KindPrivate},
		{"http://[ff02::1]/", KindPrivate}, {"http://224.0.0.1/", KindPrivate}, {"http://255.255.255.255/", KindPrivate},
		{"http://①②⑦.0.0.2/", KindPrivate}, {"http://8.8.8.8/", KindRefused}, {"http://[2400:3200::1]/", KindRefused},
	}
	for _, tt := range tests {
		t.Run(tt.url, func(t *testing.T) {
			c := newChecker(t, func(o *Options) {
				o.Dial = func(_ context.Context, _, address string) (net.Conn, error) {
					if tt.want == KindPrivate {
						t.Errorf("dialled %s", address)
					}
					return nil, syscall.ECONNREFUSED
				}
			})
			if r := c.Check(t.Context(), tt.url); r.ErrorKind != tt.want {
				t.Errorf("got %s: %s", r.ErrorKind, r.Detail)
			}
		})
	}
}

func TestForbiddenStaysForbidden(t *testing.T) {
	c := newChecker(t, func(o *Options) { o.AllowPrivate = func(netip.Addr) bool { return true } })
	for _, url := range []string{"http://169.254.169.254/", "http://100.100.100.200/", "http://0.0.0.0/", "http://[fe80::1]/"} {
		expect(t, c.Check(t.Context(), url), Excluded, ReasonPrivate, KindPrivate)
	}
}

func TestRedirectIntoPrivateNetwork(t *testing.T) {
	site := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://127.0.0.2:8081/admin", http.StatusFound)
	})
	r := newChecker(t).Check(t.Context(), site)
	expect(t, r, Excluded, ReasonPrivate, KindPrivate)
	if len(r.Hops) != 2 {
		t.Errorf("hops %+v", r.Hops)
	}
}

// A name that is public when first asked and private afterwards must not be
// followed: what is dialled is what was judged.
func TestRebinding(t *testing.T) {
	var asked atomic.Int32
	moving := resolverFunc(func() netip.Addr {
		if asked.Add(1) == 1 {
			return loopback
		}
		return netip.MustParseAddr("127.0.0.2")
	})
	site := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		http.Redirect(w, r, "/second", http.StatusFound)
	})
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(site, "http://"))
	c := newChecker(t, func(o *Options) { o.Resolver = moving })
	r := c.Check(t.Context(), "http://moving.example:"+port+"/")
	expect(t, r, Excluded, ReasonPrivate, KindPrivate)
}

type resolverFunc func() netip.Addr

func (f resolverFunc) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	return []netip.Addr{f()}, nil
}

func TestProxyFromEnvironmentIsNotUsed(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	t.Setenv("http_proxy", "http://127.0.0.1:1")
	c := newChecker(t)
	for _, transport := range c.idle {
		if transport.Proxy != nil {
			t.Error("a proxy can be used")
		}
	}
}

func TestCallerGivesUp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	site := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	expect(t, newChecker(t).Check(ctx, site), Inconclusive, ReasonCancelled, KindCancelled)
}
