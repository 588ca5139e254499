package bus

import (
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"zhanqun/protocol"
)

// gate lets nodes into the broker by their keys, and knows which connections are
// whose.
type gate struct {
	own      string // public key of the hub's own connection
	registry Registry
	guard    *guard
	log      *slog.Logger
	end      func(context.Context, connection) // ends one; already gone is just as well
	wake     chan struct{}                     // somebody has to go
	turns    chan struct{}                     // a place for each sign-in that is looked at
	stopped  chan struct{}                     // closed when nobody comes in any more

	mu       sync.Mutex
	late     note // sign-ins that could not be looked at
	sessions map[session]connection
	keys     map[session]string    // public keys the sessions were opened with
	nodes    map[connection]string // the other way round, and of those that have to go
	pending  map[string]bool       // nodes whose sessions may only ask whether they may
	due      map[connection]bool   // have to go, at most as many as there are
}

// connection is one of a broker's; server is empty for the embedded one.
type connection struct {
	server string
	id     uint64
}

// session is a place a node may fill once: one connection for its log, one for
// its files. The lane is what the client calls itself; a wrong word costs only
// the node itself.
type session struct {
	node  string
	files bool
}

func newGate(registry Registry, limits Limits, log *slog.Logger) *gate {
	g := &gate{registry: registry, log: log, wake: make(chan struct{}, 1), turns: make(chan struct{}, signInTurns), stopped: make(chan struct{}),
		sessions: map[session]connection{}, keys: map[session]string{}, nodes: map[connection]string{}, pending: map[string]bool{}, due: map[connection]bool{}}
	g.guard = newGuard(limits, log, g.drop)
	return g
}

// signInTurns is how many sign-ins are looked at at a time. All at once, five
// thousand nodes that return together would keep the database from those who are
// in already, and each other waiting until nobody's patience is left. So each
// waits for its turn, first come, first served, as long as the server gives it.
const signInTurns = 2

// errLate says that a sign-in could not be looked at in time.
var errLate = errors.New("too many nodes sign in at the same time")

// turn waits for a place among the sign-ins that are looked at; leave gives it up.
func (g *gate) turn(ctx context.Context) (leave func(), err error) {
	select {
	case g.turns <- struct{}{}:
		return func() { <-g.turns }, nil
	case <-g.stopped:
		return nil, context.Canceled
	case <-ctx.Done():
		return nil, errLate
	}
}

// Check implements server.Authentication.
func (g *gate) Check(c server.ClientAuthentication) bool {
	o := c.GetOpts()
	if c.Kind() != server.CLIENT || o.Nkey == "" || g.guard.shuns(o.Nkey) || !holds(o.Nkey, o.Sig, c.GetNonce()) {
		return false
	}
	if o.Nkey == g.own {
		c.RegisterUser(&server.User{Username: "hub"})
		return true
	}
	ctx, cancel := context.WithTimeout(context.Background(), authTime*time.Second)
	defer cancel()
	node, grants, err := g.enter(ctx, o.Nkey, o.Name, connection{id: c.GetID()})
	if err != nil {
		// "No" would tell the node that it is not known here. The server ends
		// what has not signed in by itself, for being late.
		select {
		case <-ctx.Done():
		case <-g.stopped:
		}
		return false
	}
	if node == "" {
		return false
	}
	c.RegisterUser(&server.User{Username: node, Permissions: &server.Permissions{
		Publish:   &server.SubjectPermission{Allow: grants.Publish},
		Subscribe: &server.SubjectPermission{Allow: grants.Subscribe},
	}})
	return true
}

// grants are what a node may do. One that waits to be let in may ask for that.
func (g *gate) grants(ctx context.Context, node string) (protocol.Grants, error) {
	pending, err := g.registry.Pending(ctx, node)
	if err != nil {
		return protocol.Grants{}, err
	}
	if !pending {
		return protocol.GrantsOf(node), nil
	}
	g.mu.Lock()
	g.pending[node] = true
	g.mu.Unlock()
	return protocol.GrantsOfPending(node), nil
}

// letIn ends the sessions of a node that had to wait: it comes back at once and
// may do everything then.
func (g *gate) letIn(node string) {
	g.mu.Lock()
	waited := g.pending[node]
	delete(g.pending, node)
	g.mu.Unlock()
	if waited {
		g.drop(node)
	}
}

