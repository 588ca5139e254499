package uplink

import (
	"errors"
	"testing"
	"time"

	"zhanqun/node/queue"
	"zhanqun/protocol"
)

func TestPaceFollowsTheLine(t *testing.T) {
	p := newPace(16<<10, 256<<10, 8)
	for range 10 {
		p.answered(p.size, 20*time.Millisecond)
	}
	if p.size != 256<<10 || p.window != 8 {
		t.Errorf("on a fast line: %d bytes, %d at once", p.size, p.window)
	}
	p.answered(p.size, time.Second)
	if p.size != 256<<10 || p.window != 8 {
		t.Errorf("after an ordinary answer: %d bytes, %d at once", p.size, p.window)
	}
	for range 10 {
		p.answered(p.size, 5*time.Second)
	}
	if p.size != 16<<10 || p.window != 1 {
		t.Errorf("on a slow line: %d bytes, %d at once", p.size, p.window)
	}
	p.answered(100, time.Millisecond)
	if p.size != 16<<10 {
		t.Errorf("a small piece made it %d bytes", p.size)
	}
	p = newPace(16<<10, 256<<10, 8)
	p.failed()
	if p.size != 16<<10 || p.window != 1 {
		t.Errorf("after a failure: %d bytes, %d at once", p.size, p.window)
	}
}

func TestBackoffGrowsAndIsBounded(t *testing.T) {
	const least, most = 100 * time.Millisecond, time.Minute
	for tries := range 70 {
		top := most
		if tries < 9 {
			top = least << tries
		}
		seen := map[time.Duration]bool{}
		for range 20 {
			d := backoff(least, most, tries)
			if d < least/2 || d > least/2+top {
				t.Fatalf("try %d waits %v", tries, d)
			}
			seen[d] = true
		}
		if len(seen) < 2 {
			t.Errorf("try %d: ten thousand nodes would come at once", tries)
		}
	}
	d := delay{least: least, most: most}
	d.next()
	d.next()
	if d.reset(); d.tries != 0 {
		t.Error("reset does not")
	}
}

// A connection that ends at once and carried nothing makes the next one wait; one
// that held, or carried something, does not.
func TestRedial(t *testing.T) {
	clock := time.Date(2026, 11, 3, 6, 0, 0, 0, time.UTC)
	r := redial{now: func() time.Time { return clock }}
	connection := func(held time.Duration, useful bool) {
		r.connected()
		if useful {
			r.carried()
		}
		clock = clock.Add(held)
		r.lost()
	}
	least := func() time.Duration { // of many, because of the jitter
		d := r.next(0)
		for range 1000 {
			d = min(d, r.next(0))
		}
		return d
	}
	most := func() time.Duration {
		d := r.next(0)
		for range 1000 {
			d = max(d, r.next(0))
		}
		return d
	}
	for range 50 {
		connection(time.Second, true)
	}
	if got := most(); got > time.Second {
		t.Errorf("waits %v on a line that flaps and carries", got)
	}
	for range 50 {
		connection(time.Second, false)
	}
	if got := most(); got < briefMost/2 || got > briefMost+redialLeast {
		t.Errorf("waits up to %v after being pushed off fifty times", got)
	}
	connection(lasting, false)
	if got := most(); got > time.Second || least() < redialLeast/2 {
		t.Errorf("waits %v after a connection that held", got)
	}
	if got := r.next(20); got < redialLeast/2 || got > redialMost+redialLeast {
		t.Errorf("waits %v after failed tries", got)
	}
}

func TestDecide(t *testing.T) {
	c := queue.Cursors{Epoch: "e", Last: 10, Sent: 8, Confirmed: 5}
	for _, tt := range []struct {
		name   string
		answer protocol.HelloAnswer
		want   step
	}{
		{"agreed", protocol.HelloAnswer{Epoch: "e", Cursor: 8}, step{}},
		{"an acknowledgement got lost", protocol.HelloAnswer{Epoch: "e", Cursor: 9}, step{}},
		{"frames are unread", protocol.HelloAnswer{Epoch: "e", Cursor: 6, Backlog: 2}, step{again: true}},
		{"the broker lost frames", protocol.HelloAnswer{Epoch: "e", Cursor: 6}, step{rewind: true}},
		{"the hub is an older backup", protocol.HelloAnswer{Epoch: "e", Cursor: 2}, step{rewind: true}},
		{"this node is an older backup", protocol.HelloAnswer{Epoch: "e", Cursor: 11}, step{err: queue.ErrRolledBack}},
		{"the former store's log is unread", protocol.HelloAnswer{Epoch: "before", Cursor: 900, Backlog: 1}, step{again: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := decide(c, tt.answer)
			if errors.Is(got.err, tt.want.err) {
				got.err = tt.want.err
			}
			if got != tt.want {
				t.Errorf("%+v, want %+v", got, tt.want)
			}
		})
	}
}
