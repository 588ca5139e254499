package review

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// Who may do what with an item that has just arrived.
func TestWhoDecides(t *testing.T) {
	for _, tt := range []struct {
		name   string
		who    access.User
		column string
		edit   func(*Subject)
		q      Request
		kind   fault.Kind
	}{
		{"a reviewer approves a first step", reviewer, "township", nil, Request{Action: "approve"}, 0},
		{"a chief may do a reviewer's step", chief, "township", nil, Request{Action: "approve"}, 0},
		{"an administrator may not", admin, "township", nil, Request{Action: "approve"}, fault.Forbidden},
		{"a liaison may not", liaison, "township", nil, Request{Action: "approve"}, fault.Forbidden},
		{"a disabled reviewer may not", disabled(reviewer), "township", nil, Request{Action: "approve"}, fault.Forbidden},
		{"a reviewer may not do the chief's step", second, "headline", atFinal, Request{Action: "approve"}, fault.Forbidden},
		{"nor return there", second, "headline", atFinal, Request{Action: "return"}, fault.Forbidden},
		{"a chief may", chief, "headline", atFinal, Request{Action: "approve"}, 0},
		{"the author by name", reviewer, "township", author("申荷"), Request{Action: "approve"}, fault.Forbidden},
		{"the author among others", reviewer, "township", author("唐投、申荷"), Request{Action: "reject"}, fault.Forbidden},
		{"the author by login", reviewer, "township", author("ShenHe"), Request{Action: "return"}, fault.Forbidden},
		{"not the author", reviewer, "township", author("申荷花"), Request{Action: "approve"}, 0},
		{"claimed by another", reviewer, "township", claimed(second, time.Minute), Request{Action: "approve"}, fault.Conflict},
		{"claimed by himself", reviewer, "township", claimed(reviewer, time.Minute), Request{Action: "approve"}, 0},
		{"another's claim ran out", reviewer, "township", claimed(second, 0), Request{Action: "approve"}, 0},
		{"an older revision", reviewer, "township", func(x *Subject) { x.Item.Revision, x.Text.Revision = 2, 2 }, Request{Action: "approve", Revision: 1}, fault.Conflict},
		{"a revision that never was", reviewer, "township", nil, Request{Action: "approve", Revision: 9}, fault.Conflict},
		{"a returned item waits for its node", reviewer, "township", state(protocol.StateReturned), Request{Action: "approve"}, fault.Conflict},
		{"a rejected item is decided", reviewer, "township", state(protocol.StateRejected), Request{Action: "approve"}, fault.Conflict},
		{"a withdrawn item never comes back", chief, "township", state(protocol.StateWithdrawn), Request{Action: "approve"}, fault.Conflict},
		{"secrecy blocks approval", chief, "township", flags(FlagSecrecy), Request{Action: "approve", Override: "领导同意"}, fault.Invalid},
		{"secrecy does not block rejection", reviewer, "township", flags(FlagSecrecy), Request{Action: "reject"}, 0},
		{"personal data needs a reason", reviewer, "township", flags("phone"), Request{Action: "approve", Comment: "可以"}, fault.Invalid},
		{"personal data with a reason", reviewer, "township", flags("phone", "id_card"), Request{Action: "approve", Override: "公示名单，依法公开"}, 0},
		{"an unknown flag is for information", reviewer, "township", flags("long"), Request{Action: "approve"}, 0},
		{"a column that does not exist", reviewer, "township", nil, Request{Action: "approve", Columns: []string{"nosuch"}}, fault.Invalid},
		{"withdrawing what is not live", chief, "township", nil, Request{Action: "withdraw"}, fault.Conflict},
		{"a reviewer does not withdraw", reviewer, "township", live, Request{Action: "withdraw"}, fault.Forbidden},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := subject(1, tt.column)
			if tt.edit != nil {
				tt.edit(&x)
			}
			s := snapshot(x)
			if x.Item.LiveRevision > 0 {
				s.Entries["e1"] = catalog.Entry{ID: "e1", State: catalog.EntryLive, Version: 1, Columns: []string{tt.column}}
			}
			q := tt.q
			q.Item = x.Item.ID
			if q.Revision == 0 {
				q.Revision = x.Item.Revision
			}
			if q.Action != catalog.ActionApprove {
				q.Reason, q.Comment = "fact", "请核实"
			}
			_, err := testRules().decide(s, tt.who, q)
			wantKind(t, err, tt.kind)
		})
	}
}

