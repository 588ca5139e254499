package review

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

func rush(x Subject) Request {
	q := approve(x)
	q.Emergency, q.Comment = true, "山洪红色预警，县领导同意先发"
	return q
}

// rushed is a snapshot in which item 1, meant for a column of two steps, went
// on the portal by the chief's word alone.
func rushed(t *testing.T) (rules, Snapshot, Effect) {
	t.Helper()
	r := testRules()
	s := snapshot(subject(1, "headline"))
	e, err := r.decide(s, chief, rush(s.Items[0]))
	s, e = must(t, s, e, err)
	return r, s, e
}

// In an emergency a chief publishes at once; it is marked, and the step between
// falls due to somebody else.
func TestEmergency(t *testing.T) {
	r, s, e := rushed(t)
	item, d := e.Items[0], e.Decisions[0]
	if item.State != protocol.StateAdopted || item.LiveRevision != 1 || !item.Emergency || item.Step != 1 || item.DueRole != "reviewer" {
		t.Errorf("item: %+v", item)
	}
	if !d.Emergency || d.Step != 2 || d.Comment == "" {
		t.Errorf("decision: %+v", d)
	}
	if len(e.Entries) != 1 || len(e.Adoptions) != 1 {
		t.Errorf("not published: %+v", e)
	}
	if e.Audits[0].Kind != "item.emergency" {
		t.Errorf("audit: %+v", e.Audits)
	}
	if st := e.Down[0].Status; !strings.HasPrefix(st.Comment, "紧急发布") || st.State != protocol.StateAdopted || st.URL == "" {
		t.Errorf("status: %+v", st)
	}

	// Who published cannot also do the step between; another can, and that is all.
	if _, err := r.decide(s, chief, approve(s.Items[0])); !fault.Is(err, fault.Forbidden) {
		t.Errorf("confirmed by who published: %v", err)
	}
	e, err := r.decide(s, reviewer, approve(s.Items[0]))
	s, e = must(t, s, e, err)
	if i := e.Items[0]; i.Emergency || i.DueRole != "" || i.State != protocol.StateAdopted || i.LiveRevision != 1 {
		t.Errorf("confirmed item: %+v", i)
	}
	if len(e.Entries) != 0 || len(e.Adoptions) != 0 {
		t.Errorf("confirming changed what readers see: %+v", e)
	}
	if st := e.Down[0].Status; st.State != protocol.StateAdopted || !strings.Contains(st.Comment, "补审通过") {
		t.Errorf("status: %+v", st)
	}
	if last := e.Events[len(e.Events)-1]; last.Kind != EventConfirmed {
		t.Errorf("events: %+v", e.Events)
	}
	if _, err := r.decide(s, second, approve(s.Items[0])); !fault.Is(err, fault.Conflict) {
		t.Errorf("confirmed twice: %v", err)
	}
}

// What does not pass afterwards comes off the portal in the same moment.
func TestEmergencyDoesNotPass(t *testing.T) {
	for _, tt := range []struct {
		action string
		state  protocol.State
		revise bool // a newer revision is judged
	}{
		{catalog.ActionReturn, protocol.StateReturned, false},
		{catalog.ActionReject, protocol.StateRejected, false},
		{catalog.ActionReturn, protocol.StateReturned, true},
		{catalog.ActionReject, protocol.StateRejected, true},
	} {
		t.Run(tt.action, func(t *testing.T) {
			r, s, first := rushed(t)
			if tt.revise {
				s = revise(s, 0)
			}
			e, err := r.decide(s, reviewer, Request{Item: id(1), Revision: s.Items[0].Item.Revision, Action: tt.action, Reason: "fact", Comment: "雨量写错"})
			s, e = must(t, s, e, err)
			if i := e.Items[0]; i.State != tt.state || i.LiveRevision != 0 || i.Emergency || i.DueRole != "" {
				t.Errorf("item: %+v", i)
			}
			if got := e.Entries[0]; got.ID != first.Entries[0].ID || got.State != catalog.EntryWithdrawn || got.Reason != "内容有误，已撤下" {
				t.Errorf("entry: %+v", got)
			}
			if st := e.Down[0].Status; len(e.Down) != 1 || st.State != tt.state || !st.Off || !strings.Contains(st.Comment, "雨量写错") || !strings.Contains(st.Comment, "撤下") {
				t.Errorf("status: %+v", st)
			}
			if tt.action == catalog.ActionReject {
				return
			}
			// A new revision walks all steps and is a new entry.
			s = revise(s, 0)
			e, err = r.decide(s, reviewer, approve(s.Items[0]))
			s, _ = must(t, s, e, err)
			e, err = r.decide(s, chief, approve(s.Items[0]))
			_, e = must(t, s, e, err)
			if i := e.Items[0]; i.State != protocol.StateAdopted || i.Emergency || e.Entries[0].ID == first.Entries[0].ID {
				t.Errorf("after all steps: %+v, entry %s", i, e.Entries[0].ID)
			}
		})
	}
}

