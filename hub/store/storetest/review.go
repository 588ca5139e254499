package storetest

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/hub/intake"
	"zhanqun/hub/review"
	"zhanqun/hub/store"
	"zhanqun/internal/account"
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
		{"stamps", reviewStamps}, {"adoptions", reviewAdoptions}, {"columns change", reviewColumnsChange},
		{"next", reviewNext}, {"lists", reviewLists}, {"search", reviewSearch}, {"who reads", reviewReaders}, {"counts", reviewCounts},
		{"two at once", reviewTwoAtOnce}, {"combine and withdraw at once", reviewRace}, {"events", reviewEvents}, {"walk", reviewWalk},
	} {
		t.Run(s.name, func(t *testing.T) { s.run(t, open) })
	}
}

// Office is a county with nodes, people and a review desk.
type Office struct {
	*store.Store
	T      testing.TB
	Clock  *Clock
	Stream *Stream
	Nodes  []*Sender
	Texts  map[string]*protocol.Submit // the latest of each item
	From   map[string]*Sender
	Desk   *review.Service
	words  map[string][]protocol.Message // of each node, as far as read

	Reviewer, Second, Chief, Deputy access.User
}

// Portal is the address of the portal in tests.
const Portal = "https://www.example.gov.cn"

// NewOffice opens a store with two nodes, of Sitang and Tangtou.
func NewOffice(t testing.TB, open Open) *Office {
	t.Helper()
	clock := NewClock()
	s := open(t, clock.Now)
	Units(t, s)
	Columns(t, s)
	return &Office{
		Store: s, T: t, Clock: clock, Stream: NewStream(t, s), Nodes: []*Sender{NewSender(t, s, Sitang), NewSender(t, s, Tangtou)},
		Texts: map[string]*protocol.Submit{}, From: map[string]*Sender{}, words: map[string][]protocol.Message{},
		Desk:     review.New(review.Options{Store: s, Now: clock.Now, Portal: func() string { return Portal }}),
		Reviewer: User(t, s, "shen", account.RoleReviewer, ""), Second: User(t, s, "song", account.RoleReviewer, ""),
		Chief: User(t, s, "chen", account.RoleChief, ""), Deputy: User(t, s, "ding", account.RoleChief, ""),
	}
}

// Submit lets a node send a new item for a column and returns its id.
func (o *Office) Submit(node int, column string, edit ...func(*protocol.Submit)) string {
	o.T.Helper()
	m := o.Nodes[node].Text()
	m.Column = column
	for _, f := range edit {
		f(m)
	}
	o.Texts[m.Item], o.From[m.Item] = m, o.Nodes[node]
	o.Stream.Send(o.Nodes[node], o.Nodes[node].Submit(m))
	return m.Item
}

// Revise lets the node send the next revision of an item.
func (o *Office) Revise(item string, edit ...func(*protocol.Submit)) {
	o.T.Helper()
	m := o.Texts[item]
	m.Revision++
	m.Title += "（改）"
	for _, f := range edit {
		f(m)
	}
	o.Stream.Send(o.From[item], o.From[item].Submit(m))
}

// Item returns an item as it stands.
func (o *Office) Item(id string) review.Detail {
	o.T.Helper()
	d, err := o.Store.Item(o.T.Context(), id)
	if err != nil {
		o.T.Fatal(err)
	}
	return d
}

// Decision is a decision on the latest revision, with a reason where one is needed.
func (o *Office) Decision(item, action string) review.Request {
	q := review.Request{Item: item, Revision: o.Texts[item].Revision, Action: action}
	if action != catalog.ActionApprove {
		q.Reason, q.Comment = "fact", "请核实"
	}
	return q
}

// Decide lets who decide, which has to succeed.
func (o *Office) Decide(who access.User, item, action string) {
	o.T.Helper()
	if err := o.Desk.Decide(o.T.Context(), who, o.Decision(item, action)); err != nil {
		o.T.Fatal(err)
	}
}

// Told returns the last status an item's node got of it, and how many there were.
func (o *Office) Told(item string) (last protocol.Status, count int) {
	o.T.Helper()
	node := o.From[item].Node.ID
	// Every word is checked when it is read, which takes its time: once is enough.
	o.words[node] = append(o.words[node], Words(o.T, o.Store, node, uint64(len(o.words[node])))...)
	for _, w := range o.words[node] {
		if st, ok := w.(*protocol.Status); ok && st.Item == item {
			last, count = *st, count+1
		}
	}
	return last, count
}

