package bus_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/hub/intake"
	"zhanqun/hub/review"
	"zhanqun/hub/store"
	"zhanqun/hub/store/storetest"
	"zhanqun/internal/account"
	"zhanqun/internal/testenv"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// kept is a backup of a county.
type kept struct {
	schema int64
	parts  []store.Part
	files  string
}

func (c *county) keep() kept {
	c.t.Helper()
	k := kept{files: filepath.Join(c.t.TempDir(), "files")}
	k.schema, k.parts, _ = storetest.Dump(c.t, c.store)
	if err := os.CopyFS(k.files, os.DirFS(c.files.Dir())); err != nil {
		c.t.Fatal(err)
	}
	return k
}

// restored is the county that a backup makes on an empty database, at the same
// address. The lost one has to be stopped.
func (c *county) restored(k kept, to store.Options) *county {
	c.t.Helper()
	list := k.parts
	err := store.Load(c.t.Context(), to, k.schema, func() (p store.Part, err error) {
		if len(list) == 0 {
			return p, io.EOF
		}
		p, list = list[0], list[1:]
		return p, nil
	})
	if err != nil {
		c.t.Fatal(err)
	}
	to.Keys = c.keys
	again := newCountyOn(c.t, to)
	if err := again.store.Renew(c.t.Context(), "test", nil); err != nil {
		c.t.Fatal(err)
	}
	if err := os.CopyFS(again.files.Dir(), os.DirFS(k.files)); err != nil {
		c.t.Fatal(err)
	}
	again.addr = c.addr
	again.start()
	return again
}

// desk is the review of a county, with one reviewer.
func (c *county) desk() (*review.Service, access.User) {
	c.t.Helper()
	r := storetest.User(c.t, c.store, "reviewer", account.RoleReviewer, "")
	return review.New(review.Options{Store: c.store}), r
}

func (c *county) decide(d *review.Service, r access.User, id, action string) {
	c.t.Helper()
	q := review.Request{Item: id, Revision: 1, Action: action}
	if action != catalog.ActionApprove {
		q.Reason, q.Comment = "fact", "请核实"
	}
	if err := d.Decide(c.t.Context(), r, q); err != nil {
		c.t.Fatal(err)
	}
}

func (c *county) state(id string) protocol.State {
	d, err := c.store.Item(c.t.Context(), id)
	if err != nil {
		return ""
	}
	return d.Item.State
}

func (c *county) head(node string) uint64 {
	c.t.Helper()
	n, err := c.store.NodeState(c.t.Context(), node)
	if err != nil {
		c.t.Fatal(err)
	}
	return n.Down
}

// heard waits until a town has the whole of its down log.
func (tn *town) heard() {
	tn.c.t.Helper()
	tn.c.await("the node has its log", func() bool {
		cur := tn.cursors()
		return cur.HubEpoch == tn.c.store.Epoch() && cur.Down == tn.c.head(tn.id.Node)
	})
}

func (tn *town) state(id string) queue.State {
	tn.c.t.Helper()
	d, err := tn.q.Item(tn.c.t.Context(), clerk, id)
	if err != nil {
		tn.c.t.Fatal(err)
	}
	return d.State
}

