package web

import (
	"net/http"
	"sync"

	"zhanqun/hub/access"
	"zhanqun/internal/fault"
	"zhanqun/internal/web"
)

// broadcast tells every open page that something changed. It keeps no queue: a
// page that is slow misses nothing, because it fetches the present state.
type broadcast struct {
	mu   sync.Mutex
	open map[chan web.Event]bool
}

// maxLive bounds open event streams; more get none and reload by hand.
const maxLive = 500

// somethingChanged names the regions pages fetch anew.
var somethingChanged = web.Event{Name: "change", Data: "title actions list counts"}

func newBroadcast() *broadcast { return &broadcast{open: map[chan web.Event]bool{}} }

// join returns a channel that gets an event after each change, and how to leave.
func (b *broadcast) join() (<-chan web.Event, func(), bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.open) >= maxLive {
		return nil, nil, false
	}
	c := make(chan web.Event, 1)
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
		case c <- somethingChanged:
		default: // it has not taken the last one yet
		}
	}
}

// Changed tells open pages that something changed. It does not block.
func (s *Server) Changed(uint64) { s.live.ring() }

// liveEvents tells an open page that something changed.
func (s *Server) liveEvents(w http.ResponseWriter, r *http.Request, _ access.User) error {
	changes, leave, ok := s.live.join()
	if !ok {
		return fault.New(fault.Unavailable, "打开的页面太多，本页不再自动更新，请手动刷新。")
	}
	defer leave()
	return web.Stream(w, r, changes)
}
