package storetest

import (
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/hub/health"
	"zhanqun/hub/review"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// Combine makes one entry of items, in the columns of the first.
func (o *Office) Combine(who access.User, items ...string) (string, error) {
	q := review.Combination{Title: "综合", Body: "<p>综合各单位消息。</p>"}
	for _, id := range items {
		q.Items = append(q.Items, review.Part{Item: id})
	}
	return o.Desk.Combine(o.T.Context(), who, q)
}

func reviewCombined(t *testing.T, open Open) {
	o := NewOffice(t, open)
	one, two, three := o.Submit(0, "township"), o.Submit(1, "township"), o.Submit(1, "township")
	entry := must[string](t)(o.Combine(o.Reviewer, one, two))
	for _, id := range []string{one, two} {
		d := o.Item(id)
		if d.Item.Entry != entry || d.Item.State != protocol.StateAdopted || !d.Entry.Combined || len(d.Entry.Sources) != 2 || len(d.Adoptions) != 1 {
			t.Errorf("%s: %+v", id, d.Item)
		}
		if st, n := o.Told(id); n != 1 || !st.Combined || st.Entry != entry {
			t.Errorf("%s was told %+v", id, st)
		}
	}
	changed := must[[]health.ChangedEntry](t)(o.Store.ChangedEntries(t.Context(), time.Time{}, "", 10))
	if len(changed) != 1 || len(changed[0].Sources) != 2 || changed[0].Sources[0].Unit != Sitang || changed[0].Sources[1].Unit != Tangtou ||
		changed[0].Sources[0].Item != one || changed[0].Sources[1].Body == "" || !changed[0].Live {
		t.Errorf("what is read for links: %+v", changed)
	}
	if got := o.Item(one).Entry.Credit; got != "来源：党政办　供稿：思唐街道、塘头镇" {
		t.Errorf("credit: %s", got)
	}
	// A third joins; the entry is the same, one version on.
	if again := must[string](t)(o.Combine(o.Reviewer, one, two, three)); again != entry {
		t.Errorf("a new entry %s, want %s", again, entry)
	}
	d := o.Item(three)
	if d.Entry.Version != 2 || len(d.Entry.Sources) != 3 || d.Item.State != protocol.StateAdopted {
		t.Errorf("the third: %+v, %+v", d.Item, d.Entry)
	}
	if st, n := o.Told(one); n != 2 || st.State != protocol.StateAdopted || st.Comment == "" {
		t.Errorf("the first was told %+v", st)
	}
	// One goes: the others come back, to be decided again by whoever.
	o.Decide(o.Chief, two, catalog.ActionWithdraw)
	for _, id := range []string{one, three} {
		d := o.Item(id)
		if d.Item.State != protocol.StateInReview || d.Item.LiveRevision != 0 || d.Item.Entry != "" || d.Item.DueRole != "reviewer" {
			t.Errorf("%s: %+v", id, d.Item)
		}
	}
	if d := o.Item(two); d.Entry.State != catalog.EntryWithdrawn || d.Entry.ID != entry {
		t.Errorf("the entry: %+v", d.Entry)
	}
	second := must[string](t)(o.Combine(o.Reviewer, one, three))
	if second == entry {
		t.Error("a withdrawn entry came back")
	}
	same(t, "events", o.EventsOf(entry), []string{"entry.published", "entry.corrected", "entry.withdrawn"})
}

// Two people decide the same item at once: one of them wins, one is told.
func reviewTwoAtOnce(t *testing.T, open Open) {
	o := NewOffice(t, open)
	people := []access.User{o.Reviewer, o.Second, o.Chief, o.Deputy}
	for round := range 6 {
		id := o.Submit(round%2, "township")
		errs := make([]error, len(people))
		together(len(people), func(i int) {
			errs[i] = o.Desk.Decide(t.Context(), people[i], o.Decision(id, []string{catalog.ActionApprove, catalog.ActionReturn}[(i+round)%2]))
		})
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else if !fault.Is(err, fault.Conflict) {
				t.Errorf("lost with %v", err)
			}
		}
		if _, n := o.Told(id); won != 1 || n != 1 || len(o.Item(id).Decisions) != 1 {
			t.Errorf("%d won, the node was told %d times", won, n)
		}
	}
}

