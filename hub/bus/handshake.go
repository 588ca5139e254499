package bus

import (
	"crypto/tls"
	"errors"
	"net"
	"time"
)

// TLS handshakes of one address: each costs a fifth of a millisecond of the
// processor before anybody has said who he is. Many nodes may share an address.
const (
	handshakes     = 500 // a second
	handshakeBurst = 5000
)

var errHandshakes = errors.New("too many handshakes from this address")

// tls returns c with a bound on handshakes, nil for nil.
func (g *guard) tls(c *tls.Config) *tls.Config {
	if c == nil {
		return nil
	}
	c = c.Clone()
	chosen := c.GetConfigForClient
	c.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		host, _, err := net.SplitHostPort(hello.Conn.RemoteAddr().String())
		if err == nil && !g.greets(host) {
			return nil, errHandshakes
		}
		if chosen == nil {
			return nil, nil // as it stands
		}
		return chosen(hello)
	}
	return c
}

// greets reports whether one more handshake of an address is made.
func (g *guard) greets(address string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	b := g.hands[address]
	if b == nil {
		if len(g.hands) >= mostAddresses {
			address = anyAddress
		}
		if b = g.hands[address]; b == nil {
			b = &bucket{}
			g.hands[address] = b
		}
	}
	return b.take(g.now(), 1, handshakes, handshakeBurst)
}

// forgetHandshakes drops the counts that say nothing any more. The caller holds
// g.mu.
func (g *guard) forgetHandshakes(now time.Time) {
	for address, b := range g.hands {
		if b.leak(now, handshakes); b.level == 0 {
			delete(g.hands, address)
		}
	}
}
