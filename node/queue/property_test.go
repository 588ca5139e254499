package queue_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"zhanqun/internal/fault"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// world is what a random history did, told in the plainest way: the up log, how
// far it is confirmed, and what the hub said of each item, in order.
type world struct {
	t               *testing.T
	q               *queue.Queue
	h               *hub
	r               *rand.Rand
	items           []string
	sent, confirmed uint64
	words           map[string][]protocol.Status
	refused         map[uint64]bool
}

// TestStateFollowsFromTheLogs runs random histories and compares what the store
// shows with what follows from the two logs alone.
func TestStateFollowsFromTheLogs(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			q, h := open(t)
			w := &world{t: t, q: q, h: h, r: rand.New(rand.NewPCG(seed, 7)), words: map[string][]protocol.Status{}, refused: map[uint64]bool{}}
			for range 120 {
				w.step()
			}
			w.check()
		})
	}
}

func (w *world) step() {
	t, q, r := w.t, w.q, w.r
	last := cursors(t, q).Last
	some := ""
	if len(w.items) > 0 {
		some = w.items[r.IntN(len(w.items))]
	}
	switch n := r.IntN(12); {
	case n < 3 || some == "":
		who := liaison
		if r.IntN(3) == 0 {
			who = villager
		}
		s, err := q.Post(t.Context(), who, draft("标题"))
		w.must(err)
		w.items = append(w.items, s.ID)
	case n < 5: // another revision, by somebody who may see it
		d := draft("新稿")
		d.ID = some
		d.Version = item(t, q, some).Version
		if _, err := q.Post(t.Context(), liaison, d); err != nil && !fault.Is(err, fault.Conflict) {
			t.Fatal(err)
		}
	case n == 5:
		if w.keep(some) {
			if _, err := q.Withdraw(t.Context(), liaison, some, "有误"); err != nil && !fault.Is(err, fault.Conflict) {
				t.Fatal(err)
			}
		}
	case n == 6 && last > 0:
		w.sent = max(w.sent, 1+r.Uint64N(last))
		mustSend(t, q, w.sent)
	case n == 7 && w.sent > w.confirmed:
		w.confirmed += 1 + r.Uint64N(w.sent-w.confirmed)
		w.refuseSome()
		down(t, q, w.h.receipt(t, q, w.confirmed))
	case n == 8 && w.confirmed > 0 && r.IntN(4) == 0:
		w.rewind(r.Uint64N(w.sent + 1))
	default:
		w.judge(some)
	}
}

// keep reports whether withdrawing an item asks the hub: a draft would be gone,
// and what the hub has refused is put away here.
func (w *world) keep(id string) bool {
	i := item(w.t, w.q, id)
	return i.Revision > 0 && i.Outside() != queue.Refused
}

func (w *world) refuseSome() {
	for _, e := range log(w.t, w.q)[:w.confirmed] {
		m, _ := protocol.ReadBody(protocol.Up, e)
		s, ok := m.(*protocol.Submit)
		if !ok || w.refused[e.Seq] || len(w.words[s.Item]) > 0 || w.r.IntN(8) > 0 || item(w.t, w.q, s.Item).Seq != e.Seq {
			continue
		}
		w.refused[e.Seq] = true
		down(w.t, w.q, w.h.refusal(w.t, w.q, queue.Submitted{ID: s.Item, Revision: s.Revision, Seq: e.Seq}, protocol.CodeColumn))
	}
}

// judge lets the hub speak of a revision it has. A withdrawal is its last word.
func (w *world) judge(id string) {
	if said := w.words[id]; len(said) > 0 && said[len(said)-1].State == protocol.StateWithdrawn {
		return
	}
	states := []protocol.State{protocol.StateInReview, protocol.StateReturned, protocol.StateApproved, protocol.StateAdopted,
		protocol.StateCorrected, protocol.StateRejected, protocol.StateWithdrawn}
	for _, e := range slices.Backward(log(w.t, w.q)[:w.confirmed]) {
		m, _ := protocol.ReadBody(protocol.Up, e)
		s, ok := m.(*protocol.Submit)
		if !ok || s.Item != id || w.refused[e.Seq] || w.r.IntN(3) == 0 {
			continue
		}
		word := protocol.Status{Item: id, Revision: s.Revision, State: states[w.r.IntN(len(states))]}
		w.words[id] = append(w.words[id], word)
		down(w.t, w.q, w.h.status(w.t, id, word.Revision, word.State))
		return
	}
}

// rewind is a hub or broker that lost what came after a position.
func (w *world) rewind(to uint64) {
	w.must(w.q.Rewind(w.t.Context(), to))
	if to >= w.sent {
		return
	}
	forget := to < w.confirmed
	w.sent, w.confirmed = to, min(to, w.confirmed)
	if !forget {
		return
	}
	for _, e := range log(w.t, w.q)[to:] {
		m, _ := protocol.ReadBody(protocol.Up, e)
		if s, ok := m.(*protocol.Submit); ok {
			delete(w.refused, e.Seq)
			if w.lastSubmit(s.Item).seq == e.Seq {
				delete(w.words, s.Item)
			}
		}
	}
}

type submit struct {
	seq      uint64
	revision int
}

func (w *world) lastSubmit(id string) (last submit) {
	for _, e := range log(w.t, w.q) {
		m, _ := protocol.ReadBody(protocol.Up, e)
		if s, ok := m.(*protocol.Submit); ok && s.Item == id {
			last = submit{e.Seq, s.Revision}
		}
	}
	return last
}

// follows is the state that follows from the logs.
func (w *world) follows(id string) queue.State {
	last := w.lastSubmit(id)
	word := queue.Received
	for _, s := range w.words[id] {
		if s.State == protocol.StateWithdrawn || s.Revision >= last.revision {
			word = queue.State(s.State)
		}
	}
	switch {
	case word == queue.State(protocol.StateWithdrawn):
		return word
	case last.seq == 0:
		return queue.Drafting
	case last.seq > w.sent:
		return queue.Queued
	case last.seq > w.confirmed:
		return queue.Sent
	case w.refused[last.seq]:
		return queue.Refused
	}
	return word
}

func (w *world) check() {
	t, q := w.t, w.q
	checkLog(t, q)
	listed := map[queue.State][]string{}
	for _, id := range w.items {
		got := item(t, q, id)
		if want := w.follows(id); got.Outside() != want {
			t.Errorf("item %s is %q, the logs say %q", id, got.Outside(), want)
		}
		listed[got.State] = append(listed[got.State], id)
	}
	for _, s := range []queue.State{queue.Drafting, queue.Awaiting, queue.Queued, queue.Sent, queue.Received, queue.Refused, "in_review",
		"returned", "rejected", "approved", "adopted", "corrected", "withdrawn"} {
		var got []string
		for cursor := ""; ; {
			list, next, err := q.List(t.Context(), liaison, queue.Filter{State: s}, cursor, 3)
			w.must(err)
			for _, i := range list {
				got = append(got, i.ID)
			}
			if cursor = next; next == "" {
				break
			}
		}
		slices.Reverse(got)
		if !slices.Equal(got, listed[s]) {
			t.Errorf("listed as %s: %v, shown as it: %v", s, got, listed[s])
		}
	}
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}
