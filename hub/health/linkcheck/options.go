package linkcheck

import (
	"context"
	"crypto/x509"
	"net"
	"net/netip"
	"strings"
	"time"
)

// DefaultUserAgent is what a Checker calls itself when told nothing else. It
// lacks the words (link, bot, crawler, spider) for which some firewalls refuse
// a visitor on sight.
const DefaultUserAgent = "ZhanqunCheck/1.0"

// UserAgent returns the stable name of the checker with an address at which
// the owner of a site can read who is asking.
func UserAgent(contact string) string {
	if contact == "" {
		return DefaultUserAgent
	}
	return DefaultUserAgent + " (+" + contact + ")"
}

// Resolver finds the addresses of a host; *net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Options shape a Checker. The zero value of each field means its default.
type Options struct {
	// UserAgent is sent with every request; see UserAgent.
	UserAgent string

	// Referer is the page whose links are looked at. It is told, as a browser
	// tells it, to a server that refuses (403) to answer without.
	Referer string

	// AllowPrivate tells whether an address that is not public may be asked.
	// Nil allows none. Link-local, multicast and metadata addresses are never
	// asked and never put to it.
	AllowPrivate func(netip.Addr) bool

	// Timeout is the time one look may take, redirects included, waits for
	// politeness not. An answer complete at Timeout or later is a failure:
	// that is the official rule, and its 15 s are the default.
	Timeout time.Duration

	// MaxBytes bounds what is read of a page, PeekBytes what is read of
	// anything else, after decompression. Defaults 2 MiB and 64 KiB.
	MaxBytes, PeekBytes int64

	// MaxRedirects is the longest chain followed; default 10.
	MaxRedirects int

	// Throttle keeps the pace of each host and may be shared between
	// checkers. If nil, one is made from the two settings below it.
	Throttle           *Throttle
	PerHostInterval    time.Duration // default 1 s; negative means none
	PerHostConcurrency int           // default 2

	// Probe asks once in a while for a page that cannot exist, to tell sites
	// that answer anything with one page. It costs one more request, with a
	// Timeout of its own, per host and folder every few hours.
	Probe bool

	// Permit, if set, is asked before every request, that for the target of a
	// redirect included, and may refuse it by a verdict and a reason. The
	// robots.txt of a site that is not one's own is its use.
	Permit func(ctx context.Context, address string) (Verdict, Reason)

	// Known, if set, is asked before a redirect is followed to an address; what
	// it remembers of that address is believed, so that it is not asked again.
	Known func(address string) (Result, bool)

	// Remembered, if set, tells of an address that was well before what its
	// server gave to ask by whether it has changed since. If it has not, the
	// result is OK and NotModified, and there is no page.
	Remembered func(address string) (Validators, bool)

	// Advertises, if set, is told the title and the first lines of each page
	// that is well and returns the words for which it is taken for the
	// advertisement of a stranger.
	Advertises func(title string, lines []string) []string

	// Doubted, if set, is told the text of each page (Page.Sum) and says
	// whether Probe should look at it though it is short.
	Doubted func(address string, sum uint64) bool

	// Roots are the certificate authorities trusted; nil means the system's.
	Roots *x509.CertPool

	// Now is the clock results are dated and timed by; time.Now by default.
	Now func() time.Time

	// Resolver and Dial replace the system's for tests. Dial is called with
	// addresses that have passed the rule on private networks.
	Resolver Resolver
	Dial     func(ctx context.Context, network, address string) (net.Conn, error)
}

func (o Options) withDefaults() Options {
	set(&o.UserAgent, DefaultUserAgent)
	set(&o.Timeout, 15*time.Second)
	set(&o.MaxBytes, 2<<20)
	set(&o.PeekBytes, 64<<10)
	set(&o.MaxRedirects, 10)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.AllowPrivate == nil {
		o.AllowPrivate = func(netip.Addr) bool { return false }
	}
	if o.Resolver == nil {
		o.Resolver = rooted{net.DefaultResolver}
	}
	if o.Dial == nil {
		o.Dial = new(net.Dialer).DialContext
	}
	if o.Throttle == nil {
		// It waits by real timers, so it gets the real clock and not Now.
		o.Throttle = NewThrottle(ThrottleOptions{Interval: o.PerHostInterval, Concurrency: o.PerHostConcurrency})
	}
	return o
}

func set[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// rooted asks for full names as such, so that a search domain of the office
// cannot make a name that is gone look alive.
type rooted struct{ *net.Resolver }

func (r rooted) LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error) {
	if strings.Contains(host, ".") && !strings.HasSuffix(host, ".") {
		host += "."
	}
	return r.Resolver.LookupNetIP(ctx, network, host)
}
