package bus_test

import (
	"context"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"zhanqun/hub/bus"
	"zhanqun/hub/store/storetest"
	"zhanqun/protocol"
)

// A broker of its own, run by an operator who lets the hub and the nodes in.
// The hub may start before it, and stands by itself what the broker does not
// know: a revoked node's requests are refused and its frames ignored.
func TestExternalBroker(t *testing.T) {
	c := newCounty(t)
	c.stop()
	n := storetest.NewSender(t, c.store, storetest.Sitang)
	own, err := protocol.NewNodeKey()
	if err != nil {
		t.Fatal(err)
	}
	addr := freeAddress(t)
	b, err := bus.Start(bus.Options{URL: "nats://" + addr, Keys: c.keys, Hub: c.intake, Registry: registry{storetest.Access(c.store)}, Log: quiet(),
		StreamBytes: 64 << 20, Connect: []nats.Option{nats.Nkey(own.Public(), func(nonce []byte) ([]byte, error) { return own.Sign(nonce), nil }),
			nats.ReconnectWait(50 * time.Millisecond)}})
	if err != nil {
		t.Fatal(err)
	}
	c.bus, c.addr = b, addr
	if b.Health() == nil {
		t.Error("healthy without a broker")
	}

	grants := protocol.GrantsOf(n.Node.ID)
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.NewServer(&server.Options{Host: host, Port: number, JetStream: true, StoreDir: t.TempDir(), SyncAlways: true, NoSigs: true, NoLog: true,
		Nkeys: []*server.NkeyUser{{Nkey: own.Public()}, {Nkey: n.Key.Public(), Permissions: &server.Permissions{
			Publish: &server.SubjectPermission{Allow: grants.Publish}, Subscribe: &server.SubjectPermission{Allow: grants.Subscribe}}}}})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() {
		c.stop()
		s.Shutdown()
		s.WaitForShutdown()
	})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := b.WaitReady(ctx); err != nil {
		t.Fatal(err)
	}
	town := &client{Sender: n, t: t, nc: c.connect(n)}
	if a, err := town.hello(c); err != nil || a.Cursor != 0 {
		t.Fatalf("hello: %+v, %v", a, err)
	}
	town.send(town.Submit(town.Text()))
	c.await("received", func() bool { return c.cursor(n.Node.ID) == 1 })
	if st, err := b.Stats(t.Context()); err != nil || st.Behind != 0 {
		t.Errorf("stats %+v, %v", st, err)
	}

	if _, err := storetest.Access(c.store).RevokeNode(t.Context(), storetest.Admin(), n.Node.ID, "电脑被盗"); err != nil {
		t.Fatal(err)
	}
	b.Drop(n.Node.ID)
	if _, err := town.hello(c); faultCode(err) != protocol.CodeRevoked {
		t.Errorf("hello of a revoked node: %v", err)
	}
	town.send(town.Submit(town.Text()))
	c.await("read", func() bool { st, err := b.Stats(t.Context()); return err == nil && st.Behind == 0 })
	if at := c.cursor(n.Node.ID); at != 1 {
		t.Errorf("cursor %d", at)
	}
}

// A broker with little room still gets a stream, as large as it agrees to.
func TestExternalBrokerWithLittleRoom(t *testing.T) {
	c := newCounty(t)
	c.stop()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), JetStreamMaxStore: 1 << 30,
		JetStreamMaxMemory: 1 << 20, SyncAlways: true, NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() {
		c.stop()
		s.Shutdown()
		s.WaitForShutdown()
	})
	for range 2 { // the second time the stream is there
		if c.bus, err = bus.Start(bus.Options{URL: s.ClientURL(), Keys: c.keys, Hub: c.intake, Registry: registry{storetest.Access(c.store)}, Log: quiet()}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		if err := c.bus.WaitReady(ctx); err != nil {
			t.Fatal(err)
		}
		stream, _ := c.stream()
		if got := stream.CachedInfo().Config.MaxBytes; got < 64<<20 || got > 1<<30 {
			t.Errorf("stream of %d bytes", got)
		}
		c.stop()
	}
}

// freeAddress is one that nobody listens on yet.
func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
