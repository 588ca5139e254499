package linkcheck

import (
	"net/http"
	"time"
)

// manyDown is how many answers of 503 in a row, without a word of when to come
// again, are taken for a complaint.
const manyDown = 5

// everBusy and soonBusy are after how many answers that ask for time, each for
// longer than the one before, a host is given up that has answered before or not.
const everBusy, soonBusy = 9, 7

const (
	// manyCrowded is how many answers of 503 beside another request are taken for
	// a wish to be asked one thing at a time, maxAlones how often that is tried.
	manyCrowded, maxAlones = 3, 4
	// manyLost is how many connections a host may drop, more than half as often
	// as it answers, before that is taken for a complaint of too many.
	manyLost = 4
	// manyRefused is how many answers of 403 in a row are taken for one, and
	// stubborn after how many it is none: it refuses at any pace.
	manyRefused, stubborn = 4, 12
	// refusedPace is the pace at which that is found out.
	refusedPace = 250 * time.Millisecond
	// aloneWait is how long a request waits that must not run beside another,
	// before it asks again.
	aloneWait = 20 * time.Millisecond
	// doubtful is the rest after the first answer that asks for one longer than
	// anybody waits: one address may be closed for a day while its host is well.
	doubtful = time.Second
)

// calmAnswers is how many good answers in a row quicken the pace again.
const calmAnswers = 10

// quick is how soon a host answers that needs no pauses: the few connections at
// once are all the care it needs.
const quick = 50 * time.Millisecond

// pause returns the time from one start at g to the next. A host that sets the
// pace itself has half of its time for others: twice as long as the pause lasts
// an answer. Called with mu held.
func (t *Throttle) pause(g *gate) time.Duration {
	d := g.interval
	if t.opts.Adaptive && g.took >= quick {
		d = max(d, min(g.took/2, t.opts.Interval))
	}
	return max(d, g.least)
}

// ease is the pace of a host that has never complained.
func (t *Throttle) ease() time.Duration {
	if t.opts.Adaptive {
		return 0
	}
	return t.opts.Interval
}

// Slow keeps requests to host at least so far apart, as robots.txt may ask.
func (t *Throttle) Slow(host string, least time.Duration) {
	g := t.enter(host)
	t.mu.Lock()
	g.least = least
	t.mu.Unlock()
	t.leave(g)
}

// Report tells what host answered, how soon, and the rest it asked for in
// Retry-After, 0 for none. It sets the pace of what follows.
func (t *Throttle) Report(host string, status int, retryAfter, took time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	g := t.hosts[host]
	if g == nil {
		return
	}
	if g.took == 0 {
		g.took = took
	}
	g.took += (took - g.took) / 8
	down := status == http.StatusServiceUnavailable && retryAfter == 0
	if !down {
		g.down = 0
	}
	if down && t.opts.Adaptive {
		g.crowd()
		// One page may be broken while the host is well; many in a row are not.
		if g.down++; g.down < manyDown {
			return
		}
	}
	t.refusal(g, status)
	g.busy++
	if status != http.StatusTooManyRequests && status != http.StatusServiceUnavailable {
		g.answered, g.long, g.busy = g.answered || status < 500 && status != http.StatusForbidden, 0, 0
		g.lost = max(g.lost-1, 0)
		if g.unbroken++; g.unbroken > calmAnswers<<min(g.alones, 10) {
			g.alone = false // it may have been another trouble
		}
		if g.calm++; g.calm >= calmAnswers {
			g.calm = 0
			g.interval = max(g.interval/2, t.ease(), g.touchy)
		}
		return
	}
	g.calm = 0
	first := time.Second
	if t.opts.Adaptive {
		first = 100 * time.Millisecond
		if g.interval > 0 {
			g.touchy = min(g.interval*3/2, time.Second)
		}
	}
	g.interval = min(max(2*g.interval, first), max(t.opts.MaxInterval, t.opts.Interval))
	rest := min(max(retryAfter, g.interval), maxRetryAfter)
	if rest > t.opts.MaxWait {
		if g.long++; g.long == 1 && t.opts.Adaptive {
			rest = max(doubtful, g.interval)
		}
	}
	if down {
		rest = 0 // down rather than busy; the slower pace will do
	}
	if until := t.opts.Now().Add(rest); until.After(g.rest) {
		g.rest = until
	}
}

