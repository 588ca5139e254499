package bus

import (
	"bytes"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"testing"
	"time"
)

// guardOnClock returns a guard whose time only passes when told, the nodes it
// has dropped, and its log.
func guardOnClock(l Limits) (g *guard, pass func(time.Duration), dropped *[]string, log *bytes.Buffer) {
	log, dropped = &bytes.Buffer{}, &[]string{}
	g = newGuard(l, slog.New(slog.NewTextHandler(log, nil)), func(node string) { *dropped = append(*dropped, node) })
	now := time.Date(2026, 11, 3, 6, 0, 0, 0, time.UTC)
	g.now = func() time.Time { return now }
	return g, func(d time.Duration) { now = now.Add(d) }, dropped, log
}

// A node may send so much a second and a burst at once; then it is told, then
// nobody answers, then it is out; and others do not notice.
func TestTooManyMessages(t *testing.T) {
	g, pass, dropped, log := guardOnClock(Limits{Messages: 10, Bar: time.Minute})
	count := func(n int) (got [3]int) {
		for range n {
			got[g.spend("n1", 100)]++
		}
		return got
	}
	if got := count(100); got != [3]int{100, 0, 0} {
		t.Errorf("a burst: %v", got)
	}
	if got := count(50); got != [3]int{0, 50, 0} {
		t.Errorf("after it: %v", got)
	}
	pass(time.Second)
	if got := count(20); got != [3]int{10, 10, 0} {
		t.Errorf("a second later: %v", got)
	}
	if got := count(100); got[0] != 0 || got[2] == 0 || !slices.Equal(*dropped, []string{"n1"}) {
		t.Errorf("going on: %v, dropped %v", got, *dropped)
	}
	if g.admit("n1", "key of n1") {
		t.Error("let in again at once")
	}
	if got := g.spend("n2", 100); got != taken || !g.admit("n2", "key of n2") {
		t.Error("another one is not taken")
	}
	if barred, refused := g.kept(); barred != 1 || refused < 100 {
		t.Errorf("%d kept out, %d messages refused", barred, refused)
	}
	if lines := strings.Count(log.String(), "node=n1"); lines != 2 { // too many; kept out
		t.Errorf("%d lines:\n%s", lines, log)
	}
	if !g.shuns("key of n1") || g.shuns("key of n2") {
		t.Error("the wrong key is shunned")
	}
	pass(61 * time.Second)
	if g.shuns("key of n1") || !g.admit("n1", "key of n1") || g.spend("n1", 100) != taken {
		t.Error("still out")
	}
}

// Bytes count as messages do.
func TestTooManyBytes(t *testing.T) {
	g, pass, dropped, _ := guardOnClock(Limits{Messages: 1000, Bytes: 1000})
	for i, want := range []verdict{taken, taken, refused, refused, ignored} {
		if got := g.spend("n1", 5000); got != want {
			t.Errorf("message %d: %v", i+1, got)
		}
	}
	// Half as much again as it may send, for as long as it likes, is too much.
	for range 60 {
		pass(time.Second)
		g.spend("n2", 1500)
	}
	if !slices.Equal(*dropped, []string{"n1", "n2"}) {
		t.Errorf("dropped %v", *dropped)
	}
}

// What the broker carried and the hub has not seen was refused: little of that
// is a line that broke, much is a flood. What the hub has seen is no matter.
func TestCarried(t *testing.T) {
	g, pass, dropped, _ := guardOnClock(Limits{Messages: 100, Bytes: 1 << 20, Unread: 64})
	for range 1000 {
		for range 90 {
			g.spend("n1", 1000)
		}
		g.carried("n1", traffic{100, 100_000}, time.Second)
		pass(time.Second)
	}
	if len(*dropped) > 0 {
		t.Fatalf("dropped %v", *dropped)
	}
	g.carried("n1", traffic{2000, 0}, 100*time.Millisecond)
	g.carried("n2", traffic{100, 100 << 20}, 100*time.Millisecond)
	if !slices.Equal(*dropped, []string{"n1", "n2"}) {
		t.Errorf("dropped %v", *dropped)
	}
}

// Each bar is twice as long as the one before, and a day in peace ends that.
func TestBarsGrow(t *testing.T) {
	g, pass, _, _ := guardOnClock(Limits{Bar: time.Minute})
	out := func() (length time.Duration) {
		for !g.admit("n1", "key of n1") {
			pass(10 * time.Second)
			length += 10 * time.Second
		}
		return length
	}
	for _, want := range []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute} {
		g.slow("n1")
		if got := out(); got != want {
			t.Errorf("out for %v, want %v", got, want)
		}
	}
	pass(longestBar + time.Minute)
	g.slow("n1")
	if got := out(); got != time.Minute {
		t.Errorf("out for %v after a day in peace", got)
	}
}