// A correction that passed all its steps settles what was rushed before it.
func TestEmergencyThenCorrection(t *testing.T) {
	r, s, first := rushed(t)
	s = revise(s, 0)
	e, err := r.decide(s, reviewer, approve(s.Items[0]))
	s, e = must(t, s, e, err)
	if i := e.Items[0]; !i.Emergency || i.State != protocol.StateInReview || i.LiveRevision != 1 {
		t.Errorf("under way: %+v", i)
	}
	e, err = r.decide(s, chief, approve(s.Items[0]))
	_, e = must(t, s, e, err)
	if i := e.Items[0]; i.Emergency || i.State != protocol.StateCorrected || e.Entries[0].ID != first.Entries[0].ID {
		t.Errorf("corrected: %+v", i)
	}
}

func TestEmergencyRules(t *testing.T) {
	for _, tt := range []struct {
		name string
		who  access.User
		edit func(*Subject)
		kind fault.Kind
	}{
		{"a chief", chief, nil, 0},
		{"a reviewer", reviewer, nil, fault.Forbidden},
		{"an administrator", admin, nil, fault.Forbidden},
		{"a secrecy mark", chief, flags(FlagSecrecy), fault.Invalid},
		{"personal data without a reason", chief, flags("phone"), fault.Invalid},
		{"his own writing", chief, author("冯管"), fault.Forbidden},
		{"claimed by another", chief, claimed(second, 1), fault.Conflict},
		{"files under way", chief, func(x *Subject) { x.Missing = 1 }, fault.Conflict},
		{"withdrawn", chief, state(protocol.StateWithdrawn), fault.Conflict},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := subject(1, "headline")
			if tt.edit != nil {
				tt.edit(&x)
			}
			s := snapshot(x)
			_, err := testRules().decide(s, tt.who, rush(x))
			wantKind(t, err, tt.kind)
		})
	}
	// Where the last step is due anyway, it is an approval like any other.
	for _, x := range []Subject{subject(1, "township"), func() Subject { x := subject(1, "headline"); atFinal(&x); return x }()} {
		e, err := testRules().decide(snapshot(x), chief, rush(x))
		if err != nil || e.Items[0].Emergency || e.Decisions[0].Emergency || e.Items[0].DueRole != "" {
			t.Errorf("%s: %+v, %v", x.Item.Column, e.Items, err)
		}
	}
	r, s, _ := rushed(t)
	for name, q := range map[string]Request{
		"again in an emergency": rush(s.Items[0]),
		"in another column":     {Item: id(1), Revision: 1, Action: "approve", Columns: []string{"photo"}},
		"with a note":           {Item: id(1), Revision: 1, Action: "approve", Note: "更正"},
		"at an hour":            {Item: id(1), Revision: 1, Action: "approve", PublishAt: now.AddDate(0, 0, 1)},
	} {
		if _, err := r.decide(s, deputy, q); err == nil {
			t.Errorf("confirmed %s", name)
		}
	}
	q := combination(nil, 1)
	if _, err := r.combine(s, deputy, q); !fault.Is(err, fault.Conflict) {
		t.Errorf("edited before it was looked at: %v", err)
	}
	e, err := r.decide(s, chief, Request{Item: id(1), Revision: 1, Action: catalog.ActionWithdraw, Reason: "error"})
	if _, e = must(t, s, e, err); e.Items[0].Emergency || e.Items[0].DueRole != "" {
		t.Errorf("withdrawn: %+v", e.Items[0])
	}
}

// Three steps: both that were passed over are done afterwards, in order, by two people.
func TestEmergencyOverTwoSteps(t *testing.T) {
	r := testRules()
	x := subject(1, "special")
	s := snapshot(x)
	s.Columns = append(s.Columns, catalog.Column{Slug: "special", Name: "专题", Steps: steps("rrc")})
	e, err := r.decide(s, chief, rush(x))
	s, _ = must(t, s, e, err)
	var due []string
	for _, who := range []access.User{reviewer, second} {
		due = append(due, s.Items[0].Item.DueRole)
		e, err = r.decide(s, who, approve(s.Items[0]))
		s, e = must(t, s, e, err)
		if _, err := r.decide(s, who, approve(s.Items[0])); err == nil {
			t.Errorf("%s did two steps", who.Name)
		}
	}
	if i := e.Items[0]; i.Emergency || i.DueRole != "" {
		t.Errorf("after both: %+v", i)
	}
	if diff := cmp.Diff([]string{"reviewer", "reviewer"}, due); diff != "" {
		t.Errorf("due (-want +got):\n%s", diff)
	}
}
