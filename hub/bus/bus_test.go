package bus_test

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/goleak"

	"zhanqun/hub/access"
	"zhanqun/hub/bus"
	"zhanqun/hub/intake"
	"zhanqun/hub/signer"
	"zhanqun/hub/store"
	"zhanqun/hub/store/storetest"
	"zhanqun/internal/blob"
	"zhanqun/internal/fault"
	"zhanqun/internal/testenv"
	"zhanqun/protocol"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// registry is the hub's as main wires it.
type registry struct{ *access.Service }

func (r registry) NodeOfKey(ctx context.Context, key string) (string, error) {
	n, err := known(r.NodeByKey(ctx, key))
	return n.ID, err
}

func (r registry) KeyOfNode(ctx context.Context, node string) (string, error) {
	n, err := known(r.NodeByID(ctx, node))
	return n.PublicKey, err
}

func known(n access.Node, err error) (access.Node, error) {
	if fault.Is(err, fault.NotFound) || err == nil && n.State == access.NodeRevoked {
		return access.Node{}, nil
	}
	return n, err
}

// county is a hub with a line: a real store, a real broker.
type county struct {
	t       testing.TB
	store   *store.Store
	intake  *intake.Service
	bus     *bus.Bus
	key     protocol.Key // signs answers
	keys    *signer.Ring
	files   *blob.Store
	dir     string
	addr    string
	reserve uint64
	mailbox int64       // bytes the stream may hold, unless 64 MiB
	tls     *tls.Config // of the broker; nil for none
	log     *book
	limits  bus.Limits
	outside bus.Options // what to use instead of the embedded broker
}

func newCounty(t testing.TB) *county {
	t.Helper()
	return newCountyOn(t, store.Options{Dir: storetest.Folder(t)})
}