// Signing in again and again is refused, and a node that does things no program
// does is out after some of them.
func TestSignInsAndOffences(t *testing.T) {
	g, pass, dropped, log := guardOnClock(Limits{})
	in := 0
	for range 100 {
		if g.admit("n1", "key of n1") {
			in++
		}
	}
	if in != signBurst {
		t.Errorf("signed in %d times", in)
	}
	for range offBurst {
		g.offend("n2", offSubject, "zq.up.n1")
	}
	if len(*dropped) > 0 {
		t.Errorf("dropped %v", *dropped)
	}
	g.offend("n2", offSubject, "zq.up.n1")
	if !slices.Equal(*dropped, []string{"n2"}) {
		t.Errorf("dropped %v", *dropped)
	}
	pass(tellEvery)
	g.sweep()
	if text := log.String(); strings.Count(text, "node=n2") != 3 || !strings.Contains(text, "times=50") || !strings.Contains(text, "times=99") && !strings.Contains(text, "times=69") {
		t.Errorf("log:\n%s", text)
	}
}

// What is over is forgotten, and what a flood of strangers leaves is bounded.
func TestGuardForgets(t *testing.T) {
	g, pass, _, log := guardOnClock(Limits{})
	g.spend("n1", 1)
	g.slow("n2")
	for i := range 3 * mostAddresses {
		g.stranger(strings.Repeat("x", i%5)+string(rune('a'+i%26))+time.Duration(i).String(), "no key")
	}
	for i := range 3 * mostAddresses {
		g.greets(time.Duration(i).String())
	}
	if len(g.hands) > mostAddresses+1 {
		t.Errorf("handshakes of %d addresses", len(g.hands))
	}
	if len(g.strangers) > mostAddresses+1 {
		t.Errorf("%d addresses", len(g.strangers))
	}
	for range 3 {
		pass(2 * longestBar)
		g.sweep()
	}
	if len(g.nodes)+len(g.strangers)+len(g.hands) > 0 {
		t.Errorf("%d nodes and %d addresses remembered", len(g.nodes), len(g.strangers))
	}
	if n := strings.Count(log.String(), "\n"); n > 2*mostAddresses {
		t.Errorf("%d lines", n)
	}
}

// What the server says is told by whose connection it was about, and a client's
// own words change nothing.
func TestWhatTheServerSays(t *testing.T) {
	var log bytes.Buffer
	g := newGate(nil, Limits{}, slog.New(slog.NewTextHandler(&log, nil)))
	g.seat(session{node: "n1"}, connection{id: 7}, "")
	for line, want := range map[string]string{
		`127.0.0.1:5000 - cid:7 - "v1:go:x" - Publish Violation - Subject "zq.up.n2"`: "node=n1",
		`[::1]:5000 - wid:7 - Subscription Violation - Subject ">", SID 1`:            "node=n1",
		`127.0.0.1:5000 - cid:8 - "cid:7 - Publish Violation" - authentication error`: "address=127.0.0.1",
		`127.0.0.1:5000 - cid:7 - maximum payload exceeded: 900000 vs 500000`:         "node=n1",
	} {
		log.Reset()
		g.guard.nodes, g.guard.strangers = map[string]*conduct{}, map[string]*note{}
		if !g.heard(line) || !strings.Contains(log.String(), want) {
			t.Errorf("%s: %s", line, log.String())
		}
	}
	for _, line := range []string{"Server is ready", `127.0.0.1:5000 - cid:7 - read error: connection reset`, "x - rid:7 - Publish Violation"} {
		if g.heard(line) {
			t.Errorf("taken for a node's: %s", line)
		}
	}
}

// An address that only shakes hands is turned away before that costs anything.
func TestHandshakes(t *testing.T) {
	g, pass, _, _ := guardOnClock(Limits{})
	if g.tls(nil) != nil {
		t.Error("TLS out of nothing")
	}
	asked := 0
	c := g.tls(&tls.Config{MinVersion: tls.VersionTLS13, GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		asked++
		return nil, nil
	}})
	near, far := &tls.ClientHelloInfo{Conn: from("10.0.0.1")}, &tls.ClientHelloInfo{Conn: from("10.0.0.2")}
	for range 2 * handshakeBurst {
		_, _ = c.GetConfigForClient(near)
	}
	if asked != handshakeBurst {
		t.Errorf("%d handshakes", asked)
	}
	if _, err := c.GetConfigForClient(far); err != nil {
		t.Errorf("another address: %v", err)
	}
	if _, err := c.GetConfigForClient(near); err == nil {
		t.Error("goes on for ever")
	}
	pass(time.Second)
	if _, err := c.GetConfigForClient(near); err != nil {
		t.Errorf("a second later: %v", err)
	}
}

// from is a connection of which only the address matters.
type from string

func (from) Read([]byte) (int, error)         { return 0, io.EOF }
func (from) Write([]byte) (int, error)        { return 0, io.EOF }
func (from) Close() error                     { return nil }
func (from) LocalAddr() net.Addr              { return nil }
func (f from) RemoteAddr() net.Addr           { return &net.TCPAddr{IP: net.ParseIP(string(f)), Port: 1} }
func (from) SetDeadline(time.Time) error      { return nil }
func (from) SetReadDeadline(time.Time) error  { return nil }
func (from) SetWriteDeadline(time.Time) error { return nil }
