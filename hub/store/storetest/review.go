package storetest

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhanqun/hub/catalog"
	"zhanqun/hub/review"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// reviewSuite is what hub/review demands of the store, through its service.
func reviewSuite(t *testing.T, open Open) {
	for _, s := range []struct {
		name string
		run  func(t *testing.T, open Open)
	}{
		{"publishes", reviewPublishes}, {"steps", reviewSteps}, {"stale", reviewStale}, {"correction", reviewCorrection},
		{"combined", reviewCombined}, {"files", reviewFiles}, {"held", reviewHeld}, {"lapsed", reviewLapsed}, {"run", reviewRun},
		{"emergency", reviewEmergency}, {"hour", reviewHour}, {"note", reviewNote}, {"placement", reviewPlacement},
		{"stamps", reviewStamps}, {"adoptions", reviewAdoptions}, {"columns change", reviewColumnsChange},
		{"next", reviewNext}, {"lists", reviewLists}, {"search", reviewSearch}, {"texts", reviewTexts}, {"who reads", reviewReaders}, {"counts", reviewCounts},
		{"two at once", reviewTwoAtOnce}, {"combine and withdraw at once", reviewRace}, {"events", reviewEvents}, {"walk", reviewWalk},
	} {
		t.Run(s.name, func(t *testing.T) { s.run(t, open) })
	}
}

func reviewPublishes(t *testing.T, open Open) {
	o := NewOffice(t, open)
	photo := protocol.Attachment{SHA256: digest('a'), Name: "现场.jpg", Size: 9, Type: "image/jpeg", Alt: "会场"}
	o.Arrive(photo)
	id := o.Submit(0, "township", func(m *protocol.Submit) {
		m.Origin, m.Attachments = SitangA, []protocol.Attachment{photo}
		m.Body = `<p>正文<script>x</script><img src="att:` + photo.SHA256 + `"></p>`
	})
	o.Decide(o.Reviewer, id, catalog.ActionApprove)
	d := o.Item(id)
	if d.Item.State != protocol.StateAdopted || d.Item.LiveRevision != 1 || d.Item.DueRole != "" || d.Item.Entry == "" {
		t.Errorf("item: %+v", d.Item)
	}
	at := o.Clock.Now().UTC()
	clean := `<p>正文<img src="att:` + photo.SHA256 + `" alt=""/></p>`
	want := &catalog.Entry{
		ID: d.Item.Entry, Title: o.Texts[id].Title, Body: clean, State: catalog.EntryLive, Version: 1,
		Credit: "来源：党政办　供稿：思唐街道城北社区", PublishedAt: at, UpdatedAt: at, Columns: []string{"township"}, Files: []protocol.Attachment{photo},
		Sources: []catalog.EntrySource{{Item: id, Revision: 1, Unit: Sitang, UnitName: "思唐街道", Origin: SitangA, OriginName: "城北社区", Author: "张三"}},
	}
	if diff := cmp.Diff(want, d.Entry); diff != "" {
		t.Errorf("entry (-want +got):\n%s", diff)
	}
	st, n := o.Told(id)
	wantStatus := protocol.Status{Item: id, Revision: 1, State: protocol.StateAdopted, Columns: []string{"township"}, Entry: d.Item.Entry,
		URL: Portal + "/entries/" + d.Item.Entry, Outlet: "county", At: at}
	if diff := cmp.Diff(wantStatus, st); diff != "" || n != 1 {
		t.Errorf("told %d times, last (-want +got):\n%s", n, diff)
	}
	same(t, "events of the item", o.EventsOf(id), []string{"item.received", "item.decided", "item.adopted"})
	same(t, "events of the entry", o.EventsOf(d.Item.Entry), []string{"entry.published"})
	if len(d.Decisions) != 1 || d.Decisions[0].Account != o.Reviewer.ID || d.Decisions[0].Role != "reviewer" || d.Decisions[0].Name != o.Reviewer.Name {
		t.Errorf("decisions: %+v", d.Decisions)
	}
	wantAdoption := []catalog.Adoption{{Item: id, Outlet: "county", URL: wantStatus.URL, Entry: d.Item.Entry, At: at, Account: o.Reviewer.ID}}
	if diff := cmp.Diff(wantAdoption, d.Adoptions, cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".ID" }, cmp.Ignore())); diff != "" {
		t.Errorf("adoptions (-want +got):\n%s", diff)
	}
}

func reviewSteps(t *testing.T, open Open) {
	o := NewOffice(t, open)
	id := o.Submit(0, "headline")
	o.Decide(o.Reviewer, id, catalog.ActionApprove)
	d := o.Item(id)
	if d.Item.State != protocol.StateInReview || d.Item.Step != 2 || d.Item.DueRole != "chief" || d.Entry != nil {
		t.Fatalf("after the first step: %+v", d.Item)
	}
	refused(t, o.Desk.Decide(t.Context(), o.Second, o.Decision(id, catalog.ActionApprove)), fault.Forbidden, "分管领导")
	if st, n := o.Told(id); n != 1 || st.Step != 2 || st.StepName != "终审" {
		t.Errorf("told %+v", st)
	}
	o.Decide(o.Chief, id, catalog.ActionApprove)
	if d = o.Item(id); d.Item.State != protocol.StateAdopted || len(d.Decisions) != 2 || d.Decisions[0].Step != 1 || d.Decisions[1].Step != 2 {
		t.Errorf("after the last: %+v, %+v", d.Item, d.Decisions)
	}
	if _, n := o.Told(id); n != 2 {
		t.Errorf("told %d times", n)
	}
	refused(t, o.Desk.Decide(t.Context(), o.Reviewer, review.Request{Item: digest('0')[:36], Revision: 1, Action: catalog.ActionApprove}), fault.NotFound, "")
}

