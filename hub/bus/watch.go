package bus

import (
	"context"
	"log/slog"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// The embedded server limits what one message and one connection may be, not how
// much comes. So its counters are watched: totals often, since that costs
// nothing, and each connection when the totals are more than one node may send.
const (
	watchEvery = 20 * time.Millisecond
	scanEvery  = 20 * time.Second // without a reason
	scanShare  = 20               // of the time at most one part goes into scans
	hotFor     = 5 * time.Second  // scans go on that long after the last reason
	signInTime = 6 * time.Second  // what a connection that has not signed in may take when there are many
)

// watch looks after the connections of the embedded server. Only run uses it.
type watch struct {
	server *server.Server
	gate   *gate
	guests *guests
	log    *slog.Logger

	total   server.MsgBytes
	flow    [2]bucket // messages and bytes of all connections together
	stalls  int64
	hot     time.Time // until then there is reason to scan
	scanned time.Time
	took    time.Duration
	clients int // at the last scan
	seen    meter
}

func (w *watch) run(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if w.due(time.Now()) {
				w.scan(time.Now())
			}
		case <-ctx.Done():
			return
		}
	}
}

// due reports whether the connections should be looked at one by one.
func (w *watch) due(now time.Time) bool {
	limits := w.gate.guard.limits
	before, stalls := w.total, w.stalls
	w.stalls = w.server.NumStalledClients()
	if z, err := w.server.AccountStatz(&server.AccountStatzOptions{Accounts: []string{server.DEFAULT_GLOBAL_ACCOUNT}, IncludeUnused: true}); err == nil && len(z.Accounts) == 1 {
		w.total = z.Accounts[0].Received.MsgBytes
	}
	many := w.flow[0].brims(now, float64(w.total.Msgs-before.Msgs), float64(limits.Messages))
	much := w.flow[1].brims(now, float64(w.total.Bytes-before.Bytes), float64(limits.Bytes))
	if many || much || w.stalls != stalls || w.server.NumClients() > w.clients+limits.Strangers/2 {
		w.hot = now.Add(hotFor)
	}
	rest := now.Sub(w.scanned)
	return rest >= scanShare*w.took && (now.Before(w.hot) || rest >= scanEvery)
}

// scan looks at every connection.
func (w *watch) scan(now time.Time) {
	limits := w.gate.guard.limits
	z, err := w.server.Connz(&server.ConnzOptions{State: server.ConnOpen, Limit: int(^uint(0) >> 1)})
	if err != nil {
		w.log.Error("bus: looking at connections", "err", err)
		return
	}
	seen, sums := make(meter, len(z.Conns)), make(sums, len(z.Conns))
	var newest uint64
	strangers := map[string][]*server.ConnInfo{}
	for _, c := range z.Conns {
		newest = max(newest, c.Cid)
		at := connection{id: c.Cid}
		node := w.gate.nodeOf(at)
		if node == "" && c.IP != "" { // the hub's own has no address
			address := w.guests.address(c)
			strangers[address] = append(strangers[address], c)
		}
		if node != "" {
			sums.add(node, w.seen, at, c, now)
		}
		seen[at] = reading{traffic{c.InMsgs, c.InBytes}, now}
	}
	sums.charge(w.gate.guard)
	for address, list := range strangers {
		if len(list) > limits.Strangers {
			w.hot = now.Add(hotFor) // until they have had their time
			w.thin(address, list, limits.Strangers, now)
		}
	}
	w.seen, w.clients = seen, len(z.Conns)
	w.gate.prune(func(c connection) bool { _, there := seen[c]; return !there && c.id <= newest })
	w.scanned, w.took = now, time.Since(now)
}

// meter is what connections had sent when they were last looked at.
type meter map[connection]reading

type reading struct {
	traffic
	at time.Time
}

// sums are what nodes have sent since then, on all their connections.
type sums map[string]sum

type sum struct {
	traffic
	over time.Duration
	slow bool // it does not read what it asks for
}

func (s sums) add(node string, m meter, at connection, c *server.ConnInfo, now time.Time) {
	before, known := m[at]
	switch {
	case known:
	case now.Sub(c.Start) < scanEvery:
		before.at = c.Start
	default: // sent when nobody had reason to look
		before = reading{traffic{c.InMsgs, c.InBytes}, now}
	}
	n := s[node]
	n.add(traffic{c.InMsgs - before.messages, c.InBytes - before.bytes})
	n.over = max(n.over, now.Sub(before.at))
	n.slow = n.slow || c.Pending > maxPending/2
	s[node] = n
}

func (s sums) charge(g *guard) {
	for node, n := range s {
		g.carried(node, n.traffic, n.over)
		if n.slow {
			g.slow(node)
		}
	}
}

// thin ends the oldest of too many connections of one address that have not
// signed in, if they have had the time to.
func (w *watch) thin(address string, list []*server.ConnInfo, most int, now time.Time) {
	slices.SortFunc(list, func(a, b *server.ConnInfo) int { return a.Start.Compare(b.Start) })
	ended := 0
	for _, c := range list[:len(list)-most] {
		if now.Sub(c.Start) <= signInTime {
			break
		}
		w.gate.expel(connection{id: c.Cid})
		ended++
	}
	if ended > 0 {
		w.gate.guard.stranger(address, strconv.Itoa(ended)+" connections that have not signed in are ended")
	}
}

// clientLine is how the server begins what it says about a connection; what the
// client calls itself comes later.
var clientLine = regexp.MustCompile(`(?s)^(\S+) - [cw]id:(\d+) - (.*)$`)

// overBound are the server's words for what no program does that follows the
// protocol.
var overBound = regexp.MustCompile(`(?i)exceeded|violation|parse error|protocol`)

// heard takes what the server says about a connection, and reports whether it
// was about one. Nodes can make the server say much: it is counted and told now
// and then.
func (g *gate) heard(line string) bool {
	m := clientLine.FindStringSubmatch(line)
	if m == nil {
		return false
	}
	id, err := strconv.ParseUint(m[2], 10, 64)
	if err != nil {
		return false
	}
	node, says := g.nodeOf(connection{id: id}), m[3]
	switch {
	case node == "":
		address, _, err := net.SplitHostPort(m[1])
		if err != nil {
			address = m[1]
		}
		g.guard.stranger(address, says)
	case strings.Contains(says, "Slow Consumer"):
		g.guard.slow(node)
	case strings.Contains(says, "Publish Violation"), strings.Contains(says, "Subscription Violation"):
		g.guard.offend(node, offSubject, says)
	case overBound.MatchString(says):
		g.guard.offend(node, offBroker, says)
	default:
		return false // a broken line, most likely
	}
	return true
}