// together runs f for 0 … n-1 at once and waits.
func together(n int, f func(i int)) {
	var start, done sync.WaitGroup
	start.Add(1)
	for i := range n {
		done.Go(func() {
			start.Wait()
			f(i)
		})
	}
	start.Done()
	done.Wait()
}

// Combining, withdrawing by the office, withdrawing by a unit and deciding meet
// on the same items of two nodes: whatever the order, nothing is half done and
// nobody waits for ever.
func reviewRace(t *testing.T, open Open) {
	o := NewOffice(t, open)
	for range 5 {
		ids := []string{o.Submit(0, "township"), o.Submit(1, "township"), o.Submit(0, "township"), o.Submit(1, "township")}
		if _, err := o.Combine(o.Reviewer, ids[0], ids[1]); err != nil {
			t.Fatal(err)
		}
		recall := o.Stream.Frames(o.Nodes[0].Node.ID, Frame(t, o.Nodes[0].Withdraw(ids[0], 1)))
		acts := []func() error{
			func() error { _, err := o.Combine(o.Reviewer, ids[0], ids[1], ids[2], ids[3]); return err },
			func() error { _, err := o.Combine(o.Second, ids[1], ids[0], ids[3]); return err },
			func() error { return o.Desk.Decide(t.Context(), o.Chief, o.Decision(ids[1], catalog.ActionWithdraw)) },
			func() error { return o.Desk.Decide(t.Context(), o.Second, o.Decision(ids[2], catalog.ActionApprove)) },
			func() error { return o.Desk.Decide(t.Context(), o.Deputy, o.Decision(ids[3], catalog.ActionReject)) },
			func() error { o.Stream.Read(recall...); return nil },
		}
		errs := make([]error, len(acts))
		together(len(acts), func(i int) { errs[i] = acts[i]() })
		for i, err := range errs {
			if err != nil && fault.KindOf(err) == fault.Internal {
				t.Errorf("act %d: %v", i, err)
			}
		}
		o.sound(t)
	}
}

// sound holds what is always true of all items of an office.
func (o *Office) sound(t testing.TB) {
	t.Helper()
	entries := map[string]*catalog.Entry{}
	parts := map[string]int{}
	for id := range o.Texts {
		d := o.Item(id)
		i := d.Item
		due := i.State == protocol.StateReceived || i.State == protocol.StateInReview || i.State.Live() && i.Emergency && i.LiveRevision == i.Revision
		if (i.DueRole != "") != due {
			t.Errorf("%s in state %s is due for %q", id, i.State, i.DueRole)
		}
		if i.Emergency && i.LiveRevision == 0 {
			t.Errorf("%s was rushed, but nothing of it is live", id)
		}
		if !i.PublishAt.IsZero() && i.State != protocol.StateApproved {
			t.Errorf("%s is %s and waits for %v", id, i.State, i.PublishAt)
		}
		if i.State.Live() && i.LiveRevision == 0 {
			t.Errorf("%s is %s, but nothing of it is live", id, i.State)
		}
		if (i.State == protocol.StateRejected || i.State == protocol.StateWithdrawn) && i.LiveRevision != 0 {
			t.Errorf("%s is %s, but revision %d is live", id, i.State, i.LiveRevision)
		}
		if i.LiveRevision > 0 {
			if d.Entry == nil || d.Entry.State != catalog.EntryLive {
				t.Errorf("%s has live revision %d without a live entry: %+v", id, i.LiveRevision, d.Entry)
				continue
			}
			entries[i.Entry] = d.Entry
			parts[i.Entry]++
			found := false
			for _, v := range d.Entry.Sources {
				found = found || v.Item == id && v.Revision == i.LiveRevision
			}
			if !found {
				t.Errorf("%s revision %d is not a source of its entry: %+v", id, i.LiveRevision, d.Entry.Sources)
			}
		} else if d.Entry != nil && d.Entry.State == catalog.EntryLive {
			t.Errorf("%s is not live, its entry is", id)
		}
		st, n := o.Told(id)
		if i.State != protocol.StateReceived && (n == 0 || st.State != i.State) {
			t.Errorf("%s is %s, its node believes %s", id, i.State, st.State)
		}
		if live := o.believed(id); live != i.LiveRevision {
			t.Errorf("revision %d of %s is live, its node believes %d", i.LiveRevision, id, live)
		}
	}
	stamps := map[time.Time]string{}
	for id, e := range entries {
		if parts[id] != len(e.Sources) {
			t.Errorf("entry %s has %d sources, %d items are in it", id, len(e.Sources), parts[id])
		}
		if e.Combined != (len(e.Sources) > 1) || len(e.Columns) == 0 {
			t.Errorf("entry %s: %+v", id, e)
		}
		if other := stamps[e.UpdatedAt]; other != "" {
			t.Errorf("entries %s and %s have one time %v", id, other, e.UpdatedAt)
		}
		stamps[e.UpdatedAt] = id
	}
}

