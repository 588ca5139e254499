package bus

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"time"
)

// What a node can do that it should not, as the log names it.
const (
	offSubject = "another's subject"       // refused by the broker
	offReply   = "answer wanted elsewhere" // a reply subject that is not its inbox
	offSigned  = "bad signature"
	offMany    = "too many messages"
	offSignIn  = "too many sign-ins"
	offSlow    = "does not read"
	offBroker  = "refused by the broker" // too large, unreadable, too many subscriptions
)

// guard knows how each node behaves, and keeps those out that harm others. What
// a node does wrong is logged with its id, each kind at most once a minute.
type guard struct {
	limits Limits
	log    *slog.Logger
	now    func() time.Time
	drop   func(node string) // ends its connections; must not block

	mu        sync.Mutex
	nodes     map[string]*conduct  // of nodes that are not quite at rest
	shunned   map[string]time.Time // keys of nodes that are kept out, and until when
	strangers map[string]*note     // by address
	hands     map[string]*bucket   // TLS handshakes, by address
	refused   uint64               // messages not taken
}

// conduct is how one node behaves.
type conduct struct {
	messages, bytes bucket  // taken by the hub
	patience        bucket  // messages beyond, large ones as several
	seen            traffic // by the hub, since it was last compared with the broker's count
	missing, weight bucket  // messages the broker carried and the hub did not see, and their bytes
	signIns         bucket
	offences        bucket
	barred          time.Time // until then
	bars            int
	notes           map[string]*note
}

// note is one kind of offence, and how often it has to be told yet.
type note struct {
	told  time.Time
	times int
	last  string
}

func newGuard(l Limits, log *slog.Logger, drop func(string)) *guard {
	return &guard{limits: l.orDefault(), log: log, now: time.Now, drop: drop, nodes: map[string]*conduct{},
		shunned: map[string]time.Time{}, strangers: map[string]*note{}, hands: map[string]*bucket{}}
}

// of returns the conduct of a node. The caller holds g.mu.
func (g *guard) of(node string) *conduct {
	c := g.nodes[node]
	if c == nil {
		c = &conduct{}
		g.nodes[node] = c
	}
	return c
}

// admit reports whether a node that has proved to have a key may come in now.
func (g *guard) admit(node, key string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	c, now := g.of(node), g.now()
	if now.Before(c.barred) {
		g.shunned[key] = c.barred
		return false
	}
	if !c.signIns.take(now, 1, signIns, signBurst) {
		g.tell(c, node, offSignIn, "")
		return false
	}
	return true
}

// shuns reports whether a key is one of a node that is kept out, which then need
// not prove anything.
func (g *guard) shuns(key string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	until, ok := g.shunned[key]
	if ok && !g.now().Before(until) {
		delete(g.shunned, key)
		ok = false
	}
	return ok
}

// verdict is what becomes of a message.
type verdict int

const (
	taken   verdict = iota
	refused         // the node is told to come later
	ignored         // so is nobody
)

// spend decides what becomes of a message of a node. A node that was told to come
// later and goes on all the same is barred: one that behaves waits.
func (g *guard) spend(node string, size int) verdict {
	g.mu.Lock()
	defer g.mu.Unlock()
	c, now := g.of(node), g.now()
	rate, bytes := float64(g.limits.Messages), float64(g.limits.Bytes)
	c.seen.add(traffic{1, int64(size)})
	barred := now.Before(c.barred)
	if !barred && c.messages.take(now, 1, rate, burst*rate) && c.bytes.take(now, float64(size), bytes, burst*bytes) {
		return taken
	}
	g.refused++
	if barred {
		return ignored
	}
	g.tell(c, node, offMany, "")
	if !c.patience.add(now, max(1, float64(size)*rate/bytes), rate/4, burst*rate) {
		g.bar(c, node, offMany)
		return ignored
	}
	return refused
}

// carried counts what the broker took from a node's connections in some time. Of
// a node that behaves the hub has seen all of it but what is still on its way,
// which the stream bounds: what is missing was refused by the broker.
func (g *guard) carried(node string, what traffic, over time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	c := g.of(node)
	seen := c.seen
	c.seen = traffic{}
	few := c.missing.spread(float64(what.messages-seen.messages), float64(g.limits.Messages), over, float64(g.limits.Unread)+5*float64(g.limits.Messages))
	light := c.weight.spread(float64(what.bytes-seen.bytes), float64(g.limits.Bytes)/4, over, float64(g.limits.Unread*maxMessage+g.limits.Bytes))
	if !few || !light {
		g.bar(c, node, offMany)
	}
}

// traffic is how much was sent.
type traffic struct{ messages, bytes int64 }

