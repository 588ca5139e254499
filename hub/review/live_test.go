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

// published is a snapshot in which item 1 is on the portal.
func published(t *testing.T, column string) (rules, Snapshot, catalog.Entry) {
	t.Helper()
	r := testRules()
	s := snapshot(subject(1, column))
	e, err := r.decide(s, reviewer, approve(s.Items[0]))
	s, e = must(t, s, e, err)
	return r, s, e.Entries[0]
}

// A newer revision corrects the entry: same id, next version, a note, and the
// county's adoption is counted once.
func TestCorrection(t *testing.T) {
	r, s, first := published(t, "township")
	s = revise(s, 0)
	if s.Items[0].Item.State != protocol.StateReceived || s.Items[0].Item.LiveRevision != 1 {
		t.Fatalf("the live revision went while the next one waits: %+v", s.Items[0].Item)
	}
	q := approve(s.Items[0])
	q.Note = "订正了会议日期。"
	e, err := r.decide(s, second, q)
	_, e = must(t, s, e, err)
	entry := e.Entries[0]
	if entry.ID != first.ID || entry.Version != 2 || entry.Note != "2026年11月3日更正：订正了会议日期。" || entry.Title != "第 1 条信息（修改）" {
		t.Errorf("entry: %+v", entry)
	}
	if len(e.Adoptions) != 0 {
		t.Error("a correction was counted as another adoption")
	}
	if st := e.Down[0].Status; st.State != protocol.StateCorrected || st.Revision != 2 || st.Outlet != "" || st.URL == "" {
		t.Errorf("status: %+v", st)
	}
	if i := e.Items[0]; i.State != protocol.StateCorrected || i.LiveRevision != 2 {
		t.Errorf("item: %+v", i)
	}
	if e.Events[len(e.Events)-1].Kind != EventCorrected {
		t.Errorf("events: %+v", e.Events)
	}
}

// Returning or rejecting a newer revision leaves the live one on the portal.
func TestRefusingACorrection(t *testing.T) {
	for _, tt := range []struct {
		action string
		state  protocol.State
		words  []protocol.State
	}{
		{catalog.ActionReturn, protocol.StateReturned, []protocol.State{protocol.StateReturned}},
		{catalog.ActionReject, protocol.StateAdopted, []protocol.State{protocol.StateRejected, protocol.StateAdopted}},
	} {
		t.Run(tt.action, func(t *testing.T) {
			r, s, entry := published(t, "township")
			s = revise(s, 0)
			e, err := r.decide(s, reviewer, Request{Item: id(1), Revision: 2, Action: tt.action, Reason: "fact", Comment: "数字有出入"})
			_, e = must(t, s, e, err)
			if len(e.Entries) != 0 {
				t.Error("the entry was touched")
			}
			if i := e.Items[0]; i.LiveRevision != 1 || i.Entry != entry.ID || i.State != tt.state {
				t.Errorf("item: %+v", i)
			}
			var words []protocol.State
			for _, w := range e.Down {
				words = append(words, w.Status.State)
			}
			if diff := cmp.Diff(tt.words, words); diff != "" {
				t.Errorf("told the node (-want +got):\n%s", diff)
			}
			if last := e.Down[len(e.Down)-1].Status; tt.action == catalog.ActionReject && (last.Revision != 1 || last.URL == "") {
				t.Errorf("the last word does not say what is live: %+v", last)
			}
		})
	}
}

