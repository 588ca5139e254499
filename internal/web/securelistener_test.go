package web

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// secure serves over TLS, and says where.
func secure(t *testing.T, h http.Handler) (addr string, client *http.Client) {
	t.Helper()
	return serveBehind(t, h, SecureListener)
}

// serveBehind is secure for a listener of another kind.
func serveBehind(t *testing.T, h http.Handler, around func(net.Listener, *tls.Config) net.Listener) (addr string, client *http.Client) {
	t.Helper()
	borrowed := httptest.NewTLSServer(nil) // for its certificate
	t.Cleanup(borrowed.Close)
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := around(plain, &tls.Config{Certificates: borrowed.TLS.Certificates, NextProtos: []string{"h2", "http/1.1"}, MinVersion: tls.VersionTLS12})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, l, h, slog.New(slog.DiscardHandler)) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return plain.Addr().String(), borrowed.Client()
}

func TestSecureListener(t *testing.T) {
	addr, client := secure(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }))
	answer, err := client.Get("https://" + addr)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	client.CloseIdleConnections()
	for _, tt := range []struct{ name, say, want string }{
		{"plain HTTP", "GET /items?q=1 HTTP/1.1\r\nHost: " + addr + "\r\n\r\n", "https://" + addr + "/items?q=1"},
		{"with a body", "POST /api/v1/enrol HTTP/1.1\r\nHost: hub:8080\r\nContent-Length: 9\r\n\r\n{\"a\":\"b\"}", "https://hub:8080/api/v1/enrol"},
		{"two slashes", "GET //evil.example/ HTTP/1.1\r\nHost: hub\r\n\r\n", "https://hub//evil.example/"},
		{"for a proxy", "GET http://evil.example/ HTTP/1.1\r\nHost: hub\r\n\r\n", ""},
		{"without a name", "GET / HTTP/1.0\r\n\r\n", ""},
		{"broken off in the middle", "GET / HT", ""},
		{"something else", "\x00\x01\x02\x03 hello\r\n\r\n", ""},
		{"far too long", "GET / HTTP/1.1\r\nHost: hub\r\nX: " + strings.Repeat("x", 1<<20) + "\r\n\r\n", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			go func() { // it may be cut off
				_, _ = io.WriteString(c, tt.say)
				_ = c.(*net.TCPConn).CloseWrite()
			}()
			answer, err := http.ReadResponse(bufio.NewReader(c), nil)
			if tt.want == "" {
				if err == nil && answer.StatusCode < 400 {
					t.Errorf("answered %s", answer.Status)
				}
				return
			}
			if err != nil || answer.StatusCode != http.StatusPermanentRedirect || answer.Header.Get("Location") != tt.want {
				t.Errorf("%v, %v", answer, err)
			}
		})
	}
}

// elsewhere lets connections seem to come from another machine.
type elsewhere struct {
	net.Listener
	on atomic.Bool
}

type elsewhereConn struct{ net.Conn }

func (elsewhereConn) RemoteAddr() net.Addr {
	return &net.TCPAddr{IP: net.IPv4(10, 1, 2, 3), Port: 4000}
}

func (l *elsewhere) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil && l.on.Load() {
		c = elsewhereConn{c}
	}
	return c, err
}

// This machine's own browsers are served plainly, others by TLS only.
func TestSecureOutside(t *testing.T) {
	var from *elsewhere
	addr, client := serveBehind(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.TLS != nil) }), func(l net.Listener, c *tls.Config) net.Listener {
		from = &elsewhere{Listener: l}
		return SecureOutside(from, c)
	})
	get := func(scheme string) string {
		answer, err := client.Get(scheme + "://" + addr + "/x")
		if err != nil {
			return "nothing"
		}
		defer answer.Body.Close()
		body, _ := io.ReadAll(answer.Body)
		client.CloseIdleConnections()
		return answer.Request.URL.Scheme + " " + string(body)
	}
	if got := get("http"); got != "http false" {
		t.Errorf("from here: %s", got)
	}
	from.on.Store(true)
	for _, scheme := range []string{"http", "https"} {
		if got := get(scheme); got != "https true" {
			t.Errorf("from elsewhere by %s: %s", scheme, got)
		}
	}
}

// Browsers are told to come by HTTPS only where it is HTTPS and allowed.
func TestStrict(t *testing.T) {
	allow := func() bool { return true }
	for _, tt := range []struct {
		allowed func() bool
		url     string
		want    bool
	}{
		{allow, "https://hub/", true}, {allow, "http://hub/", false},
		{func() bool { return false }, "https://hub/", false}, {nil, "https://hub/", false},
	} {
		w := httptest.NewRecorder()
		Strict(tt.allowed)(http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequest(http.MethodGet, tt.url, nil))
		if got := w.Header().Get("Strict-Transport-Security") != ""; got != tt.want {
			t.Errorf("%s: %v", tt.url, got)
		}
	}
}
