package queue_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"zhanqun/internal/fault"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// logOf returns the whole up log, each entry checked as the hub checks it.
func logOf(t *testing.T, q *queue.Queue) []protocol.Entry {
	t.Helper()
	id, err := q.Identity(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	key, err := protocol.ParsePublic(id.Key.Public())
	if err != nil {
		t.Fatal(err)
	}
	list, err := q.Entries(t.Context(), 0, 10<<20)
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range list {
		if f := e.Check(protocol.Up, id.Node, key); f != nil || e.Seq != uint64(i+1) || e.Epoch != id.Epoch {
			t.Errorf("entry %d of %s: %v", e.Seq, e.Epoch, f)
		}
	}
	return list
}

func hashes(list []protocol.Entry) []string {
	out := make([]string, len(list))
	for i, e := range list {
		out[i] = e.Hash
	}
	return out
}

// A hub that was restored, and says how far it had the log before this one, gets
// the rest in a new log that begins at 1; a hub that has it all gets nothing.
func TestNewLogBeginsWhereTheHubEnds(t *testing.T) {
	q, h := open(t)
	var ids []string
	for range 6 {
		ids = append(ids, post(t, q, "标题").ID)
	}
	whole := logOf(t, q)
	first := cursors(t, q).Epoch
	if renewed, err := q.HubHad(t.Context(), &protocol.Mark{Epoch: "of another store", Through: 1}); err != nil || renewed {
		t.Errorf("a first log was begun anew: %v, %v", renewed, err)
	}
	// As a restore does: everything behind the receipt once more.
	down(t, q, h.receipt(t, q, 4))
	renew(t, q, 4)
	second := cursors(t, q)
	if second.Epoch == first || second.Last != 2 || second.Sent != 0 || second.Confirmed != 0 {
		t.Errorf("%+v", second)
	}
	if got := hashes(logOf(t, q)); !slices.Equal(got, hashes(whole[4:])) {
		t.Errorf("log %v", got)
	}
	state := func(i int) queue.State {
		t.Helper()
		d, err := q.Item(t.Context(), liaison, ids[i])
		if err != nil {
			t.Fatal(err)
		}
		return d.State
	}
	if state(3) != queue.Received || state(4) != queue.Queued {
		t.Errorf("%s, %s", state(3), state(4))
	}
	if err := q.MarkSent(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	down(t, q, h.receipt(t, q, 1))
	if state(4) != queue.Received || state(5) != queue.Queued {
		t.Errorf("%s, %s", state(4), state(5))
	}
	post(t, q, "以后的")
	if list := logOf(t, q); len(list) != 3 {
		t.Errorf("%d entries", len(list))
	}
	// A receipt of the former log says nothing.
	down(t, q, h.says(t, protocol.KindReceipt, &protocol.Receipt{Epoch: first, Through: 6}))
	if c := cursors(t, q); c.Confirmed != 1 {
		t.Errorf("%+v", c)
	}

	for _, tt := range []struct {
		before *protocol.Mark
		begins int // entry of the whole log the new one begins with, 0 for no new one
	}{
		{&protocol.Mark{Epoch: first, Through: 4}, 0},
		{&protocol.Mark{Epoch: first, Through: 6}, 0},
		{&protocol.Mark{Epoch: "written after the backup", Through: 0}, 0},
		{&protocol.Mark{Epoch: first, Through: 2}, 3},
		{&protocol.Mark{Epoch: first, Through: 3}, 0}, // has everything since then already
		{nil, 1},
	} {
		renewed, err := q.HubHad(t.Context(), tt.before)
		if err != nil || renewed != (tt.begins > 0) {
			t.Errorf("%+v: %v, %v", tt.before, renewed, err)
		}
		if renewed {
			if got := hashes(logOf(t, q)); !slices.Equal(got[:6-tt.begins+1], hashes(whole[tt.begins-1:])) {
				t.Errorf("%+v: log %v", tt.before, got)
			}
		}
	}
}

// What was handed in after the backup a machine was restored from is at the hub and
// not here. It is told once, so that nobody hands it in again, whether the machine
// goes on under its name or as the one in its place.
func TestUnheldIsTold(t *testing.T) {
	for _, name := range []string{"the same name", "another name", "restored twice"} {
		t.Run(name, func(t *testing.T) {
			q, h := open(t)
			post(t, q, "报过的")
			down(t, q, h.receipt(t, q, 1))
			post(t, q, "没有回执的")
			path, dir := filepath.Join(t.TempDir(), "b"), t.TempDir()
			if _, err := q.Backup(t.Context(), path, "", nil); err != nil {
				t.Fatal(err)
			}
			post(t, q, "备份后一")
			post(t, q, "备份后二")
			old := identity(t, q)
			if _, err := queue.Restore(t.Context(), path, dir, nil); err != nil {
				t.Fatal(err)
			}
			again := openAt(t, dir, nil)
			post(t, again, "恢复后的")
			had := &protocol.Mark{Epoch: old.Epoch, Through: 4}
			if name == "restored twice" { // the log in between is known to the hub alone
				had = &protocol.Mark{Epoch: "a log between", Through: 2}
			}
			if name == "another name" {
				key, err := again.NextKey(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				answer := protocol.EnrolAnswer{Node: "n8", Unit: old.Unit, HubKey: h.key.Public(), HubEpoch: hubEpoch, NATS: old.NATS, Was: had}
				if err := again.ChangeIdentity(t.Context(), answer, old.HubURL, "新电脑", key); err != nil {
					t.Fatal(err)
				}
			} else {
				for range 2 { // at each hello
					if renewed, err := again.HubHad(t.Context(), had); err != nil || renewed {
						t.Errorf("%v, %v", renewed, err)
					}
				}
			}
			list, err := again.Notices(t.Context(), 10)
			if err != nil || len(list) != 1 || list[0].Read || !strings.Contains(list[0].Text, "2 项") {
				t.Fatalf("told %+v, %v", list, err)
			}
			if err := again.ReadNotice(t.Context(), list[0].ID); err != nil {
				t.Fatal(err)
			}
			if list, err = again.Notices(t.Context(), 10); err != nil || !list[0].Read {
				t.Errorf("%+v, %v", list, err)
			}
			if renewed, err := q.HubHad(t.Context(), &protocol.Mark{Epoch: old.Epoch, Through: 4}); err != nil || renewed {
				t.Errorf("%v, %v", renewed, err)
			}
			if list, err := q.Notices(t.Context(), 10); err != nil || len(list) != 0 {
				t.Errorf("a machine that holds all is told %+v, %v", list, err)
			}
		})
	}
}

// renew begins a new log behind an entry of a first log.
func renew(t *testing.T, q *queue.Queue, behind uint64) {
	t.Helper()
	if err := q.Renew(t.Context(), behind); err != nil {
		t.Fatal(err)
	}
}

// Under another name the items go on; the key changes with the name, also if the
// program is killed in between.
func TestChangeIdentity(t *testing.T) {
	q, h := open(t)
	kept := post(t, q, "报过的")
	down(t, q, h.receipt(t, q, 1), h.status(t, kept.ID, 1, protocol.StateAdopted))
	post(t, q, "没报上的")
	old, err := q.Identity(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	key, err := q.NextKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if again, err := q.NextKey(t.Context()); err != nil || again.Public() != key.Public() || key.Public() == old.Key.Public() {
		t.Errorf("next key %v, %v", again.Public(), err)
	}
	beside := openAt(t, q.Dir(), nil)
	post(t, beside, "另一个进程报的")
	answer := protocol.EnrolAnswer{Node: "n8", Unit: old.Unit, HubKey: h.key.Public(), HubEpoch: hubEpoch, NATS: old.NATS,
		Was: &protocol.Mark{Epoch: old.Epoch, Through: 1}}
	if err := q.ChangeIdentity(t.Context(), answer, old.HubURL, "新电脑", key); err != nil {
		t.Fatal(err)
	}
	id, err := q.Identity(t.Context())
	if err != nil || id.Node != "n8" || id.Key.Public() != key.Public() || id.Epoch == old.Epoch {
		t.Errorf("%+v, %v", id, err)
	}
	if list := logOf(t, q); len(list) != 2 {
		t.Errorf("%d entries", len(list))
	}
	post(t, beside, "以后报的") // with the new key, though it had read the old one
	if list := logOf(t, q); len(list) != 3 {
		t.Errorf("%d entries", len(list))
	}
	// The new name has a down log of its own, numbered from 1 by the same hub.
	body, err := protocol.WriteBody(&protocol.Receipt{Epoch: id.Epoch, Through: 3})
	if err != nil {
		t.Fatal(err)
	}
	down(t, q, protocol.New(protocol.Down, "n8", hubEpoch, 1, protocol.KindReceipt, body, h.key))
	if c := cursors(t, q); c.Down != 1 || c.Confirmed != 3 {
		t.Errorf("%+v", c)
	}
	if d, err := q.Item(t.Context(), liaison, kept.ID); err != nil || d.State != queue.State(protocol.StateAdopted) {
		t.Errorf("%s, %v", d.State, err)
	}

	// Killed between the database and the key file: the next to open settles it.
	next, err := q.NextKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := q.Write(t.Context(), "as if killed", func(_ context.Context, exec execFunc) error {
		return exec(`UPDATE station SET public = $1`, next.Public())
	}); err != nil {
		t.Fatal(err)
	}
	third := openAt(t, q.Dir(), nil)
	if id, err := third.Identity(t.Context()); err != nil || id.Key.Public() != next.Public() {
		t.Errorf("%v, %v", id.Key.Public(), err)
	}
	if left, err := filepath.Glob(filepath.Join(q.Dir(), "*.next")); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
	// A key that was never taken stays for another try, and one that is neither
	// is told.
	if _, err := q.NextKey(t.Context()); err != nil {
		t.Fatal(err)
	}
	openAt(t, q.Dir(), nil)
	if _, err := os.Stat(filepath.Join(q.Dir(), "node.seed.next")); err != nil {
		t.Error(err)
	}
}

// A hub that never heard of the former name gets everything that is held.
func TestChangeIdentityAtAHubThatForgot(t *testing.T) {
	q, h := open(t)
	post(t, q, "一")
	post(t, q, "二")
	down(t, q, h.receipt(t, q, 2))
	old, err := q.Identity(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	key, err := q.NextKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	answer := protocol.EnrolAnswer{Node: "n8", Unit: old.Unit, HubKey: h.key.Public(), HubEpoch: hubEpoch2, NATS: old.NATS}
	if err := q.ChangeIdentity(t.Context(), answer, old.HubURL, "", key); err != nil {
		t.Fatal(err)
	}
	if list := logOf(t, q); len(list) != 2 {
		t.Errorf("%d entries", len(list))
	}
}

// A receipt for another machine's entry confirms nothing.
func TestReceiptOfAnotherMachine(t *testing.T) {
	q, h := open(t)
	post(t, q, "一")
	post(t, q, "二")
	own := hashes(logOf(t, q))
	receipt := func(through uint64, hash string) protocol.Entry {
		return h.says(t, protocol.KindReceipt, &protocol.Receipt{Epoch: cursors(t, q).Epoch, Through: through, Hash: hash})
	}
	down(t, q, receipt(1, own[0]))
	if err := q.MarkSent(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	err := q.ApplyDown(t.Context(), []protocol.Entry{receipt(2, own[0])})
	if !errors.Is(err, queue.ErrCopied) {
		t.Errorf("applied: %v", err)
	}
	wantKind(t, err, fault.Conflict)
	if c := cursors(t, q); c.Down != 1 || c.Confirmed != 1 {
		t.Errorf("%+v", c)
	}
}

// What the hub may lack of its own words comes back as it came, in its order,
// once.
func TestHeld(t *testing.T) {
	q, h := open(t)
	a, b := post(t, q, "一"), post(t, q, "二")
	words := []protocol.Entry{h.receipt(t, q, 2), h.status(t, a.ID, 1, protocol.StateReturned), h.status(t, b.ID, 1, protocol.StateRejected)}
	down(t, q, words...)
	all := func(past ...protocol.Past) (seqs []uint64) {
		t.Helper()
		for after := int64(0); ; {
			list, next, err := q.Held(t.Context(), past, after, 1) // one at a time
			if err != nil {
				t.Fatal(err)
			}
			if len(list) == 0 {
				return seqs
			}
			if len(list) > 1 || next <= after || list[0].Node != nodeID {
				t.Fatalf("%d entries, next %d", len(list), next)
			}
			seqs, after = append(seqs, list[0].Seq), next
		}
	}
	if got := all(); got != nil {
		t.Errorf("of the present hub: %v", got)
	}
	if changed, err := q.HubChanged(t.Context(), hubEpoch2, protocol.Past{Epoch: hubEpoch, Through: 2, Recalled: 2}); err != nil || !changed {
		t.Fatal(changed, err)
	}
	if c := cursors(t, q); c.Down != 2 {
		t.Errorf("%+v", c)
	}
	if got := all(); !slices.Equal(got, []uint64{2, 3}) {
		t.Errorf("of a hub it does not name: %v", got)
	}
	if got := all(protocol.Past{Epoch: hubEpoch, Through: 2, Recalled: 2}); !slices.Equal(got, []uint64{3}) {
		t.Errorf("of one it names: %v", got)
	}
	if got := all(protocol.Past{Epoch: hubEpoch, Through: 1, Recalled: 3}); got != nil {
		t.Errorf("read back already: %v", got)
	}
	// The next word follows the third of the former epoch that the hub still has.
	h.epoch, h.seq = hubEpoch2, 2
	down(t, q, h.status(t, b.ID, 1, protocol.StateReturned))
	if d, err := q.Item(t.Context(), liaison, b.ID); err != nil || d.State != queue.State(protocol.StateReturned) {
		t.Errorf("%s, %v", d.State, err)
	}
}

// The number the hub can take follows the one it has, not the one this store
// knows of.
func TestNumberAfterARestore(t *testing.T) {
	q, h := open(t)
	s := post(t, q, "一")
	down(t, q, h.receipt(t, q, 1), h.says(t, protocol.KindRefusal, &protocol.Refusal{Epoch: cursors(t, q).Epoch, Seq: 1, Kind: protocol.KindSubmit,
		Item: s.ID, Revision: 1, Code: protocol.CodeRevision, Message: "第 1 稿接不上县里已有的第 3 稿", Have: 3}))
	d, err := q.Item(t.Context(), liaison, s.ID)
	if err != nil || d.State != queue.Refused {
		t.Fatalf("%s, %v", d.State, err)
	}
	edited := draft("改过的")
	edited.ID, edited.Version = s.ID, d.Version
	if out, err := q.Post(t.Context(), liaison, edited); err != nil || out.Revision != 4 {
		t.Errorf("%+v, %v", out, err)
	}
}
