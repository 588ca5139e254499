package bus_test

import (
	"bytes"
	"net"
	"sync"
	"testing"
	"time"
)

// strait is a rural line as a modem makes it: all connections share one queue
// upwards that is emptied at a certain speed. It counts what goes through, and
// can be cut, which also loses what is in the queue.
type strait struct {
	to    string
	speed int // bytes a second upwards
	l     net.Listener
	queue chan block
	stop  chan struct{}
	work  sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]bool
	sent  int64 // bytes the node has sent, whatever became of them
	files int64 // bytes of the connection of files that came through
	cuts  int
	era   int // blocks of an earlier one are lost
}

// block is what one connection sent at once.
type block struct {
	out   net.Conn
	data  []byte
	files bool
	era   int
}

func newStrait(t testing.TB, to string, speed int) *strait {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &strait{to: to, speed: speed, l: l, queue: make(chan block, 4096), stop: make(chan struct{}), conns: map[net.Conn]bool{}}
	s.work.Go(s.accept)
	s.work.Go(s.drain)
	t.Cleanup(func() {
		close(s.stop)
		_ = l.Close()
		s.cut()
		s.work.Wait()
	})
	return s
}

func (s *strait) addr() string { return s.l.Addr().String() }

func (s *strait) accept() {
	for {
		in, err := s.l.Accept()
		if err != nil {
			return
		}
		s.work.Go(func() { s.carry(in) })
	}
}

func (s *strait) carry(in net.Conn) {
	defer in.Close()
	out, err := net.Dial("tcp", s.to)
	if err != nil {
		return
	}
	defer out.Close()
	s.mu.Lock()
	s.conns[in], s.conns[out] = true, true
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.conns, in)
		delete(s.conns, out)
	}()
	s.work.Go(func() { // downwards nothing is in the way
		defer in.Close()
		buf := make([]byte, 4096)
		for {
			n, err := out.Read(buf)
			if _, werr := in.Write(buf[:n]); err != nil || werr != nil {
				return
			}
		}
	})
	files := false
	for {
		buf := make([]byte, 1024)
		n, err := in.Read(buf)
		if n > 0 {
			files = files || bytes.Contains(buf[:n], []byte(`"name":"zhanqun files"`))
			s.mu.Lock()
			s.sent += int64(n)
			b := block{out, buf[:n], files, s.era}
			s.mu.Unlock()
			select {
			case s.queue <- b:
			case <-s.stop:
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// drain lets the queue through, block by block.
func (s *strait) drain() {
	next := time.Now()
	for {
		select {
		case b := <-s.queue:
			s.mu.Lock()
			lost := b.era != s.era
			s.mu.Unlock()
			if lost {
				continue
			}
			if now := time.Now(); next.Before(now.Add(-20 * time.Millisecond)) { // it had nothing to do
				next = now
			}
			next = next.Add(time.Duration(len(b.data)) * time.Second / time.Duration(s.speed))
			if wait := time.Until(next); wait > time.Millisecond { // what timers can tell apart
				select {
				case <-time.After(wait):
				case <-s.stop:
					return
				}
			}
			_, _ = b.out.Write(b.data) // a dead connection is noticed by its reader
			if b.files {
				s.mu.Lock()
				s.files += int64(len(b.data))
				s.mu.Unlock()
			}
		case <-s.stop:
			return
		}
	}
}

// cut ends all connections and loses what is under way.
func (s *strait) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.era++
	s.cuts++
	for c := range s.conns {
		_ = c.Close()
	}
}

// counted returns the bytes the node has sent, those of files that came through,
// and how often the line was cut.
func (s *strait) counted() (sent, files int64, cuts int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sent, s.files, s.cuts
}
