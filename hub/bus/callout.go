package bus

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
)

const (
	calloutWorkers = 8
	calloutWaiting = 1024            // connections that wait to be let in
	passLife       = time.Hour       // for which a node is let in; it comes again by itself
	huntTime       = 2 * time.Second // for all servers to say which connections they have
	kickTime       = 2 * time.Second
)

// callout lets nodes into an external server: it asks, the hub answers. So a
// node that is enrolled can connect at once, and one that is revoked is gone.
type callout struct {
	b      *Bus
	issuer nkeys.KeyPair
	// nc carries nothing that nodes send: a server ends connections to which more
	// is sent than they read, and that must not keep the hub from ending the
	// connection of the one who sent it.
	nc *nats.Conn

	mu   sync.Mutex
	due  map[string]bool // nodes of which no connection may stay
	wake chan struct{}
}

// openDoor begins to answer an external server, if the hub has a key there.
func (b *Bus) openDoor(ctx context.Context) error {
	if b.server != nil || b.o.Own.Public() == "" {
		return nil
	}
	issuer, err := issuerOf(b.o.Own)
	if err != nil {
		return err
	}
	nc, err := b.dial()
	if err != nil {
		return fmt.Errorf("starting NATS: %w", err)
	}
	c := &callout{b: b, issuer: issuer, nc: nc, due: map[string]bool{}, wake: make(chan struct{}, 1)}
	b.gate.own, b.gate.end, b.door = b.o.Own.Public(), c.kick, c
	waiting := make(chan *nats.Msg, calloutWaiting)
	for range calloutWorkers {
		b.run(func() {
			for {
				select {
				case m := <-waiting:
					c.answer(ctx, m)
				case <-ctx.Done():
					return
				}
			}
		})
	}
	b.run(func() { b.gate.kick(ctx) })
	b.run(func() { c.hunt(ctx) })
	b.run(func() { c.look(ctx) })
	_, err = nc.QueueSubscribe(server.AuthCalloutSubject, "hub", func(m *nats.Msg) {
		select {
		case waiting <- m:
		default: // the server gives up after a while, and the node comes again
		}
	})
	if err != nil {
		return fmt.Errorf("subscribing to sign-ins: %w", err)
	}
	return nil
}

var errUnknown = errors.New("not enrolled, revoked, or kept out for a while")

// answer answers one question of the server.
func (c *callout) answer(ctx context.Context, m *nats.Msg) {
	asked, err := jwt.DecodeAuthorizationRequestClaims(string(m.Data))
	if err != nil {
		c.b.log.Warn("bus: a question of the NATS server cannot be read", "err", err)
		return
	}
	limited, cancel := context.WithTimeout(ctx, authTime*time.Second/2)
	defer cancel()
	pass, err := c.pass(limited, asked)
	if err != nil && !errors.Is(err, errUnknown) {
		return // "no" would tell the node that it is not known here; as it is it comes again
	}
	answer := jwt.NewAuthorizationResponseClaims(asked.UserNkey)
	answer.Audience = asked.Server.ID
	if answer.Jwt = pass; err != nil {
		answer.Error = err.Error()
	}
	text, err := answer.Encode(c.issuer)
	if err == nil {
		err = m.Respond([]byte(text))
	}
	if err != nil {
		c.b.log.Warn("bus: the NATS server is not answered", "err", err)
	}
}

// pass returns what lets a node in, to its own subjects.
func (c *callout) pass(ctx context.Context, asked *jwt.AuthorizationRequestClaims) (string, error) {
	o, from := asked.ConnectOptions, asked.ClientInformation
	if from.Kind != "Client" || c.b.guard.shuns(o.Nkey) || !holds(o.Nkey, o.SignedNonce, []byte(from.Nonce)) {
		return "", errUnknown
	}
	node, grants, err := c.b.gate.enter(ctx, o.Nkey, o.Name, connection{asked.Server.ID, from.ID})
	if err != nil {
		return "", err
	}
	if node == "" {
		return "", errUnknown
	}
	u := jwt.NewUserClaims(asked.UserNkey)
	u.Name, u.Audience = node, account
	u.Pub.Allow, u.Sub.Allow = grants.Publish, grants.Subscribe
	u.NatsLimits = jwt.NatsLimits{Subs: maxSubs, Data: jwt.NoLimit, Payload: maxPayload}
	u.Expires = time.Now().Add(passLife - rand.N(passLife/5)).Unix() // #nosec G404 -- jitter
	return u.Encode(c.issuer)
}

// kick asks a server to end a connection.
func (c *callout) kick(ctx context.Context, gone connection) {
	ctx, cancel := context.WithTimeout(ctx, kickTime)
	defer cancel()
	data := jsonOf(server.KickClientReq{CID: gone.id})
	switch _, err := c.nc.RequestWithContext(ctx, kickSubject(gone.server), data); {
	case errors.Is(err, nats.ErrNoResponders):
		c.b.log.Error("bus: the NATS server does not let the hub end connections; its configuration is not the one of hub nats conf, or it is gone", "server", gone.server)
	case err != nil && ctx.Err() == nil:
		c.b.log.Warn("bus: a connection is not ended", "err", err)
	}
}

// expel ends all connections of a node, those of which this hub does not know
// among them: it may have been started after they were made.
func (c *callout) expel(node string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.due[node] = true
	wake(c.wake)
}

func (c *callout) hunt(ctx context.Context) {
	for {
		select {
		case <-c.wake:
		case <-ctx.Done():
			return
		}
		c.mu.Lock()
		due := c.due
		c.due = map[string]bool{}
		c.mu.Unlock()
		for node := range due {
			if err := c.seek(ctx, node); err != nil && ctx.Err() == nil {
				c.b.log.Warn("bus: looking for the connections of a node", "node", node, "err", err)
			}
		}
	}
}

// seek has all connections of a node ended.
func (c *callout) seek(ctx context.Context, node string) error {
	return c.connections(ctx, server.ConnzOptions{User: node, Limit: 1024}, huntTime, func(at connection, found *server.ConnInfo) {
		if found.AuthorizedUser == node {
			c.b.gate.expel(at)
		}
	})
}
