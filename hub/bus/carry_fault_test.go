package bus_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zhanqun/hub/bus"
	"zhanqun/hub/signer"
	"zhanqun/hub/store/storetest"
	"zhanqun/internal/testline"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// The line is cut again and again while items go out.
func TestFlappingLine(t *testing.T) {
	c := newCounty(t)
	p := testline.New(t, c.addr, 1)
	tn := c.newTown(storetest.Sitang, p.Addr())
	tn.start()
	tn.settled()
	p.Set(testline.Weather{Rate: 1 << 20})
	ids := tn.post(400)
	for range 8 {
		from := tn.cursors().Sent
		c.await("something goes out", func() bool { cur := tn.cursors(); return cur.Sent > from || cur.Confirmed == cur.Last })
		p.Cut()
	}
	p.Set(testline.Weather{})
	tn.confirmed()
	c.once(map[*town][]string{tn: ids})
}

// Acknowledgements get lost: what was sent comes again and counts once.
func TestLostAcknowledgements(t *testing.T) {
	c := newCounty(t)
	p := testline.New(t, c.addr, 1)
	tn := c.newTown(storetest.Sitang, p.Addr())
	tn.start()
	tn.settled()
	var ids []string
	for range 3 {
		before := len(c.received())
		p.Set(testline.Weather{Mute: true})
		ids = append(ids, tn.post(20)...)
		c.await("the hub has some", func() bool { return len(c.received()) > before })
		if cur := tn.cursors(); cur.Confirmed == cur.Last {
			t.Error("the node knows what nobody told it")
		}
		p.Set(testline.Weather{})
		p.Cut()
		tn.confirmed()
	}
	c.once(map[*town][]string{tn: ids})
}

// The hub is stopped and started again in the middle.
func TestHubRestartsMidway(t *testing.T) {
	c := newCounty(t)
	tn := c.newTown(storetest.Sitang, c.addr)
	tn.start()
	tn.settled()
	var ids []string
	for range 3 {
		ids = append(ids, tn.post(100)...)
		c.stop()
		ids = append(ids, tn.post(100)...)
		c.start()
	}
	tn.confirmed()
	c.once(map[*town][]string{tn: ids})
}

// away is a hub whose database is gone: nothing is answered, nothing applied.
type away struct {
	bus.Hub
}

func (a away) Hello(context.Context, string, protocol.Hello, uint64) (protocol.HelloAnswer, error) {
	return protocol.HelloAnswer{}, errors.New("database away")
}

func (a away) Pull(context.Context, string, protocol.Pull) ([]protocol.Entry, uint64, error) {
	return nil, 0, errors.New("database away")
}

func (a away) Receive(ctx context.Context, stream string, created int64, frames []bus.Frame) (func(context.Context) ([]string, error), error) {
	return func(ctx context.Context) ([]string, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}, nil
}

// With the hub down and the broker up, entries still leave the node.
func TestBrokerTakesWhatTheHubCannot(t *testing.T) {
	c := newCounty(t)
	tn := c.newTown(storetest.Sitang, c.addr)
	tn.start()
	tn.settled()
	tn.stop()
	c.stop()
	c.startWith(away{Hub: c.intake})
	tn.start()
	ids := tn.post(50)
	c.await("everything is sent", func() bool { cur := tn.cursors(); return cur.Sent == cur.Last })
	if cur := tn.cursors(); cur.Confirmed != 0 {
		t.Errorf("confirmed %d", cur.Confirmed)
	}
	tn.line("it says why", func(l queue.Line) bool { return l.Connected && strings.Contains(l.Error, "忙") })
	c.stop()
	c.start()
	tn.confirmed()
	tn.line("all is well", func(l queue.Line) bool { return l.Connected && l.Error == "" })
	c.once(map[*town][]string{tn: ids})
}

