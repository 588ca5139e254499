package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/hub/intake"
	"zhanqun/hub/store"
	"zhanqun/protocol"
)

// What was decided anew after the restore, or is about what nobody has any more,
// is kept for the office with the reason, and the node is told how things stand.
func recoverKept(t *testing.T, open Open) {
	o := NewOffice(t, open)
	other, gone, both := o.Submit(0, "township"), o.Submit(0, "township"), o.Submit(0, "township")
	k := o.backup()
	o.Clock.Advance(time.Minute)
	o.Decide(o.Reviewer, other, catalog.ActionApprove)
	o.Decide(o.Reviewer, both, catalog.ActionApprove)
	o.Decide(o.Chief, both, catalog.ActionWithdraw)
	o.Revise(gone)
	o.Decide(o.Reviewer, gone, catalog.ActionReject)
	lost := o.Submit(0, "township")
	o.Decide(o.Reviewer, lost, catalog.ActionReturn)
	o.Clock.Advance(time.Hour)

	again := o.restore(t, k, store.Options{Dir: Folder(t)})
	text := *o.Texts[other]
	again.Texts = map[string]*protocol.Submit{other: &text, both: o.Texts[both]}
	again.Decide(again.Second, other, catalog.ActionReject) // by people who do not know
	again.Decide(again.Second, both, catalog.ActionApprove)
	again.Clock.Advance(time.Hour)
	// The node no longer holds its up log, only the words.
	list := pages(t, o, o.Nodes[0].Node.ID, k.heads[0])
	list[len(list)-1].Gone = 2
	again.recall(0, list...)
	again.sweep()

	want(t, again.Store, other, protocol.StateRejected, 1, 0)
	want(t, again.Store, both, protocol.StateWithdrawn, 1, 0) // withdrawn stays withdrawn
	want(t, again.Store, gone, protocol.StateReceived, 1, 0)
	if e := again.Item(both).Entry; e == nil || e.State != catalog.EntryWithdrawn {
		t.Errorf("entry %+v", e)
	}
	if n := len(again.Item(other).Decisions); n != 2 {
		t.Errorf("%d decisions on file", n)
	}
	var got []string
	for _, r := range must[[]intake.Kept](t)(again.Stream.Intake.Refusals(t.Context(), intake.KeptQuery{})) {
		if r.Code != protocol.CodeRecall || r.Message == "" {
			t.Errorf("kept %+v", r)
		}
		got = append(got, fmt.Sprint(r.Kind, " ", r.Item == other, r.Item == gone, r.Item == lost))
	}
	slices.Sort(got)
	same(t, "kept", got, []string{" false false false", "item.status false false true", "item.status false true false", "item.status true false false"})
	if st, _ := again.Told(other); st.State != protocol.StateRejected || !strings.Contains(st.Comment, "恢复") {
		t.Errorf("told %+v", st)
	}
	if st, _ := again.Told(gone); st.State != protocol.StateReceived || st.Revision != 1 {
		t.Errorf("told %+v", st)
	}
	n := must[access.Node](t)(again.NodeByID(t.Context(), o.Nodes[0].Node.ID))
	m := must[access.Node](t)(again.NodeByID(t.Context(), o.Nodes[1].Node.ID))
	if !n.RecallSince.IsZero() || m.RecallSince.IsZero() {
		t.Errorf("waiting since %v and %v", n.RecallSince, m.RecallSince)
	}
}

// An item that was adopted waits for its files, and comes back at its address.
func recoverFiles(t *testing.T, open Open) {
	o := NewOffice(t, open)
	photo := protocol.Attachment{SHA256: digest('a'), Name: "现场.jpg", Size: 9, Type: "image/jpeg", Alt: "会场"}
	one := o.Submit(0, "township", func(m *protocol.Submit) { m.Attachments = []protocol.Attachment{photo} })
	k := o.backup()
	o.Arrive(photo)
	o.Decide(o.Reviewer, one, catalog.ActionApprove)
	entry := o.Item(one).Item.Entry

	again := o.restore(t, k, store.Options{Dir: Folder(t)})
	again.giveBack(o, k, 0)
	for range 2 {
		again.sweep()
		want(t, again.Store, one, protocol.StateApproved, 1, 0)
	}
	if st, n := again.Told(one); n > 0 {
		t.Errorf("told %+v", st)
	}
	again.Arrive(photo)
	again.sweep()
	want(t, again.Store, one, protocol.StateAdopted, 1, 1)
	same(t, "portrait", again.portrait(one), o.portrait(one))
	if d := again.Item(one); d.Item.Entry != entry || len(d.Adoptions) != 1 || len(d.Decisions) != 1 {
		t.Errorf("entry %s, want %s", d.Item.Entry, entry)
	}
}