// Withdrawing names the latest revision or the live one, gives readers a class
// of reason only, and is final.
func TestWithdraw(t *testing.T) {
	r, s, entry := published(t, "township")
	s = revise(s, 0)
	for _, revision := range []int{1, 2} {
		e, err := r.decide(s, chief, Request{Item: id(1), Revision: revision, Action: catalog.ActionWithdraw, Reason: "privacy", Comment: "写了张三的病情"})
		after, e := must(t, s, e, err)
		got := e.Entries[0]
		if got.ID != entry.ID || got.State != catalog.EntryWithdrawn || got.Reason != "已由发布单位撤下" {
			t.Errorf("entry: %+v", got)
		}
		if i := e.Items[0]; i.State != protocol.StateWithdrawn || i.LiveRevision != 0 || i.Entry != entry.ID || i.DueRole != "" {
			t.Errorf("item: %+v", i)
		}
		if st := e.Down[0].Status; st.State != protocol.StateWithdrawn || st.Comment != "写了张三的病情" || st.Entry != entry.ID {
			t.Errorf("status: %+v", st)
		}
		for _, again := range []string{catalog.ActionWithdraw, catalog.ActionApprove, catalog.ActionReturn} {
			if _, err := r.decide(after, chief, Request{Item: id(1), Revision: 2, Action: again, Reason: "fact", Comment: "x"}); !fault.Is(err, fault.Conflict) {
				t.Errorf("%s after withdrawal: %v", again, err)
			}
		}
	}
	if _, err := r.decide(s, chief, Request{Item: id(1), Revision: 3, Action: catalog.ActionWithdraw, Reason: "error"}); !fault.Is(err, fault.Conflict) {
		t.Errorf("withdrew a revision that never was: %v", err)
	}
	// A claim or a held decision of another does not keep a chief from it.
	s.Items[0].Held = &Held{Who: reviewer, Request: approve(s.Items[0])}
	claimed(second, 1)(&s.Items[0])
	if _, err := r.decide(s, chief, Request{Item: id(1), Revision: 2, Action: catalog.ActionWithdraw, Reason: "error"}); err != nil {
		t.Errorf("could not withdraw: %v", err)
	}
}

// What was replaced says by what: readers find it, and so does the unit.
func TestWithdrawSuperseded(t *testing.T) {
	r, s, _ := published(t, "township")
	const by = "https://www.example.gov.cn/entries/2"
	q := Request{Item: id(1), Revision: 1, Action: catalog.ActionWithdraw, Reason: "superseded", Comment: "数据更新", URL: by}
	e, err := r.decide(s, chief, q)
	_, e = must(t, s, e, err)
	if got := e.Entries[0]; got.Reason != "已有更新的内容，本条不再有效" || got.Successor != by {
		t.Errorf("entry: %+v", got)
	}
	if st := e.Down[0].Status; st.Comment != "数据更新\n新的内容在："+by {
		t.Errorf("status: %+v", st)
	}
}

// Every coded reason has words for readers, and none says more than a class.
func TestPublicReason(t *testing.T) {
	for _, reason := range protocol.Reasons {
		got := PublicReason(reason.Code)
		if got == "" || strings.Contains(got, "个人") || strings.Contains(got, "密") {
			t.Errorf("%s: %q", reason.Code, got)
		}
	}
}

// What has all its steps but not its files waits, can still be stopped, and
// is published when they are here.
func TestApprovedWaitsForFiles(t *testing.T) {
	r := testRules()
	x := subject(1, "photo")
	x.Missing = 2
	s := snapshot(x)
	e, err := r.decide(s, reviewer, approve(x))
	s, e = must(t, s, e, err)
	if len(e.Entries) != 0 || e.Items[0].State != protocol.StateApproved || e.Items[0].DueRole != "" {
		t.Fatalf("effect: %+v", e)
	}
	if st := e.Down[0].Status; st.State != protocol.StateApproved || !strings.Contains(st.Comment, "2 个附件") {
		t.Errorf("status: %+v", st)
	}
	if e, err := r.complete(s); err != nil || len(e.Items) != 0 {
		t.Errorf("published without its files: %+v, %v", e, err)
	}
	if _, err := r.decide(s, second, approve(s.Items[0])); !fault.Is(err, fault.Conflict) {
		t.Errorf("approved again: %v", err)
	}
	back := Request{Item: id(1), Revision: 1, Action: catalog.ActionReturn, Reason: "photo", Comment: "换图"}
	if _, err := r.decide(s, second, back); err != nil {
		t.Errorf("could not be stopped: %v", err)
	}
	s.Items[0].Missing = 0
	e, err = r.complete(s)
	s, e = must(t, s, e, err)
	if len(e.Entries) != 1 || e.Items[0].State != protocol.StateAdopted || len(e.Adoptions) != 1 || e.Adoptions[0].Account != reviewer.ID || len(e.Decisions) != 0 {
		t.Errorf("effect: %+v", e)
	}
	if diff := cmp.Diff([]string{"photo"}, e.Entries[0].Columns); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
	if e, err := r.complete(s); err != nil || len(e.Items) != 0 {
		t.Errorf("published twice: %+v, %v", e, err)
	}
}

