package bus_test

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/uuid"

	"zhanqun/hub/store"
	"zhanqun/hub/store/storetest"
	"zhanqun/internal/sqlite"
	"zhanqun/node/queue"
)

// A hub restored from an older backup gets again what any node still holds, and
// the nodes read its log from the start.
func TestRestoredHub(t *testing.T) {
	dir := t.TempDir()
	c := newCountyOn(t, store.Options{Dir: dir})
	tn := c.newTown(storetest.Sitang, c.addr)
	tn.start()
	tn.settled()
	kept := tn.post(5)
	tn.confirmed()
	old := t.TempDir()
	backup(t, dir, old)
	lost := tn.post(7)
	tn.confirmed()
	c.stop()

	again := newCountyOn(t, store.Options{Dir: old, Key: c.key})
	again.addr = c.addr
	if again.store.Epoch() == c.store.Epoch() {
		t.Fatal("restoring did not change the epoch")
	}
	again.start()
	tn.c = again
	again.await("the hub has everything again", func() bool { return again.cursor(tn.id.Node) == 12 })
	again.once(map[*town][]string{tn: append(kept, lost...)})
	again.await("the node has its log", func() bool {
		n, err := again.store.NodeState(t.Context(), tn.id.Node)
		if err != nil {
			t.Fatal(err)
		}
		cur := tn.cursors()
		return cur.HubEpoch == again.store.Epoch() && cur.Down == n.Down && cur.Confirmed == 12
	})
	for _, id := range slices.Concat(kept, lost) {
		d, err := tn.q.Item(t.Context(), clerk, id)
		if err != nil || d.State != queue.Received {
			t.Errorf("item is %s, %v", d.State, err)
		}
	}
}

// backup copies a hub's database as "hub restore" leaves it: with a new epoch.
func backup(t *testing.T, from, to string) {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(from, "hub.db"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(to, "hub.db")
	if err := db.Backup(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if db, err = sqlite.Open(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Write.ExecContext(t.Context(), `UPDATE setting SET value = $1 WHERE key = 'epoch'`, uuid.NewString()); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}