// crowd takes in that a host that answers others had no time while another request
// was under way. Some small servers have time for one visitor only.
func (g *gate) crowd() {
	if !g.answered || g.active < 2 || g.alones >= maxAlones {
		return
	}
	if g.crowded++; g.crowded >= manyCrowded {
		g.crowded, g.unbroken, g.alone = 0, 0, true
		g.alones++
	}
}

// refusal takes in whether an answer was a 403. Some firewalls say that to
// visitors who are too quick.
func (t *Throttle) refusal(g *gate, status int) {
	if status != http.StatusForbidden {
		if g.refused > 0 && g.refused < manyRefused {
			g.refused = 0
		}
		if g.refused >= manyRefused && status < 400 {
			g.refused, g.touchy = manyRefused, refusedPace // the slower pace has helped
		}
		return
	}
	if !t.opts.Adaptive || !g.answered || g.stubborn {
		return
	}
	switch g.refused++; {
	case g.refused >= stubborn:
		g.stubborn, g.interval, g.touchy = true, t.ease(), 0
	case g.refused >= manyRefused:
		g.calm = 0
		g.interval = max(g.interval, refusedPace)
	}
}

// Lost tells that host has dropped a connection without an answer. One that
// does so again and again though it answers others can be asked only slowly and
// one at a time.
func (t *Throttle) Lost(host string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	g := t.hosts[host]
	if g == nil || !t.opts.Adaptive || !g.answered {
		return
	}
	g.unbroken = 0
	if g.lost += 2; g.lost < 2*manyLost {
		return
	}
	g.lost, g.calm, g.alone = 0, 0, true
	g.alones++
	g.interval = min(max(2*g.interval, 100*time.Millisecond), time.Second)
	g.touchy = g.interval
}

// Touchy tells whether host has complained of the pace, by whatever it did, so
// that a failure there may have been one more complaint.
func (t *Throttle) Touchy(host string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	g := t.hosts[host]
	return g != nil && (g.alone || g.touchy > 0 || g.refused > 0 && !g.stubborn)
}

// Closed tells whether host has asked for time so often, without an answer of
// another kind, that waiting on seems vain. One that has answered before is given
// about the minute over which most hosts count.
func (t *Throttle) Closed(host string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	g := t.hosts[host]
	return g != nil && g.closed()
}

func (g *gate) closed() bool { return g.busy >= everBusy || !g.answered && g.busy >= soonBusy }

// enter returns the gate of host and keeps it from being forgotten.
func (t *Throttle) enter(host string) *gate {
	t.mu.Lock()
	defer t.mu.Unlock()
	g := t.hosts[host]
	if g == nil {
		t.forget()
		g = &gate{host: host, slots: make(chan struct{}, t.opts.Concurrency), interval: t.ease()}
		t.hosts[host] = g
	}
	if g.place != nil {
		t.idle.Remove(g.place)
		g.place = nil
	}
	g.users++
	return g
}

// leave ends one use of g.
func (t *Throttle) leave(g *gate) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if g.users--; g.users == 0 {
		g.place = t.idle.PushBack(g)
	}
}

// forget makes room for one more host. Hosts in use stay, so the bound is
// MaxHosts or the number of callers, whichever is more. A host that rests is
// passed over for the next few, if one of them does not.
func (t *Throttle) forget() {
	for len(t.hosts) >= t.opts.MaxHosts && t.idle.Len() > 0 {
		victim := t.idle.Front()
		now := t.opts.Now()
		for e, n := victim, 0; e != nil && n < 16; e, n = e.Next(), n+1 {
			if g, ok := e.Value.(*gate); ok && !g.rest.After(now) {
				victim = e
				break
			}
		}
		t.idle.Remove(victim)
		if g, ok := victim.Value.(*gate); ok {
			delete(t.hosts, g.host)
		}
	}
}
