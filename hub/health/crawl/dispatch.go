package crawl

import (
	"context"
	"time"

	"zhanqun/hub/health/linkcheck"
)

// dispatch hands out work while there is some and there are hands.
func (c *crawl) dispatch(ctx context.Context) {
	for c.flying < c.o.Workers && c.err == nil && c.going(ctx) {
		c.mu.Lock()
		id, url, ok := c.next()
		c.mu.Unlock()
		if !ok {
			return
		}
		e := c.t.get(id)
		e.state = stateAsked
		if c.rest(ctx, id, url) {
			continue
		}
		read := e.flags&flagSite != 0
		o := outcome{id: id, host: e.host, url: url}
		c.flying++
		go func() {
			if read {
				o.page, o.result = c.checker.ReadPage(ctx, url)
				o.page.Body = nil
			} else {
				o.result = c.checker.Check(ctx, url)
			}
			c.done <- o
		}()
	}
}

// rest settles an address that need not be asked.
func (c *crawl) rest(ctx context.Context, id uint32, url string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	o, ok := c.restful(id, url)
	if !ok {
		return false
	}
	c.hosts.done(o.host)
	c.arrive(ctx, o)
	c.commit()
	return true
}

// next takes the next address worth asking off the queues.
func (c *crawl) next() (id uint32, url string, ok bool) {
	for c.err == nil {
		id, on, ok := c.hosts.pop()
		if !ok {
			return 0, "", false
		}
		e := c.t.get(id)
		if e.state != stateWaiting {
			c.hosts.done(e.host)
			continue
		}
		url := c.address(id)
		if on.silent {
			c.hosts.done(e.host)
			c.settle(id, url, &result{verdict: linkcheck.Inconclusive, reason: ReasonSilentHost, kind: linkcheck.KindTimeout, detail: reasonText(ReasonSilentHost)})
			c.commit()
			continue
		}
		if e.flags&(flagEmpty|flagKin|flagNear) != 0 {
			if kind, _ := c.endless(url, e.flags); kind != "" {
				c.hosts.done(e.host)
				e.state = stateCut
				continue
			}
		}
		return id, url, true
	}
	return 0, "", false
}

// deeper goes on to the next level, if there is one.
func (c *crawl) deeper() bool {
	if len(c.later) == 0 {
		return false
	}
	c.level++
	list := c.later
	c.later = nil
	for _, id := range list {
		c.enqueue(id)
	}
	return true
}

// enqueue lets an address be asked when its turn and its level have come.
func (c *crawl) enqueue(id uint32) {
	e := c.t.get(id)
	if int(e.depth) > c.level {
		e.state = stateWaiting
		c.later = append(c.later, id)
		return
	}
	c.hosts.push(id)
}

// onceMore queues what has failed again, when some time has passed.
func (c *crawl) onceMore(ctx context.Context) bool {
	if len(c.again) == 0 {
		return false
	}
	c.o.Idle(c.totals)
	timer := time.NewTimer(time.Until(c.due))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return false
	}
	list := c.again
	c.again = nil
	c.rules.again()
	c.names.Forget()
	for _, h := range c.hosts.list {
		h.mute, h.silent = 0, false
	}
	for _, id := range list {
		if c.t.get(id).state == stateAgain {
			c.hosts.push(id)
		}
	}
	return true
}
