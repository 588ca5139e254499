package testline_test

import (
	"bufio"
	"io"
	"net"
	"slices"
	"strings"
	"testing"

	"zhanqun/internal/testline"
)

// far is a server that hands over what one connection at a time brings.
func far(t *testing.T) (addr string, got chan net.Conn) {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	got = make(chan net.Conn, 8)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				close(got)
				return
			}
			got <- c
		}
	}()
	return l.Addr().String(), got
}

func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	c, err := new(net.Dialer).DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func pub(body string) string {
	return "PUB zq.up.n1 3\r\n" + body + "\r\n"
}

// read reads n messages of a client.
func read(t *testing.T, r *bufio.Reader, n int) (list []string) {
	t.Helper()
	for range n {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(line, "PUB") {
			if line, err = r.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
		}
		list = append(list, strings.TrimSpace(line))
	}
	return list
}

func TestHealthyLineCarriesEverything(t *testing.T) {
	addr, conns := far(t)
	line := testline.New(t, addr, 1)
	near := dial(t, line.Addr())
	text := "CONNECT {}\r\n" + pub("aaa") + pub("bbb") + "PING\r\n" + strings.Repeat("x", 100_000)
	if _, err := io.WriteString(near, text); err != nil {
		t.Fatal(err)
	}
	out := <-conns
	got := make([]byte, len(text))
	if _, err := io.ReadFull(out, got); err != nil || string(got) != text {
		t.Errorf("arrived changed: %v", err)
	}
	if _, err := io.WriteString(out, "+OK\r\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(near, got[:5]); err != nil || string(got[:5]) != "+OK\r\n" {
		t.Errorf("came back %q, %v", got[:5], err)
	}
}

func TestFramesTwiceAndOutOfOrder(t *testing.T) {
	addr, conns := far(t)
	line := testline.New(t, addr, 1)
	line.Set(testline.Weather{Double: 1})
	near := dial(t, line.Addr())
	if _, err := io.WriteString(near, "CONNECT {}\r\n"+pub("aaa")); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(<-conns)
	if got := read(t, r, 3); !slices.Equal(got, []string{"CONNECT {}", "aaa", "aaa"}) {
		t.Errorf("with everything twice: %q", got)
	}
	line.Set(testline.Weather{Swap: 1})
	if _, err := io.WriteString(near, pub("bbb")+pub("ccc")); err != nil {
		t.Fatal(err)
	}
	if got := read(t, r, 2); !slices.Equal(got, []string{"ccc", "bbb"}) {
		t.Errorf("out of order: %q", got)
	}
	if _, err := io.WriteString(near, pub("ddd")); err != nil {
		t.Fatal(err)
	}
	if got := read(t, r, 1); got[0] != "ddd" {
		t.Errorf("held back for ever: %q", got)
	}
	if n := line.Counts(); n["doubled"] != 1 || n["swapped"] != 2 || n["frames"] != 4 {
		t.Errorf("counted %v", n)
	}
}

// Half-open, a connection takes everything and is dead afterwards.
func TestSilentLine(t *testing.T) {
	addr, conns := far(t)
	line := testline.New(t, addr, 1)
	near := dial(t, line.Addr())
	if _, err := io.WriteString(near, "PING\r\n"); err != nil {
		t.Fatal(err)
	}
	out := <-conns
	if got := read(t, bufio.NewReader(out), 1); got[0] != "PING" {
		t.Fatalf("read %q", got)
	}
	line.Set(testline.Weather{Silent: true})
	if _, err := io.WriteString(near, "PING\r\n"); err != nil {
		t.Fatal(err)
	}
	for line.Counts()["swallowed"] == 0 { // it is on its way
		if t.Context().Err() != nil {
			t.Fatal("not swallowed")
		}
	}
	line.Set(testline.Weather{})
	for {
		if _, err := io.WriteString(near, "PING\r\n"); err != nil {
			break
		}
	}
	_, _ = io.Copy(io.Discard, out) // it ends, in either way
	again := dial(t, line.Addr())
	if _, err := io.WriteString(again, "PONG\r\n"); err != nil {
		t.Fatal(err)
	}
	if got := read(t, bufio.NewReader(<-conns), 1); got[0] != "PONG" {
		t.Errorf("a new connection carries %q", got)
	}
}

// A line that is mute carries what is sent, and the answers are lost for good.
func TestMuteLine(t *testing.T) {
	addr, conns := far(t)
	line := testline.New(t, addr, 1)
	line.Set(testline.Weather{Mute: true})
	near := dial(t, line.Addr())
	if _, err := io.WriteString(near, "PING\r\n"); err != nil {
		t.Fatal(err)
	}
	out := <-conns
	r := bufio.NewReader(out)
	if got := read(t, r, 1); got[0] != "PING" {
		t.Fatalf("read %q", got)
	}
	if _, err := io.WriteString(out, "PONG\r\n"); err != nil {
		t.Fatal(err)
	}
	for line.Counts()["swallowed"] == 0 { // it is on its way
		if t.Context().Err() != nil {
			t.Fatal("not swallowed")
		}
	}
	if _, err := io.WriteString(near, "PING\r\n"); err != nil {
		t.Fatal(err)
	}
	if got := read(t, r, 1); got[0] != "PING" {
		t.Errorf("after that it carries %q", got)
	}
	line.Set(testline.Weather{})
	if _, err := io.WriteString(out, "PONG\r\n"); err != nil {
		t.Fatal(err)
	}
	if n, err := near.Read(make([]byte, 10)); err == nil {
		t.Errorf("%d bytes came back on a connection that had lost some", n)
	}
}

func TestCutAndTornLine(t *testing.T) {
	addr, conns := far(t)
	line := testline.New(t, addr, 1)
	near := dial(t, line.Addr())
	if _, err := io.WriteString(near, "PING\r\n"); err != nil {
		t.Fatal(err)
	}
	<-conns
	line.Set(testline.Weather{Down: true})
	if _, err := near.Read(make([]byte, 1)); err == nil {
		t.Error("a cut line still gives something")
	}
	if _, err := dial(t, line.Addr()).Read(make([]byte, 1)); err == nil {
		t.Error("somebody got through")
	}
	line.Set(testline.Weather{Tear: 1})
	near = dial(t, line.Addr())
	<-conns
	if _, err := io.WriteString(near, "PING\r\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := near.Read(make([]byte, 1)); err == nil || line.Counts()["torn"] != 1 {
		t.Errorf("not torn: %v, %v", err, line.Counts())
	}
}