func disabled(u access.User) access.User { u.Disabled = true; return u }

func author(name string) func(*Subject) {
	return func(x *Subject) { x.Text.Author, x.Item.Author = name, name }
}

func state(s protocol.State) func(*Subject) {
	return func(x *Subject) { x.Item.State, x.Item.DueRole = s, "" }
}

func flags(list ...string) func(*Subject) {
	return func(x *Subject) { x.Text.Flags, x.Item.Flags = list, list }
}

func claimed(by access.User, left time.Duration) func(*Subject) {
	return func(x *Subject) {
		x.Item.ClaimedBy, x.Item.ClaimedName, x.Item.ClaimedUntil = by.ID, by.Name, now.Add(left)
	}
}

// atFinal brings an item of a column with two steps to the second.
func atFinal(x *Subject) {
	x.Item.State, x.Item.Step, x.Item.DueRole = protocol.StateInReview, 2, "chief"
	x.Decisions = []catalog.Decision{{Item: x.Item.ID, Revision: 1, Step: 1, Action: catalog.ActionApprove, Role: "reviewer",
		Account: reviewer.ID, Columns: []string{x.Text.Column}, At: now.Add(-time.Minute)}}
}

// live puts the item on the portal as entry e1.
func live(x *Subject) {
	x.Item.State, x.Item.DueRole, x.Item.LiveRevision, x.Item.Entry = protocol.StateAdopted, "", x.Item.Revision, "e1"
}

// What a request must say whatever the item.
func TestRequestIsChecked(t *testing.T) {
	long := string(make([]rune, protocol.MaxTextRunes+1))
	for _, tt := range []struct {
		name  string
		q     Request
		field string
	}{
		{"approve", Request{Revision: 1, Action: "approve"}, ""},
		{"no revision", Request{Action: "approve"}, "revision"},
		{"no action", Request{Revision: 1}, "action"},
		{"unknown action", Request{Revision: 1, Action: "delete"}, "action"},
		{"return without a reason", Request{Revision: 1, Action: "return", Comment: "改"}, "reason"},
		{"return with an unknown reason", Request{Revision: 1, Action: "return", Reason: "mood", Comment: "改"}, "reason"},
		{"return without comment or field", Request{Revision: 1, Action: "return", Reason: "fact"}, "comment"},
		{"return with a field", Request{Revision: 1, Action: "return", Reason: "fact", Fields: []string{"title"}}, ""},
		{"return with an unknown field", Request{Revision: 1, Action: "return", Reason: "fact", Fields: []string{"font"}}, "field"},
		{"reject without a reason", Request{Revision: 1, Action: "reject"}, "reason"},
		{"reject", Request{Revision: 1, Action: "reject", Reason: "stale"}, ""},
		{"other needs words", Request{Revision: 1, Action: "reject", Reason: "other", Comment: " "}, "comment"},
		{"withdraw without a reason", Request{Revision: 1, Action: "withdraw"}, "reason"},
		{"comment too long", Request{Revision: 1, Action: "approve", Comment: long}, "comment"},
		{"control characters", Request{Revision: 1, Action: "approve", Override: "a\x00b"}, "override"},
		{"column twice", Request{Revision: 1, Action: "approve", Columns: []string{"photo", "photo"}}, "columns"},
		{"column not a slug", Request{Revision: 1, Action: "approve", Columns: []string{"../x"}}, "columns"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.q.check(now)
			if tt.field == "" {
				wantKind(t, err, fault.Internal)
				return
			}
			if _, ok := fault.Fields(err)[tt.field]; !ok {
				t.Errorf("got %v, want a fault at %s", err, tt.field)
			}
		})
	}
}

