package uplink

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"zhanqun/internal/trust"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// Names the connections call themselves by; the hub keeps one of each per node.
const (
	lineName  = "zhanqun line"
	filesName = "zhanqun files"
)

var (
	errUnsigned = errors.New("an answer is not signed by the hub")
	errNobody   = errors.New("nobody answers at the broker")
	errNoStream = errors.New("the broker has no stream for frames")
	errFull     = errors.New("the broker has no room")
	errDown     = errors.New("the line is down")
)

// reply is an answer, or why there is none.
type reply struct {
	m   *nats.Msg
	err error
}

// natsWire is the connection of one kind to the hub, made anew whenever it is lost,
// with a signed way of asking. The client library's own requests choose the reply
// subject themselves; ours has to be signed.
type natsWire struct {
	log    *slog.Logger
	book   *lineBook // nil for files
	name   string
	node   string
	keys   *keys
	hub    *hubKeys
	prefix string        // of our reply subjects
	ups    chan struct{} // a connection was made
	downs  chan struct{} // it was lost
	bell   chan protocol.Bell
	asked  chan struct{} // somebody wants a try now
	ways   *ways
	redial redial

	stop context.CancelFunc
	done chan struct{} // closed when keep has returned

	mu      sync.Mutex
	nc      *nats.Conn // nil while there is none
	pending map[string]chan reply
}

// connect makes a connection that comes by itself, now or later, until ctx ends
// or it is closed.
func connect(ctx context.Context, id queue.Identity, keys *keys, hub *hubKeys, name string, o Options, ways *ways, book *lineBook) *natsWire {
	w := &natsWire{log: o.Log, name: name, node: id.Node, keys: keys, hub: hub, ways: ways,
		prefix: protocol.InboxPrefix(id.Node) + "." + rand.Text() + ".",
		ups:    make(chan struct{}, 1), downs: make(chan struct{}, 1), bell: make(chan protocol.Bell, 1), asked: make(chan struct{}, 1),
		done: make(chan struct{}), pending: map[string]chan reply{}, redial: redial{now: time.Now}}
	if name == lineName {
		w.book = book
	}
	ctx, w.stop = context.WithCancel(ctx)
	go w.keep(ctx)
	return w
}

// keep makes one connection after the other until ctx ends.
func (w *natsWire) keep(ctx context.Context) {
	defer close(w.done)
	for failed := 0; ctx.Err() == nil; {
		l, err := w.reach(ctx, failed > 0)
		if err == nil {
			failed = 0
			if better := w.hold(ctx, l); better {
				continue
			}
			err = l.nc.LastError()
		} else {
			failed++
		}
		if ctx.Err() != nil {
			return
		}
		rest := w.redial.next(failed)
		w.note(func(b *lineBook) { b.disconnected(words(err), rest) })
		if turnedAway(err) {
			w.keys.other()
		}
		select {
		case <-time.After(rest):
		case <-w.asked:
			failed = 0 // or every text handed in on a dead line would keep it dead for minutes
		case <-ctx.Done():
		}
	}
}

// hold lets a connection work until it ends, or there is a better way.
func (w *natsWire) hold(ctx context.Context, l link) (better bool) {
	w.up(l)
	defer w.down(l)
	defer l.nc.Close()
	for {
		var again <-chan time.Time
		if d, ok := w.ways.again(l.at); ok && w.book != nil {
			again = time.After(d)
		}
		select {
		case <-l.closed:
			return false
		case <-ctx.Done():
			return false
		case <-again:
			if w.ways.probe(ctx, w.trust()) {
				w.log.Info("uplink: the broker's own port can be reached again")
				return true
			}
			w.ways.avoid()
		}
	}
}

// trust is what is known of the hub.
func (w *natsWire) trust() trust.Hub {
	k := w.hub.now()
	return trust.Hub{Key: &k.Present, Past: k.Former}
}

// note tells the book, if this is the line.
func (w *natsWire) note(f func(*lineBook)) {
	if w.book != nil {
		f(w.book)
	}
}

