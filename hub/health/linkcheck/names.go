package linkcheck

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"
)

const (
	nameLife    = time.Minute      // how long an answer is remembered
	maxNames    = 10_000           // names remembered
	askAgain    = 2 * time.Second  // after which a question is put again
	lookupsOnce = 4                // questions at once; a small resolver drops what comes in bursts
	mostSilent  = 6                // questions in a row without an answer, and the resolver is let be
	silentRest  = 20 * time.Second // for so long
)

// NameCache is a Resolver that asks another one once a minute for a name, a few
// names at a time. While that one does not answer at all it is not asked for
// every name in turn: the names fail as those do whose resolver is silent.
type NameCache struct {
	inner Resolver
	slots chan struct{}
	ctx   context.Context // of the questions; each outlives who asked it first, since others wait for it too
	stop  context.CancelFunc
	asks  sync.WaitGroup

	mu     sync.Mutex
	known  map[string]*name
	silent int // questions in a row without an answer
	until  time.Time
}

// name is what is known of one name.
type name struct {
	done chan struct{} // closed when the answer is there
	ips  []netip.Addr
	err  error
	at   time.Time
}

// NewNameCache returns a cache before inner; nil means the system's resolver.
func NewNameCache(inner Resolver) *NameCache {
	if inner == nil {
		inner = rooted{net.DefaultResolver}
	}
	c := &NameCache{inner: inner, slots: make(chan struct{}, lookupsOnce), known: map[string]*name{}}
	c.ctx, c.stop = context.WithCancel(context.Background())
	return c
}

// Close gives up the questions under way. Nobody may ask any more.
func (c *NameCache) Close() {
	c.stop()
	c.asks.Wait()
}

// LookupNetIP returns the addresses of host. The error of a passing failure is
// not remembered.
func (c *NameCache) LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error) {
	key := network + " " + host
	c.mu.Lock()
	n := c.known[key]
	if n == nil || !n.at.IsZero() && time.Since(n.at) > nameLife {
		if len(c.known) >= maxNames {
			clear(c.known)
		}
		n = &name{done: make(chan struct{})}
		c.known[key] = n
		c.mu.Unlock()
		c.asks.Go(func() { c.ask(key, network, host, n) })
	} else {
		c.mu.Unlock()
	}
	select {
	case <-n.done:
		return n.ips, n.err
	case <-ctx.Done():
		return nil, &net.DNSError{Err: ctx.Err().Error(), Name: host, IsTimeout: true, IsTemporary: true}
	}
}

// Forget lets names that failed be asked for anew.
func (c *NameCache) Forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key, n := range c.known {
		if !n.at.IsZero() && n.err != nil {
			delete(c.known, key)
		}
	}
	c.silent, c.until = 0, time.Time{}
}

func (c *NameCache) ask(key, network, host string, n *name) {
	defer close(n.done)
	c.slots <- struct{}{}
	defer func() { <-c.slots }()
	c.mu.Lock()
	resting := time.Now().Before(c.until)
	c.mu.Unlock()
	if resting {
		n.err = &net.DNSError{Err: "resolver is silent", Name: host, IsTemporary: true}
	} else {
		ctx, cancel := context.WithTimeout(c.ctx, 15*time.Second)
		n.ips, n.err = c.insist(ctx, network, host)
		cancel()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	n.at = time.Now()
	var failed *net.DNSError
	if n.err == nil || errors.As(n.err, &failed) && failed.IsNotFound {
		c.silent = 0
		return
	}
	delete(c.known, key)
	if !resting {
		if c.silent++; c.silent >= mostSilent {
			c.silent, c.until = 0, n.at.Add(silentRest)
		}
	}
}

// insist asks a second time when no answer has come for a while, and takes the
// one that comes first: questions get lost, and resolvers wait long for them.
func (c *NameCache) insist(ctx context.Context, network, host string) ([]netip.Addr, error) {
	type answer struct {
		ips []netip.Addr
		err error
	}
	answers := make(chan answer, 2)
	ask := func() {
		ips, err := c.inner.LookupNetIP(ctx, network, host)
		answers <- answer{ips, err}
	}
	c.asks.Go(ask)
	timer := time.NewTimer(askAgain)
	defer timer.Stop()
	select {
	case a := <-answers:
		return a.ips, a.err
	case <-timer.C:
	}
	c.asks.Go(ask)
	a := <-answers
	return a.ips, a.err
}
