package crawl

import (
	"container/list"
	"context"
	"sync"
	"time"

	"zhanqun/hub/health/linkcheck"
	"zhanqun/hub/health/robots"
)

// maxRules is how many robots.txt files are remembered.
const maxRules = 256

// rules fetches and remembers what robots.txt files allow. Its methods are
// called by many workers at once.
type rules struct {
	checker  *linkcheck.Checker
	throttle *linkcheck.Throttle
	agent    string

	mu    sync.Mutex
	site  string // what the site's own came to
	known map[string]*list.Element
	order *list.List // least recently used first
}

// ruling is the file of one origin.
type ruling struct {
	origin string
	once   sync.Once
	rules  *robots.Rules
	status int
	down   linkcheck.Result // why it cannot be had for now, if so
	forNow bool
	until  time.Time // when it has to be fetched again; zero while it is fetched
}

// How long a file holds, by RFC 9309, and how long it is not asked for again
// that could not be had.
const (
	rulesLife = 24 * time.Hour
	downLife  = 10 * time.Minute
)

// Obedient returns a checker that asks for nothing that the robots.txt of its
// host forbids; free tells of which hosts that does not matter.
func Obedient(o linkcheck.Options, free func(ctx context.Context, host string) bool) *linkcheck.Checker {
	if o.UserAgent == "" {
		o.UserAgent = linkcheck.DefaultUserAgent
	}
	if o.Throttle == nil {
		o.Throttle = linkcheck.NewThrottle(linkcheck.ThrottleOptions{Interval: o.PerHostInterval, Concurrency: o.PerHostConcurrency})
	}
	r := newRules(o.UserAgent)
	o.Permit = func(ctx context.Context, address string) (linkcheck.Verdict, linkcheck.Reason) {
		p := locate(address)
		if free(ctx, p.host) {
			return "", ""
		}
		return r.elsewhere(ctx, p)
	}
	r.checker, r.throttle = linkcheck.New(o), o.Throttle
	return r.checker
}

func newRules(agent string) *rules {
	return &rules{agent: agent, known: map[string]*list.Element{}, order: list.New()}
}

// of returns the file of an origin, fetching it if need be.
func (r *rules) of(ctx context.Context, p place) *ruling {
	r.mu.Lock()
	e := r.known[p.origin]
	if e != nil && e.Value.(*ruling).over(time.Now()) {
		r.order.Remove(e)
		e = nil
	}
	if e == nil {
		e = r.order.PushBack(&ruling{origin: p.origin})
		r.known[p.origin] = e
		for r.order.Len() > maxRules {
			oldest := r.order.Front()
			r.order.Remove(oldest)
			delete(r.known, oldest.Value.(*ruling).origin)
		}
	} else {
		r.order.MoveToBack(e)
	}
	file := e.Value.(*ruling)
	r.mu.Unlock()

	file.once.Do(func() { r.fetch(ctx, file) })
	if file.rules.Delay > 0 {
		r.throttle.Slow(p.host, file.rules.Delay)
	}
	return file
}

// over tells whether the file has to be fetched again.
func (f *ruling) over(now time.Time) bool { return !f.until.IsZero() && now.After(f.until) }

func (r *rules) fetch(ctx context.Context, file *ruling) {
	status, body, result := r.checker.Fetch(ctx, file.origin+"/robots.txt", robots.MaxBytes)
	file.status = status
	switch result.ErrorKind {
	case linkcheck.KindTooMany, linkcheck.KindLoop, linkcheck.KindBadTarget, linkcheck.KindPrivate:
		status = 404 // redirected to nowhere: there is none
	}
	file.rules, file.forNow = robots.Of(status, body, r.agent)
	file.down = result
	life := rulesLife
	if file.forNow {
		life = downLife
	}
	r.mu.Lock()
	file.until = time.Now().Add(life)
	r.mu.Unlock()
	if ctx.Err() != nil {
		r.forget(file)
	}
}

// forget lets a file be fetched again that was cut off.
func (r *rules) forget(file *ruling) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e := r.known[file.origin]; e != nil && e.Value == file {
		r.order.Remove(e)
		delete(r.known, file.origin)
	}
}

// again lets files be fetched again that could not be had.
func (r *rules) again() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for origin, e := range r.known {
		if file, ok := e.Value.(*ruling); ok && file.forNow {
			r.order.Remove(e)
			delete(r.known, origin)
		}
	}
}

// say tells what the site's own file came to.
func (r *rules) say() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.site == "" {
		return "none"
	}
	return r.site
}

// elsewhere judges an address on another site. A host of which there is no
// trace is not protected by having no robots.txt: asking the address says what
// is wrong with it. One that is there but cannot say what it allows is let be.
func (r *rules) elsewhere(ctx context.Context, p place) (linkcheck.Verdict, linkcheck.Reason) {
	file := r.of(ctx, p)
	if file.forNow {
		switch file.down.ErrorKind {
		case "":
			return linkcheck.Inconclusive, ReasonRobotsDown
		case linkcheck.KindTimeout:
			return linkcheck.Inconclusive, linkcheck.ReasonTimeout
		case linkcheck.KindResting:
			return linkcheck.Inconclusive, linkcheck.ReasonRateLimited
		}
		return "", ""
	}
	return allowed(file.rules, p)
}

// own judges an address on the site itself. Who asked for the check has asked
// for this site, so a robots.txt that cannot be had is no robots.txt.
func (r *rules) own(ctx context.Context, p place) (linkcheck.Verdict, linkcheck.Reason) {
	file := r.of(ctx, p)
	r.mu.Lock()
	switch {
	case file.forNow:
		r.site = "unreachable"
	case file.status >= 200 && file.status < 300:
		r.site = "obeyed"
	}
	r.mu.Unlock()
	if file.forNow {
		return "", ""
	}
	return allowed(file.rules, p)
}

func allowed(rules *robots.Rules, p place) (linkcheck.Verdict, linkcheck.Reason) {
	path := p.path
	if p.query != "" {
		path += "?" + p.query
	}
	if rules.Allowed(path) {
		return "", ""
	}
	return linkcheck.Excluded, ReasonRobots
}
