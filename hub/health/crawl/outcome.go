package crawl

import (
	"context"
	"net/http"
	"time"

	"zhanqun/hub/health/linkcheck"
)

// take takes in an outcome.
func (c *crawl) take(ctx context.Context, o outcome) {
	c.flying--
	c.mu.Lock()
	defer c.mu.Unlock()
	c.totals.Requests += o.result.Tries
	c.totals.Bytes += o.result.Bytes
	switch {
	case o.probe != nil:
		if o.probe.state = endFinite; o.open() && !c.repeated(o) {
			o.probe.state = endOpen
		}
		return
	case o.area != nil:
		if o.area.state = endFinite; o.maze {
			o.area.state = endOpen
		}
		return
	}
	if o.alive {
		if o.result.Status == 0 && ctx.Err() == nil {
			c.stopped = "site_silent"
		}
		return
	}
	c.hosts.done(o.host)
	e := c.t.get(o.id)
	if ctx.Err() != nil && o.result.Reason == linkcheck.ReasonCancelled {
		e.state = stateAgain // nothing was learned
		return
	}
	c.listen(ctx, o)
	if e.state == stateKnown {
		return // a redirect came there first
	}
	if o.result.NotModified && !c.unchanged(&o) {
		c.memory.forget(fingerprint(o.url)) // it has to be asked anew
		e.state = stateAgain
		c.again = append(c.again, o.id)
		return
	}
	e.looks++
	if e.looks > 1 && o.result.Verdict == linkcheck.OK {
		c.recovered++
	}
	if c.wantsAnother(&o.result, int(e.looks)) {
		e.state = stateAgain
		c.again = append(c.again, o.id)
		c.due = later(c.due, time.Now().Add(c.pause(o.result.Reason)))
		return
	}
	c.arrive(ctx, o)
	c.commit()
}

// pause is how long a failure is left before it is looked at again. That something
// is gone is believed when it is said twice: another machine behind the same name
// may know better at once.
func (c *crawl) pause(r linkcheck.Reason) time.Duration {
	if r == linkcheck.ReasonGone {
		return min(c.o.Pause, gonePause)
	}
	return c.o.Pause
}

const gonePause = 100 * time.Millisecond

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// wantsAnother tells whether a result rests on one failure only.
func (c *crawl) wantsAnother(r *linkcheck.Result, looks int) bool {
	if r.Reason == linkcheck.ReasonRateLimited {
		// The host is well and asks for patience.
		return looks < c.o.Looks+maxPatience && r.RetryAfter <= 5*time.Minute && !c.throttle.Closed(locate(r.Final).host)
	}
	most := c.o.Looks
	touchy := c.throttle.Touchy(locate(r.Final).host)
	if touchy && (r.Status == 0 || r.Status == http.StatusServiceUnavailable) || c.recovered >= manyRecovered {
		most += 2
	}
	if looks >= most {
		return false
	}
	switch r.Reason {
	case linkcheck.ReasonForbidden:
		return looks < 2 && touchy
	case linkcheck.ReasonGone:
		return looks < 2
	case linkcheck.ReasonServerError, linkcheck.ReasonUntestable, linkcheck.ReasonBadRequest:
		return true
	case linkcheck.ReasonNetwork:
		// That a name does not exist is an answer, not a failure to get one.
		return r.ErrorKind != linkcheck.KindDNS && r.ErrorKind != linkcheck.KindLoop && r.ErrorKind != linkcheck.KindTooMany && r.ErrorKind != linkcheck.KindBadTarget
	case linkcheck.ReasonTimeout, linkcheck.ReasonDamaged, linkcheck.ReasonErrorPage, linkcheck.ReasonEmpty, linkcheck.ReasonMaintenance, ReasonRobotsDown:
		return looks < 2
	}
	return false
}

// manyRecovered is how many failures that were none make the others doubtful.
const manyRecovered = 5

// maxPatience is how much oftener an address is asked whose host asks for time.
const maxPatience = 5

const (
	giveUp     = 3  // silent addresses in a row of another host, and it is left alone
	giveUpSite = 25 // of the site, and its first page is asked whether it lives
)

// listen keeps count of how long a host has been silent.
func (c *crawl) listen(ctx context.Context, o outcome) {
	on := c.hosts.list[o.host]
	site := c.t.get(o.id).flags&flagSite != 0
	switch kind := o.result.ErrorKind; {
	case o.result.Reason == linkcheck.ReasonTimeout && len(o.result.Hops) < 2,
		site && (kind == linkcheck.KindRefused || kind == linkcheck.KindReset || kind == linkcheck.KindUnreachable):
		on.mute++
	case o.result.Verdict != linkcheck.Excluded:
		on.mute = 0
	}
	switch {
	case !site && on.mute >= giveUp:
		on.silent = true
	case site && on.mute >= giveUpSite:
		on.mute = -2 * giveUpSite
		c.flying++
		go func() { c.done <- outcome{alive: true, result: c.checker.Check(ctx, c.free)} }()
	}
}
