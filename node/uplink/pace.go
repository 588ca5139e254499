package uplink

import (
	"math/rand/v2"
	"sync/atomic"
	"time"
)

// pace adapts to the line: how large a piece to send, and how many at once. It
// aims at pieces of about a second; a fast line gets large ones and many.
type pace struct {
	least, most int // bytes of a piece
	size        int
	widest      int
	window      int
}

const (
	brisk = 500 * time.Millisecond // a piece answered that fast can grow
	slow  = 3 * time.Second        // one that took this long has to shrink
)

// newPace begins carefully: the first pieces may meet a bad line.
func newPace(least, most, widest int) *pace {
	return &pace{least: least, most: most, size: min(max(64<<10, least), most), widest: widest, window: 2}
}

// answered notes that a piece of n bytes was answered after took.
func (p *pace) answered(n int, took time.Duration) {
	switch {
	case took <= brisk:
		if n >= p.size/2 { // a small piece says nothing of large ones
			p.size = min(2*p.size, p.most)
		}
		p.window = min(p.window+1, p.widest)
	case took >= slow:
		p.size = max(p.size/2, p.least)
		p.window = max(p.window-1, 1)
	}
}

// failed notes that a piece got no answer.
func (p *pace) failed() {
	p.size = max(p.size/4, p.least)
	p.window = 1
}

// delay is a growing pause before the next try: doubling from least, at most
// most, with full jitter so that ten thousand nodes do not come back at once.
type delay struct {
	least, most time.Duration
	tries       int
}

func (d *delay) next() time.Duration {
	n := backoff(d.least, d.most, d.tries)
	d.tries++
	return n
}

func (d *delay) reset() { d.tries = 0 }

// backoff returns the pause before the try after tries failed ones: never less
// than half of least, so that a failure that comes at once is not repeated at once.
func backoff(least, most time.Duration, tries int) time.Duration {
	top := most
	if tries < 30 && least<<tries < most {
		top = least << tries
	}
	return least/2 + rand.N(top) // #nosec G404 -- jitter
}

// tries spaces the tries to connect. The library counts them; those made because
// somebody asked must not make the next one wait longer, or every text handed in
// on a dead line would keep the line dead for minutes.
type tries struct {
	anew atomic.Bool // somebody asked
	base int         // tries that do not count; of the library's goroutine
}

// pause returns how long to wait after so many failed tries.
func (t *tries) pause(failed int) time.Duration {
	if t.anew.Swap(false) {
		t.base = failed
	}
	if failed < t.base { // counted from the start: it was connected in between
		t.base = 0
	}
	return backoff(200*time.Millisecond, 2*time.Minute, max(failed-1-t.base, 0))
}
