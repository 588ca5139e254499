package storetest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"zhanqun/hub/catalog"
	"zhanqun/hub/feed"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// feedSuite is what hub/feed demands of the store.
func feedSuite(t *testing.T, open Open) {
	for _, s := range []struct {
		name string
		run  func(t *testing.T, open Open)
	}{
		{"identity", feedIdentity}, {"pages", feedPages}, {"changes", feedChanges}, {"files", feedFiles}, {"head", feedHead},
	} {
		t.Run(s.name, func(t *testing.T) { s.run(t, open) })
	}
}

// publish lets an item through and returns it with its entry.
func (o *Office) publish(node int, column string, edit ...func(*protocol.Submit)) (item string, entry string) {
	o.T.Helper()
	item = o.Submit(node, column, edit...)
	o.Decide(o.Reviewer, item, catalog.ActionApprove)
	return item, o.Item(item).Item.Entry
}

func feedIdentity(t *testing.T, open Open) {
	clock := NewClock()
	s := open(t, clock.Now)
	id, since, err := s.FeedIdentity(t.Context())
	if err != nil || !protocol.ValidUUID(id) || !since.Equal(clock.Now()) {
		t.Fatalf("identity %q since %v, %v", id, since, err)
	}
	clock.Advance(time.Hour)
	if again, at, err := s.FeedIdentity(t.Context()); err != nil || again != id || !at.Equal(since) {
		t.Errorf("identity %q since %v, %v", again, at, err)
	}
}

// feedPages holds that each list, walked either way with pages of any size, is
// the entries in the order of their last change.
func feedPages(t *testing.T, open Open) {
	o := NewOffice(t, open)
	type made struct{ item, entry string }
	var all []made
	for i := range 14 {
		item, entry := o.publish(i%2, []string{"township", "photo"}[i%3%2])
		all = append(all, made{item, entry})
		if i%4 == 3 {
			o.Clock.Advance(time.Second)
		}
	}
	for _, i := range []int{0, 5, 9} {
		o.Revise(all[i].item)
		o.Decide(o.Second, all[i].item, catalog.ActionApprove)
	}
	o.Clock.Advance(time.Hour)
	early := o.Clock.Now()
	o.Clock.Advance(time.Hour)
	withdrawn := []int{1, 2}
	o.Decide(o.Chief, all[1].item, catalog.ActionWithdraw)
	o.Clock.Advance(time.Hour)
	middle := o.Clock.Now()
	o.Clock.Advance(time.Hour)
	o.Decide(o.Chief, all[2].item, catalog.ActionWithdraw)
	moved := all[3]
	o.Revise(moved.item, func(m *protocol.Submit) { m.Column = "village" })
	o.Decide(o.Second, moved.item, catalog.ActionApprove)

	for _, l := range []feed.List{{}, {Kind: feed.KindColumn, Key: "township"}, {Kind: feed.KindColumn, Key: "photo"}, {Kind: feed.KindColumn, Key: "village"},
		{Kind: feed.KindUnit, Key: Sitang}, {Kind: feed.KindUnit, Key: Tangtou}, {Kind: feed.KindUnit, Key: SitangA}} {
		for _, since := range []time.Time{early, middle, o.Clock.Now()} {
			var want []catalog.Entry
			for i, m := range all {
				e := must[catalog.Entry](t)(o.Entry(t.Context(), m.entry))
				in := l.Kind == feed.KindAll || l.Kind == feed.KindColumn && slices.Contains(e.Columns, l.Key) || l.Kind == feed.KindUnit && e.Sources[0].Unit == l.Key
				if in && (!slices.Contains(withdrawn, i) || e.WithdrawnAt.After(since)) {
					want = append(want, e)
				}
			}
			slices.SortFunc(want, func(a, b catalog.Entry) int { return b.UpdatedAt.Compare(a.UpdatedAt) })
			for _, limit := range []int{1, 3, 50} {
				q := feed.Query{List: l, WithdrawnSince: since, Limit: limit}
				got := walkFeed(t, o, q, func(page []catalog.Entry) { q.After = feed.Of(page[len(page)-1]) }, &q)
				same(t, "newest first", got, ids(want))
				if len(want) == 0 {
					continue
				}
				q = feed.Query{List: l, WithdrawnSince: since, Limit: limit, Before: feed.Position{At: time.UnixMilli(1), ID: all[0].entry}}
				back := walkFeed(t, o, q, func(page []catalog.Entry) { q.Before = feed.Of(page[0]) }, &q)
				slices.Sort(back)
				all := ids(want)
				slices.Sort(all)
				same(t, "backwards", back, all)
			}
		}
	}
	if _, err := o.Entry(t.Context(), "01935f00-0000-7000-8000-000000000000"); !fault.Is(err, fault.NotFound) {
		t.Errorf("an entry that never was: %v", err)
	}
}

func ids(list []catalog.Entry) []string {
	out := []string{}
	for _, e := range list {
		out = append(out, e.ID)
	}
	return out
}

func walkFeed(t *testing.T, o *Office, q feed.Query, move func([]catalog.Entry), at *feed.Query) []string {
	t.Helper()
	*at = q
	got := []string{}
	for range 50 {
		page, err := o.FeedPage(t.Context(), *at)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.IsSortedFunc(page, func(a, b catalog.Entry) int { return b.UpdatedAt.Compare(a.UpdatedAt) }) {
			t.Errorf("a page out of order: %v", ids(page))
		}
		got = append(got, ids(page)...)
		if len(page) < q.Limit {
			return got
		}
		move(page)
	}
	t.Fatal("the feed does not end")
	return nil
}

