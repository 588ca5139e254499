package linkcheck

import (
	"context"
	"crypto/x509"
	"net/http"

	"github.com/go-resty/resty/v2"
)

// Checker looks at URLs. It is safe for use by many goroutines at once; Close
// it when it is no longer needed.
type Checker struct {
	opts     Options
	throttle *Throttle
	roots    *x509.CertPool
	hasRoots bool
	probes   *probes
	page     address // see Options.Referer
	referers referers

	ordinary *resty.Client
	tolerant *resty.Client // for second tries
	idle     []*http.Transport
}

// New returns a Checker with the given options.
func New(o Options) *Checker {
	o = o.withDefaults()
	c := &Checker{opts: o, throttle: o.Throttle, probes: newProbes()}
	c.page, _ = parseLoose(o.Referer)
	c.roots, c.hasRoots = authorities(o.Roots)
	d := &dialer{&c.opts}
	first, second := newTransport(d), newTolerantTransport(d)
	c.ordinary, c.tolerant = newClient(first, &c.opts), newClient(second, &c.opts)
	c.idle = []*http.Transport{first, second}
	return c
}

// Close drops connections kept open. Looks under way go on.
func (c *Checker) Close() {
	for _, t := range c.idle {
		t.CloseIdleConnections()
	}
}

// Check takes one look at rawURL. It never fails: whatever happens is in the
// Result. A Dead verdict is one look's; see Policy.
func (c *Checker) Check(ctx context.Context, rawURL string) Result {
	v := c.visit(ctx, rawURL, false)
	c.doubt(ctx, v)
	v.result.Detail = v.result.sentence()
	return v.result
}
