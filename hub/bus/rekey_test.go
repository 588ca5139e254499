package bus_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"zhanqun/hub/access"
	"zhanqun/hub/bus"
	"zhanqun/hub/intake"
	"zhanqun/hub/store"
	"zhanqun/hub/store/storetest"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// key is the fingerprint of the key with which a town signs, and of the one the
// hub has of it.
func (tn *town) key() (own, hub string, former string) {
	tn.c.t.Helper()
	r, err := tn.q.Rotation(tn.c.t.Context())
	if err != nil {
		tn.c.t.Fatal(err)
	}
	n, err := tn.c.store.NodeByID(tn.c.t.Context(), tn.id.Node)
	if err != nil {
		tn.c.t.Fatal(err)
	}
	return r.Key, protocol.KeyFingerprint(n.PublicKey), n.FormerKey
}

// rekeyed waits until both have another key than before and the former is worth
// nothing.
func (tn *town) rekeyed(before string) {
	tn.c.t.Helper()
	tn.c.await("another key", func() bool {
		own, hub, former := tn.key()
		return own != before && own == hub && former == ""
	})
}

func (tn *town) askRotate() {
	tn.c.t.Helper()
	if err := tn.q.AskRotate(tn.c.t.Context()); err != nil {
		tn.c.t.Fatal(err)
	}
}

// A node takes another key while it works: all that is handed in before, during
// and after arrives once and in order, and the former key opens nothing any more.
func TestAnotherKeyWhileWorking(t *testing.T) {
	c := newCounty(t)
	tn := c.newTown(storetest.Sitang, c.addr)
	tn.start()
	tn.settled()
	thief := &storetest.Sender{Key: tn.id.Key}
	thief.Node.ID = tn.id.Node
	ids := tn.post(20)
	tn.confirmed()
	before, _, _ := tn.key()
	tn.askRotate()
	ids = append(ids, tn.post(40)...)
	tn.rekeyed(before)
	ids = append(ids, tn.post(20)...)
	tn.confirmed()
	if got := c.received(); len(got) != len(ids) {
		t.Errorf("%d items received of %d", len(got), len(ids))
	}
	seen := map[string]bool{}
	for _, id := range c.received() {
		if seen[id] {
			t.Errorf("item %s was received twice", id)
		}
		seen[id] = true
	}
	if nc, err := c.dial(thief, nats.Name("zhanqun line")); err == nil {
		nc.Close()
		t.Error("the former key gets in")
	}
	// The county asks for it as well.
	before, _, _ = tn.key()
	if _, err := storetest.Access(c.store).RotateNode(t.Context(), storetest.Admin(), tn.id.Node); err != nil {
		t.Fatal(err)
	}
	tn.rekeyed(before)
	tn.post(1)
	tn.confirmed()
	if list := refusals(t, c); len(list) != 0 {
		t.Errorf("refused: %v", list)
	}
}

// eachOnce holds that the county has each of the items once.
func (c *county) eachOnce(ids []string) {
	c.t.Helper()
	seen := map[string]int{}
	for _, id := range c.received() {
		seen[id]++
	}
	for _, id := range ids {
		if seen[id] != 1 {
			c.t.Errorf("item %s was received %d times", id, seen[id])
		}
	}
}

func refusals(t *testing.T, c *county) (list []string) {
	t.Helper()
	kept, err := c.intake.Refusals(t.Context(), keptQuery)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range kept {
		list = append(list, string(k.Code)+" "+k.Kind)
	}
	return list
}

// lossy is a registry that takes another key and fails to say so, some times.
type lossy struct {
	registry
	lose atomic.Int32
}

func (r *lossy) Rekey(ctx context.Context, node, by string, q protocol.Rekey) error {
	if err := r.registry.Rekey(ctx, node, by, q); err != nil {
		return err
	}
	if r.lose.Add(-1) >= 0 {
		return errors.New("killed after the commit")
	}
	return nil
}