// feedChanges holds that a list's dates move with what its readers see, and
// with nothing else.
func feedChanges(t *testing.T, open Open) {
	o := NewOffice(t, open)
	column := feed.List{Kind: feed.KindColumn, Key: "township"}
	newest := func(l feed.List) time.Time {
		t.Helper()
		changes, _, err := o.FeedChanges(t.Context(), l)
		if err != nil {
			t.Fatal(err)
		}
		if len(changes) == 0 {
			return time.Time{}
		}
		return changes[0]
	}
	if at := newest(column); !at.IsZero() {
		t.Errorf("an empty list changed at %v", at)
	}
	item, entry := o.publish(0, "township")
	first := newest(column)
	o.Clock.Advance(time.Hour)
	o.publish(0, "photo")
	o.Revise(item)
	o.Decide(o.Second, item, catalog.ActionReturn)
	if at := newest(column); !at.Equal(first) {
		t.Errorf("the column changed at %v, want %v", at, first)
	}
	if at := newest(feed.List{}); !at.After(first) {
		t.Errorf("the whole feed did not change")
	}
	o.Revise(item, func(m *protocol.Submit) { m.Column = "photo" })
	o.Decide(o.Second, item, catalog.ActionApprove)
	left := newest(column)
	if !left.After(first) {
		t.Error("an entry left the list, and its date did not move")
	}
	o.Clock.Advance(time.Hour)
	o.Decide(o.Chief, item, catalog.ActionWithdraw)
	gone := must[catalog.Entry](t)(o.Entry(t.Context(), entry)).WithdrawnAt
	if at := newest(column); !at.Equal(left) {
		t.Errorf("the withdrawal moved a list the entry had left: %v", at)
	}
	photo := feed.List{Kind: feed.KindColumn, Key: "photo"}
	for _, l := range []feed.List{{}, photo} {
		changes, withdrawals, err := o.FeedChanges(t.Context(), l, gone, gone.Add(-time.Millisecond))
		if err != nil || len(changes) != 2 || !changes[0].Equal(gone) || !changes[1].Before(gone) || len(withdrawals) != 2 || !withdrawals[0].Equal(gone) || !withdrawals[1].IsZero() {
			t.Errorf("%+v: changes %v, withdrawals %v, %v", l, changes, withdrawals, err)
		}
	}
}

// feedFiles holds that a file is public while a live entry has it.
func feedFiles(t *testing.T, open Open) {
	o := NewOffice(t, open)
	photo := protocol.Attachment{SHA256: digest('d'), Name: "图.jpg", Size: 9, Type: "image/jpeg", Alt: "会场"}
	o.Arrive(photo)
	with := func(name string) func(*protocol.Submit) {
		return func(m *protocol.Submit) {
			a := photo
			a.Name = name
			m.Attachments = []protocol.Attachment{a}
		}
	}
	public := func() string {
		t.Helper()
		a, err := o.PublicFile(t.Context(), photo.SHA256)
		if fault.Is(err, fault.NotFound) {
			return ""
		}
		if fault.Is(err, fault.Gone) {
			return "gone"
		}
		if err != nil || a.Type != photo.Type || a.Size != photo.Size || a.Alt != photo.Alt {
			t.Errorf("file %+v, %v", a, err)
		}
		return a.Name
	}
	waiting := o.Submit(0, "township", with("甲.jpg"))
	same(t, "not yet published", public(), "")
	o.Decide(o.Reviewer, waiting, catalog.ActionApprove)
	same(t, "published", public(), "甲.jpg")
	o.Clock.Advance(time.Second)
	other, _ := o.publish(1, "township", with("乙.jpg"))
	same(t, "another node's, who has not brought it", public(), "甲.jpg")
	o.ArriveFrom(1, photo)
	sweep(t, o)
	same(t, "of two entries", public(), "乙.jpg")
	o.Decide(o.Chief, other, catalog.ActionWithdraw)
	same(t, "one is withdrawn", public(), "甲.jpg")
	o.Revise(waiting, func(m *protocol.Submit) { m.Attachments = nil })
	o.Decide(o.Second, waiting, catalog.ActionApprove)
	same(t, "the other lost it by a correction", public(), "gone")
	o.Revise(waiting, with("丙.jpg"))
	o.Decide(o.Second, waiting, catalog.ActionApprove)
	same(t, "and got it back", public(), "丙.jpg")
	o.Decide(o.Chief, waiting, catalog.ActionWithdraw)
	same(t, "all are withdrawn", public(), "gone")
	if _, err := o.PublicFile(t.Context(), strings.Repeat("0", 64)); !fault.Is(err, fault.NotFound) {
		t.Errorf("a file that never was: %v", err)
	}
}

func feedHead(t *testing.T, open Open) {
	o := NewOffice(t, open)
	head := func() int64 { return must[int64](t)(o.FeedHead(t.Context())) }
	if head() != 0 {
		t.Errorf("a new feed is at %d", head())
	}
	item, _ := o.publish(0, "township")
	first := head()
	o.Revise(item)
	o.Submit(0, "photo")
	if first == 0 || head() != first {
		t.Errorf("moved from %d to %d without an entry", first, head())
	}
	o.Decide(o.Chief, item, catalog.ActionWithdraw)
	if head() <= first {
		t.Error("a withdrawal moved nothing")
	}
}
