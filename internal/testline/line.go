// Package testline is a line between two programs under test that can be made
// as bad as lines are in life: cut, half-open, slow, late, torn, and repeating
// or shuffling what it carries.
//
// It promises that a healthy line carries every byte in order, that a change of
// its weather takes hold at once, also of what is under way, and that what it
// does by chance follows from its seed alone.
package testline

import (
	"context"
	"errors"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"
)

// Weather is how a line is. The zero value is a healthy one.
type Weather struct {
	Down   bool          // nobody gets through
	Silent bool          // both ends believe in connections that carry nothing; those are dead for good
	Mute   bool          // what comes back is lost; connections that lost something are dead afterwards
	Rate   int           // bytes a second in each direction, 0 for no limit
	Delay  time.Duration // of each piece, in each direction
	Jitter time.Duration // at most that much more
	Tear   float64       // chance that a piece resets its connection
	Double float64       // chance that an earlier frame comes once more behind a frame
	Swap   float64       // chance that a frame is held back behind the next one
}

// Line is a line to one address. Its connections are those of a NATS client:
// Double and Swap know its frames, everything else carries any bytes.
type Line struct {
	to string
	l  net.Listener

	mu      sync.Mutex
	weather Weather
	changed chan struct{} // closed at the next change of weather
	conns   map[net.Conn]bool
	rng     *rand.Rand
	counts  map[string]int
	past    [][]byte // the last frames that came by

	work sync.WaitGroup
}

// keepFrames is how many frames a line can repeat.
const keepFrames = 16

// New opens a line to an address; it ends with the test.
func New(t testing.TB, to string, seed uint64) *Line {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	line := &Line{to: to, l: l, changed: make(chan struct{}), conns: map[net.Conn]bool{}, counts: map[string]int{},
		rng: rand.New(rand.NewPCG(seed, 1))} // #nosec G404 -- repeatable
	ctx, stop := context.WithCancel(context.Background())
	line.work.Go(func() { line.accept(ctx) })
	t.Cleanup(func() {
		stop()
		_ = l.Close()
		line.Cut()
		line.work.Wait()
	})
	return line
}

// Addr is where the line begins.
func (l *Line) Addr() string { return l.l.Addr().String() }

// Set changes the weather.
func (l *Line) Set(w Weather) {
	l.mu.Lock()
	l.weather = w
	close(l.changed)
	l.changed = make(chan struct{})
	l.mu.Unlock()
	if w.Down {
		l.Cut()
	}
}

// Cut ends all connections there are.
func (l *Line) Cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		hangUp(c)
	}
}

// Counts says how often the line did what: "frames", "doubled", "swapped",
// "torn", "swallowed".
func (l *Line) Counts() map[string]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.counts)
}

func (l *Line) now() (Weather, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.weather, l.changed
}

// chance decides, and counts what as done if so.
func (l *Line) chance(p float64, what string) bool {
	if p <= 0 {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rng.Float64() >= p {
		return false
	}
	l.counts[what]++
	return true
}

func (l *Line) count(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts[what]++
}

func (l *Line) jitter(most time.Duration) time.Duration {
	if most <= 0 {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return time.Duration(l.rng.Int64N(int64(most)))
}

func (l *Line) accept(ctx context.Context) {
	for {
		c, err := l.l.Accept()
		if err != nil {
			return
		}
		l.work.Go(func() { l.join(ctx, c) })
	}
}

// join carries one connection until either end, the weather or the test ends it.
func (l *Line) join(ctx context.Context, in net.Conn) {
	defer hangUp(in)
	w, changed := l.now()
	if w.Down {
		return
	}
	for w.Silent { // a caller that nobody answers
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
		if w, changed = l.now(); !w.Silent {
			return
		}
	}
	out, err := new(net.Dialer).DialContext(ctx, "tcp", l.to)
	if err != nil {
		return
	}
	defer hangUp(out)
	l.keep(in, out)
	defer l.forget(in, out)
	if w, _ := l.now(); w.Down {
		return // cut while it was being made
	}
	ctx, end := context.WithCancel(ctx)
	c := &carrying{l: l, in: in, out: out, end: end}
	var both sync.WaitGroup
	both.Go(func() { c.carry(ctx, newFrames(in, l), out) })
	both.Go(func() { c.carry(ctx, plain{out}, in) })
	<-ctx.Done()
	hangUp(in)
	hangUp(out)
	both.Wait()
}

func (l *Line) keep(conns ...net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range conns {
		l.conns[c] = true
	}
}

func (l *Line) forget(conns ...net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range conns {
		delete(l.conns, c)
	}
}

// remember keeps a frame for repeating it.
func (l *Line) remember(frame []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts["frames"]++
	l.past = append(l.past, frame)
	if len(l.past) > keepFrames {
		l.past = l.past[1:]
	}
}

// again returns an earlier frame.
func (l *Line) again() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.past[l.rng.IntN(len(l.past))]
}

// hangUp ends a connection. Who has ended it already does not matter.
func hangUp(c net.Conn) { _ = c.Close() }

// reset ends a connection as a broken line does, without a farewell.
func reset(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	hangUp(c)
}

// source yields what is carried as one piece.
type source interface {
	next() (p piece, err error)
}

// piece is what the line treats as one: a message, or what came at once.
type piece struct {
	data  []byte
	frame bool // of a node's log
	due   time.Time
}

type plain struct{ r io.Reader }

func (p plain) next() (piece, error) {
	b := make([]byte, 16<<10)
	n, err := p.r.Read(b)
	if n > 0 {
		return piece{data: b[:n]}, nil
	}
	return piece{}, errors.Join(err, io.EOF)
}
