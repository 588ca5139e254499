package linkcheck

import (
	"container/list"
	"context"
	"fmt"
	"sync"
	"time"
)

// ThrottleOptions shape a Throttle. The zero value of each field means its
// default.
type ThrottleOptions struct {
	Interval    time.Duration // between two starts at one host; default 1 s, negative means none
	Adaptive    bool          // the pace follows how quickly a host answers; Interval is its longest pause then
	Concurrency int           // requests at once at one host; default 2
	MaxInterval time.Duration // to which a complaining host slows the pace; default 1 min
	MaxWait     time.Duration // longest rest of a host that Acquire waits for; default 30 s
	MaxHosts    int           // hosts remembered; default 10 000
	Now         func() time.Time
}

// Throttle keeps requests to one host apart and few. A host that answers 429 or
// 503 is given the rest it asks for and a slower pace, which quickens again
// while it is content. It remembers a bounded number of hosts and forgets the
// ones longest unused.
type Throttle struct {
	opts ThrottleOptions

	mu    sync.Mutex
	hosts map[string]*gate
	idle  *list.List // gates nobody uses, longest unused first
}

// gate is the state of one host, guarded by Throttle.mu.
type gate struct {
	host     string
	slots    chan struct{}
	users    int           // callers waiting or at work
	next     time.Time     // earliest start of the next request
	rest     time.Time     // the host wants to be left alone until then
	interval time.Duration // present pace
	took     time.Duration // what an answer takes of late
	least    time.Duration // pause that robots.txt asks for
	touchy   time.Duration // pause at which the host complained
	calm     int           // good answers since the last change of pace
	down     int           // answers of 503 in a row that name no time
	crowded  int           // of these, while another request was under way
	long     int           // answers in a row that ask for a rest longer than anybody waits
	answered bool          // some answer has come that was no complaint
	lost     int           // connections lost, less half of the answers since; see Lost
	busy     int           // answers of 429 and 503 in a row
	refused  int           // answers of 403 in a row
	stubborn bool          // it refuses at a slower pace too
	alone    bool          // one request at a time
	alones   int           // how often that was found to be needed
	unbroken int           // answers since the last connection was lost
	active   int           // requests under way
	place    *list.Element // in idle, nil while used
}

// RestError says that a host has asked for a longer pause than Acquire waits.
type RestError struct {
	Host string
	For  time.Duration // what is left of the pause
}

// Error names the host and what is left of its pause.
func (e *RestError) Error() string {
	return fmt.Sprintf("host %s rests for another %s", e.Host, e.For.Round(time.Second))
}

// NewThrottle returns a Throttle that has met no host yet.
func NewThrottle(o ThrottleOptions) *Throttle {
	set(&o.Interval, time.Second)
	o.Interval = max(o.Interval, 0)
	set(&o.Concurrency, 2)
	set(&o.MaxInterval, time.Minute)
	set(&o.MaxWait, 30*time.Second)
	set(&o.MaxHosts, 10_000)
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Throttle{opts: o, hosts: map[string]*gate{}, idle: list.New()}
}

// Acquire waits for host's turn. The caller calls release once when the
// request is over. It returns ctx's error when ctx ends first, and a
// *RestError at once when the host rests for longer than MaxWait, or at all if
// it is Closed.
func (t *Throttle) Acquire(ctx context.Context, host string) (release func(), err error) {
	g := t.enter(host)
	defer func() {
		if err != nil {
			t.leave(g)
		}
	}()
	if err := t.resting(g); err != nil {
		return nil, err
	}
	select {
	case g.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for host %s: %w", host, ctx.Err())
	}
	for {
		wait, err := t.reserve(g)
		if err == nil && wait > 0 {
			err = pause(ctx, wait)
		}
		if err != nil {
			<-g.slots
			return nil, fmt.Errorf("wait for host %s: %w", host, err)
		}
		if wait == 0 {
			break
		}
	}
	var once sync.Once
	return func() {
		once.Do(func() {
			t.mu.Lock()
			g.active--
			t.mu.Unlock()
			<-g.slots
			t.leave(g)
		})
	}, nil
}

// pause waits for d or the end of ctx.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// reserve takes the next start if it is due and returns how long to wait if it
// is not: others may come first, or the host may complain meanwhile, so the
// question is asked again after the wait.
func (t *Throttle) reserve(g *gate) (time.Duration, error) {
	if err := t.resting(g); err != nil {
		return 0, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.opts.Now()
	due := g.next
	if g.rest.After(due) {
		due = g.rest
	}
	if wait := due.Sub(now); wait > 0 {
		// Never beyond the longest pace, should the clock have been set back.
		return min(wait, max(t.opts.MaxWait, t.opts.MaxInterval)), nil
	}
	if g.alone && g.active > 0 {
		return aloneWait, nil
	}
	g.active++
	g.next = now.Add(t.pause(g))
	return 0, nil
}

func (t *Throttle) resting(g *gate) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if left := g.rest.Sub(t.opts.Now()); left > t.opts.MaxWait || left > 0 && g.closed() {
		return &RestError{Host: g.host, For: left}
	}
	return nil
}