// newCountyOn is newCounty on a certain database; with a key, on one that has
// been in use.
func newCountyOn(t testing.TB, o store.Options) *county {
	t.Helper()
	fresh := o.Keys == nil
	if fresh {
		key, err := protocol.NewHubKey()
		if err != nil {
			t.Fatal(err)
		}
		o.Keys = signer.Of(key)
	}
	s, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if fresh {
		storetest.Units(t, s)
		storetest.Columns(t, s)
	}
	c := &county{t: t, store: s, keys: o.Keys, key: o.Keys.Present(), dir: t.TempDir(), addr: testenv.Port(t), log: &book{}}
	s.OnDown(func(heads map[string]uint64) {
		if c.bus != nil {
			c.bus.Ring(heads)
		}
	})
	blobs, err := blob.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	c.files = blobs
	c.intake = intake.New(intake.Options{Store: s, Files: blobs, Log: c.log.logger()})
	t.Cleanup(func() {
		c.stop()
		if err := blobs.Close(); err != nil {
			t.Error(err)
		}
	})
	if fresh {
		c.start()
	}
	return c
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// start starts the broker, at the same address when it was up before.
func (c *county) start() {
	c.t.Helper()
	c.startWith(c.intake)
}

func (c *county) startWith(hub bus.Hub) {
	c.t.Helper()
	c.startOn(hub, registry{storetest.Access(c.store)})
}

func (c *county) startOn(hub bus.Hub, nodes bus.Registry) {
	c.t.Helper()
	mailbox := c.mailbox
	if mailbox == 0 {
		mailbox = 64 << 20
	}
	o := bus.Options{Listen: c.addr, Dir: c.dir, Reserve: c.reserve, TLS: c.tls}
	if c.outside.URL != "" {
		o = c.outside
	}
	o.Keys, o.Hub, o.Registry, o.Log, o.StreamBytes, o.Limits = c.keys, hub, nodes, c.log.logger(), mailbox, c.limits
	b, err := bus.Start(o)
	if err != nil {
		c.t.Fatal(err)
	}
	c.bus = b
	ctx, cancel := context.WithTimeout(c.t.Context(), time.Minute)
	defer cancel()
	if err := b.WaitReady(ctx); err != nil {
		c.t.Fatal(err)
	}
	if c.outside.URL == "" {
		_, c.addr, _ = strings.Cut(b.Address(), "://")
	}
}

func (c *county) stop() {
	if c.bus != nil {
		if err := c.bus.Close(); err != nil {
			c.t.Error(err)
		}
		c.bus = nil
	}
}

// client is a township's connection, made by hand.
type client struct {
	*storetest.Sender
	t  testing.TB
	nc *nats.Conn
}

func (c *county) dial(s *storetest.Sender, options ...nats.Option) (*nats.Conn, error) {
	return dialAt("nats://"+c.addr, s, options...)
}

func dialAt(url string, s *storetest.Sender, options ...nats.Option) (*nats.Conn, error) {
	options = append([]nats.Option{nats.Nkey(s.Key.Public(), func(nonce []byte) ([]byte, error) { return s.Key.Sign(nonce), nil }),
		nats.CustomInboxPrefix(protocol.InboxPrefix(s.Node.ID)), nats.NoReconnect()}, options...)
	return nats.Connect(url, options...)
}

func (c *county) client(unit string) *client {
	c.t.Helper()
	s := storetest.NewSender(c.t, c.store, unit)
	return &client{Sender: s, t: c.t, nc: c.connect(s)}
}

func (c *county) connect(s *storetest.Sender, options ...nats.Option) *nats.Conn {
	c.t.Helper()
	nc, err := c.dial(s, options...)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(nc.Close)
	return nc
}

// publish puts a frame into the stream and returns its position there.
func (n *client) publish(frame []byte) uint64 {
	n.t.Helper()
	m, err := n.nc.Request(protocol.UpSubject(n.Node.ID), frame, 10*time.Second)
	if err != nil {
		n.t.Fatal(err)
	}
	var ack struct {
		Seq   uint64          `json:"seq"`
		Error json.RawMessage `json:"error"`
	}
	if err := json.Unmarshal(m.Data, &ack); err != nil || ack.Seq == 0 {
		n.t.Fatalf("not acknowledged: %s", m.Data)
	}
	return ack.Seq
}

func (n *client) send(entries ...protocol.Entry) {
	n.t.Helper()
	n.publish(storetest.Frame(n.t, entries...))
}

// request asks like a node does, with what may be spoilt by change.
func (n *client) request(verb string, body []byte, change func(*nats.Msg)) (*nats.Msg, error) {
	n.t.Helper()
	m := nats.NewMsg(protocol.AskSubject(n.Node.ID, verb))
	m.Reply, m.Data = n.nc.NewInbox(), body
	sig := n.Key.Sign(protocol.RequestText(m.Subject, m.Reply, body))
	m.Header.Set(protocol.HeaderSig, base64.StdEncoding.EncodeToString(sig))
	if change != nil {
		change(m)
	}
	sub, err := n.nc.SubscribeSync(m.Reply)
	if err != nil {
		return nil, err
	}
	defer func() { _ = sub.Unsubscribe() }()
	if err := n.nc.PublishMsg(m); err != nil {
		return nil, err
	}
	return sub.NextMsg(3 * time.Second)
}

// ask asks and checks the hub's signature.
func (n *client) ask(c *county, verb string, request any) ([]byte, error) {
	n.t.Helper()
	body, err := json.Marshal(request)
	if err != nil {
		n.t.Fatal(err)
	}
	sig := ""
	m, err := n.request(verb, body, func(m *nats.Msg) { sig = m.Header.Get(protocol.HeaderSig) })
	if err != nil {
		n.t.Fatal(err)
	}
	code := m.Header.Get(protocol.HeaderError)
	key, err := protocol.ParsePublic(c.key.Public())
	if err != nil {
		n.t.Fatal(err)
	}
	own, err := base64.StdEncoding.DecodeString(m.Header.Get(protocol.HeaderSig))
	if err != nil || !key.Verify(protocol.AnswerText(sig, code, m.Data), own) {
		n.t.Fatalf("answer to %s is not the hub's: %v", verb, err)
	}
	if code == "" {
		return m.Data, nil
	}
	var f protocol.Fault
	if err := json.Unmarshal(m.Data, &f); err != nil {
		n.t.Fatal(err)
	}
	return nil, f
}

func (n *client) hello(c *county) (a protocol.HelloAnswer, err error) {
	n.t.Helper()
	data, err := n.ask(c, protocol.VerbHello, protocol.Hello{V: 1, Epoch: n.Epoch, Last: n.Seq, Clock: time.Now()})
	if err == nil {
		err = json.Unmarshal(data, &a)
	}
	return a, err
}

// await waits until f is true. It looks whenever the hub has written something,
// and twenty times a second for what shows nowhere.
func (c *county) await(what string, f func() bool) {
	c.t.Helper()
	c.awaitFor(time.Minute, what, f)
}

// awaitFor is await for what takes its time.
func (c *county) awaitFor(most time.Duration, what string, f func() bool) {
	c.t.Helper()
	limit := time.NewTimer(most)
	defer limit.Stop()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !f() {
		select {
		case <-tick.C:
		case <-limit.C:
			c.t.Fatalf("waiting in vain: %s", what)
		}
	}
}

func (c *county) cursor(node string) uint64 {
	c.t.Helper()
	n, err := c.store.NodeState(c.t.Context(), node)
	if err != nil {
		c.t.Fatal(err)
	}
	return n.Up
}

func faultCode(err error) protocol.Code {
	var f protocol.Fault
	errors.As(err, &f)
	return f.Code
}

// pull asks for down entries.
func (n *client) pull(c *county, after uint64) []protocol.Entry {
	n.t.Helper()
	data, err := n.ask(c, protocol.VerbPull, protocol.Pull{HubEpoch: c.store.Epoch(), After: after, MaxBytes: 1 << 20})
	if err != nil {
		n.t.Fatal(err)
	}
	entries, f := protocol.DecodeFrame(data)
	if f != nil {
		n.t.Fatal(f)
	}
	return entries
}