// believed is the revision an item's node takes for live, by what it was told.
func (o *Office) believed(item string) (live int) {
	o.Told(item) // reads what is new
	for _, w := range o.words[o.From[item].Node.ID] {
		st, ok := w.(*protocol.Status)
		switch {
		case !ok || st.Item != item:
		case st.State.Live():
			live = st.Revision
		case st.State == protocol.StateWithdrawn || st.Off:
			live = 0
		}
	}
	return live
}

// A random walk through everything people can do keeps what is always true,
// and each act tells a node once.
func reviewWalk(t *testing.T, open Open) {
	o := NewOffice(t, open)
	const seed = 20261103
	rnd := rand.New(rand.NewPCG(seed, 1))
	var ids []string
	pick := func() string { return ids[rnd.IntN(len(ids))] }
	people := []access.User{o.Reviewer, o.Second, o.Chief, o.Deputy}
	columns := []string{"township", "headline", "photo"}
	done := map[string]int{}
	for step := range 260 {
		who := people[rnd.IntN(len(people))]
		if len(ids) < 6 || rnd.IntN(12) == 0 {
			ids = append(ids, o.Submit(rnd.IntN(2), columns[rnd.IntN(3)]))
			continue
		}
		id := pick()
		_, before := o.Told(id)
		what, words, err := o.act(rnd, who, id, pick)
		if err != nil && fault.KindOf(err) == fault.Internal {
			t.Fatalf("step %d, %s: %v", step, what, err)
		}
		if err == nil {
			done[what]++
			if _, n := o.Told(id); words >= 0 && n-before != words {
				t.Errorf("step %d: %s told the node %d times, want %d", step, what, n-before, words)
			}
		}
		if rnd.IntN(3) == 0 {
			o.Clock.Advance(time.Duration(rnd.IntN(3000)) * time.Millisecond)
		}
		if step%20 == 19 || t.Failed() {
			o.sound(t)
		}
		if t.Failed() {
			t.Fatalf("seed %d, after step %d: %s", seed, step, what)
		}
	}
	for _, what := range []string{"rush", "schedule", "repost", "approve", "return", "reject", "withdraw", "combine", "revise", "recall", "hold", "sweep", "claim"} {
		if done[what] == 0 {
			t.Errorf("the walk never managed to %s: %v", what, done)
		}
	}
}