// EventsOf returns the kinds of all events about a thing, in order.
func (o *Office) EventsOf(ref string) []string {
	o.T.Helper()
	all, err := o.Store.Events(o.T.Context(), 0, 10_000)
	if err != nil {
		o.T.Fatal(err)
	}
	var list []string
	for i, e := range all {
		if e.Seq != uint64(i+1) {
			o.T.Fatalf("event %d is at place %d", e.Seq, i+1)
		}
		if e.Ref == ref {
			list = append(list, e.Kind)
		}
	}
	return list
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
	want := &catalog.Entry{ //nolint:gosec // a credit line, no credentials
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

func digest(c byte) string {
	b := make([]byte, 64)
	for i := range b {
		b[i] = c
	}
	return string(b)
}

// Arrive puts a file on file, as the blob lane does when its last chunk is down.
func (o *Office) Arrive(f protocol.Attachment) {
	o.T.Helper()
	err := o.FileArrived(o.T.Context(), intake.File{Node: o.Nodes[0].Node.ID, SHA256: f.SHA256, Size: f.Size, Have: f.Size, Done: true}, f.Type)
	if err != nil {
		o.T.Fatal(err)
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

func reviewFiles(t *testing.T, open Open) {
	o := NewOffice(t, open)
	photo := protocol.Attachment{SHA256: digest('b'), Name: "图.jpg", Size: 9, Type: "image/jpeg"}
	id := o.Submit(0, "photo", func(m *protocol.Submit) { m.Attachments = []protocol.Attachment{photo} })
	other := o.Submit(0, "photo", func(m *protocol.Submit) {
		m.Attachments = []protocol.Attachment{{SHA256: digest('c'), Name: "别.jpg", Size: 9, Type: "image/jpeg"}}
	})
	o.Decide(o.Reviewer, id, catalog.ActionApprove)
	o.Decide(o.Reviewer, other, catalog.ActionApprove)
	if d := o.Item(id); d.Item.State != protocol.StateApproved || d.Entry != nil || d.Arrived[photo.SHA256] {
		t.Fatalf("item: %+v", d.Item)
	}
	sweep(t, o)
	if d := o.Item(id); d.Item.State != protocol.StateApproved {
		t.Errorf("published without its file: %+v", d.Item)
	}
	o.Arrive(photo)
	sweep(t, o)
	if d := o.Item(id); d.Item.State != protocol.StateAdopted || d.Entry == nil || !d.Arrived[photo.SHA256] {
		t.Errorf("not published with its file: %+v", d.Item)
	}
	if d := o.Item(other); d.Item.State != protocol.StateApproved {
		t.Errorf("the other: %+v", d.Item)
	}
	o.Decide(o.Second, other, catalog.ActionReturn)
	if st, _ := o.Told(other); st.State != protocol.StateReturned {
		t.Errorf("told %+v", st)
	}
}

func sweep(t testing.TB, o *Office) time.Time {
	t.Helper()
	next, err := o.Desk.Sweep(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return next
}

// A held decision changes nothing until it is due, and can be taken back.
func reviewHeld(t *testing.T, open Open) {
	o := NewOffice(t, open)
	id := o.Submit(0, "township")
	held, err := o.Desk.Hold(t.Context(), o.Reviewer, o.Decision(id, catalog.ActionApprove))
	if err != nil {
		t.Fatal(err)
	}
	quiet := func(what string) {
		t.Helper()
		sweep(t, o)
		d := o.Item(id)
		if _, n := o.Told(id); n != 0 || d.Item.State != protocol.StateReceived || d.Entry != nil || len(d.Decisions) != 0 {
			t.Errorf("%s: something left: %+v", what, d.Item)
		}
	}
	quiet("held")
	if d := o.Item(id); d.Held == nil || d.Held.ID != held.ID || !d.Held.DueAt.Equal(o.Clock.Now().Add(10*time.Second)) {
		t.Errorf("held: %+v", d.Held)
	}
	if next := sweep(t, o); !next.Equal(held.DueAt) {
		t.Errorf("next look at %v, want %v", next, held.DueAt)
	}
	refused(t, o.Desk.Decide(t.Context(), o.Second, o.Decision(id, catalog.ActionReject)), fault.Conflict, "几秒后生效")
	refused(t, o.Desk.Decide(t.Context(), o.Reviewer, o.Decision(id, catalog.ActionReject)), fault.Conflict, "撤销")
	refused(t, o.Desk.Claim(t.Context(), o.Second, id, "急"), fault.Conflict, "")
	_, err = o.Desk.Hold(t.Context(), o.Reviewer, o.Decision(id, catalog.ActionReject))
	refused(t, err, fault.Conflict, "")
	refused(t, o.Desk.Undo(t.Context(), o.Second, id), fault.Forbidden, "")
	if list, err := o.Desk.Next(t.Context(), o.Reviewer, review.Position{}, 10); err != nil || len(list) != 0 {
		t.Errorf("offered again: %v, %v", list, err)
	}
	if err := o.Desk.Undo(t.Context(), o.Reviewer, id); err != nil {
		t.Fatal(err)
	}
	o.Clock.Advance(time.Minute)
	quiet("undone")
	refused(t, o.Desk.Undo(t.Context(), o.Reviewer, id), fault.Conflict, "")

	if _, err := o.Desk.Hold(t.Context(), o.Reviewer, o.Decision(id, catalog.ActionApprove)); err != nil {
		t.Fatal(err)
	}
	o.Clock.Advance(9 * time.Second)
	quiet("one second left")
	o.Clock.Advance(time.Second)
	sweep(t, o)
	if d := o.Item(id); d.Item.State != protocol.StateAdopted || d.Held != nil || d.Item.ClaimedBy != "" || d.Decisions[0].Account != o.Reviewer.ID {
		t.Errorf("after its time: %+v", d.Item)
	}
	same(t, "events", o.EventsOf(id), []string{"item.received", "item.held", "item.undone", "item.held", "item.decided", "item.adopted"})
	_, err = o.Desk.Hold(t.Context(), o.Reviewer, o.Decision(id, catalog.ActionApprove))
	refused(t, err, fault.Conflict, "")
}

// A held decision that has become impossible lapses, and the item is due again.
func reviewLapsed(t *testing.T, open Open) {
	o := NewOffice(t, open)
	revised, withdrawn, taken := o.Submit(0, "township"), o.Submit(0, "township"), o.Submit(1, "township")
	for _, id := range []string{revised, withdrawn} {
		if _, err := o.Desk.Hold(t.Context(), o.Reviewer, o.Decision(id, catalog.ActionApprove)); err != nil {
			t.Fatal(err)
		}
	}
	o.Decide(o.Reviewer, taken, catalog.ActionApprove)
	if _, err := o.Desk.Hold(t.Context(), o.Chief, o.Decision(taken, catalog.ActionWithdraw)); err != nil {
		t.Fatal(err)
	}
	o.Revise(revised)
	o.Stream.Send(o.From[withdrawn], o.From[withdrawn].Withdraw(withdrawn, 1))
	o.Clock.Advance(time.Minute)
	sweep(t, o)
	if d := o.Item(revised); d.Item.State != protocol.StateReceived || d.Held != nil || d.Item.ClaimedBy != "" || d.Item.DueRole == "" {
		t.Errorf("revised: %+v", d.Item)
	}
	if d := o.Item(withdrawn); d.Item.State != protocol.StateWithdrawn || d.Held != nil || d.Entry != nil {
		t.Errorf("withdrawn: %+v", d.Item)
	}
	if d := o.Item(taken); d.Item.State != protocol.StateWithdrawn {
		t.Errorf("a held withdrawal: %+v", d.Item)
	}
	if kinds := o.EventsOf(revised); kinds[len(kinds)-1] != review.EventLapsed {
		t.Errorf("events: %v", kinds)
	}
	o.Decide(o.Second, revised, catalog.ActionApprove)
}

// Run carries out by itself what is due.
func reviewRun(t *testing.T, open Open) {
	o := NewOffice(t, open)
	desk := review.New(review.Options{Store: o.Store, UndoFor: 20 * time.Millisecond}) // on the real clock
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	adopted := make(chan struct{}, 1)
	id := o.Submit(0, "township")
	o.OnDown(func(heads map[string]uint64) {
		if heads[o.Nodes[0].Node.ID] > 0 {
			select {
			case adopted <- struct{}{}:
			default:
			}
		}
	})
	go func() {
		defer close(ended)
		desk.Run(ctx, slog.New(slog.DiscardHandler))
	}()
	// The store's clock is in the past, so the decision is due at once.
	if _, err := desk.Hold(t.Context(), o.Reviewer, o.Decision(id, catalog.ActionApprove)); err != nil {
		t.Fatal(err)
	}
	select {
	case <-adopted:
	case <-time.After(10 * time.Second):
		t.Error("the decision never left")
	}
	stop()
	<-ended
	if d := o.Item(id); d.Item.State != protocol.StateAdopted {
		t.Errorf("item: %+v", d.Item)
	}
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