// A hub restored from a week-old backup has everything again when its nodes have
// come back, also one that comes much later: texts, files, decisions, the portal.
// Nothing is received twice, and the nodes know what they knew.
func TestRestoredHub(t *testing.T) {
	for name, options := range map[string]func(t *testing.T) store.Options{
		"SQLite":   func(t *testing.T) store.Options { return store.Options{Dir: storetest.Folder(t)} },
		"Postgres": func(t *testing.T) store.Options { return store.Options{URL: testenv.Postgres(t)} },
	} {
		t.Run(name, func(t *testing.T) {
			c := newCountyOn(t, options(t))
			desk, who := c.desk()
			one, two := c.newTown(storetest.Sitang, c.addr), c.newTown(storetest.Tangtou, c.addr)
			items := map[*town][]string{}
			for _, tn := range []*town{one, two} {
				tn.start()
				tn.settled()
				items[tn] = tn.post(6)
				tn.confirmed()
			}
			// A file that is under way at the moment of the backup.
			slow, files := one.postWith(photo(t, 1, 60))
			items[one] = append(items[one], slow)
			one.confirmed()
			k := c.keep()
			c.await("the file arrives", one.filesDone)
			for _, tn := range []*town{one, two} {
				c.decide(desk, who, items[tn][0], catalog.ActionReturn)
				c.decide(desk, who, items[tn][1], catalog.ActionApprove)
				c.decide(desk, who, items[tn][2], catalog.ActionReject)
				items[tn] = append(items[tn], tn.post(3)...)
				tn.confirmed()
				c.decide(desk, who, items[tn][len(items[tn])-1], catalog.ActionApprove)
			}
			c.decide(desk, who, slow, catalog.ActionApprove)
			want, entries := map[string]protocol.State{}, map[string]string{}
			for tn, ids := range items {
				tn.heard()
				for _, id := range ids {
					d, err := c.store.Item(t.Context(), id)
					if err != nil {
						t.Fatal(err)
					}
					want[id], entries[id] = d.Item.State, d.Item.Entry
				}
			}
			two.stop() // switched off before the disk dies
			c.stop()

			again := c.restored(k, options(t))
			desk = review.New(review.Options{Store: again.store})
			one.c, two.c = again, again
			whole := func(tn *town) {
				t.Helper()
				tn.confirmed()
				again.await("every item stands where it stood", func() bool {
					if _, err := desk.Sweep(t.Context()); err != nil {
						t.Fatal(err)
					}
					for _, id := range items[tn] {
						if again.state(id) != want[id] {
							return false
						}
					}
					n, err := again.store.NodeByID(t.Context(), tn.id.Node)
					return err == nil && n.RecallSince.IsZero()
				})
				tn.heard()
				for _, id := range items[tn] {
					d, err := again.store.Item(t.Context(), id)
					if err != nil || d.Item.Entry != entries[id] {
						t.Errorf("%s: entry %q, want %q, %v", id, d.Item.Entry, entries[id], err)
					}
					if got := tn.state(id); string(got) != string(want[id]) {
						t.Errorf("%s is %s at the node, want %s", id, got, want[id])
					}
				}
			}
			whole(one)
			if !again.files.Has(files[0].SHA256) {
				t.Error("the file did not come back")
			}
			if n, err := again.store.NodeByID(t.Context(), two.id.Node); err != nil || n.RecallSince.IsZero() {
				t.Errorf("not waiting for the other node: %+v, %v", n, err)
			}
			two.start()
			whole(two)
			again.once(map[*town][]string{one: items[one], two: items[two]})
			if list := refusals(t, again); len(list) > 0 {
				t.Errorf("kept %v", list)
			}
		})
	}
}

// renewed closes a town for good and opens what its backup makes.
func (tn *town) renewed(path string) *town {
	tn.c.t.Helper()
	dir := filepath.Join(tn.c.t.TempDir(), "新电脑")
	if _, err := queue.Restore(tn.c.t.Context(), path, dir, nil); err != nil {
		tn.c.t.Fatal(err)
	}
	return tn.c.openTown(dir, "", "")
}

func (tn *town) backup() string {
	tn.c.t.Helper()
	path := filepath.Join(tn.c.t.TempDir(), "node.tar.zst")
	if _, err := tn.q.Backup(tn.c.t.Context(), path, "test", nil); err != nil {
		tn.c.t.Fatal(err)
	}
	return path
}

// halfway is a node, stopped, of whose items the county has four and four, the
// last with a file, are in its queue, and a backup of it.
func (tn *town) halfway(file []byte) (ids []string, files []protocol.Attachment, path string) {
	tn.c.t.Helper()
	tn.start()
	tn.settled()
	ids = tn.post(4)
	tn.confirmed()
	tn.stop()
	ids = append(ids, tn.post(3)...)
	with, files := tn.postWith(file)
	return append(ids, with), files, tn.backup()
}

// A node restored from a backup hands in what its backup did not know to be
// confirmed; the hub takes nothing twice, and tells what has become of the rest.
func TestRestoredNode(t *testing.T) {
	c := newCounty(t)
	desk, who := c.desk()
	tn := c.newTown(storetest.Sitang, c.addr)
	ids, files, path := tn.halfway(photo(t, 1, 40))
	with := ids[len(ids)-1]
	tn.start() // what the backup holds for unconfirmed goes out after all
	tn.confirmed()
	c.await("the file arrives", tn.filesDone)
	after := tn.post(2)
	tn.confirmed()
	c.decide(desk, who, ids[0], catalog.ActionReturn)
	c.decide(desk, who, ids[5], catalog.ActionReject)
	tn.heard()
	tn.stop() // its disk dies

	again := tn.renewed(path)
	again.start()
	later := again.post(1)
	again.confirmed()
	again.heard()
	if again.cursors().Epoch == tn.cursors().Epoch {
		t.Error("the epoch is the same")
	}
	c.await("the file is offered and done", again.filesDone)
	if list := refusals(t, c); len(list) > 0 {
		t.Errorf("refused %v", list)
	}
	got := c.received()
	slices.Sort(got)
	want := slices.Concat(ids, after, later)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%d items received, want %d", len(got), len(want))
	}
	for id, state := range map[string]queue.State{ids[0]: "returned", ids[5]: "rejected", ids[1]: queue.Received, ids[4]: queue.Received, with: queue.Received} {
		if s := again.state(id); s != state {
			t.Errorf("%s is %s, want %s", id, s, state)
		}
	}
	if !c.files.Has(files[0].SHA256) {
		t.Error("the file is gone")
	}
	// The old machine comes back to life: both stop, and say why.
	tn.start()
	tn.line("the old machine says why", frozenWords)
	again.line("the new machine says why", frozenWords)
}

