package storetest

import (
	"testing"

	"zhanqun/hub/catalog"
	"zhanqun/hub/review"
	"zhanqun/hub/store"
	"zhanqun/internal/account"
	"zhanqun/protocol"
)

// desk decides items as the office does.
func desk(t *testing.T, s *store.Store) func(item string, revision int, action string) {
	d := review.New(review.Options{Store: s, Now: s.Now})
	reviewer := User(t, s, "reviewer", account.RoleReviewer, "")
	return func(item string, revision int, action string) {
		t.Helper()
		q := review.Request{Item: item, Revision: revision, Action: action}
		if action != catalog.ActionApprove {
			q.Reason, q.Comment = "fact", "请核实"
		}
		if err := d.Decide(t.Context(), reviewer, q); err != nil {
			t.Fatal(err)
		}
	}
}

func state(t testing.TB, s *store.Store, item string) (protocol.State, int, int) {
	t.Helper()
	got, err := s.Item(t.Context(), item)
	if err != nil {
		t.Fatal(err)
	}
	return got.Item.State, got.Item.Revision, got.Item.LiveRevision
}

func want(t testing.TB, s *store.Store, item string, st protocol.State, revision, live int) {
	t.Helper()
	if a, b, c := state(t, s, item); a != st || b != revision || c != live {
		t.Errorf("item is %s, revision %d, live %d; want %s, %d, %d", a, b, c, st, revision, live)
	}
}

// A new revision brings an item back to the first step under the same id.
func revisions(t *testing.T, open Open) {
	s, stream, node := line(t, open)
	decide := desk(t, s)
	m := node.Text()
	stream.Send(node, node.Submit(m))
	decide(m.Item, 1, catalog.ActionReturn)
	want(t, s, m.Item, protocol.StateReturned, 1, 0)
	m.Revision, m.Title = 2, "改过的标题"
	stream.Send(node, node.Submit(m))
	want(t, s, m.Item, protocol.StateReceived, 2, 0)
	got, err := s.Item(t.Context(), m.Item)
	if err != nil || got.Item.Title != "改过的标题" || len(got.Revisions) != 2 || got.Item.DueRole != "reviewer" {
		t.Errorf("item %+v, %v", got.Item, err)
	}
	// The adopted text stays live while a correction waits.
	decide(m.Item, 2, catalog.ActionApprove)
	want(t, s, m.Item, protocol.StateAdopted, 2, 2)
	m.Revision = 3
	stream.Send(node, node.Submit(m))
	want(t, s, m.Item, protocol.StateReceived, 3, 2)
	decide(m.Item, 3, catalog.ActionApprove)
	want(t, s, m.Item, protocol.StateCorrected, 3, 3)

	rejected := node.Text()
	stream.Send(node, node.Submit(rejected))
	decide(rejected.Item, 1, catalog.ActionReject)
	rejected.Revision = 2
	before := len(news(t, s, node))
	stream.Send(node, node.Submit(rejected))
	if got := news(t, s, node)[before:]; got[0] != "refusal 5 state " {
		t.Errorf("told %v", got)
	}
	want(t, s, rejected.Item, protocol.StateRejected, 1, 0)
}

// A unit takes its own words back at any time, and nothing brings them back.
func withdrawals(t *testing.T, open Open) {
	s, stream, node := line(t, open)
	decide := desk(t, s)
	fresh, live := node.Text(), node.Text()
	stream.Send(node, node.Submit(fresh), node.Submit(live))
	decide(live.Item, 1, catalog.ActionApprove)
	entry := must[review.Detail](t)(s.Item(t.Context(), live.Item)).Item.Entry
	before := len(news(t, s, node))
	stream.Send(node, node.Withdraw(fresh.Item, 1), node.Withdraw(live.Item, 1), node.Withdraw(live.Item, 1))
	same(t, "told", news(t, s, node)[before:], []string{"status withdrawn 1", "status withdrawn 1", "receipt 5"})
	want(t, s, fresh.Item, protocol.StateWithdrawn, 1, 0)
	want(t, s, live.Item, protocol.StateWithdrawn, 1, 0)
	d := must[review.Detail](t)(s.Item(t.Context(), live.Item))
	if d.Entry == nil || d.Entry.ID != entry || d.Entry.State != catalog.EntryWithdrawn || d.Entry.Reason == "" || d.Item.DueRole != "" {
		t.Errorf("entry %+v of item %+v", d.Entry, d.Item)
	}
	if last := d.Decisions[len(d.Decisions)-1]; last.Action != catalog.ActionWithdraw || last.Comment != "时间写错了" || last.Name != "张三" {
		t.Errorf("history ends with %+v", last)
	}
	live.Revision = 2
	before = len(news(t, s, node))
	stream.Send(node, node.Submit(live))
	same(t, "told", news(t, s, node)[before:], []string{"refusal 6 state ", "receipt 6"})
	want(t, s, live.Item, protocol.StateWithdrawn, 1, 0)
	combined(t, s, stream, node)
}

// The other sources of a combined entry go back to the last step, and their
// nodes are told.
func combined(t *testing.T, s *store.Store, stream *Stream, node *Sender) {
	t.Helper()
	other := NewSender(t, s, Tangtou)
	a, b, c := node.Text(), other.Text(), node.Text()
	stream.Send(node, node.Submit(a), node.Submit(c))
	stream.Send(other, other.Submit(b))
	chief := User(t, s, "chief", account.RoleChief, "")
	d := review.New(review.Options{Store: s, Now: s.Now})
	q := review.Combination{Title: "全县春耕综述", Body: "<p>各乡镇春耕有序推进。</p>", Columns: []string{"township"}}
	for _, m := range []*protocol.Submit{a, b, c} {
		q.Items = append(q.Items, review.Part{Item: m.Item, Revision: 1})
	}
	entry, err := d.Combine(t.Context(), chief, q)
	if err != nil {
		t.Fatal(err)
	}
	c.Revision = 2
	stream.Send(node, node.Submit(c)) // a correction waits while the entry goes
	before := len(news(t, s, other))
	stream.Send(node, node.Withdraw(a.Item, 1))
	same(t, "told another", news(t, s, other)[before:], []string{"status in_review 1"})
	want(t, s, a.Item, protocol.StateWithdrawn, 1, 0)
	want(t, s, b.Item, protocol.StateInReview, 1, 0)
	want(t, s, c.Item, protocol.StateReceived, 2, 0)
	got := must[review.Detail](t)(s.Item(t.Context(), b.Item))
	if got.Item.Entry != "" || got.Item.Step != 1 || got.Item.DueRole == "" {
		t.Errorf("other source %+v", got.Item)
	}
	gone := must[review.Detail](t)(s.Item(t.Context(), a.Item))
	if gone.Entry == nil || gone.Entry.ID != entry || gone.Entry.State != catalog.EntryWithdrawn {
		t.Errorf("entry %+v", gone.Entry)
	}
}