// One step: approving publishes, tells the node, and notes it all.
func TestOneStep(t *testing.T) {
	x := subject(1, "township")
	x.Text.Body = `<p onclick="x()">正文<script>alert(1)</script></p>`
	s := snapshot(x)
	q := approve(x)
	q.Comment = "写得好"
	e, err := testRules().decide(s, reviewer, q)
	_, e = must(t, s, e, err)
	if len(e.Items) != 1 || len(e.Entries) != 1 || len(e.Down) != 1 || len(e.Adoptions) != 1 || len(e.Decisions) != 1 {
		t.Fatalf("effect is incomplete: %+v", e)
	}
	entry, item := e.Entries[0], e.Items[0]
	if item.State != protocol.StateAdopted || item.LiveRevision != 1 || item.Entry != entry.ID || item.DueRole != "" {
		t.Errorf("item: %+v", item)
	}
	want := catalog.Entry{
		ID: entry.ID, Title: "第 1 条信息", Body: "<p>正文</p>", State: catalog.EntryLive, Version: 1, Credit: "来源：塘头镇党政办　供稿：第1镇",
		Columns: []string{"township"}, Sources: []catalog.EntrySource{{Item: id(1), Revision: 1, Unit: "520624101", UnitName: "第1镇", Author: "唐投"}},
		Files: []protocol.Attachment{},
	}
	if diff := cmp.Diff(want, entry); diff != "" {
		t.Errorf("entry (-want +got):\n%s", diff)
	}
	st := e.Down[0].Status
	wantStatus := protocol.Status{
		Item: id(1), Revision: 1, State: protocol.StateAdopted, Comment: "写得好", Columns: []string{"township"}, Entry: entry.ID,
		URL: "https://www.example.gov.cn/entries/" + entry.ID, Outlet: "county", At: now,
	}
	if diff := cmp.Diff(wantStatus, st); diff != "" {
		t.Errorf("status (-want +got):\n%s", diff)
	}
	if e.Down[0].Node != "node1" {
		t.Errorf("told %s", e.Down[0].Node)
	}
	var kinds []string
	for _, n := range e.Events {
		kinds = append(kinds, n.Kind)
	}
	if diff := cmp.Diff([]string{EventDecided, EventAdopted, EventPublished}, kinds); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if len(e.Audits) != 1 || e.Audits[0].Actor != reviewer.Login {
		t.Errorf("audits: %+v", e.Audits)
	}
}

// Two steps: two people, in order; the second decides with the first one's columns.
func TestTwoSteps(t *testing.T) {
	r := testRules()
	s := snapshot(subject(1, "township"))
	q := approve(s.Items[0])
	q.Columns = []string{"township", "headline"} // headline asks for the chief as well
	e, err := r.decide(s, reviewer, q)
	s, e = must(t, s, e, err)
	if len(e.Entries) != 0 {
		t.Fatal("choosing a column with more steps went around them")
	}
	if i := e.Items[0]; i.State != protocol.StateInReview || i.Step != 2 || i.DueRole != "chief" {
		t.Errorf("item: %+v", i)
	}
	if st := e.Down[0].Status; st.Step != 2 || st.Steps != 2 || st.StepName != "终审" || st.State != protocol.StateInReview {
		t.Errorf("status: %+v", st)
	}
	if _, err := r.decide(s, second, approve(s.Items[0])); !fault.Is(err, fault.Forbidden) {
		t.Errorf("a reviewer did the chief's step: %v", err)
	}
	e, err = r.decide(s, chief, approve(s.Items[0]))
	_, e = must(t, s, e, err)
	if diff := cmp.Diff([]string{"township", "headline"}, e.Entries[0].Columns); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
}

// Nobody approves two steps of one revision, but may return there, and starts
// afresh with the next revision.
func TestNobodyApprovesTwice(t *testing.T) {
	r := testRules()
	s := snapshot(subject(1, "headline"))
	e, err := r.decide(s, chief, approve(s.Items[0]))
	s, _ = must(t, s, e, err)
	if _, err := r.decide(s, chief, approve(s.Items[0])); !fault.Is(err, fault.Forbidden) {
		t.Errorf("approved twice: %v", err)
	}
	back := Request{Item: id(1), Revision: 1, Action: catalog.ActionReturn, Reason: "fact", Comment: "核实"}
	if _, err := r.decide(s, chief, back); err != nil {
		t.Errorf("could not return: %v", err)
	}
	if _, err := r.decide(s, deputy, approve(s.Items[0])); err != nil {
		t.Errorf("another chief could not approve: %v", err)
	}
	s = revise(s, 0)
	if _, err := r.decide(s, chief, approve(s.Items[0])); err != nil {
		t.Errorf("could not approve the next revision: %v", err)
	}
}

// A conflict over a stale revision names both.
func TestStaleNamesBoth(t *testing.T) {
	s := revise(snapshot(subject(1, "township")), 0)
	_, err := testRules().decide(s, reviewer, Request{Item: id(1), Revision: 1, Action: catalog.ActionApprove})
	var stale *Stale
	if !errors.As(err, &stale) || stale.Asked.Revision != 1 || stale.Latest.Revision != 2 {
		t.Errorf("got %v", err)
	}
}