func reviewStale(t *testing.T, open Open) {
	o := NewOffice(t, open)
	id := o.Submit(0, "township")
	first := o.Texts[id].Title
	q := o.Decision(id, catalog.ActionApprove)
	o.Revise(id)
	err := o.Desk.Decide(t.Context(), o.Reviewer, q)
	refused(t, err, fault.Conflict, "第 2 稿")
	var stale *review.Stale
	if !errors.As(err, &stale) || stale.Asked.Title != first || stale.Latest.Title != first+"（改）" || stale.Latest.Body == "" {
		t.Errorf("texts: %+v", stale)
	}
	q.Revision = 7
	err = o.Desk.Decide(t.Context(), o.Reviewer, q)
	if !errors.As(err, &stale) || stale.Latest.Revision != 2 || stale.Asked.Title != "" {
		t.Errorf("a revision that never was: %v", err)
	}
	_, err = o.Desk.Combine(t.Context(), o.Reviewer, review.Combination{Items: []review.Part{{Item: id, Revision: 1}}, Title: "标题", Body: "<p>文</p>"})
	if !errors.As(err, &stale) || stale.Asked.Title != first {
		t.Errorf("combining: %v", err)
	}
}

func reviewCorrection(t *testing.T, open Open) {
	o := NewOffice(t, open)
	id := o.Submit(0, "township")
	o.Decide(o.Reviewer, id, catalog.ActionApprove)
	before := o.Item(id)
	o.Revise(id)
	waiting := o.Item(id)
	if diff := cmp.Diff(before.Entry, waiting.Entry); diff != "" || waiting.Item.LiveRevision != 1 || waiting.Item.State != protocol.StateReceived {
		t.Errorf("while the next revision waits: %+v\n%s", waiting.Item, diff)
	}
	o.Decide(o.Second, id, catalog.ActionReturn)
	if d := o.Item(id); d.Item.LiveRevision != 1 || d.Item.State != protocol.StateReturned || d.Entry.Version != 1 {
		t.Errorf("after a return: %+v", d.Item)
	}
	o.Revise(id, func(m *protocol.Submit) { m.Column = "photo" })
	o.Decide(o.Second, id, catalog.ActionReject)
	if d := o.Item(id); d.Item.LiveRevision != 1 || d.Item.State != protocol.StateAdopted || d.Item.Revision != 3 {
		t.Errorf("after a rejection: %+v", d.Item)
	}
	if st, _ := o.Told(id); st.State != protocol.StateAdopted || st.Revision != 1 {
		t.Errorf("told %+v", st)
	}
	o.Revise(id)
	o.Decide(o.Second, id, catalog.ActionApprove) // in the same instant: the clock stands still
	d := o.Item(id)
	if d.Item.State != protocol.StateCorrected || d.Item.LiveRevision != 4 || d.Item.Entry != before.Item.Entry {
		t.Errorf("after the correction: %+v", d.Item)
	}
	if d.Entry.Version != 2 || d.Entry.Note == "" || !d.Entry.PublishedAt.Equal(before.Entry.PublishedAt) || d.Entry.Title != o.Texts[id].Title {
		t.Errorf("entry: %+v", d.Entry)
	}
	if d.Entry.UpdatedAt.Unix() <= before.Entry.UpdatedAt.Unix() {
		t.Errorf("updated %v, before %v: a reader that compares seconds would miss it", d.Entry.UpdatedAt, before.Entry.UpdatedAt)
	}
	same(t, "columns", d.Entry.Columns, []string{"photo"})
	o.Decide(o.Chief, id, catalog.ActionWithdraw)
	d = o.Item(id)
	if d.Item.State != protocol.StateWithdrawn || d.Item.LiveRevision != 0 || d.Entry.State != catalog.EntryWithdrawn || d.Entry.WithdrawnAt.IsZero() {
		t.Errorf("after the withdrawal: %+v, %+v", d.Item, d.Entry)
	}
	same(t, "events of the entry", o.EventsOf(d.Item.Entry), []string{"entry.published", "entry.corrected", "entry.withdrawn"})
}

func reviewAdoptions(t *testing.T, open Open) {
	o := NewOffice(t, open)
	id := o.Submit(0, "township")
	q := review.Outlet{Outlet: review.OutletCity, URL: "https://city.example.gov.cn/a"}
	refused(t, o.Desk.Adopt(t.Context(), o.Reviewer, id, q), fault.Conflict, "")
	o.Decide(o.Reviewer, id, catalog.ActionApprove)
	if err := o.Desk.Adopt(t.Context(), o.Reviewer, id, q); err != nil {
		t.Fatal(err)
	}
	refused(t, o.Desk.Adopt(t.Context(), o.Second, id, q), fault.Conflict, "已经登记")
	d := o.Item(id)
	if len(d.Adoptions) != 2 || d.Adoptions[1].Outlet != "city" || d.Adoptions[1].URL != q.URL || !d.Adoptions[1].At.Equal(o.Clock.Now()) {
		t.Errorf("adoptions: %+v", d.Adoptions)
	}
	if st, n := o.Told(id); n != 2 || st.Outlet != "city" || st.State != protocol.StateAdopted || st.URL != q.URL {
		t.Errorf("told %+v", st)
	}
}
