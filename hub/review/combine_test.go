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

func combination(columns []string, items ...int) Combination {
	q := Combination{Title: "各镇抓秋收", Body: "<p>综合各镇消息。</p>", Columns: columns}
	for _, n := range items {
		q.Items = append(q.Items, Part{Item: id(n), Revision: 1})
	}
	return q
}

// Several items become one entry; each keeps its credit and its own word.
func TestCombine(t *testing.T) {
	r := testRules()
	photo := protocol.Attachment{SHA256: strings.Repeat("a", 64), Name: "图.jpg", Size: 1, Type: "image/jpeg"}
	one, two := subject(1, "township"), subject(2, "township")
	one.Text.Attachments, two.Text.Attachments = []protocol.Attachment{photo}, []protocol.Attachment{photo}
	two.Item.Origin, two.Item.OriginName = "520624102201", "红旗村"
	s := snapshot(one, two)
	e, err := r.combine(s, reviewer, combination(nil, 1, 2))
	_, e = must(t, s, e, err)
	if len(e.Entries) != 1 || len(e.Items) != 2 || len(e.Down) != 2 || len(e.Adoptions) != 2 || len(e.Decisions) != 2 {
		t.Fatalf("effect: %+v", e)
	}
	entry := e.Entries[0]
	if !entry.Combined || len(entry.Sources) != 2 || len(entry.Files) != 1 || entry.Credit != "来源：塘头镇党政办　供稿：第1镇、第2镇红旗村" {
		t.Errorf("entry: %+v", entry)
	}
	for i, w := range e.Down {
		st := w.Status
		if w.Node != s.Items[i].Item.Node || st.Item != s.Items[i].Item.ID || !st.Combined || st.State != protocol.StateAdopted || st.Entry != entry.ID {
			t.Errorf("word %d: %+v", i, w)
		}
	}
}