// dial makes one connection at one address. It may take so long until the
// address answers, and then until the broker has let the node in.
func (w *natsWire) dial(ctx context.Context, u *url.URL, dial, greet time.Duration) (link, error) {
	l := link{at: u, closed: make(chan struct{})}
	var err error
	l.nc, err = nats.Connect(u.String(), append(w.options(ctx, u, dial, greet), nats.ClosedHandler(func(*nats.Conn) { close(l.closed) }))...)
	if err != nil {
		return link{}, fmt.Errorf("connecting to %s: %w", u.Host, err)
	}
	subjects := map[string]nats.MsgHandler{w.prefix + "*": w.arrived}
	if w.name == lineName {
		subjects[protocol.BellSubject(w.node)] = w.rung
	}
	for subject, handle := range subjects {
		if _, err := l.nc.Subscribe(subject, handle); err != nil {
			l.nc.Close()
			return link{}, fmt.Errorf("subscribing: %w", err)
		}
	}
	return l, nil
}

func (w *natsWire) options(ctx context.Context, u *url.URL, dial, greet time.Duration) []nats.Option {
	return []nats.Option{
		nats.Name(w.name), nats.Nkey(w.keys.now().Public(), func(nonce []byte) ([]byte, error) { return w.keys.now().Sign(nonce), nil }),
		nats.CustomInboxPrefix(protocol.InboxPrefix(w.node)),
		// Connections are made anew here, where there may be another way.
		nats.NoReconnect(), nats.IgnoreDiscoveredServers(),
		nats.SetCustomDialer(dialer{ctx, dial}), nats.Timeout(greet), nats.PingInterval(25 * time.Second), nats.MaxPingsOutstanding(2),
		func(o *nats.Options) error {
			if u.Scheme != "ws" { // where it would mean wss
				o.TLSConfig = w.trust().Client(u.Hostname())
			}
			return nil
		},
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			w.log.Warn("uplink: connection trouble", "connection", w.name, "err", err)
		}),
	}
}

// dialer makes connections that end with a context. The library's own would
// hold a program that wants to stop for as long as a silent address takes.
type dialer struct {
	ctx   context.Context
	limit time.Duration
}

// Dial implements nats.CustomDialer.
func (d dialer) Dial(network, address string) (net.Conn, error) {
	plain := net.Dialer{Timeout: d.limit}
	c, err := plain.DialContext(d.ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &boundConn{Conn: c, release: context.AfterFunc(d.ctx, func() { _ = c.Close() })}, nil
}

// boundConn is closed when its context ends.
type boundConn struct {
	net.Conn
	release func() bool
}

// Close closes the connection and lets go of the context.
func (c *boundConn) Close() error {
	c.release()
	return c.Conn.Close()
}

func (w *natsWire) up(l link) {
	w.mu.Lock()
	w.nc = l.nc
	w.mu.Unlock()
	w.redial.connected()
	w.note(func(b *lineBook) { b.connected(l.way()) })
	signal(w.ups)
}

// way names how a connection runs.
func (l link) way() queue.Way {
	_, plain := l.nc.TLSConnectionState()
	switch {
	case isWeb(l.at) && plain != nil:
		return queue.WayWeb
	case isWeb(l.at):
		return queue.WayWebTLS
	case plain != nil:
		return queue.WayDirect
	}
	return queue.WayDirectTLS
}

// down fails everything that waits: what became of it is unknown.
func (w *natsWire) down(l link) {
	w.ways.ended(l.at, w.redial.lost())
	w.mu.Lock()
	w.nc = nil
	pending := w.pending
	w.pending = map[string]chan reply{}
	w.mu.Unlock()
	for _, c := range pending {
		c <- reply{err: errDown}
	}
	signal(w.downs)
}

// conn is the present connection, or nil.
func (w *natsWire) conn() *nats.Conn {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.nc
}

func (w *natsWire) isUp() bool {
	nc := w.conn()
	return nc != nil && nc.IsConnected()
}

// nudge lets the next try be made now, if there is no connection.
func (w *natsWire) nudge() bool {
	if w.isUp() {
		return false
	}
	signal(w.asked)
	return true
}

// deliver hands a message to the present connection.
func (w *natsWire) deliver(m *nats.Msg) error {
	nc := w.conn()
	if nc == nil {
		return errDown
	}
	if err := nc.PublishMsg(m); err != nil {
		return fmt.Errorf("%w: %w", errDown, err)
	}
	return nil
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func (w *natsWire) close() {
	w.stop()
	<-w.done
}