// act tries one thing and says how often the item's node should be told; -1 for
// whatever.
func (o *Office) act(rnd *rand.Rand, who access.User, id string, pick func() string) (what string, words int, err error) {
	ctx := o.T.Context()
	item := o.Item(id).Item
	switch n := rnd.IntN(22); {
	case n < 6:
		return "approve", 1, o.Desk.Decide(ctx, who, o.Decision(id, catalog.ActionApprove))
	case n < 8:
		return "return", 1, o.Desk.Decide(ctx, who, o.Decision(id, catalog.ActionReturn))
	case n < 9:
		words = 1
		if item.LiveRevision > 0 && !item.Emergency {
			words = 2
		}
		return "reject", words, o.Desk.Decide(ctx, who, o.Decision(id, catalog.ActionReject))
	case n < 10:
		return "withdraw", 1, o.Desk.Decide(ctx, who, o.Decision(id, catalog.ActionWithdraw))
	case n < 13:
		list := []string{id}
		for range rnd.IntN(3) {
			if other := pick(); other != id && (len(list) < 2 || list[1] != other) {
				list = append(list, other)
			}
		}
		_, err := o.Combine(who, list...)
		return "combine", 1, err
	case n < 15:
		if item.State == protocol.StateRejected || item.State == protocol.StateWithdrawn {
			return "revise", 0, errors.Join(fault.New(fault.Conflict, "final"))
		}
		o.Revise(id)
		return "revise", 0, nil
	case n < 16:
		if rnd.IntN(3) > 0 || item.State == protocol.StateWithdrawn {
			return "recall", 0, fault.New(fault.Conflict, "rarely")
		}
		o.Stream.Send(o.From[id], o.From[id].Withdraw(id, o.Texts[id].Revision))
		return "recall", 1, nil
	case n < 18:
		switch rnd.IntN(3) {
		case 0:
			q := o.Decision(id, catalog.ActionApprove)
			q.Emergency, q.Comment = true, "急"
			return "rush", 1, o.Desk.Decide(ctx, who, q)
		case 1:
			q := o.Decision(id, catalog.ActionApprove)
			q.PublishAt = o.Clock.Now().Add(time.Duration(rnd.IntN(4000)) * time.Millisecond)
			return "schedule", 1, o.Desk.Decide(ctx, who, q)
		}
		return "repost", 1, o.Desk.Repost(ctx, who, item.Entry, []string{[]string{"photo", "township"}[rnd.IntN(2)]}, "转发")
	case n < 19:
		_, err := o.Desk.Hold(ctx, who, o.Decision(id, catalog.ActionApprove))
		return "hold", 0, err
	case n < 20:
		if rnd.IntN(2) == 0 {
			return "undo", 0, o.Desk.Undo(ctx, who, id)
		}
		o.Clock.Advance(12 * time.Second)
		_, err := o.Desk.Sweep(ctx)
		return "sweep", -1, err
	default:
		return "claim", 0, o.Desk.Claim(ctx, who, id, []string{"", "急"}[rnd.IntN(2)])
	}
}

// Stamps of what readers see grow strictly, also when many are decided in one
// instant and by several at once.
func reviewStamps(t *testing.T, open Open) {
	o := NewOffice(t, open)
	var ids []string
	for i := range 12 {
		ids = append(ids, o.Submit(i%2, "township"))
	}
	for _, id := range ids[:4] {
		o.Decide(o.Reviewer, id, catalog.ActionApprove)
	}
	together(8, func(i int) {
		if err := o.Desk.Decide(t.Context(), o.Second, o.Decision(ids[4+i], catalog.ActionApprove)); err != nil {
			t.Error(err)
		}
	})
	o.sound(t)
	last := o.Item(ids[0]).Entry.UpdatedAt
	for _, id := range ids[1:4] {
		at := o.Item(id).Entry.UpdatedAt
		if at.Sub(last) != time.Millisecond {
			t.Errorf("%v after %v", at, last)
		}
		last = at
	}
	// A clock set back does not bring an old time back.
	o.Clock.Advance(-time.Hour)
	o.Revise(ids[0])
	o.Decide(o.Reviewer, ids[0], catalog.ActionApprove)
	if at := o.Item(ids[0]).Entry.UpdatedAt; !at.After(last) {
		t.Errorf("%v after %v", at, last)
	}
}