// What a node had given before it was revoked is carried out.
func recoverPartly(t *testing.T, open Open) {
	o := NewOffice(t, open)
	var ids []string
	for range 4 {
		ids = append(ids, o.Submit(0, "township"))
	}
	k := o.backup()
	for _, id := range ids {
		o.Decide(o.Reviewer, id, catalog.ActionReturn)
	}
	again := o.restore(t, k, store.Options{Dir: Folder(t)})
	again.recall(0, pages(t, o, o.Nodes[0].Node.ID, k.heads[0])[0])
	again.sweep()
	for _, id := range ids {
		want(t, again.Store, id, protocol.StateReceived, 1, 0)
	}
	same(t, "waiting", must[store.Recalling](t)(again.Recalling(t.Context())), store.Recalling{Nodes: 2, Items: 3})
	must[access.Node](t)(Access(again.Store).RevokeNode(t.Context(), Admin(), o.Nodes[0].Node.ID, "电脑报废"))
	again.sweep()
	for i, id := range ids {
		want(t, again.Store, id, map[bool]protocol.State{true: protocol.StateReturned, false: protocol.StateReceived}[i < 3], 1, 0)
	}
	same(t, "waiting", must[store.Recalling](t)(again.Recalling(t.Context())), store.Recalling{Nodes: 1})
}

// Only what this hub has signed for this node counts, and only after a restore. A
// withdrawal needs no memo, so that is what somebody would forge.
func recoverForged(t *testing.T, open Open) {
	o := NewOffice(t, open)
	one, theirs := o.Submit(0, "township"), o.Submit(1, "township")
	k := o.backup()
	o.Decide(o.Reviewer, one, catalog.ActionReturn)
	o.Decide(o.Reviewer, theirs, catalog.ActionReturn)
	again := o.restore(t, k, store.Options{Dir: Folder(t)})
	stranger := must[protocol.Key](t)(protocol.NewHubKey())
	body := must[[]byte](t)(protocol.WriteBody(&protocol.Status{Item: one, Revision: 1, State: protocol.StateWithdrawn, At: o.Clock.Now()}))
	forged := protocol.New(protocol.Down, o.Nodes[0].Node.ID, o.Epoch(), k.heads[0]+1, protocol.KindStatus, body, stranger)
	again.recall(0, protocol.Recall{Frame: Frame(t, forged)})
	again.recall(0, pages(t, o, o.Nodes[1].Node.ID, k.heads[1])...) // another node's words
	again.sweep()
	want(t, again.Store, one, protocol.StateReceived, 1, 0)
	want(t, again.Store, theirs, protocol.StateReceived, 1, 0)
	// The forged word and the other node's, each given twice.
	same(t, "waiting", must[store.Recalling](t)(again.Recalling(t.Context())), store.Recalling{Nodes: 1, Kept: 4})
	for _, r := range must[[]intake.Kept](t)(again.Stream.Intake.Refusals(t.Context(), intake.KeptQuery{})) {
		if r.Code != protocol.CodeRecall || r.Node != o.Nodes[0].Node.ID || !strings.Contains(r.Message, "不是本平台签发的") {
			t.Errorf("kept %+v", r)
		}
	}
	in := again.Stream.Intake
	if _, err := in.Recall(t.Context(), o.Nodes[1].Node.ID, protocol.Recall{HubEpoch: o.Epoch()}); code(err) != protocol.CodeEpoch {
		t.Errorf("for another epoch: %v", err)
	}
	if _, err := in.Recall(t.Context(), o.Nodes[1].Node.ID, protocol.Recall{HubEpoch: again.Epoch(), Frame: []byte("junk")}); code(err) != protocol.CodeMalformed {
		t.Errorf("no frame: %v", err)
	}
	// Asked for at hello until all is given, and not by a hub that lost nothing.
	say := func(of *Office, node int) protocol.HelloAnswer {
		t.Helper()
		n := o.Nodes[node]
		return must[protocol.HelloAnswer](t)(of.Stream.Intake.Hello(t.Context(), n.Node.ID, protocol.Hello{V: 1, Epoch: n.Epoch, Clock: o.Clock.Now()}, 0))
	}
	if a := say(o, 1); a.Recall || a.Past != nil {
		t.Errorf("asked by a hub that lost nothing: %+v", a)
	}
	a := say(again, 1)
	same(t, "past", a.Past, []protocol.Past{{Epoch: o.Epoch(), Through: k.heads[1], Recalled: k.heads[1]}})
	if !a.Recall {
		t.Error("not asked")
	}
	if a := say(again, 0); a.Recall {
		t.Error("asked again")
	}
}
