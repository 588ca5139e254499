package bus

import (
	"context"
	"encoding/base64"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"zhanqun/protocol"
)

// gate lets nodes into the embedded server by their keys.
type gate struct {
	own      string // public key of the hub's own connection
	registry Registry
	log      *slog.Logger
	server   *server.Server
	wake     chan struct{} // somebody has to go

	mu       sync.Mutex
	sessions map[session]uint64
	pending  map[string]bool // nodes whose sessions may only ask whether they may
	due      map[uint64]bool // connections that have to go, at most as many as there are
}

// session is a place a node may fill once: one connection for its log, one for
// its files. The lane is what the client calls itself; a wrong word costs only
// the node itself.
type session struct {
	node  string
	files bool
}

func newGate(own string, registry Registry, log *slog.Logger) *gate {
	return &gate{own: own, registry: registry, log: log, wake: make(chan struct{}, 1), sessions: map[session]uint64{}, pending: map[string]bool{}, due: map[uint64]bool{}}
}

// Check implements server.Authentication.
func (g *gate) Check(c server.ClientAuthentication) bool {
	o := c.GetOpts()
	if c.Kind() != server.CLIENT || o.Nkey == "" || !holds(o.Nkey, o.Sig, c.GetNonce()) {
		return false
	}
	if o.Nkey == g.own {
		c.RegisterUser(&server.User{Username: "hub"})
		return true
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	node, err := g.registry.NodeOfKey(ctx, o.Nkey)
	if err != nil {
		g.log.Error("bus: a node had to be turned away", "err", err)
		return false
	}
	if node == "" {
		return false
	}
	g.enter(session{node, strings.HasSuffix(o.Name, "files")}, c.GetID())
	// Whoever revokes the node changes the registry first and then drops its
	// sessions: asked once more after entering, one of the two sees the other.
	if again, err := g.registry.NodeOfKey(ctx, o.Nkey); err != nil || again != node {
		return false
	}
	grants, err := g.grants(ctx, node)
	if err != nil {
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

// enter gives a session to a connection; the one that held it has to go. That
// clears connections of which only the server still knows.
func (g *gate) enter(s session, id uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if old, ok := g.sessions[s]; ok && old != id {
		g.push(old)
	}
	g.sessions[s] = id
}

func (g *gate) drop(node string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, s := range []session{{node, false}, {node, true}} {
		if id, ok := g.sessions[s]; ok {
			delete(g.sessions, s)
			g.push(id)
		}
	}
}

// dropAll ends the connections nodes carry their logs on. They come again at
// once.
func (g *gate) dropAll() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for s, id := range g.sessions {
		if !s.files {
			g.push(id)
		}
	}
}

// push hands an id to the kicker: the server may be holding locks here. The
// caller holds g.mu.
func (g *gate) push(id uint64) {
	g.due[id] = true
	wake(g.wake)
}

// kick disconnects until ctx ends.
func (g *gate) kick(ctx context.Context) {
	for {
		select {
		case <-g.wake:
			g.mu.Lock()
			due := g.due
			g.due = map[uint64]bool{}
			g.mu.Unlock()
			for id := range due {
				_ = g.server.DisconnectClientByID(id) // already gone is just as well
			}
		case <-ctx.Done():
			return
		}
	}
}