// holds reports whether sig is the key owner's signature over the server's nonce.
func holds(key, sig string, nonce []byte) bool {
	raw, err := base64.RawURLEncoding.DecodeString(sig)
	if err != nil {
		raw, err = base64.StdEncoding.DecodeString(sig)
	}
	public, keyErr := protocol.ParsePublic(key)
	return err == nil && keyErr == nil && len(nonce) > 0 && public.Verify(nonce, raw)
}

// enter gives a connection to the owner of a key and returns which node that is,
// "" if it may not come in, and what it may do. An error says that this cannot be
// told now.
func (g *gate) enter(ctx context.Context, key, name string, c connection) (node string, grants protocol.Grants, err error) {
	leave, err := g.turn(ctx)
	if err != nil {
		return "", grants, g.failed(err)
	}
	// On a goroutine of its own: the database takes a deep stack, and that of the
	// connection would keep it for as long as the connection stands.
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer leave()
		node, grants, err = g.judge(ctx, key, name, c)
	}()
	<-done
	return node, grants, err
}

// judge is enter for whose turn it is.
func (g *gate) judge(ctx context.Context, key, name string, c connection) (string, protocol.Grants, error) {
	none := protocol.Grants{}
	node, err := g.registry.NodeOfKey(ctx, key)
	if err != nil {
		return "", none, g.failed(err)
	}
	if node == "" || !g.guard.admit(node, key) {
		return "", none, nil
	}
	g.seat(session{node, strings.HasSuffix(name, "files")}, c, key)
	// Whoever revokes the node changes the registry first and then drops its
	// sessions: asked once more after entering, one of the two sees the other.
	again, err := g.registry.NodeOfKey(ctx, key)
	if err != nil {
		return "", none, g.failed(err)
	}
	if again != node {
		return "", none, nil
	}
	grants, err := g.grants(ctx, node)
	if err != nil {
		return "", none, g.failed(err)
	}
	return node, grants, nil
}

// failed logs, at most once a minute, that nodes could not be let in.
func (g *gate) failed(err error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.late.count(time.Now(), err.Error()) {
		g.log.Error("bus: nodes had to be turned away", "err", err, "times", g.late.times)
		g.late.times = 0
	}
	return err
}

// seat gives a session to a connection; the one that held it has to go. That
// clears connections of which only the broker still knows.
func (g *gate) seat(s session, c connection, key string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if old, ok := g.sessions[s]; ok && old != c {
		g.push(old)
	}
	g.sessions[s], g.keys[s] = c, key
	g.nodes[c] = s.node
}

// drop ends the sessions of a node.
func (g *gate) drop(node string) { g.dropOthers(node, "") }

// dropOthers ends the sessions of a node that were opened with another key.
func (g *gate) dropOthers(node, key string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, s := range []session{{node, false}, {node, true}} {
		if c, ok := g.sessions[s]; ok && g.keys[s] != key {
			delete(g.sessions, s)
			delete(g.keys, s)
			g.push(c)
		}
	}
}

// dropAll ends the connections nodes carry their logs on. They come again at
// once.
func (g *gate) dropAll() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for s, c := range g.sessions {
		if !s.files {
			g.push(c)
		}
	}
}

// push hands a connection to the kicker: the server may be holding locks here.
// The caller holds g.mu.
func (g *gate) push(c connection) {
	g.due[c] = true
	wake(g.wake)
}

// expel ends a connection, whoever's it is.
func (g *gate) expel(c connection) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.push(c)
}

// kick disconnects until ctx ends.
func (g *gate) kick(ctx context.Context) {
	for {
		select {
		case <-g.wake:
			g.mu.Lock()
			due := g.due
			g.due = map[connection]bool{}
			g.mu.Unlock()
			for c := range due {
				g.end(ctx, c)
				g.forget(c)
			}
		case <-ctx.Done():
			return
		}
	}
}

// forget drops what is known of a connection that was ended.
func (g *gate) forget(c connection) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.nodes, c)
}

// nodeOf returns whose connection it is, "" for one that has not signed in.
func (g *gate) nodeOf(c connection) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.nodes[c]
}

// prune forgets connections that are gone: those for which gone says so.
func (g *gate) prune(gone func(connection) bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for c := range g.nodes {
		if gone(c) {
			delete(g.nodes, c)
		}
	}
	for s, c := range g.sessions {
		if gone(c) {
			delete(g.sessions, s)
			delete(g.keys, s)
		}
	}
}
