package crawl

import (
	"context"

	"zhanqun/hub/health/linkcheck"
)

// These are what the checker asks while it follows redirects, from the workers.

// permit judges an address by the robots.txt it is under. The address the run
// was started with has been asked for by a person, with wherever it leads.
func (c *crawl) permit(ctx context.Context, address string) (linkcheck.Verdict, linkcheck.Reason) {
	c.mu.Lock()
	site, free := c.site, c.free
	c.mu.Unlock()
	if site == "" || address == free {
		return "", ""
	}
	p := locate(address)
	own := siteOf(p.host) == site
	if c.o.IgnoreRobots && (own || c.o.Cluster != nil && c.o.Cluster(p.host)) {
		return "", ""
	}
	if !own {
		return c.rules.elsewhere(ctx, p)
	}
	return c.rules.own(ctx, p)
}

// known tells what is remembered of the target of a redirect.
func (c *crawl) known(address string) (linkcheck.Result, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	id, ok := c.t.find(fingerprint(identity(address, c.traps.noise)))
	if !ok || c.t.get(id).state != stateKnown {
		return linkcheck.Result{}, false
	}
	r, ok := c.settled(id, false)
	if !ok {
		return linkcheck.Result{}, false
	}
	final := r.final
	if final == "" {
		final = address
	}
	return linkcheck.Result{URL: address, Final: final, Status: r.status, Verdict: r.verdict, Class: r.class, Reason: r.reason,
		ErrorKind: r.kind, ContentType: r.contentType}, true
}

// doubted tells whether another page shows the same text.
func (c *crawl) doubted(address string, sum uint64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	first, ok := c.traps.sums[sum]
	return ok && sum != 0 && c.site != "" && siteOf(locate(address).host) == c.site && c.address(first) != address
}
