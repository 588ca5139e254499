package bus_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"zhanqun/hub/access"
	"zhanqun/hub/bus"
	"zhanqun/hub/intake"
	"zhanqun/hub/store/storetest"
	"zhanqun/internal/ca"
	"zhanqun/internal/testenv"
	"zhanqun/internal/testline"
	"zhanqun/internal/trust"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// broker is a NATS server as an operator runs it: a process of its own, with the
// configuration that comes with the product.
type broker struct {
	t    testing.TB
	addr string
	dir  string
	cmd  *exec.Cmd
	log  *book
}

// newBrokers returns n servers that belong together, not started yet. own is the
// hub's key there.
func newBrokers(t testing.TB, own protocol.Key, n int) []*broker {
	t.Helper()
	conf, err := os.ReadFile("../../config/nats-server.conf")
	if err != nil {
		t.Fatal(err)
	}
	door, err := bus.DoorConfig(own)
	if err != nil {
		t.Fatal(err)
	}
	list := make([]*broker, n)
	routes := make([]string, n)
	for i := range list {
		list[i] = &broker{t: t, addr: freeAddress(t), dir: t.TempDir(), log: &book{}}
		routes[i] = "nats://" + freeAddress(t)
	}
	for i, b := range list {
		text := strings.NewReplacer("zhanqun-1", fmt.Sprintf("zhanqun-%d", i+1), "0.0.0.0:4222", b.addr, "/var/lib/nats", filepath.Join(b.dir, "store"),
			"0.0.0.0:6222", strings.TrimPrefix(routes[i], "nats://")).Replace(string(conf))
		if n > 1 {
			before, cluster, ok := strings.Cut(text, "# cluster {\n")
			cluster, after, ok2 := strings.Cut(cluster, "# }\n")
			if !ok || !ok2 {
				t.Fatal("the sample has no part for a cluster")
			}
			for j, r := range routes {
				cluster = strings.Replace(cluster, fmt.Sprintf("nats://10.0.0.%d:6222", j+1), r, 1)
			}
			text = before + "cluster {\n" + strings.ReplaceAll(cluster, "#", "") + "}\n" + after
		}
		for name, text := range map[string]string{"nats-server.conf": text, "zhanqun.conf": door} {
			if err := os.WriteFile(filepath.Join(b.dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		t.Cleanup(func() {
			b.kill()
			if t.Failed() {
				t.Logf("server %d says:\n%s", i+1, b.log.about(""))
			}
		})
	}
	return list
}

func (b *broker) start() {
	b.t.Helper()
	path := testenv.NATSServer(b.t)
	b.cmd = exec.CommandContext(context.WithoutCancel(b.t.Context()), path, "-c", filepath.Join(b.dir, "nats-server.conf"))
	b.cmd.Stdout, b.cmd.Stderr = b.log, b.log
	if err := b.cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
}

// kill ends the server at once, as a lost machine would.
func (b *broker) kill() {
	if b.cmd != nil {
		_ = b.cmd.Process.Kill()
		_ = b.cmd.Wait()
		b.cmd = nil
	}
}

// newOutside is a county whose hub works with servers of their own.
func newOutside(t testing.TB, n int) (*county, []*broker) {
	t.Helper()
	c := newCounty(t)
	c.stop()
	own, err := protocol.NewNodeKey()
	if err != nil {
		t.Fatal(err)
	}
	list := newBrokers(t, own, n)
	urls := make([]string, n)
	for i, b := range list {
		b.start()
		urls[i] = "nats://" + b.addr
	}
	c.outside = bus.Options{URL: strings.Join(urls, ","), Own: own, Replicas: n}
	c.addr = list[0].addr
	// The hub's broker goes before the servers, which are cleaned up first.
	t.Cleanup(c.stop)
	c.start()
	return c, list
}

// With a certificate of the hub's CA in the configuration that comes with the
// product, nodes know the server as the hub's, and take no other.
func TestExternalServerEncrypted(t *testing.T) {
	c := newCounty(t)
	c.stop()
	own, err := protocol.NewNodeKey()
	if err != nil {
		t.Fatal(err)
	}
	b := newBrokers(t, own, 1)[0]
	dir := t.TempDir()
	authority, err := ca.Open(dir, "hub", trust.By(c.key), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	key, chain, err := authority.Issue([]string{"127.0.0.1"}, 24*30*time.Hour, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	conf := filepath.Join(b.dir, "nats-server.conf")
	text, err := os.ReadFile(conf)
	if err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string][]byte{
		conf:                               []byte(strings.NewReplacer("# tls {", "tls {", "/etc/nats", b.dir).Replace(string(text))),
		filepath.Join(b.dir, "server.crt"): chain, filepath.Join(b.dir, "server.key"): key,
	} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b.start()
	c.outside = bus.Options{URL: "tls://" + b.addr, Own: own, Connect: []nats.Option{nats.RootCAs(filepath.Join(dir, ca.CertName))}}
	t.Cleanup(c.stop)
	c.start()
	tn := c.newTown(storetest.Sitang, "tls://"+b.addr)
	tn.start()
	tn.line("the line is encrypted", func(l queue.Line) bool { return l.Way == queue.WayDirectTLS })
	ids := tn.post(20)
	tn.confirmed()
	tn.stop()
	c.once(map[*town][]string{tn: ids})
}

// When the hub's line to a server of its own was cut and stands again, frames
// are read at once. The request that was under way is lost, and waiting for
// its heartbeats to stay away would take ten seconds.
func TestReadsOnAfterTheLineWasCut(t *testing.T) {
	t.Parallel() // it waits most of the time
	c, servers := newOutside(t, 1)
	c.stop()
	p := testline.New(t, servers[0].addr, 1)
	c.outside.URL = "nats://" + p.Addr()
	c.start()
	town := c.client(storetest.Tangtou)
	for range 3 {
		town.send(town.Submit(town.Text()))
		c.await("received", func() bool { return c.cursor(town.Node.ID) == town.Seq })
		p.Cut()
	}
	town.send(town.Submit(town.Text()))
	c.await("received", func() bool { return c.cursor(town.Node.ID) == town.Seq })
	if c.log.says("interrupted", "heartbeat") || !c.log.says("interrupted", "connected anew") {
		t.Errorf("reading went on for another reason:\n%s", c.log.about("interrupted"))
	}
}

// One server with the configuration that comes with the product: whom it lets
// in, and to what, the hub decides. What a hostile node tries fails as with the
// embedded one, and either the hub's log or the server's names it.
func TestHostileNodeAtAnExternalServer(t *testing.T) {
	c, servers := newOutside(t, 1)
	c.stop()
	c.limits = slowLimits
	c.start()
	victim := c.client(storetest.Tangtou)
	seen := map[string][]string{ // by the server alone
		"reads others' subjects": {"Subscription Violation"}, "works the stream": {"Publish Violation"}, "speaks for others": {"Publish Violation"},
		"sends too large a message": {"maximum payload exceeded"}, "subscribes a thousand times": {"maximum subscriptions exceeded"},
	}
	floods := map[string][]string{ // by what it sends and not by what the server says
		"floods what it may not": {"kept out", "too many messages"}, "does not read": {"kept out"},
	}
	for _, a := range attacks() {
		t.Run(a.name, func(t *testing.T) {
			c.t = t
			f := newFoe(c, &client{Sender: victim.Sender, t: t, nc: c.connect(victim.Sender)})
			defer func() {
				if t.Failed() {
					t.Log(c.log.about(f.Node.ID))
				}
			}()
			a.do(f)
			where, words := c.log, a.log
			if in, ok := seen[a.name]; ok {
				where, words = servers[0].log, in
			} else if in, ok := floods[a.name]; ok {
				words = in
			}
			c.await("the log names the node: "+strings.Join(words, " "), func() bool { return where.says(append(words, f.Node.ID)...) })
			// Its mailbox may be full for a moment with what others made the broker
			// write there.
			v := f.victim
			frame := storetest.Frame(t, v.Submit(v.Text()))
			c.await("a good node is not refused", func() bool { return v.refused(frame) == 0 })
			c.await("a good node goes on", func() bool { return c.cursor(v.Node.ID) == v.Seq })
		})
		c.t = t
	}
}

// An external server lets a node in the moment it is enrolled, and it is out a
// moment after it was revoked, even if the hub was started in between.
func TestExternalServerAsksTheHub(t *testing.T) {
	c, _ := newOutside(t, 1)
	stranger, err := protocol.NewNodeKey()
	if err != nil {
		t.Fatal(err)
	}
	if nc, err := nats.Connect("nats://"+c.addr, nats.NoReconnect(), nats.Nkey(stranger.Public(), func(nonce []byte) ([]byte, error) { return stranger.Sign(nonce), nil })); err == nil {
		nc.Close()
		t.Error("a stranger got in")
	}
	if nc, err := nats.Connect("nats://"+c.addr, nats.NoReconnect()); err == nil {
		nc.Close()
		t.Error("nobody got in")
	}
	for name, restart := range map[string]bool{"known": false, "hub started anew": true} {
		t.Run(name, func(t *testing.T) {
			c.t = t
			n := storetest.NewSender(t, c.store, storetest.Sitang)
			gone := make(chan struct{})
			town := &client{Sender: n, t: t, nc: c.connect(n, nats.ClosedHandler(func(*nats.Conn) { close(gone) }))}
			if a, err := town.hello(c); err != nil || a.Cursor != 0 {
				t.Fatalf("hello: %+v, %v", a, err)
			}
			town.send(town.Submit(town.Text()))
			c.await("received", func() bool { return c.cursor(n.Node.ID) == 1 })
			if restart {
				c.stop()
				c.start()
			}
			people := storetest.Access(c.store)
			people.OnRevoked(func(n access.Node) { c.bus.Drop(n.ID) })
			if _, err := people.RevokeNode(t.Context(), storetest.Admin(), n.Node.ID, "电脑被盗"); err != nil {
				t.Fatal(err)
			}
			at := time.Now()
			select {
			case <-gone:
			case <-time.After(10 * time.Second):
				t.Fatal("still connected")
			}
			t.Logf("disconnected %v after it was revoked", time.Since(at))
			if nc, err := c.dial(n); err == nil {
				nc.Close()
				t.Error("back in")
			}
		})
		c.t = t
	}
}

// Three servers hold what nodes send three times: one is lost, the hub's own
// connection and the node's with it, and nothing is missing, doubled or out of
// order; it comes back, and the next one goes.
func TestClusterLosesAServer(t *testing.T) {
	c, servers := newOutside(t, 3)
	urls := strings.Split(c.outside.URL, ",")
	n := storetest.NewSender(t, c.store, storetest.Sitang)
	first := c.bus.Conn().ConnectedUrl() // the hub's
	nc, err := nats.Connect(first+","+c.outside.URL, nats.DontRandomize(), nats.Nkey(n.Key.Public(), func(nonce []byte) ([]byte, error) { return n.Key.Sign(nonce), nil }),
		nats.CustomInboxPrefix(protocol.InboxPrefix(n.Node.ID)), nats.MaxReconnects(-1), nats.ReconnectWait(100*time.Millisecond), nats.IgnoreAuthErrorAbort(),
		nats.ReconnectBufSize(-1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	town := &client{Sender: n, t: t, nc: nc}
	// deliver sends an entry until the servers have it, as a node does.
	deliver := func() {
		t.Helper()
		frame := storetest.Frame(t, n.Submit(n.Text()))
		c.await("the servers take it", func() bool {
			m, err := nc.Request(protocol.UpSubject(n.Node.ID), frame, time.Second)
			return err == nil && !strings.Contains(string(m.Data), `"error"`)
		})
	}
	all := func() {
		t.Helper()
		c.awaitFor(time.Minute, "everything is received", func() bool { return c.cursor(n.Node.ID) == n.Seq })
	}
	if s, _ := c.stream(); s.CachedInfo().Config.Replicas != 3 {
		t.Fatalf("%d replicas", s.CachedInfo().Config.Replicas)
	}
	for _, whose := range []func() string{nc.ConnectedUrl, func() string {
		s, _ := c.stream()
		for i, b := range servers {
			if fmt.Sprintf("zhanqun-%d", i+1) == s.CachedInfo().Cluster.Leader {
				return "nats://" + b.addr
			}
		}
		return ""
	}} {
		for range 20 {
			deliver()
		}
		all()
		lost := servers[slices.Index(urls, whose())]
		for range 10 {
			deliver()
		}
		lost.kill()
		began := time.Now()
		for range 20 {
			deliver()
		}
		taken := time.Since(began)
		all()
		t.Logf("%s was lost; 20 frames later taken after %v, received after %v", lost.addr, taken, time.Since(began))
		if _, err := town.hello(c); err != nil {
			t.Errorf("hello: %v", err)
		}
		lost.start()
		c.await("it is back", func() bool {
			s, _ := c.stream()
			in := s.CachedInfo().Cluster
			return in != nil && len(in.Replicas) == 2 && !slices.ContainsFunc(in.Replicas, func(p *jetstream.PeerInfo) bool { return p.Offline || !p.Current })
		})
	}
	if list, err := c.intake.Refusals(t.Context(), intake.KeptQuery{Node: n.Node.ID}); err != nil || len(list) > 0 {
		t.Errorf("refused: %+v, %v", list, err)
	}
	people := storetest.Access(c.store)
	people.OnRevoked(func(n access.Node) { c.bus.Drop(n.ID) })
	lost := nc.StatusChanged(nats.RECONNECTING, nats.CLOSED)
	if _, err := people.RevokeNode(t.Context(), storetest.Admin(), n.Node.ID, "电脑被盗"); err != nil {
		t.Fatal(err)
	}
	at := time.Now()
	select {
	case <-lost:
		t.Logf("disconnected %v after it was revoked; the hub at %s", time.Since(at), c.bus.Conn().ConnectedUrl())
	case <-time.After(10 * time.Second):
		t.Error("still connected")
	}
}