// Nothing goes around the review by being put together.
func TestCombineRules(t *testing.T) {
	for _, tt := range []struct {
		name string
		who  access.User
		edit func(s *Snapshot, q *Combination)
		kind fault.Kind
	}{
		{"fine", reviewer, nil, 0},
		{"one item with an edited text", reviewer, func(s *Snapshot, q *Combination) { s.Items, q.Items = s.Items[:1], q.Items[:1] }, 0},
		{"a column with a further step", reviewer, func(_ *Snapshot, q *Combination) { q.Columns = []string{"headline"} }, fault.Conflict},
		{"the same by a chief alone", chief, func(_ *Snapshot, q *Combination) { q.Columns = []string{"headline"} }, fault.Conflict},
		{"a chief after the first step of each", chief, func(s *Snapshot, q *Combination) {
			q.Columns = []string{"headline"}
			for i := range s.Items {
				s.Items[i].Text.Column = "headline"
				atFinal(&s.Items[i])
			}
		}, 0},
		{"one of them claimed by another", reviewer, func(s *Snapshot, _ *Combination) { claimed(second, 1)(&s.Items[1]) }, fault.Conflict},
		{"own writing among them", reviewer, func(s *Snapshot, _ *Combination) { author("申荷")(&s.Items[1]) }, fault.Forbidden},
		{"one of them returned", reviewer, func(s *Snapshot, _ *Combination) { state(protocol.StateReturned)(&s.Items[1]) }, fault.Conflict},
		{"one of them withdrawn", reviewer, func(s *Snapshot, _ *Combination) { state(protocol.StateWithdrawn)(&s.Items[1]) }, fault.Conflict},
		{"one of them changed", reviewer, func(s *Snapshot, _ *Combination) { *s = revise(*s, 1) }, fault.Conflict},
		{"a file is under way", reviewer, func(s *Snapshot, _ *Combination) { s.Items[0].Missing = 1 }, fault.Conflict},
		{"secrecy in a source", reviewer, func(s *Snapshot, _ *Combination) { flags(FlagSecrecy)(&s.Items[1]) }, fault.Invalid},
		{"secrecy in the new text", reviewer, func(_ *Snapshot, q *Combination) { q.Body = "<p>机密★1年</p>" }, fault.Invalid},
		{"personal data in the new text", reviewer, func(_ *Snapshot, q *Combination) { q.Body = "<p>电话 13812345678</p>" }, fault.Invalid},
		{"personal data with a reason", reviewer, func(_ *Snapshot, q *Combination) { q.Body, q.Override = "<p>电话 13812345678</p>", "公示" }, 0},
		{"a closed column", reviewer, func(s *Snapshot, _ *Combination) {
			s.Columns = catalog.FirstColumns()
			s.Columns[1].Closed = true
		}, fault.Invalid},
		{"an administrator", admin, nil, fault.Forbidden},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, q := snapshot(subject(1, "township"), subject(2, "township")), combination(nil, 1, 2)
			if tt.edit != nil {
				tt.edit(&s, &q)
			}
			_, err := testRules().combine(s, tt.who, q)
			wantKind(t, err, tt.kind)
		})
	}
	for name, q := range map[string]Combination{
		"no items":   {Title: "t", Body: "b"},
		"no title":   {Items: []Part{{Item: id(1)}}, Body: "b"},
		"no body":    {Items: []Part{{Item: id(1)}}, Title: "t"},
		"twice":      {Items: []Part{{Item: id(1)}, {Item: id(1)}}, Title: "t", Body: "b"},
		"no id":      {Items: []Part{{Item: "1"}}, Title: "t", Body: "b"},
		"huge":       {Items: []Part{{Item: id(1)}}, Title: "t", Body: strings.Repeat("x", protocol.MaxBodyBytes+1)},
		"long title": {Items: []Part{{Item: id(1)}}, Title: strings.Repeat("长", protocol.MaxTitleRunes+1), Body: "b"},
	} {
		if err := q.check(); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// combinedEntry is a snapshot in which items 1 and 2 are live as one entry;
// item 1 was asked for.
func combinedEntry(t *testing.T) (rules, Snapshot, catalog.Entry) {
	t.Helper()
	r := testRules()
	s := snapshot(subject(1, "township"), subject(2, "township"))
	e, err := r.combine(s, reviewer, combination(nil, 1, 2))
	s, e = must(t, s, e, err)
	s.Items, s.Others = s.Items[:1], s.Items[1:]
	return r, s, e.Entries[0]
}

// Withdrawing one item of a combined entry takes the entry down; the others go
// back to their last step, which the same person may decide again.
func TestWithdrawFromCombined(t *testing.T) {
	r, s, entry := combinedEntry(t)
	e, err := r.decide(s, chief, Request{Item: id(1), Revision: 1, Action: catalog.ActionWithdraw, Reason: "error"})
	s, e = must(t, s, e, err)
	if e.Entries[0].ID != entry.ID || e.Entries[0].State != catalog.EntryWithdrawn {
		t.Errorf("entry: %+v", e.Entries[0])
	}
	if len(e.Items) != 2 || len(e.Down) != 2 {
		t.Fatalf("effect: %+v", e)
	}
	other := e.Items[1]
	if other.ID != id(2) || other.State != protocol.StateInReview || other.LiveRevision != 0 || other.Entry != "" || other.DueRole != "reviewer" || other.Step != 1 {
		t.Errorf("the other item: %+v", other)
	}
	if st := e.Down[1].Status; st.State != protocol.StateInReview || !st.Off || st.Step != 1 || st.Steps != 1 || st.Comment == "" {
		t.Errorf("the other node's word: %+v", st)
	}
	s.Items, s.Others = s.Others, nil
	e, err = r.decide(s, reviewer, approve(s.Items[0]))
	_, e = must(t, s, e, err)
	if len(e.Entries) != 1 || e.Entries[0].ID == entry.ID || e.Entries[0].Combined {
		t.Errorf("published again: %+v", e.Entries)
	}
}

// A newer revision of the other item just goes on where it is.
func TestWithdrawFromCombinedWithACorrectionUnderWay(t *testing.T) {
	r, s, _ := combinedEntry(t)
	other := Snapshot{Items: s.Others, Columns: s.Columns}
	s.Others = revise(other, 0).Items
	e, err := r.decide(s, chief, Request{Item: id(1), Revision: 1, Action: catalog.ActionWithdraw, Reason: "error"})
	_, e = must(t, s, e, err)
	if i := e.Items[1]; i.State != protocol.StateReceived || i.LiveRevision != 0 || i.Entry != "" || i.DueRole != "reviewer" {
		t.Errorf("the other item: %+v", i)
	}
}

// A newer revision in a combined entry cannot replace a text that several
// wrote; combining again corrects the entry.
func TestCorrectCombined(t *testing.T) {
	r, s, entry := combinedEntry(t)
	s = revise(s, 0)
	if _, err := r.decide(s, second, approve(s.Items[0])); !fault.Is(err, fault.Conflict) {
		t.Errorf("approved alone: %v", err)
	}
	q := combination(nil, 1)
	q.Items[0].Revision = 2
	if _, err := r.combine(s, second, q); !fault.Is(err, fault.Invalid) {
		t.Errorf("left the other item out: %v", err)
	}
	s.Items, s.Others = append(s.Items, s.Others...), nil
	q = combination(nil, 1, 2)
	q.Items[0].Revision, q.Title = 2, "各镇抓秋收（更正）"
	e, err := r.combine(s, second, q)
	_, e = must(t, s, e, err)
	if got := e.Entries[0]; got.ID != entry.ID || got.Version != 2 || got.Note == "" || got.Sources[0].Revision != 2 {
		t.Errorf("entry: %+v", got)
	}
	var states []protocol.State
	for _, w := range e.Down {
		states = append(states, w.Status.State)
	}
	if diff := cmp.Diff([]protocol.State{protocol.StateCorrected, protocol.StateAdopted}, states); diff != "" {
		t.Errorf("words (-want +got):\n%s", diff)
	}
	if len(e.Adoptions) != 0 {
		t.Error("counted again")
	}
}

// The text of a live entry can be edited without a new revision, by who may do
// the column's last step.
func TestEditEntry(t *testing.T) {
	r, s, entry := published(t, "township")
	q := combination([]string{"township", "photo"}, 1)
	e, err := r.combine(s, reviewer, q)
	_, e = must(t, s, e, err)
	if len(e.Entries) != 1 || e.Entries[0].ID != entry.ID || e.Entries[0].Version != 2 || e.Entries[0].Combined || len(e.Decisions) != 0 {
		t.Errorf("effect: %+v", e)
	}
	q.Columns = []string{"headline"}
	if _, err := r.combine(s, reviewer, q); !fault.Is(err, fault.Forbidden) {
		t.Errorf("a reviewer edited a headline: %v", err)
	}
	if _, err := r.combine(s, chief, q); err != nil {
		t.Errorf("a chief after a reviewer: %v", err)
	}
	alone := snapshot(subject(1, "township"))
	e, err = r.decide(alone, chief, approve(alone.Items[0]))
	alone, _ = must(t, alone, e, err)
	if _, err := r.combine(alone, chief, q); !fault.Is(err, fault.Conflict) {
		t.Errorf("one person did both steps of a headline: %v", err)
	}
	other := subject(2, "township")
	live(&other)
	other.Item.Entry = "e2"
	s.Items = append(s.Items, other)
	s.Entries["e2"] = catalog.Entry{ID: "e2", State: catalog.EntryLive, Version: 1}
	if _, err := r.combine(s, chief, combination(nil, 1, 2)); !fault.Is(err, fault.Invalid) {
		t.Errorf("combined two entries: %v", err)
	}
}