// When both sides were restored the node gives back what lies between the two
// backups.
func TestRestoredHubAndNode(t *testing.T) {
	c := newCounty(t)
	tn := c.newTown(storetest.Sitang, c.addr)
	tn.start()
	tn.settled()
	ids := tn.post(3)
	tn.confirmed()
	k := c.keep()
	ids = append(ids, tn.post(4)...)
	tn.confirmed()
	path := tn.backup()
	ids = append(ids, tn.post(2)...)
	tn.confirmed()
	lost := ids[7:]
	tn.stop()
	c.stop()

	again := c.restored(k, store.Options{Dir: storetest.Folder(t)})
	tn.c = again
	fresh := tn.renewed(path)
	fresh.start()
	fresh.confirmed()
	again.await("all that anybody holds is there", func() bool { return len(again.received()) == 7 })
	fresh.heard()
	got := again.received()
	for _, id := range ids[:7] {
		if !slices.Contains(got, id) {
			t.Errorf("%s is gone", id)
		}
	}
	for _, id := range lost {
		if slices.Contains(got, id) {
			t.Errorf("%s came from nowhere", id)
		}
	}
	more := fresh.post(2)
	fresh.confirmed()
	if got := again.received(); len(got) != 9 || !slices.Contains(got, more[1]) {
		t.Errorf("%d items", len(got))
	}
}

// rejoin gives a town another identity, as "node join --again" does.
func (tn *town) rejoin(code protocol.JoinCode) {
	tn.c.t.Helper()
	t, ctx := tn.c.t, tn.c.t.Context()
	cur := tn.cursors()
	key, err := tn.q.NextKey(ctx)
	if err != nil {
		t.Fatal(err)
	}
	e := storetest.EnrolRequest(code.Secret, key)
	e.Was = &protocol.Was{Node: tn.id.Node, HubEpoch: cur.HubEpoch, Down: cur.Down}
	answer, err := storetest.Access(tn.c.store).Enrol(ctx, e)
	if err != nil {
		t.Fatal(err)
	}
	answer.NATS = []string{"nats://" + tn.c.addr}
	if err := tn.q.ChangeIdentity(ctx, answer, "http://127.0.0.1:8080", "新电脑", key); err != nil {
		t.Fatal(err)
	}
	if tn.id, err = tn.q.Identity(ctx); err != nil {
		t.Fatal(err)
	}
}

func (c *county) invite(unit, replaces string) protocol.JoinCode {
	c.t.Helper()
	a := storetest.Access(c.store)
	code, _, err := a.Invite(c.t.Context(), storetest.Admin(), unit, "http://127.0.0.1:8080", 0)
	if replaces != "" {
		code, _, err = a.InviteReplacement(c.t.Context(), storetest.Admin(), replaces, "http://127.0.0.1:8080", 0)
	}
	if err != nil {
		c.t.Fatal(err)
	}
	return code
}

