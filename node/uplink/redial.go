package uplink

import (
	"sync"
	"sync/atomic"
	"time"
)

const (
	redialLeast = 200 * time.Millisecond
	redialMost  = 2 * time.Minute  // between tries that fail
	briefMost   = 30 * time.Second // between connections that come to nothing
	lasting     = 10 * time.Second // a connection that held so long was one
)

// redial says how long to wait before the next connection. The pause grows with
// tries that fail, and with connections that end at once and carried nothing:
// two copies of one node push each other off the hub, and would do so several
// times a second. On a line that flaps but carries something nobody waits.
type redial struct {
	asked atomic.Bool // somebody asked for a try
	base  int         // failed tries that do not count; of the library's goroutine

	now func() time.Time

	mu     sync.Mutex
	up     time.Time // when the present connection was made
	useful bool      // it carried something
	brief  int       // connections in a row that came to nothing
}

// connected notes that a connection was made.
func (r *redial) connected() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.up, r.useful = r.now(), false
}

// carried notes that something got across.
func (r *redial) carried() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.useful = true
}

// lost notes that the connection ended.
func (r *redial) lost() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.useful || r.now().Sub(r.up) >= lasting {
		r.brief = 0
		return
	}
	r.brief++
}

// next returns the pause before the next try, after so many failed ones. Those
// made because somebody asked do not count, or every text handed in on a dead
// line would keep the line dead for minutes.
func (r *redial) next(failed int) time.Duration {
	if r.asked.Swap(false) {
		r.base = failed
	}
	if failed < r.base { // counted from the start: it was connected in between
		r.base = 0
	}
	tries := max(failed-1-r.base, 0)
	r.mu.Lock()
	brief := r.brief
	r.mu.Unlock()
	return max(backoff(redialLeast, redialMost, tries), backoff(redialLeast, briefMost, brief))
}
