package uplink

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"zhanqun/internal/trust"
)

// webMost is the longest the web's port is preferred before the broker's own is
// looked at again. The longer that could not be reached, the longer.
const webMost = time.Hour

// How long one try may take until an address answers, and then until the broker
// has let the node in, which on a line by satellite is five times there and back.
// The broker's own port gets less while there is another way, because a firewall
// that swallows packets says nothing; but not any more when both have failed.
const (
	dialLimit  = 20 * time.Second
	greetLimit = 40 * time.Second
	quickLimit = 6 * time.Second // each
)

// briefLimit is how many connections in a row may come to nothing on the
// broker's own port before the web's is tried: something in between lets them be
// made and then cuts them.
const briefLimit = 3

// ways chooses between the broker's own port and the hub's web port. The first
// is better: it costs the hub nothing. The second is open everywhere.
type ways struct {
	direct, web []*url.URL
	least       time.Duration // the web's port is preferred, at first
	now         func() time.Time

	mu    sync.Mutex
	grace time.Time     // the broker's own port is the only one until then
	until time.Time     // the web's port is preferred until then
	pause time.Duration // how long it was preferred last
	brief int           // direct connections in a row that came to nothing
}

// newWays sorts addresses by their schemes.
func newWays(addresses []string, least time.Duration, now func() time.Time) (*ways, error) {
	w := &ways{least: least, now: now}
	for _, text := range addresses {
		u, err := url.Parse(strings.TrimSpace(text))
		if err != nil || u.Host == "" {
			return nil, fmt.Errorf("address of the broker %q cannot be read", text)
		}
		if u.Scheme == "ws" || u.Scheme == "wss" {
			w.web = append(w.web, u)
		} else {
			w.direct = append(w.direct, u)
		}
	}
	if len(w.direct)+len(w.web) == 0 {
		return nil, errors.New("no address of the broker")
	}
	return w, nil
}

// order returns the addresses as they should be tried.
func (w *ways) order() []*url.URL {
	w.mu.Lock()
	defer w.mu.Unlock()
	direct, web := shuffled(w.direct), shuffled(w.web)
	switch now := w.now(); {
	case now.Before(w.grace):
		return direct
	case now.Before(w.until):
		return append(web, direct...)
	}
	return append(direct, web...)
}

// shuffled spreads the nodes over the servers of a cluster.
func shuffled(list []*url.URL) []*url.URL {
	out := append([]*url.URL(nil), list...)
	rand.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] }) // #nosec G404 -- not a secret
	return out
}

// limits are how long one try at u may take.
func (w *ways) limits(u *url.URL, patient bool) (dial, greet time.Duration) {
	if len(w.web) > 0 && !isWeb(u) && !patient {
		return quickLimit, quickLimit
	}
	return dialLimit, greetLimit
}

func isWeb(u *url.URL) bool { return strings.HasPrefix(u.Scheme, "ws") }

// avoid prefers the web's port for a while: the broker's own cannot be reached
// and the web's can.
func (w *ways) avoid() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.brief = 0
	w.pause = min(max(2*w.pause, w.least), webMost)
	w.until = w.now().Add(w.pause + rand.N(w.pause/4)) // #nosec G404 -- jitter
}

// ended notes what became of a connection: good, if it held or carried something.
func (w *ways) ended(u *url.URL, good bool) {
	if isWeb(u) || len(w.web) == 0 {
		return
	}
	w.mu.Lock()
	if good {
		w.brief, w.pause = 0, 0
		// A hub that is started anew shall not find all its nodes at the web's port.
		w.grace = w.now().Add(w.least / 8)
	} else {
		w.brief++
	}
	cut := w.brief >= briefLimit
	w.mu.Unlock()
	if cut {
		w.avoid()
	}
}

// again returns how long to wait before the broker's own port is looked at again
// while a connection at u stands; ok is false if there is nothing to look at.
func (w *ways) again(u *url.URL) (d time.Duration, ok bool) {
	if !isWeb(u) || len(w.direct) == 0 {
		return 0, false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return max(0, w.until.Sub(w.now())), true
}

// probe reports whether the broker's own port can be reached, as far as one can
// see without signing in: it greets, and speaks TLS as the hub does.
func (w *ways) probe(ctx context.Context, hub trust.Hub) bool {
	for _, u := range w.direct {
		if greets(ctx, u, hub) {
			return true
		}
	}
	return false
}

func greets(ctx context.Context, u *url.URL, hub trust.Hub) bool {
	ctx, cancel := context.WithTimeout(ctx, quickLimit)
	defer cancel()
	c, err := dialer{ctx: ctx, limit: quickLimit}.Dial("tcp", hostPort(u))
	if err != nil {
		return false
	}
	defer func() { _ = c.Close() }() // it was only to look
	line, err := bufio.NewReaderSize(c, 16<<10).ReadSlice('\n')
	if err != nil {
		return false
	}
	var info struct {
		TLS bool `json:"tls_required"`
	}
	text, ok := strings.CutPrefix(string(line), "INFO ")
	if !ok || json.Unmarshal([]byte(text), &info) != nil {
		return false
	}
	if !info.TLS && u.Scheme != "tls" {
		return true
	}
	return tls.Client(c, hub.Client(u.Hostname())).HandshakeContext(ctx) == nil
}

// hostPort is what to dial for u.
func hostPort(u *url.URL) string {
	if u.Port() != "" {
		return u.Host
	}
	switch u.Scheme {
	case "ws":
		return net.JoinHostPort(u.Hostname(), "80")
	case "wss":
		return net.JoinHostPort(u.Hostname(), "443")
	}
	return net.JoinHostPort(u.Hostname(), "4222")
}

// link is one connection, while it lasts.
type link struct {
	nc     *nats.Conn
	at     *url.URL
	closed chan struct{} // closed when it has ended
}

// reach makes a connection on the first way that can be gone. patient gives slow
// ways the time they need.
func (w *natsWire) reach(ctx context.Context, patient bool) (l link, err error) {
	missed := false // the broker's own port
	for _, u := range w.ways.order() {
		dial, greet := w.ways.limits(u, patient)
		l, tryErr := w.dial(ctx, u, dial, greet)
		if tryErr == nil {
			if missed && isWeb(u) {
				w.ways.avoid()
			}
			return l, nil
		}
		if ctx.Err() != nil {
			return l, ctx.Err()
		}
		w.log.Debug("uplink: not reached", "at", u.Redacted(), "err", tryErr)
		if turnedAway(tryErr) {
			return l, tryErr // the hub has answered
		}
		missed = missed || !isWeb(u)
		if err == nil || telling(tryErr) && !telling(err) {
			err = tryErr
		}
	}
	return l, err
}