// A machine that takes a stolen one's place goes on with its items: what was on
// its way arrives once, under the same ids, and the answers come to it.
func TestReplacedNode(t *testing.T) {
	c := newCounty(t)
	desk, who := c.desk()
	tn := c.newTown(storetest.Sitang, c.addr)
	ids, files, path := tn.halfway(photo(t, 3, 40))
	c.decide(desk, who, ids[0], catalog.ActionReturn)

	fresh := tn.renewed(path)
	fresh.rejoin(c.invite(storetest.Sitang, tn.id.Node))
	fresh.start()
	fresh.confirmed()
	fresh.heard()
	c.await("the file arrives", fresh.filesDone)
	if !c.files.Has(files[0].SHA256) {
		t.Error("the file is missing")
	}
	got := c.received()
	slices.Sort(got)
	slices.Sort(ids)
	if !slices.Equal(got, ids) {
		t.Errorf("%d items received, want %d", len(got), len(ids))
	}
	returned := ""
	for _, id := range ids {
		d, err := c.store.Item(t.Context(), id)
		if err != nil || d.Item.Node != fresh.id.Node {
			t.Errorf("%s belongs to %s, %v", id, d.Item.Node, err)
		}
		if d.Item.State == protocol.StateReturned {
			returned = id
		}
	}
	if s := fresh.state(returned); s != "returned" {
		t.Errorf("the returned one is %s", s)
	}
	// The stolen one is out.
	tn.start()
	tn.line("the stolen machine is turned away", func(l queue.Line) bool { return !l.Connected && l.Error != "" })
	if got := c.received(); len(got) != len(ids) {
		t.Errorf("%d items received", len(got))
	}
}

// Both machines of a copied disk go on under names of their own, and nothing that
// either wrote is lost or doubled.
func TestCopiedNodesGoOn(t *testing.T) {
	c := newCounty(t)
	dir := t.TempDir()
	tn := c.openTown(dir, storetest.Sitang, c.addr)
	tn.start()
	tn.settled()
	ids := tn.post(3)
	tn.confirmed()
	tn.stop()
	ids = append(ids, tn.post(2)...) // on its way when the disk is copied
	if err := tn.q.Close(); err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "node")
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	one, two := c.openTown(dir, "", ""), c.openTown(copied, "", "")
	one.start()
	ids = append(ids, one.post(2)...)
	one.confirmed()
	ids = append(ids, two.post(3)...)
	two.start()
	two.line("the copy says why", frozenWords)
	one.line("the original says why", frozenWords)
	one.stop()
	two.stop()
	ids = append(ids, two.post(1)...)
	// The county decides that the copy goes on in the node's place.
	old := two.id.Node
	two.rejoin(c.invite(storetest.Sitang, old))
	one.rejoin(c.invite(storetest.Sitang, ""))
	for _, tn := range []*town{one, two} {
		tn.start()
		ids = append(ids, tn.post(1)...)
		tn.confirmed()
		tn.heard()
	}
	got := c.received()
	slices.Sort(got)
	slices.Sort(ids)
	if !slices.Equal(got, ids) {
		t.Errorf("%d items received, want %d", len(got), len(ids))
	}
	if n, err := c.store.NodeByID(t.Context(), old); err != nil || n.State != access.NodeRevoked {
		t.Errorf("the copied identity is %s, %v", n.State, err)
	}
	if list, err := c.intake.Refusals(t.Context(), intake.KeptQuery{}); err != nil || len(list) != 1 || list[0].Code != protocol.CodeClone {
		t.Errorf("kept %+v, %v", list, err)
	}
}

// A node the restored hub does not know, because it joined after the backup, gives
// it everything under a new name.
func TestForgottenNode(t *testing.T) {
	c := newCounty(t)
	k := c.keep()
	desk, who := c.desk()
	tn := c.newTown(storetest.Sitang, c.addr)
	tn.start()
	tn.settled()
	ids := tn.post(4)
	with, files := tn.postWith(photo(t, 5, 40))
	ids = append(ids, with)
	tn.confirmed()
	c.await("the file arrives", tn.filesDone)
	decided := ids[0]
	c.decide(desk, who, decided, catalog.ActionApprove)
	tn.heard()
	c.stop()

	again := c.restored(k, store.Options{Dir: storetest.Folder(t)})
	tn.c = again
	tn.line("it is turned away", func(l queue.Line) bool { return !l.Connected && l.Error != "" })
	tn.stop()
	tn.rejoin(again.invite(storetest.Sitang, ""))
	tn.start()
	tn.confirmed()
	again.await("the file is back", func() bool { return tn.filesDone() && again.files.Has(files[0].SHA256) })
	got := again.received()
	slices.Sort(got)
	slices.Sort(ids)
	if !slices.Equal(got, ids) {
		t.Errorf("%s received, want %s", fmt.Sprint(got), fmt.Sprint(ids))
	}
	desk = review.New(review.Options{Store: again.store})
	again.await("what was decided stands", func() bool {
		if _, err := desk.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		n, err := again.store.NodeByID(t.Context(), tn.id.Node)
		return err == nil && n.RecallSince.IsZero() && again.state(decided) == protocol.StateAdopted
	})
}
