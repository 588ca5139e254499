package linkcheck

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

var loopback = netip.MustParseAddr("127.0.0.1")

// onlyLoopback lets tests reach their own servers and nothing else.
func onlyLoopback(ip netip.Addr) bool { return ip == loopback }

// names is a resolver that knows the names it is given; "!" means a passing
// failure.
type names map[string][]string

func (n names) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	list, ok := n[strings.TrimSuffix(host, ".")]
	if !ok {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	var ips []netip.Addr
	for _, s := range list {
		if s == "!" {
			return nil, &net.DNSError{Err: "server misbehaving", Name: host, IsTemporary: true}
		}
		ips = append(ips, netip.MustParseAddr(s))
	}
	return ips, nil
}

// clock is a time that only moves when told.
type clock struct{ ms atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.ms.Store(time.Date(2026, 11, 3, 8, 0, 0, 0, time.UTC).UnixMilli())
	return c
}

func (c *clock) now() time.Time      { return time.UnixMilli(c.ms.Load()).UTC() }
func (c *clock) add(d time.Duration) { c.ms.Add(d.Milliseconds()) }

// newChecker returns a checker that may reach 127.0.0.1, without pauses.
func newChecker(t testing.TB, change ...func(*Options)) *Checker {
	t.Helper()
	o := Options{AllowPrivate: onlyLoopback, PerHostInterval: -1, Timeout: 10 * time.Second}
	for _, f := range change {
		f(&o)
	}
	c := New(o)
	t.Cleanup(c.Close)
	return c
}

// serve starts a server and returns its address without a final slash.
func serve(t testing.TB, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// rawServer answers every connection with the given function, which owns it.
func rawServer(t testing.TB, answer func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				answer(conn)
			}()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return "http://" + l.Addr().String()
}

// readRequest reads the header of one request.
func readRequest(conn net.Conn) string {
	var all []byte
	buf := make([]byte, 1)
	for !strings.HasSuffix(string(all), "\r\n\r\n") {
		if _, err := conn.Read(buf); err != nil {
			break
		}
		all = append(all, buf[0])
	}
	return string(all)
}

// says returns a raw answer for rawServer.
func says(text string) func(net.Conn) {
	return func(conn net.Conn) {
		readRequest(conn)
		conn.Write([]byte(text))
	}
}

// page returns a proper page with a title and enough text to be one.
func goodPage(title string) string {
	return "<!doctype html><html><head><meta charset=utf-8><title>" + title + "</title></head><body><h1>" + title + "</h1><p>" +
		strings.Repeat("思南县各乡镇认真组织开展春季农业生产工作，群众积极参与。", 20) + "</p></body></html>"
}

func writeHTML(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	w.Write([]byte(body))
}

func expect(t *testing.T, r Result, v Verdict, reason Reason, kind ErrorKind) {
	t.Helper()
	if r.Verdict != v || r.Reason != reason || r.ErrorKind != kind {
		t.Errorf("%s: got %s/%s/%s, want %s/%s/%s (%s; hops %+v)", r.URL, r.Verdict, r.Reason, r.ErrorKind, v, reason, kind, r.Detail, r.Hops)
	}
	if r.Detail == "" {
		t.Errorf("%s: no sentence", r.URL)
	}
}
