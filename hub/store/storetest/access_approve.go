package storetest

import (
	"slices"
	"testing"
	"time"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/internal/account"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

func approveSuite(t *testing.T, open Open) {
	t.Run("a machine waits to be let in", func(t *testing.T) { waitsToBeLetIn(t, open) })
	t.Run("a place is taken when it is let in", func(t *testing.T) { takesPlaceWhenLetIn(t, open) })
}

// waiting is a machine that has used a code with which it has to wait.
func (o *Office) waiting(list []access.Issued, err error) *Sender {
	o.T.Helper()
	if err != nil {
		o.T.Fatal(err)
	}
	if !list[0].Approval {
		o.T.Errorf("invitation %+v", list[0].Invite)
	}
	s, answer, err := o.joined(list[0].Code, nil)
	if err != nil {
		o.T.Fatal(err)
	}
	if !answer.Pending || s.Node.State != access.NodePending {
		o.T.Errorf("answer %+v to a node that is %s", answer, s.Node.State)
	}
	return s
}

func waitsToBeLetIn(t *testing.T, open Open) {
	o := NewOffice(t, open)
	a := Access(o.Store)
	s := o.waiting(a.InviteAll(t.Context(), Admin(), []string{Xujiaba}, access.Terms{Base: base, Approval: true}))
	o.Stream.Send(s, s.Submit(s.Text()))
	if n := must[access.Node](t)(o.NodeByID(t.Context(), s.Node.ID)); n.UpSeq != 0 || n.DownSeq != 0 {
		t.Errorf("before it is let in: %+v", n)
	}
	if err := a.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := must[access.Node](t)(o.NodeByID(t.Context(), s.Node.ID)); n.DownSeq != 0 {
		t.Error("it was told the settings")
	}
	_, err := o.Stream.Intake.Hello(t.Context(), s.Node.ID, protocol.Hello{V: 1, Epoch: s.Epoch, Clock: o.Clock.Now()}, 0)
	if f, ok := err.(protocol.Fault); !ok || f.Code != protocol.CodePending || f.Detail == "" || !f.Code.Passing() { //nolint:errorlint // it is the fault itself
		t.Errorf("hello: %v", err)
	}
	_, _, err = o.Stream.Intake.Pull(t.Context(), s.Node.ID, protocol.Pull{HubEpoch: o.Epoch(), MaxBytes: 1000})
	if f, ok := err.(protocol.Fault); !ok || f.Code != protocol.CodePending { //nolint:errorlint // it is the fault itself
		t.Errorf("pull: %v", err)
	}
	_, err = a.ApproveNode(t.Context(), access.User{Role: account.RoleChief}, s.Node.ID)
	refused(t, err, fault.Forbidden, "管理员")
	_, err = a.FreezeNode(t.Context(), Admin(), s.Node.ID, "x")
	refused(t, err, fault.Conflict, "等待批准")
	_, err = a.ReleaseNode(t.Context(), Admin(), s.Node.ID)
	refused(t, err, fault.Conflict, "等待批准")

	var heard []string
	a.OnApproved(func(n access.Node) { heard = append(heard, n.ID) })
	n := must[access.Node](t)(a.ApproveNode(t.Context(), Admin(), s.Node.ID))
	if n.State != access.NodeActive || n.DownSeq != 1 || !slices.Equal(heard, []string{s.Node.ID}) {
		t.Errorf("let in: %+v, heard %v", n, heard)
	}
	// What it sent before counts now, when it comes again.
	s.Seq = 0
	o.Stream.Send(s, s.Submit(s.Text()))
	same(t, "told", news(t, o.Store, s), []string{"receipt 1"})
	_, err = a.ApproveNode(t.Context(), Admin(), s.Node.ID)
	refused(t, err, fault.Conflict, "没有在等待")
	_, err = a.RefuseNode(t.Context(), Admin(), s.Node.ID, "x")
	refused(t, err, fault.Conflict, "没有在等待")
	_, err = a.ApproveNode(t.Context(), Admin(), "nobody")
	refused(t, err, fault.NotFound, "没有这个节点")

	a.Approval = true // everybody has to wait
	o.Clock.Advance(time.Minute)
	other := o.waiting(a.InviteAll(t.Context(), Admin(), []string{Xujiaba}, access.Terms{Base: base}))
	_, err = a.RefuseNode(t.Context(), Admin(), other.Node.ID, " ")
	refused(t, err, fault.Invalid, "原因")
	gone := must[access.Node](t)(a.RefuseNode(t.Context(), Admin(), other.Node.ID, "不是本单位的电脑"))
	if gone.State != access.NodeRevoked || gone.Reason != "不是本单位的电脑" || !gone.RevokedAt.Equal(o.Clock.Now()) {
		t.Errorf("turned away: %+v", gone)
	}
	var acts []string
	for _, act := range must[[]catalog.Audit](t)(o.Audits(t.Context(), 0, 1000)) {
		if act.Ref == s.Node.ID || act.Ref == other.Node.ID {
			acts = append(acts, act.Act+" "+act.Actor)
		}
	}
	same(t, "acts", acts, []string{"node.join node:" + s.Node.ID, "node.approve " + Admin().Login,
		"node.join node:" + other.Node.ID, "node.refuse " + Admin().Login})
}

func takesPlaceWhenLetIn(t *testing.T, open Open) {
	o := NewOffice(t, open)
	a := Access(o.Store)
	old := o.Nodes[0]
	item := o.Submit(0, "township")
	terms := access.Terms{Base: base, Approval: true}
	thief := o.waiting(a.Replacement(t.Context(), Admin(), old.Node.ID, terms))
	state := func() string { return must[access.Node](t)(o.NodeByID(t.Context(), old.Node.ID)).State }
	if got := state(); got != access.NodeActive || o.Item(item).Item.Node != old.Node.ID {
		t.Errorf("the old one is %s before the new one is let in", got)
	}
	must[access.Node](t)(a.RefuseNode(t.Context(), Admin(), thief.Node.ID, "单子丢了"))
	if got := state(); got != access.NodeActive {
		t.Errorf("the old one is %s though the new one was turned away", got)
	}
	fresh := o.waiting(a.Replacement(t.Context(), Admin(), old.Node.ID, terms))
	must[access.Node](t)(a.ApproveNode(t.Context(), Admin(), fresh.Node.ID))
	if got := state(); got != access.NodeRevoked || o.Item(item).Item.Node != fresh.Node.ID {
		t.Errorf("the old one is %s, its item of %s", got, o.Item(item).Item.Node)
	}
}