// Either side may die at any step: the node has its old key or the new one, the
// hub lets both in until the new one has been used, and all goes on.
func TestKilledWhileTakingAnotherKey(t *testing.T) {
	t.Run("the hub after its commit", func(t *testing.T) {
		c := newCounty(t)
		r := &lossy{registry: registry{storetest.Access(c.store)}}
		r.lose.Store(1)
		c.stop()
		c.startOn(c.intake, r)
		tn := c.newTown(storetest.Sitang, c.addr)
		tn.start()
		tn.settled()
		before, _, _ := tn.key()
		tn.askRotate()
		c.await("the hub has the new key, the node the old one", func() bool {
			own, hub, former := tn.key()
			return own == before && hub != before && former != ""
		})
		// Both work with the old key, and after a restart of both.
		ids := tn.post(3)
		tn.confirmed()
		tn.stop()
		c.stop()
		c.startOn(c.intake, r)
		tn.start()
		tn.rekeyed(before)
		ids = append(ids, tn.post(3)...)
		tn.confirmed()
		if got := c.received(); len(got) != len(ids) {
			t.Errorf("%d items received of %d", len(got), len(ids))
		}
	})

	t.Run("the node before its commit, with the next key lost", func(t *testing.T) {
		c := newCounty(t)
		tn := c.newTown(storetest.Sitang, c.addr)
		before, _, _ := tn.key()
		other, err := protocol.NewNodeKey()
		if err != nil {
			t.Fatal(err)
		}
		by := tn.id.Key.Public()
		err = storetest.Access(c.store).Rekey(t.Context(), tn.id.Node, by, protocol.Rekey{Key: other.Public(), Proof: other.Sign(protocol.RekeyText(tn.id.Node, by, other.Public()))})
		if err != nil {
			t.Fatal(err)
		}
		tn.askRotate()
		ids := tn.post(2)
		tn.start()
		tn.rekeyed(before)
		if own, _, _ := tn.key(); own == protocol.KeyFingerprint(other.Public()) {
			t.Error("it has a key it never knew")
		}
		tn.confirmed()
		c.once(map[*town][]string{tn: ids})
	})

	t.Run("the node after its commit", func(t *testing.T) {
		c := newCounty(t)
		dir := t.TempDir()
		tn := c.openTown(dir, storetest.Sitang, c.addr)
		before, _, _ := tn.key()
		next, err := tn.q.NextKey(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		old, err := os.ReadFile(filepath.Join(dir, "node.seed"))
		if err != nil {
			t.Fatal(err)
		}
		by := tn.id.Key.Public()
		err = storetest.Access(c.store).Rekey(t.Context(), tn.id.Node, by, protocol.Rekey{Key: next.Public(), Proof: next.Sign(protocol.RekeyText(tn.id.Node, by, next.Public()))})
		if err != nil {
			t.Fatal(err)
		}
		ids := tn.post(2)
		if err := tn.q.ChangeKey(t.Context(), next); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, tn.post(2)...)
		// As if it had been killed before the files were in place.
		if err := os.Rename(filepath.Join(dir, "node.seed"), filepath.Join(dir, "node.seed.next")); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "node.seed"), old, 0o600); err != nil {
			t.Fatal(err)
		}
		beside, err := queue.Open(t.Context(), queue.Options{Dir: dir, Log: quiet(), Reserve: -1})
		if err != nil {
			t.Fatal(err)
		}
		if err := beside.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(dir, "node.seed.next")); err == nil {
			t.Error("the key is not in place after opening")
		}
		tn.start()
		tn.rekeyed(before)
		tn.confirmed()
		c.once(map[*town][]string{tn: ids})
	})
}