// Adoptions above the county.
func TestAdopt(t *testing.T) {
	r, s, entry := published(t, "township")
	q := Outlet{Outlet: "city", URL: "https://city.example.gov.cn/1", At: now}
	e, err := r.adopt(s, reviewer, q)
	s, e = must(t, s, e, err)
	want := protocol.Status{Item: id(1), Revision: 1, State: protocol.StateAdopted, Outlet: "city", URL: q.URL, Entry: entry.ID, At: now}
	if diff := cmp.Diff(want, e.Down[0].Status); diff != "" {
		t.Errorf("status (-want +got):\n%s", diff)
	}
	for _, tt := range []struct {
		name string
		who  access.User
		q    Outlet
		s    Snapshot
		kind fault.Kind
	}{
		{"the same again", reviewer, q, s, fault.Conflict},
		{"another page of the same outlet", reviewer, Outlet{Outlet: "city", URL: "https://city.example.gov.cn/2", At: now}, s, 0},
		{"another level", chief, Outlet{Outlet: "province", At: now}, s, 0},
		{"an administrator", admin, Outlet{Outlet: "province", At: now}, s, fault.Forbidden},
		{"not on the portal", reviewer, q, snapshot(subject(1, "township")), fault.Conflict},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := r.adopt(tt.s, tt.who, tt.q)
			wantKind(t, err, tt.kind)
		})
	}
	for _, tt := range []struct {
		name, field string
		q           Outlet
	}{
		{"fine", "", q},
		{"no date means now", "", Outlet{Outlet: "state"}},
		{"the county is no outlet above it", "outlet", Outlet{Outlet: "county"}},
		{"a script", "url", Outlet{Outlet: "city", URL: "javascript:alert(1)"}},
		{"no host", "url", Outlet{Outlet: "city", URL: "https:///x"}},
		{"the future", "at", Outlet{Outlet: "city", At: now.AddDate(0, 0, 1)}},
		{"a slip of the pen", "at", Outlet{Outlet: "city", At: now.AddDate(-1000, 0, 0)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.q.check(now)
			if _, ok := fault.Fields(err)[tt.field]; ok != (tt.field != "") || (tt.field == "" && err != nil) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// Claims: whose, how long, and how they are broken.
func TestClaim(t *testing.T) {
	r := testRules()
	s := snapshot(subject(1, "township"))
	e, err := r.claim(s, reviewer, "")
	s, e = must(t, s, e, err)
	if i := e.Items[0]; i.ClaimedBy != reviewer.ID || !i.ClaimedUntil.Equal(now.Add(r.claimFor)) || i.State != protocol.StateReceived {
		t.Errorf("item: %+v", i)
	}
	if len(e.Down) != 0 {
		t.Error("a claim is no word to the node")
	}
	if _, err := r.claim(s, second, ""); !fault.Is(err, fault.Conflict) {
		t.Errorf("claimed over a claim: %v", err)
	}
	if e, err := r.release(s, second); err != nil || len(e.Items) != 0 {
		t.Errorf("released another's claim: %+v, %v", e, err)
	}
	broken, err := r.claim(s, second, "申荷请假了")
	if err != nil || broken.Items[0].ClaimedBy != second.ID || len(broken.Audits) != 1 || broken.Audits[0].Actor != second.Login {
		t.Errorf("breaking with a reason: %+v, %v", broken, err)
	}
	if e, err := r.release(s, reviewer); err != nil || e.Items[0].ClaimedBy != "" {
		t.Errorf("releasing: %+v, %v", e, err)
	}
	s.At = now.Add(r.claimFor)
	if _, err := r.claim(s, second, ""); err != nil {
		t.Errorf("a claim that ran out: %v", err)
	}
	for _, who := range []access.User{admin, liaison} {
		if _, err := r.claim(s, who, "x"); !fault.Is(err, fault.Forbidden) {
			t.Errorf("%s claimed: %v", who.Login, err)
		}
	}
	done := snapshot(subject(1, "township"))
	state(protocol.StateReturned)(&done.Items[0])
	if _, err := r.claim(done, reviewer, ""); !fault.Is(err, fault.Conflict) {
		t.Errorf("claimed what nothing is due of: %v", err)
	}
}