func (t *traffic) add(o traffic) {
	t.messages += o.messages
	t.bytes += o.bytes
}

// offend notes that a node did what no program does that follows the protocol.
func (g *guard) offend(node, what, detail string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	c := g.of(node)
	g.tell(c, node, what, detail)
	if !c.offences.add(g.now(), 1, offences, offBurst) {
		g.bar(c, node, what)
	}
}

// slow bars a node that does not read what it asks for: the broker has to hold it.
func (g *guard) slow(node string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.bar(g.of(node), node, offSlow)
}

// bar keeps a node out for a while. The caller holds g.mu.
func (g *guard) bar(c *conduct, node, what string) {
	now := g.now()
	if now.Before(c.barred) {
		g.drop(node) // whatever is left of it
		return
	}
	if now.Sub(c.barred) > longestBar {
		c.bars = 0
	}
	length := min(g.limits.Bar<<min(c.bars, 16), longestBar)
	c.bars++
	c.barred = now.Add(length)
	c.patience, c.missing, c.weight, c.offences = bucket{}, bucket{}, bucket{}, bucket{}
	g.log.Error("bus: a node is kept out for a while", "node", node, "because", what, "until", c.barred.Format(time.RFC3339), "time", c.bars)
	g.drop(node)
}

// tell logs an offence, or counts it for later. The caller holds g.mu.
func (g *guard) tell(c *conduct, node, what, detail string) {
	n := c.notes[what]
	if n == nil {
		if c.notes == nil {
			c.notes = map[string]*note{}
		}
		n = &note{}
		c.notes[what] = n
	}
	if n.count(g.now(), detail) {
		g.say(n, node, what)
	}
}

func (g *guard) say(n *note, node, what string) {
	g.log.Warn("bus: a node does what it should not", "node", node, "what", what, "times", n.times, "last", n.last)
	n.times = 0
}

const (
	tellEvery     = time.Minute
	mostAddresses = 4096 // whose offences are told apart
	anyAddress    = "others"
)

// count counts one more and reports whether it is time to tell.
func (n *note) count(now time.Time, detail string) bool {
	n.times++
	n.last = detail
	return n.due(now)
}

func (n *note) due(now time.Time) bool {
	if n.times == 0 || now.Sub(n.told) < tellEvery {
		return false
	}
	n.told = now
	return true
}

// stranger notes trouble with a connection that has not signed in.
func (g *guard) stranger(address, detail string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := g.strangers[address]
	if n == nil {
		if len(g.strangers) >= mostAddresses {
			address = anyAddress
		}
		if n = g.strangers[address]; n == nil {
			n = &note{}
			g.strangers[address] = n
		}
	}
	if n.count(g.now(), detail) {
		g.sayStranger(n, address)
	}
}

func (g *guard) sayStranger(n *note, address string) {
	g.log.Warn("bus: trouble with connections that do not sign in", "address", address, "times", n.times, "last", n.last)
	n.times = 0
}

// keep tells what was not told yet, and forgets what is over, until ctx ends.
func (g *guard) keep(ctx context.Context) {
	tick := time.NewTicker(tellEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			g.sweep()
		case <-ctx.Done():
			return
		}
	}
}

func (g *guard) sweep() {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	for node, c := range g.nodes {
		for what, n := range c.notes {
			if n.due(now) {
				g.say(n, node, what)
			} else if now.Sub(n.told) > tellEvery {
				delete(c.notes, what)
			}
		}
		if len(c.notes) == 0 && now.Sub(c.barred) > longestBar && c.atRest(now, g.limits) {
			delete(g.nodes, node)
		}
	}
	g.forgetHandshakes(now)
	maps.DeleteFunc(g.shunned, func(_ string, until time.Time) bool { return !now.Before(until) })
	for address, n := range g.strangers {
		if n.due(now) {
			g.sayStranger(n, address)
		} else if now.Sub(n.told) > tellEvery {
			delete(g.strangers, address)
		}
	}
}

// atRest reports whether forgetting a node changes nothing.
func (c *conduct) atRest(now time.Time, l Limits) bool {
	rate, bytes := float64(l.Messages), float64(l.Bytes)
	level := 0.0
	for b, r := range map[*bucket]float64{&c.messages: rate, &c.bytes: bytes, &c.patience: rate, &c.signIns: signIns, &c.offences: offences} {
		b.leak(now, r)
		level += b.level
	}
	return level == 0
}

// kept returns how many nodes are kept out now, and how many messages were not
// taken since the start.
func (g *guard) kept() (barred int, refused uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	for _, c := range g.nodes {
		if now.Before(c.barred) {
			barred++
		}
	}
	return barred, g.refused
}