// The broker loses what it had acknowledged: the node sends it again.
func TestStreamPurgedUnread(t *testing.T) {
	c := newCounty(t)
	tn := c.newTown(storetest.Sitang, c.addr)
	tn.start()
	tn.settled()
	first := tn.post(5)
	tn.confirmed()
	c.stop()
	c.startWith(away{Hub: c.intake})
	lost := tn.post(30)
	c.await("everything is sent", func() bool { cur := tn.cursors(); return cur.Sent == cur.Last })
	s, js := c.stream()
	if err := s.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := js.DeleteStream(t.Context(), protocol.Stream); err != nil {
		t.Fatal(err)
	}
	c.stop()
	c.start()
	tn.confirmed()
	c.once(map[*town][]string{tn: append(first, lost...)})
}

// A copied data folder is found out, and both machines say why they stopped.
func TestCopiedNodeIsFrozen(t *testing.T) {
	c := newCounty(t)
	dir := t.TempDir()
	tn := c.openTown(dir, storetest.Sitang, c.addr)
	tn.start()
	tn.settled()
	tn.post(3)
	tn.confirmed()
	tn.stop()
	if err := tn.q.Close(); err != nil {
		t.Fatal(err)
	}
	copied := t.TempDir()
	if err := os.CopyFS(filepath.Join(copied, "node"), os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	one, two := c.openTown(dir, "", ""), c.openTown(filepath.Join(copied, "node"), "", "")
	one.start()
	one.post(2)
	one.confirmed()
	one.stop()
	two.post(2)
	two.start()
	two.line("the copy says why", func(l queue.Line) bool { return strings.Contains(l.Error, "两台电脑") })
	two.stop()
	if cur := two.cursors(); cur.Confirmed != 3 {
		t.Errorf("the copy takes %d of its five for received, only three ever were its own", cur.Confirmed)
	}
	one.start()
	one.line("the original says why", func(l queue.Line) bool { return strings.Contains(l.Error, "两台电脑") })
	if got := c.received(); len(got) != 5 {
		t.Errorf("%d items received, want the five of the first machine", len(got))
	}
}

// A revoked node is told, in words, and keeps what it has.
func TestRevokedNodeSaysSo(t *testing.T) {
	c := newCounty(t)
	tn := c.newTown(storetest.Sitang, c.addr)
	tn.start()
	tn.settled()
	if _, err := storetest.Access(c.store).RevokeNode(t.Context(), storetest.Admin(), tn.id.Node, "电脑被盗"); err != nil {
		t.Fatal(err)
	}
	c.bus.Drop(tn.id.Node)
	tn.line("it says why", func(l queue.Line) bool { return !l.Connected && strings.Contains(l.Error, "停用") })
	tn.post(2)
	if cur := tn.cursors(); cur.Last != 2 || cur.Sent != 0 {
		t.Errorf("cursors %+v", cur)
	}
}

// A hub with another key is not believed.
func TestAnotherHubIsNotBelieved(t *testing.T) {
	c := newCounty(t)
	tn := c.newTown(storetest.Sitang, c.addr)
	key, err := protocol.NewHubKey()
	if err != nil {
		t.Fatal(err)
	}
	c.keys = signer.Of(key)
	c.stop()
	c.start()
	tn.start()
	tn.line("it says why", func(l queue.Line) bool { return strings.Contains(l.Error, "签名不符") })
	if cur := tn.cursors(); cur.Down != 0 {
		t.Errorf("applied %d entries", cur.Down)
	}
}

// Silence at the other end does not keep a node from stopping.
func TestStopsWhileTheHubIsSilent(t *testing.T) {
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() // accepts by the system, says nothing
	c := newCounty(t)
	tn := c.newTown(storetest.Sitang, l.Addr().String())
	tn.start()
	tn.post(1)
	began := time.Now()
	tn.stop()
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("stopping took %v", took)
	}
}

// frozenWords reports whether a machine says that two use one identity.
func frozenWords(l queue.Line) bool { return strings.Contains(l.Error, "两台电脑") }
