package linkcheck

import (
	"context"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestNames(t *testing.T) {
	site := serve(t, func(w http.ResponseWriter, r *http.Request) { writeHTML(w, 200, goodPage(r.Host)) })
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(site, "http://"))
	known := names{
		"alive.example": {"127.0.0.1"}, "empty.example": {}, "moody.example": {"!"},
		"half.example":         {"8.8.8.8", "127.0.0.1"},
		"xn--6kr6i625a.cn":     {"127.0.0.1"}, // 思南县.cn
		"inner.example":        {"10.1.2.3"},
		"mixed.example":        {"10.1.2.3", "127.0.0.1"},
		"refused.example":      {"127.0.0.1"},
		"noroute.example":      {"2400:3200::1"},
		"unreachable.example":  {"2400:3200::2"},
		"old_name.example":     {"127.0.0.1"},
		"noroute-half.example": {"2400:3200::1", "127.0.0.1"},
		"silent-half.example":  {"8.8.8.8", "2400:3200::2"},
		"metadata.example":     {"169.254.169.254"},
		"mapped.example":       {"::ffff:10.0.0.1"},
	}
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		host, to, _ := net.SplitHostPort(address)
		switch {
		case host == "8.8.8.8":
			<-ctx.Done()
			return nil, ctx.Err()
		case host == "2400:3200::1":
			return nil, &net.OpError{Op: "dial", Err: syscall.ENETUNREACH}
		case host == "2400:3200::2":
			return nil, &net.OpError{Op: "dial", Err: syscall.EHOSTUNREACH}
		case host != "127.0.0.1":
			t.Errorf("dialled %s", address)
			return nil, syscall.ECONNREFUSED
		case to == "81":
			return nil, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
		}
		return new(net.Dialer).DialContext(ctx, network, address)
	}
	tests := []struct {
		host   string
		want   Verdict
		reason Reason
		kind   ErrorKind
	}{
		{"alive.example", OK, "", ""},
		{"old_name.example", OK, "", ""},
		{"思南县.cn", OK, "", ""},
		{"思南县。cn", OK, "", ""},
		{"ＡＬＩＶＥ.example", OK, "", ""},
		{"half.example", OK, "", ""},
		{"noroute-half.example", OK, "", ""},
		{"mixed.example", OK, "", ""},
		{"nowhere.example", Dead, ReasonNetwork, KindDNS},
		{"empty.example", Dead, ReasonNetwork, KindDNS},
		{"moody.example", Inconclusive, ReasonUntestable, KindDNSPassing},
		{"noroute.example", Inconclusive, ReasonUntestable, KindNoRoute},
		{"unreachable.example", Dead, ReasonNetwork, KindUnreachable},
		{"silent-half.example", Inconclusive, ReasonTimeout, KindTimeout},
		{"refused.example:81", Dead, ReasonNetwork, KindRefused},
		{"inner.example", Excluded, ReasonPrivate, KindPrivate},
		{"metadata.example", Excluded, ReasonPrivate, KindPrivate},
		{"mapped.example", Excluded, ReasonPrivate, KindPrivate},
	}
	for _, tt := range tests {
		t.Run(tt.host, func(t *testing.T) {
			c := newChecker(t, func(o *Options) {
				o.Resolver, o.Dial, o.Timeout = known, dial, 3*time.Second
				if tt.kind == KindTimeout {
					o.Timeout = 600 * time.Millisecond
				}
			})
			host := tt.host
			if !strings.Contains(host, ":") {
				host += ":" + port
			}
			expect(t, c.Check(t.Context(), "http://"+host+"/a.html"), tt.want, tt.reason, tt.kind)
		})
	}
}
