package bus_test

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// proxy is a rural line: it can be cut, and it can swallow what comes back.
type proxy struct {
	t      testing.TB
	to     string
	l      net.Listener
	mu     sync.Mutex
	conns  map[net.Conn]bool
	broken bool // nobody gets through
	mute   bool // what comes back is lost
	drag   time.Duration
	work   sync.WaitGroup
}

func newProxy(t testing.TB, to string) *proxy {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{t: t, to: to, l: l, conns: map[net.Conn]bool{}}
	p.work.Go(p.accept)
	t.Cleanup(func() {
		_ = l.Close()
		p.cut()
		p.work.Wait()
	})
	return p
}

func (p *proxy) addr() string { return p.l.Addr().String() }

func (p *proxy) accept() {
	for {
		in, err := p.l.Accept()
		if err != nil {
			return
		}
		p.work.Go(func() { p.carry(in) })
	}
}

func (p *proxy) carry(in net.Conn) {
	defer in.Close()
	p.mu.Lock()
	broken := p.broken
	p.mu.Unlock()
	if broken {
		return
	}
	out, err := net.Dial("tcp", p.to)
	if err != nil {
		return
	}
	defer out.Close()
	p.mu.Lock()
	p.conns[in], p.conns[out] = true, true
	p.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() {
		_, _ = io.Copy(p.slowly(out), in)
		_ = out.Close()
	})
	both.Go(func() {
		_, _ = io.Copy(muted{p, in}, out)
		_ = in.Close()
	})
	both.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, in)
	delete(p.conns, out)
}

// slowly is w with the line's drag on each kilobyte.
func (p *proxy) slowly(w io.Writer) io.Writer { return dragged{p, w} }

type dragged struct {
	p *proxy
	w io.Writer
}

func (d dragged) Write(b []byte) (int, error) {
	d.p.mu.Lock()
	drag := d.p.drag
	d.p.mu.Unlock()
	if drag > 0 {
		<-time.After(drag * time.Duration(len(b)) / 1024)
	}
	return d.w.Write(b)
}

// muted swallows while the proxy says so.
type muted struct {
	p *proxy
	w io.Writer
}

func (m muted) Write(b []byte) (int, error) {
	m.p.mu.Lock()
	mute := m.p.mute
	m.p.mu.Unlock()
	if mute {
		return len(b), nil
	}
	return m.w.Write(b)
}

// set changes how the line is.
func (p *proxy) set(f func(p *proxy)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f(p)
}

// cut ends all connections.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		_ = c.Close()
	}
}
