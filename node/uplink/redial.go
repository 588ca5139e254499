package uplink

import (
	"sync"
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

// lost notes that the connection ended, and reports whether it was one.
func (r *redial) lost() (good bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.useful || r.now().Sub(r.up) >= lasting {
		r.brief = 0
		return true
	}
	r.brief++
	return false
}

// next returns the pause before the next try, after so many failed ones.
func (r *redial) next(failed int) time.Duration {
	r.mu.Lock()
	brief := r.brief
	r.mu.Unlock()
	return max(backoff(redialLeast, redialMost, max(failed-1, 0)), backoff(redialLeast, briefMost, brief))
}
