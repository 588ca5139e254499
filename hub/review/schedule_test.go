package review

import (
	"strings"
	"testing"
	"time"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

var tomorrow = time.Date(2026, 11, 4, 0, 30, 0, 0, time.UTC)

// An approval may name the hour; until then the item waits and can be stopped.
func TestPublishAt(t *testing.T) {
	r := testRules()
	s := snapshot(subject(1, "township"))
	q := approve(s.Items[0])
	q.PublishAt = tomorrow
	e, err := r.decide(s, reviewer, q)
	s, e = must(t, s, e, err)
	if i := e.Items[0]; i.State != protocol.StateApproved || !i.PublishAt.Equal(tomorrow) || len(e.Entries) != 0 {
		t.Fatalf("item: %+v", i)
	}
	if st := e.Down[0].Status; st.State != protocol.StateApproved || !strings.Contains(st.Comment, "2026年11月4日08:30") {
		t.Errorf("status: %+v", st)
	}
	if e, err := r.complete(s); err != nil || len(e.Items) != 0 {
		t.Errorf("published before its hour: %+v, %v", e, err)
	}
	back := Request{Item: id(1), Revision: 1, Action: catalog.ActionReturn, Reason: "fact", Comment: "核实"}
	e, err = r.decide(s, second, back)
	if stopped, _ := must(t, s, e, err); !stopped.Items[0].Item.PublishAt.IsZero() || stopped.Items[0].Item.State != protocol.StateReturned {
		t.Errorf("stopped: %+v", stopped.Items[0].Item)
	}
	s.At = tomorrow
	e, err = r.complete(s)
	_, e = must(t, s, e, err)
	if i := e.Items[0]; i.State != protocol.StateAdopted || !i.PublishAt.IsZero() || len(e.Entries) != 1 || len(e.Adoptions) != 1 {
		t.Errorf("at its hour: %+v", e)
	}
}

// The hour can be moved, and done away with, by who may do the last step.
func TestSchedule(t *testing.T) {
	r := testRules()
	s := snapshot(subject(1, "township"))
	q := approve(s.Items[0])
	q.PublishAt = tomorrow
	e, err := r.decide(s, reviewer, q)
	s, _ = must(t, s, e, err)
	later := tomorrow.Add(time.Hour)
	e, err = r.schedule(s, second, 1, later)
	moved, e := must(t, s, e, err)
	if i := e.Items[0]; !i.PublishAt.Equal(later) || i.State != protocol.StateApproved || e.Audits[0].Kind != "item.schedule" {
		t.Errorf("moved: %+v", e)
	}
	e, err = r.schedule(moved, reviewer, 1, time.Time{})
	if now, _ := must(t, moved, e, err); now.Items[0].Item.State != protocol.StateAdopted {
		t.Errorf("at once: %+v", now.Items[0].Item)
	}
	for _, tt := range []struct {
		name     string
		who      access.User
		revision int
		edit     func(*Subject)
		kind     fault.Kind
	}{
		{"an administrator", admin, 1, nil, fault.Forbidden},
		{"an older revision", reviewer, 2, nil, fault.Conflict},
		{"what is not approved", reviewer, 1, state(protocol.StateReturned), fault.Conflict},
		{"his own writing", reviewer, 1, author("申荷"), fault.Forbidden},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := s.Items[0]
			if tt.edit != nil {
				tt.edit(&x)
			}
			_, err := r.schedule(snapshot(x), tt.who, tt.revision, later)
			wantKind(t, err, tt.kind)
		})
	}
}

// Only the last step names the hour, and both the hour and the files are waited for.
func TestPublishAtRules(t *testing.T) {
	r := testRules()
	s := snapshot(subject(1, "headline"))
	q := approve(s.Items[0])
	q.PublishAt = tomorrow
	if _, err := r.decide(s, reviewer, q); fault.Fields(err)["publishAt"] == "" {
		t.Errorf("the first step named an hour: %v", err)
	}
	x := subject(2, "township")
	x.Missing = 1
	q.Item = id(2)
	s = snapshot(x)
	e, err := r.decide(s, reviewer, q)
	s, e = must(t, s, e, err)
	if st := e.Down[0].Status; !strings.Contains(st.Comment, "定于") || !strings.Contains(st.Comment, "1 个附件") {
		t.Errorf("status: %+v", st)
	}
	s.At = tomorrow
	if e, err := r.complete(s); err != nil || len(e.Items) != 0 {
		t.Errorf("published without its file: %+v, %v", e, err)
	}
	for _, tt := range []struct {
		name  string
		q     Request
		field string
	}{
		{"an hour that is over", Request{Revision: 1, Action: "approve", PublishAt: now.Add(-time.Hour)}, "publishAt"},
		{"years ahead", Request{Revision: 1, Action: "approve", PublishAt: now.AddDate(2, 0, 0)}, "publishAt"},
		{"a form that was open for a minute", Request{Revision: 1, Action: "approve", PublishAt: now.Add(-time.Minute)}, ""},
		{"in an emergency", Request{Revision: 1, Action: "approve", Emergency: true, Comment: "急", PublishAt: tomorrow}, "publishAt"},
		{"an emergency without a reason", Request{Revision: 1, Action: "approve", Emergency: true}, "comment"},
		{"a successor of what is approved", Request{Revision: 1, Action: "approve", URL: "https://www.example.gov.cn/"}, "url"},
		{"a successor that is no address", Request{Revision: 1, Action: "withdraw", Reason: "superseded", URL: "javascript:alert(1)"}, "url"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.q.check(now)
			if _, ok := fault.Fields(err)[tt.field]; ok != (tt.field != "") || tt.field == "" && err != nil {
				t.Errorf("got %v", err)
			}
		})
	}
}

// What readers are told of a correction is not lost while it waits.
func TestNoteWaitsWithItsCorrection(t *testing.T) {
	r, s, _ := published(t, "township")
	s = revise(s, 0)
	q := approve(s.Items[0])
	q.PublishAt, q.Note = tomorrow, "更正：订正了会议日期。"
	e, err := r.decide(s, second, q)
	s, _ = must(t, s, e, err)
	s.At = tomorrow
	e, err = r.complete(s)
	_, e = must(t, s, e, err)
	if got := e.Entries[0].Note; got != "2026年11月4日更正：订正了会议日期。" {
		t.Errorf("note: %q", got)
	}
}
