package web

import "sync"

// broadcast tells every open page that something changed. It keeps no queue: a
// page that is slow misses nothing, because it fetches the present state.
type broadcast struct {
	mu   sync.Mutex
	open map[chan struct{}]bool
}

// maxLive bounds open event streams; more get none and reload by hand.
const maxLive = 500

func newBroadcast() *broadcast { return &broadcast{open: map[chan struct{}]bool{}} }

// join returns a channel that is signalled after each change, and how to leave.
func (b *broadcast) join() (<-chan struct{}, func(), bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.open) >= maxLive {
		return nil, nil, false
	}
	c := make(chan struct{}, 1)
	b.open[c] = true
	return c, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.open, c)
	}, true
}

func (b *broadcast) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for c := range b.open {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// Changed tells open pages that something changed. It does not block.
func (s *Server) Changed(uint64) { s.live.ring() }
