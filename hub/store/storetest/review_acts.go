package storetest

import (
	"slices"
	"testing"
	"time"

	"zhanqun/hub/catalog"
	"zhanqun/hub/feed"
	"zhanqun/hub/review"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// reviewEmergency holds that what was rushed is kept as such, comes before those
// who look at it afterwards, follows the steps of its column, and is settled.
func reviewEmergency(t *testing.T, open Open) {
	o := NewOffice(t, open)
	rush := func(id string) {
		t.Helper()
		q := o.Decision(id, catalog.ActionApprove)
		q.Emergency, q.Comment = true, "山洪预警"
		if err := o.Desk.Decide(t.Context(), o.Chief, q); err != nil {
			t.Fatal(err)
		}
	}
	offered := func(id string) (names []string) {
		t.Helper()
		for _, who := range []struct {
			name string
			list []catalog.Item
		}{
			{"reviewer", must[[]catalog.Item](t)(o.Desk.Next(t.Context(), o.Reviewer, review.Position{}, 50))},
			{"chief", must[[]catalog.Item](t)(o.Desk.Next(t.Context(), o.Chief, review.Position{}, 50))},
			{"deputy", must[[]catalog.Item](t)(o.Desk.Next(t.Context(), o.Deputy, review.Position{}, 50))},
		} {
			if slices.ContainsFunc(who.list, func(i catalog.Item) bool { return i.ID == id }) {
				names = append(names, who.name)
			}
		}
		return names
	}
	id := o.Submit(0, "headline")
	rush(id)
	d := o.Item(id)
	if i := d.Item; i.State != protocol.StateAdopted || !i.Emergency || i.DueRole != "reviewer" || d.Entry == nil || !d.Decisions[0].Emergency {
		t.Fatalf("rushed: %+v", i)
	}
	same(t, "offered to", offered(id), []string{"reviewer"})

	// The first step becomes the chief's: the item goes before another chief.
	columns := must[[]catalog.Column](t)(o.Columns(t.Context()))
	headline := columns[0]
	headline.Steps = []catalog.Step{{Name: "初审", Role: "chief"}, {Name: "终审", Role: "chief"}}
	if err := o.PutColumn(t.Context(), "test", headline, func([]catalog.Column) error { return nil }); err != nil {
		t.Fatal(err)
	}
	same(t, "offered to", offered(id), []string{"deputy"})
	o.Decide(o.Deputy, id, catalog.ActionApprove)
	if i := o.Item(id).Item; i.Emergency || i.DueRole != "" || i.State != protocol.StateAdopted {
		t.Errorf("confirmed: %+v", i)
	}

	// A held one is still one when it leaves, and an hour that came meanwhile is
	// as good as none.
	held, late := o.Submit(0, "notice"), o.Submit(0, "township")
	q := o.Decision(held, catalog.ActionApprove)
	q.Emergency, q.Comment = true, "山洪预警"
	must[review.Held](t)(o.Desk.Hold(t.Context(), o.Chief, q))
	q = o.Decision(late, catalog.ActionApprove)
	q.PublishAt = o.Clock.Now().Add(2 * time.Second)
	must[review.Held](t)(o.Desk.Hold(t.Context(), o.Reviewer, q))
	o.Clock.Advance(10 * time.Second)
	sweep(t, o)
	if i := o.Item(held).Item; !i.Emergency || i.DueRole != "reviewer" {
		t.Errorf("held: %+v", i)
	}
	if i := o.Item(late).Item; i.State != protocol.StateAdopted || !i.PublishAt.IsZero() {
		t.Errorf("late: %+v", i)
	}

	// One that its unit takes back, and one that does not pass.
	back, bad := o.Submit(0, "notice"), o.Submit(1, "notice")
	rush(back)
	rush(bad)
	o.Stream.Send(o.From[back], o.From[back].Withdraw(back, 1))
	if i := o.Item(back).Item; i.Emergency || i.DueRole != "" || i.State != protocol.StateWithdrawn {
		t.Errorf("taken back: %+v", i)
	}
	o.Decide(o.Reviewer, bad, catalog.ActionReturn)
	if d := o.Item(bad); d.Item.State != protocol.StateReturned || d.Item.LiveRevision != 0 || d.Entry.State != catalog.EntryWithdrawn {
		t.Errorf("did not pass: %+v, %+v", d.Item, d.Entry)
	}
	o.sound(t)
}

// reviewHour holds that an item is published at its hour and not before, and
// that a newer revision makes the hour void.
func reviewHour(t *testing.T, open Open) {
	o := NewOffice(t, open)
	hour := o.Clock.Now().Add(2 * time.Hour)
	var ids []string
	for range 3 {
		id := o.Submit(0, "township")
		q := o.Decision(id, catalog.ActionApprove)
		q.PublishAt = hour
		if err := o.Desk.Decide(t.Context(), o.Reviewer, q); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	waits, moved, revised := ids[0], ids[1], ids[2]
	if next := sweep(t, o); !next.Equal(hour) {
		t.Errorf("next look at %v, want %v", next, hour)
	}
	if err := o.Desk.Schedule(t.Context(), o.Second, moved, 1, hour.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	refused(t, o.Desk.Schedule(t.Context(), o.Second, moved, 1, hour.Add(-5*time.Hour)), fault.Invalid, "已经过了")
	o.Revise(revised)
	if i := o.Item(revised).Item; !i.PublishAt.IsZero() || i.State != protocol.StateReceived {
		t.Errorf("revised: %+v", i)
	}
	o.Clock.Advance(2*time.Hour - time.Second)
	sweep(t, o)
	if i := o.Item(waits).Item; i.State != protocol.StateApproved || !i.PublishAt.Equal(hour) {
		t.Errorf("a second early: %+v", i)
	}
	o.Clock.Advance(time.Second)
	if next := sweep(t, o); !next.Equal(hour.Add(time.Hour)) {
		t.Errorf("next look at %v", next)
	}
	if i := o.Item(waits).Item; i.State != protocol.StateAdopted || !i.PublishAt.IsZero() {
		t.Errorf("at its hour: %+v", i)
	}
	if i := o.Item(moved).Item; i.State != protocol.StateApproved {
		t.Errorf("moved: %+v", i)
	}
	if err := o.Desk.Schedule(t.Context(), o.Second, moved, 1, time.Time{}); err != nil {
		t.Fatal(err)
	}
	if i := o.Item(moved).Item; i.State != protocol.StateAdopted {
		t.Errorf("at once after all: %+v", i)
	}
	o.sound(t)
}

// reviewNote holds that what readers are told of a correction is kept with the
// decision, and that a withdrawn entry keeps the address of its successor.
func reviewNote(t *testing.T, open Open) {
	o := NewOffice(t, open)
	id := o.Submit(0, "township")
	o.Decide(o.Reviewer, id, catalog.ActionApprove)
	photo := protocol.Attachment{SHA256: digest('d'), Name: "图.jpg", Size: 9, Type: "image/jpeg"}
	o.Revise(id, func(m *protocol.Submit) { m.Attachments = []protocol.Attachment{photo} })
	q := o.Decision(id, catalog.ActionApprove)
	q.Note = "补上图片"
	if err := o.Desk.Decide(t.Context(), o.Second, q); err != nil {
		t.Fatal(err)
	}
	o.Arrive(photo)
	sweep(t, o)
	if d := o.Item(id); d.Entry.Version != 2 || d.Entry.Note != "2026年11月3日更正：补上图片" || d.Decisions[1].Note != "补上图片" {
		t.Errorf("entry: %+v", d.Entry)
	}
	q = o.Decision(id, catalog.ActionWithdraw)
	q.Reason, q.URL = "superseded", "https://www.example.gov.cn/new"
	if err := o.Desk.Decide(t.Context(), o.Chief, q); err != nil {
		t.Fatal(err)
	}
	d := o.Item(id)
	if d.Entry.Successor != q.URL {
		t.Errorf("successor: %+v", d.Entry)
	}
	if last := d.Decisions[len(d.Decisions)-1]; last.Comment != "请核实" || last.Reason != "superseded" || last.Account != o.Chief.ID {
		t.Errorf("the explanation is not kept: %+v", last)
	}
}

// reviewPlacement holds that an entry moves between columns as a change that
// readers see, and stands on top of its lists without one.
func reviewPlacement(t *testing.T, open Open) {
	o := NewOffice(t, open)
	id := o.Submit(0, "township")
	o.Decide(o.Reviewer, id, catalog.ActionApprove)
	other := o.Submit(0, "township")
	o.Decide(o.Reviewer, other, catalog.ActionApprove)
	before := o.Item(id).Entry
	listed := func(column string) []string {
		t.Helper()
		return ids(must[[]catalog.Entry](t)(o.FeedPage(t.Context(), feed.Query{List: feed.List{Kind: feed.KindColumn, Key: column}, Limit: 10})))
	}
	if err := o.Desk.Repost(t.Context(), o.Second, before.ID, []string{"photo"}, "图片好"); err != nil {
		t.Fatal(err)
	}
	after := o.Item(id).Entry
	if after.Version != 1 || after.Note != "" || !after.UpdatedAt.After(before.UpdatedAt) || !after.PublishedAt.Equal(before.PublishedAt) {
		t.Errorf("reposted: %+v", after)
	}
	same(t, "old column", listed("township"), []string{o.Item(other).Entry.ID})
	same(t, "new column", listed("photo"), []string{after.ID})
	same(t, "events", o.EventsOf(after.ID), []string{"entry.published", "entry.reposted"})
	if st, _ := o.Told(id); len(st.Columns) != 1 || st.Columns[0] != "photo" || st.State != protocol.StateAdopted {
		t.Errorf("told %+v", st)
	}
	refused(t, o.Desk.Repost(t.Context(), o.Second, after.ID, []string{"photo"}, ""), fault.Invalid, "原因")
	refused(t, o.Desk.Repost(t.Context(), o.Second, digest('0')[:36], []string{"photo"}, "x"), fault.NotFound, "")

	pinned := func(l feed.List) []string {
		t.Helper()
		return ids(must[[]catalog.Entry](t)(o.Pinned(t.Context(), l, o.Clock.Now(), 5)))
	}
	head := must[int64](t)(o.FeedHead(t.Context()))
	if err := o.Desk.Pin(t.Context(), o.Second, after.ID, o.Clock.Now().Add(time.Hour), "汛期"); err != nil {
		t.Fatal(err)
	}
	for l, want := range map[feed.List][]string{
		{}: {after.ID}, {Kind: feed.KindColumn, Key: "photo"}: {after.ID}, {Kind: feed.KindColumn, Key: "township"}: {},
		{Kind: feed.KindUnit, Key: Sitang}: {after.ID}, {Kind: feed.KindUnit, Key: Tangtou}: {},
	} {
		same(t, "pinned in "+l.Kind+l.Key, pinned(l), want)
	}
	if now := must[int64](t)(o.FeedHead(t.Context())); now != head || !o.Item(id).Entry.UpdatedAt.Equal(after.UpdatedAt) {
		t.Error("pinning changed what feeds say")
	}
	if !o.Item(id).Entry.CorrectedAt.IsZero() {
		t.Error("another column was taken for a correction")
	}
	o.Revise(id) // a correction leaves it where it is
	o.Decide(o.Second, id, catalog.ActionApprove)
	same(t, "pinned after a correction", pinned(feed.List{}), []string{after.ID})
	corrected := o.Item(id).Entry
	same(t, "columns after a correction", corrected.Columns, []string{"photo"})
	if !corrected.CorrectedAt.Equal(corrected.UpdatedAt) {
		t.Errorf("corrected: %+v", corrected)
	}
	if err := o.Desk.Repost(t.Context(), o.Deputy, after.ID, []string{"township"}, "归位"); err != nil {
		t.Fatal(err)
	}
	if e := o.Item(id).Entry; !e.CorrectedAt.Equal(corrected.CorrectedAt) || !e.UpdatedAt.After(corrected.UpdatedAt) {
		t.Errorf("reposted after a correction: %+v", e)
	}
	o.Clock.Advance(time.Hour)
	same(t, "after its time", pinned(feed.List{}), []string{})
	if err := o.Desk.Pin(t.Context(), o.Second, after.ID, o.Clock.Now().Add(time.Hour), "汛期"); err != nil {
		t.Fatal(err)
	}
	o.Decide(o.Chief, id, catalog.ActionWithdraw)
	same(t, "withdrawn", pinned(feed.List{}), []string{})
	refused(t, o.Desk.Pin(t.Context(), o.Second, after.ID, time.Time{}, "x"), fault.Conflict, "撤下")
	refused(t, o.Desk.Repost(t.Context(), o.Second, after.ID, []string{"township"}, "x"), fault.Conflict, "撤下")
}
