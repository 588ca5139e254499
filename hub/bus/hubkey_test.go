package bus_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"zhanqun/hub/signer"
	"zhanqun/hub/store"
	"zhanqun/hub/store/storetest"
	"zhanqun/node/queue"
)

// noting lets the hub write down what nodes say of themselves, until the test ends.
func (c *county) noting() {
	c.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.intake.Run(ctx)
	}()
	c.t.Cleanup(func() {
		stop()
		<-done
	})
}

// rotate takes another key of the hub and tells nodes of it, as serve does.
func (c *county) rotate(stolen bool) {
	c.t.Helper()
	if err := c.keys.Rotate(stolen); err != nil {
		c.t.Fatal(err)
	}
	if err := c.store.TakeKey(c.t.Context(), "test"); err != nil {
		c.t.Fatal(err)
	}
	c.follow()
}

func (c *county) follow() {
	c.t.Helper()
	if _, err := c.store.FollowKey(c.t.Context(), 100); err != nil {
		c.t.Fatal(err)
	}
}

// knownBy waits until the hub knows that a town knows it by its present key.
func (tn *town) knownBy() {
	tn.c.t.Helper()
	tn.c.await("the town has followed", func() bool {
		tn.c.follow() // it may just have said that it knows such words
		n, err := tn.c.store.NodeByID(tn.c.t.Context(), tn.id.Node)
		if err != nil {
			tn.c.t.Fatal(err)
		}
		return n.HubKey == tn.c.keys.Present().Public()
	})
}

// The hub takes another key while a town works, and two more while it is away, and the
// hub is started again. Everything arrives, and the town knows the last one.
func TestHubKeyWhileWorking(t *testing.T) {
	c := newCounty(t)
	c.noting()
	tn := c.newTown(storetest.Sitang, c.addr)
	tn.start()
	tn.settled()
	tn.knownBy()
	ids := tn.post(10)
	c.rotate(false)
	ids = append(ids, tn.post(10)...)
	tn.knownBy()
	tn.confirmed()
	tn.stop()
	c.rotate(false)
	ids = append(ids, tn.post(3)...)
	c.rotate(false)
	c.stop() // and the hub is started again meanwhile
	c.start()
	tn.start()
	tn.confirmed()
	tn.knownBy()
	keys, err := tn.q.HubKeys(t.Context())
	if err != nil || len(keys.Former) != 3 {
		t.Errorf("%+v, %v", keys, err)
	}
	c.eachOnce(ids)
	if list := refusals(t, c); len(list) != 0 {
		t.Errorf("refused: %v", list)
	}
}

// A program that is older than such words hears the key it knows, for ever.
func TestHubKeyAndAnOldProgram(t *testing.T) {
	c := newCounty(t)
	s := c.client(storetest.Sitang)
	c.rotate(false)
	if a, err := s.hello(c); err != nil || a.Head != 1 { // ask checks by the first key
		t.Errorf("%+v, %v", a, err)
	}
	c.follow()
	if n, err := c.store.NodeByID(t.Context(), s.Node.ID); err != nil || n.DownSeq != 1 {
		t.Errorf("it was told %d entries, %v", n.DownSeq, err)
	}
}

// A hub that was restored from before it took its key is not believed, finds out,
// and goes on where it was with the key put back. Nothing has to join again.
func TestRestoredFromBeforeItsKey(t *testing.T) {
	c := newCounty(t)
	c.noting()
	tn := c.newTown(storetest.Sitang, c.addr)
	tn.start()
	tn.settled()
	tn.knownBy()
	k := c.keep()
	ids := tn.post(2)
	tn.confirmed()
	c.rotate(false)
	tn.knownBy()
	all := c.keys
	c.stop()

	c.keys = signer.Of(all.All()[1])
	to := store.Options{Dir: storetest.Folder(t)}
	c = c.restored(k, to)
	tn.c = c
	tn.line("it says why it stops", func(l queue.Line) bool { return strings.Contains(l.Error, "旧密钥") })
	c.await("the hub finds out", func() bool { return c.log.says("does not have", tn.id.Node) })
	ids = append(ids, tn.post(1)...)
	c.stop()

	to.Keys = all
	again := newCountyOn(t, to)
	again.addr = c.addr
	c, tn.c = again, again
	c.noting()
	c.start()
	tn.confirmed()
	tn.knownBy()
	c.eachOnce(ids)
}

// A town that knows only a stolen key believes nobody, loses nothing, and joins again.
func TestStolenHubKey(t *testing.T) {
	c := newCounty(t)
	c.noting()
	tn := c.newTown(storetest.Sitang, c.addr)
	tn.start()
	tn.settled()
	tn.knownBy()
	c.rotate(true)
	ids := tn.post(1)
	tn.line("it says why it stops", func(l queue.Line) bool { return strings.Contains(l.Error, "签名不") })
	tn.stop()
	tn.rejoin(c.invite(storetest.Sitang, tn.id.Node))
	tn.start()
	tn.confirmed()
	c.eachOnce(ids)
}

// Files carry the hub's next key as the line does. One made with the key before is
// out of date then.
func TestHubKeyByBundle(t *testing.T) {
	c := newCounty(t)
	c.noting()
	desk, _ := c.desk()
	x := &carried{c.newTown(storetest.Sitang, c.addr), desk}
	ids := x.post(1)
	x.walk()
	c.await("the hub knows what the town knows", func() bool {
		n, err := c.store.NodeByID(t.Context(), x.id.Node)
		return err == nil && n.HubKey != ""
	})
	late := x.answer()
	c.rotate(false)
	c.await("it is told", func() bool { c.follow(); return c.head(x.id.Node) > x.cursors().Down })
	ids = append(ids, x.post(1)...)
	x.walk()
	if err := x.take(late); !strings.Contains(fmt.Sprint(err), "旧密钥") {
		t.Errorf("made with the former key: %v", err)
	}
	for range 2 {
		ids = append(ids, x.post(1)...)
		x.walk()
	}
	keys, err := x.q.HubKeys(t.Context())
	if err != nil || keys.Present.String() != c.keys.Present().Public() || len(keys.Former) != 1 {
		t.Errorf("%+v, %v", keys, err)
	}
	if cur := x.cursors(); cur.Confirmed != cur.Last {
		t.Errorf("cursors %+v", cur)
	}
	c.eachOnce(ids)
}
