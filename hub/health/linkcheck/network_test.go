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
	"time"
)

func short(o *Options) { o.Timeout = 150 * time.Millisecond }

func TestBrokenAnswers(t *testing.T) {
	body := goodPage("可以")
	reset := func(conn net.Conn) {
		readRequest(conn)
		conn.(*net.TCPConn).SetLinger(0) //nolint:errcheck // closing now sends a reset
	}
	tests := []struct {
		name   string
		answer func(net.Conn)
		want   Verdict
		reason Reason
		kind   ErrorKind
	}{
		{"garbage", says("\x00\x01\x02 SSH-2.0-OpenSSH_9\r\n\r\n"), Dead, ReasonNetwork, KindProtocol},
		{"another protocol", says("220 mail.example ESMTP\r\n"), Dead, ReasonNetwork, KindProtocol},
		{"closed without a word", says(""), Dead, ReasonNetwork, KindReset},
		{"reset", reset, Dead, ReasonNetwork, KindReset},
		{"cut inside the header", says("HTTP/1.1 200 OK\r\nContent-Ty"), Dead, ReasonNetwork, KindReset},
		{"cut inside the page", says("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5000\r\n\r\n<html><title>半"), Suspect, ReasonDamaged, KindTruncated},
		{"whole page, wrong length", says("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 90000\r\n\r\n" + body), OK, "", ""},
		{"cut file", says("HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\nContent-Length: 90000\r\n\r\n%PDF-1.4 xx"), Suspect, ReasonDamaged, KindTruncated},
		{"chunks that end too early", says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<html\r\n"), Suspect, ReasonDamaged, KindTruncated},
		{"no length, closed", says("HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n" + body), OK, "", ""},
		{"line feeds alone", says("HTTP/1.1 200 OK\nContent-Type: text/html\n\n" + body), OK, "", ""},
		{"line without colon", says("HTTP/1.1 200 OK\r\nnonsense here\r\nContent-Type: text/html\r\n\r\n" + body), OK, "", ""},
		{"blank before colon", says("HTTP/1.1 200 OK\r\nContent-Type : text/html\r\n\r\n" + body), OK, "", ""},
		{"header in Chinese", says("HTTP/1.1 200 OK\r\n服务器: 某某\r\nContent-Type: text/html\r\n\r\n" + body), OK, "", ""},
		{"length that is no number", says("HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\n" + body), OK, "", ""},
		{"two lengths", says("HTTP/1.1 200 OK\r\nContent-Length: 9\r\nContent-Length: 8\r\n\r\n<b>hello</b>"), OK, "", ""},
		{"unknown transfer encoding", says("HTTP/1.1 200 OK\r\nTransfer-Encoding: identity, foo\r\n\r\n" + body), OK, "", ""},
		{"lower-case version", says("http/1.1 200 ok\r\nContent-Type: text/html\r\n\r\n" + body), OK, "", ""},
		{"ICY", says("ICY 200 OK\r\nContent-Type: text/html\r\n\r\n" + body), OK, "", ""},
		{"blank lines first", says("\r\n\r\nHTTP/1.1 200 OK\r\n\r\n" + body), OK, "", ""},
		{"no header at all", says("<html><head><title>旧</title></head><body>很旧的服务器</body></html>"), OK, "", ""},
		{"interim answers", says("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nX : y\r\n\r\nHTTP/1.1 200 OK\r\n\r\n" + body), OK, "", ""},
		{"gone, sloppily", says("HTTP/1.1 404 Not Found\r\nbroken\r\n\r\n"), Dead, ReasonGone, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			expect(t, newChecker(t).Check(t.Context(), rawServer(t, tt.answer)+"/a.html"), tt.want, tt.reason, tt.kind)
		})
	}
}

func TestConnectionLostOnce(t *testing.T) {
	var asked atomic.Int32
	site := rawServer(t, func(conn net.Conn) {
		if asked.Add(1) == 1 {
			return
		}
		says("HTTP/1.1 200 OK\r\n\r\n" + goodPage("又好了"))(conn)
	})
	r := newChecker(t).Check(t.Context(), site)
	expect(t, r, OK, "", "")
	if r.Tries != 2 {
		t.Errorf("%d tries", r.Tries)
	}
}

// Each of these never comes to an end by itself.
func TestEndless(t *testing.T) {
	forever := func(start, more string) func(net.Conn) {
		return func(conn net.Conn) {
			readRequest(conn)
			_, err := conn.Write([]byte(start))
			for err == nil {
				_, err = conn.Write([]byte(more))
			}
		}
	}
	hang := func(start string) func(net.Conn) {
		return func(conn net.Conn) {
			conn.Write([]byte(start))      //nolint:errcheck // see what comes
			conn.Read(make([]byte, 1<<16)) //nolint:errcheck // the request
			conn.Read(make([]byte, 1<<16)) //nolint:errcheck // until closed
		}
	}
	chunk := strings.Repeat("x", 8<<10)
	tests := []struct {
		name   string
		answer func(net.Conn)
		want   Verdict
		reason Reason
		kind   ErrorKind
		change func(*Options)
	}{
		{"page", forever("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<title>长</title>", "<p>"+chunk), OK, "", "", nil},
		{"file", forever("HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\n\r\n", chunk), OK, "", "", nil},
		{"headers", forever("HTTP/1.1 200 OK\r\n", "X-Y: "+chunk+"\r\n"), Dead, ReasonNetwork, KindProtocol, nil},
		{"one header", forever("HTTP/1.1 200 OK\r\nX-Y: ", chunk), Dead, ReasonNetwork, KindProtocol, nil},
		{"interim answers", forever("", "HTTP/1.1 100 Continue\r\n\r\n"), Dead, ReasonNetwork, KindProtocol, nil},
		{"silence", hang(""), Inconclusive, ReasonTimeout, KindTimeout, short},
		{"slow header", hang("HTTP/1.1 200 OK\r\nX"), Inconclusive, ReasonTimeout, KindTimeout, short},
		{"slow page", hang("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<title>慢"), Inconclusive, ReasonTimeout, KindTimeout, short},
		{"slow file under way", hang("HTTP/1.1 200 OK\r\nContent-Type: application/zip\r\n\r\nPK\x03\x04"), OK, "", "", short},
		{"file that never starts", hang("HTTP/1.1 200 OK\r\nContent-Type: application/zip\r\n\r\n"), Inconclusive, ReasonTimeout, KindTimeout, short},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newChecker(t, func(o *Options) {
				o.MaxBytes, o.PeekBytes = 256<<10, 32<<10
				if tt.change != nil {
					tt.change(o)
				}
			})
			r := c.Check(t.Context(), rawServer(t, tt.answer)+"/a")
			expect(t, r, tt.want, tt.reason, tt.kind)
			if r.Bytes > 256<<10 {
				t.Errorf("read %d bytes", r.Bytes)
			}
		})
	}
}

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
