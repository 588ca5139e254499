package uplink

import (
	"context"
	"sync"
	"time"

	"zhanqun/protocol"
)

// stride is how much of a file is sent at once. One piece is under way at a time,
// so it is also how long words may have to wait, and what a cut of the line may
// cost. It therefore grows only as long as that makes the file faster: on a line
// that is slow or full a larger piece takes as much longer as it is larger.
type stride struct {
	size   int     // bytes
	before float64 // bytes a second with half the size; 0 when not known
	rest   int     // pieces until a larger one is tried again
	pieces int     // answered since size changed or was last judged
	took   time.Duration
}

const (
	worthwhile = 1.2         // how much faster twice the size has to be
	enough     = 3           // pieces that tell how fast a size is
	restPieces = 16          // before a larger one is tried again
	tryMost    = time.Second // a piece that takes longer is large enough
)

// answered notes that a piece of n bytes was answered after took.
func (s *stride) answered(n int, took time.Duration) {
	switch {
	case n < s.size:
		return // the end of a file says nothing
	case took >= slow:
		s.set(s.size/2, 0, restPieces)
		return
	case s.rest > 0:
		s.rest--
		return
	}
	s.pieces++
	s.took += took
	if s.pieces < enough {
		return
	}
	each := s.took / enough
	rate := float64(s.size) / max(each.Seconds(), 1e-6)
	switch {
	case s.before > 0 && rate < s.before*worthwhile:
		s.set(s.size/2, 0, restPieces)
	case each <= tryMost && s.size < protocol.MaxChunkBytes:
		s.set(2*s.size, rate, 0)
	default:
		s.set(s.size, 0, restPieces)
	}
}

// failed notes that a piece got no answer. On a line that is cut all the time
// small pieces lose little.
func (s *stride) failed() { s.set(s.size/2, 0, 2*restPieces) }

func (s *stride) set(size int, before float64, rest int) {
	size = min(max(size, protocol.MinChunkBytes), protocol.MaxChunkBytes)
	*s = stride{size: size, before: before, rest: rest}
}

// traffic counts the words on their way: frames that are not acknowledged and
// requests that are not answered. Files wait for a lull.
type traffic struct {
	mu    sync.Mutex
	aloft int
	quiet chan struct{} // closed when aloft falls to 0; nil while it is 0
}

func (t *traffic) begin() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.aloft++; t.quiet == nil {
		t.quiet = make(chan struct{})
	}
}

func (t *traffic) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.aloft--; t.aloft == 0 {
		close(t.quiet)
		t.quiet = nil
	}
}

// lull waits until no words are on their way.
func (t *traffic) lull(ctx context.Context) error {
	for {
		t.mu.Lock()
		quiet := t.quiet
		t.mu.Unlock()
		if quiet == nil {
			return ctx.Err()
		}
		select {
		case <-quiet:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