// Who may not have another key is told so and goes on with the one he has.
func TestAnotherKeyRefused(t *testing.T) {
	c := newCounty(t)
	a := storetest.Access(c.store)
	tn := c.newTown(storetest.Sitang, c.addr)
	other := storetest.NewSender(t, c.store, storetest.Tangtou)
	by := tn.id.Key.Public()
	fresh, err := protocol.NewNodeKey()
	if err != nil {
		t.Fatal(err)
	}
	ask := func(by string, key, prover protocol.Key) protocol.Code {
		return faultCode(a.Rekey(t.Context(), tn.id.Node, by, protocol.Rekey{Key: key.Public(), Proof: prover.Sign(protocol.RekeyText(tn.id.Node, by, key.Public()))}))
	}
	hub, err := protocol.NewHubKey()
	if err != nil {
		t.Fatal(err)
	}
	for name, code := range map[string][2]protocol.Code{
		"somebody else's key":       {ask(by, other.Key, fresh), protocol.CodeSignature},
		"another node's own":        {ask(by, other.Key, other.Key), protocol.CodeState},
		"a hub's key":               {ask(by, hub, hub), protocol.CodeField},
		"a key that is not its own": {ask(other.Key.Public(), fresh, fresh), protocol.CodeState},
	} {
		if code[0] != code[1] {
			t.Errorf("%s: %s, want %s", name, code[0], code[1])
		}
	}
	if _, err := a.FreezeNode(t.Context(), storetest.Admin(), tn.id.Node, "查一下"); err != nil {
		t.Fatal(err)
	}
	if got := ask(by, fresh, fresh); got != protocol.CodeState {
		t.Errorf("a frozen node: %s", got)
	}
	if _, err := a.RotateNode(t.Context(), storetest.Admin(), tn.id.Node); !errors.Is(err, access.ErrNotActive) {
		t.Errorf("asking a frozen node: %v", err)
	}
	if n, err := c.store.NodeByID(t.Context(), tn.id.Node); err != nil || n.PublicKey != by || n.FormerKey != "" {
		t.Errorf("%+v, %v", n, err)
	}
}

var keptQuery = intake.KeptQuery{Limit: 100}

var _ bus.Registry = (*lossy)(nil)

// A county restored from a backup that is older than a node's key knows only the
// former one: the node announces its key once more, and gives everything back.
func TestAnotherKeyAndAnOlderBackup(t *testing.T) {
	c := newCounty(t)
	tn := c.newTown(storetest.Sitang, c.addr)
	tn.start()
	tn.settled()
	ids := tn.post(3)
	tn.confirmed()
	k := c.keep()
	before, _, _ := tn.key()
	tn.askRotate()
	tn.rekeyed(before)
	ids = append(ids, tn.post(3)...)
	tn.confirmed()
	now, _, _ := tn.key()
	c.stop()
	again := c.restored(k, store.Options{Dir: storetest.Folder(t)})
	tn.c = again
	again.await("the hub knows the key", func() bool {
		own, hub, former := tn.key()
		return own == now && hub == now && former == ""
	})
	ids = append(ids, tn.post(2)...)
	again.await("everything is there", func() bool { return len(again.received()) >= len(ids) })
	tn.confirmed()
	again.eachOnce(ids)
	if list := refusals(t, again); len(list) != 0 {
		t.Errorf("refused: %v", list)
	}
}

// Key after key, cut short at any moment on either side: nothing is lost, nothing
// comes twice, nothing is refused.
func TestKeyAfterKey(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	dice := rand.New(rand.NewPCG(seed, 0)) // #nosec G404 -- a test
	c := newCounty(t)
	tn := c.newTown(storetest.Sitang, c.addr)
	tn.start()
	tn.settled()
	var ids []string
	for range 8 {
		before, _, _ := tn.key()
		tn.askRotate()
		for range 1 + dice.IntN(3) {
			ids = append(ids, tn.post(1+dice.IntN(6))...)
			switch dice.IntN(4) {
			case 0:
				tn.stop()
				tn.start()
			case 1:
				c.stop()
				c.start()
			}
		}
		tn.rekeyed(before)
	}
	tn.confirmed()
	c.eachOnce(ids)
	if list := refusals(t, c); len(list) != 0 {
		t.Errorf("refused: %v", list)
	}
}

// A server of its own that asks the hub lets the new key in at once, too.
func TestAnotherKeyAtAnExternalServer(t *testing.T) {
	c, _ := newOutside(t, 1)
	tn := c.newTown(storetest.Sitang, c.addr)
	tn.start()
	tn.settled()
	before, _, _ := tn.key()
	ids := tn.post(5)
	tn.askRotate()
	tn.rekeyed(before)
	ids = append(ids, tn.post(5)...)
	tn.confirmed()
	if got := c.received(); len(got) != len(ids) {
		t.Errorf("%d items received of %d", len(got), len(ids))
	}
}
