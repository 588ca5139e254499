package linkcheck

import (
	"net/http"
	"time"
)

// calmAnswers is how many good answers in a row quicken the pace again.
const calmAnswers = 10

// Report tells what host answered: its status, and the rest it asked for in
// Retry-After, 0 for none. It sets the pace of what follows.
func (t *Throttle) Report(host string, status int, retryAfter time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	g := t.hosts[host]
	if g == nil {
		return
	}
	if status != http.StatusTooManyRequests && status != http.StatusServiceUnavailable {
		if g.calm++; g.calm >= calmAnswers {
			g.calm = 0
			g.interval = max(g.interval/2, t.opts.Interval)
		}
		return
	}
	g.calm = 0
	g.interval = min(max(2*g.interval, time.Second), max(t.opts.MaxInterval, t.opts.Interval))
	rest := min(max(retryAfter, g.interval), maxRetryAfter)
	if status == http.StatusServiceUnavailable && retryAfter == 0 {
		rest = 0 // down rather than busy; the slower pace will do
	}
	if until := t.opts.Now().Add(rest); until.After(g.rest) {
		g.rest = until
	}
}

// enter returns the gate of host and keeps it from being forgotten.
func (t *Throttle) enter(host string) *gate {
	t.mu.Lock()
	defer t.mu.Unlock()
	g := t.hosts[host]
	if g == nil {
		t.forget()
		g = &gate{host: host, slots: make(chan struct{}, t.opts.Concurrency), interval: t.opts.Interval}
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
