package storetest

import (
	"slices"
	"testing"

	"github.com/google/uuid"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

func replaceSuite(t *testing.T, open Open) {
	t.Run("another machine goes on", func(t *testing.T) { replaced(t, open) })
	t.Run("what a machine was before", func(t *testing.T) { succeeds(t, open) })
}

// joined is a sender of a new identity on the same office's line.
func (o *Office) joined(code protocol.JoinCode, was *protocol.Was) (*Sender, protocol.EnrolAnswer, error) {
	o.T.Helper()
	key := nodeKey(o.T)
	e := EnrolRequest(code.Secret, key)
	e.Was = was
	answer, err := Access(o.Store).Enrol(o.T.Context(), e)
	if err != nil {
		return nil, answer, err
	}
	n := must[access.Node](o.T)(o.NodeByID(o.T.Context(), answer.Node))
	return &Sender{t: o.T, Node: n, Key: key, Epoch: uuid.NewString()}, answer, nil
}

// A machine that takes another's place has its items, with their ids and
// numbers, and hears what becomes of them; the other one is out.
func replaced(t *testing.T, open Open) {
	o := NewOffice(t, open)
	old := o.Nodes[0]
	kept, refused := o.Submit(0, "township"), o.Submit(0, "township")
	gap := *o.Texts[refused]
	gap.Revision, gap.Column = 2, "no-such-column"
	o.Stream.Send(old, old.Submit(&gap))
	live := o.Submit(0, "township")
	o.Decide(o.Reviewer, live, catalog.ActionApprove)
	foreign := o.Submit(1, "township")

	a := Access(o.Store)
	if _, _, err := a.InviteReplacement(t.Context(), Admin(), "nobody", base, 0); !fault.Is(err, fault.NotFound) {
		t.Errorf("replacing nobody: %v", err)
	}
	code, invite, err := a.InviteReplacement(t.Context(), Admin(), old.Node.ID, base, 0)
	if err != nil || invite.Unit != Sitang || invite.Replaces != old.Node.ID {
		t.Fatalf("%+v, %v", invite, err)
	}
	if n := must[access.Node](t)(o.NodeByID(t.Context(), old.Node.ID)); n.State != access.NodeActive {
		t.Errorf("out before anybody has joined: %s", n.State)
	}
	fresh, answer, err := o.joined(code, nil)
	if err != nil || answer.Was != nil || fresh.Node.Replaces != old.Node.ID {
		t.Fatalf("%+v, %v", answer, err)
	}
	if n := must[access.Node](t)(o.NodeByID(t.Context(), old.Node.ID)); n.State != access.NodeRevoked || n.RevokedAt.IsZero() || n.Reason == "" {
		t.Errorf("%+v", n)
	}

	o.Decide(o.Reviewer, kept, catalog.ActionReturn)
	second := *o.Texts[kept]
	second.Revision, second.Title = 2, "改好的"
	third := *o.Texts[refused]
	third.Revision = 3
	other := *o.Texts[foreign]
	other.Revision, other.Unit = 2, Sitang
	o.Stream.Send(fresh, fresh.Submit(&second), fresh.Submit(&third), fresh.Withdraw(live, 1), fresh.Submit(&other))
	same(t, "told", news(t, o.Store, fresh), []string{"status returned 1", "status withdrawn 1", "refusal 4 unit item", "receipt 4"})
	for id, node := range map[string]string{kept: fresh.Node.ID, refused: fresh.Node.ID, live: fresh.Node.ID, foreign: o.Nodes[1].Node.ID} {
		if d := o.Item(id); d.Item.Node != node {
			t.Errorf("item of %s, want %s", d.Item.Node, node)
		}
	}
	if e := o.Item(live).Entry; e == nil || e.State != catalog.EntryWithdrawn {
		t.Errorf("entry %+v", e)
	}
	// What the old one still sends counts for nothing.
	o.Stream.Send(old, old.Submit(old.Text()))
	if n := kinds(t, o.Store, "item.received"); n != 6 {
		t.Errorf("%d received", n)
	}
	if audits := must[[]catalog.Audit](t)(o.Audits(t.Context(), 0, 100)); !slices.ContainsFunc(audits, func(a catalog.Audit) bool { return a.Act == "node.replace" && a.Ref == old.Node.ID }) {
		t.Error("not in the audit log")
	}
}

// A machine that brings its items under another name hears what it has missed,
// once, and how far its former log is on file.
func succeeds(t *testing.T, open Open) {
	o := NewOffice(t, open)
	old := o.Nodes[0]
	a, b := o.Submit(0, "township"), o.Submit(0, "township")
	o.Decide(o.Reviewer, a, catalog.ActionReturn)
	heard := uint64(len(Words(t, o.Store, old.Node.ID, 0)))
	o.Decide(o.Reviewer, b, catalog.ActionReject)
	invite := func(unit string) protocol.JoinCode {
		t.Helper()
		code, _, err := Access(o.Store).Invite(t.Context(), Admin(), unit, base, 0)
		if err != nil {
			t.Fatal(err)
		}
		return code
	}
	was := &protocol.Was{Node: old.Node.ID, HubEpoch: o.Epoch(), Down: heard}
	code := invite(Sitang)
	fresh, answer, err := o.joined(code, was)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "mark", answer.Was, &protocol.Mark{Epoch: old.Epoch, Through: 2})
	same(t, "told", news(t, o.Store, fresh), []string{"status rejected 1"})
	if n := must[access.Node](t)(o.NodeByID(t.Context(), old.Node.ID)); n.State != access.NodeActive {
		t.Errorf("the former one is %s", n.State)
	}
	// From a hub that was restored since: what lies before the fork is known.
	if err := o.Renew(t.Context(), "test", nil); err != nil {
		t.Fatal(err)
	}
	o.Decide(o.Reviewer, o.Submit(0, "township"), catalog.ActionReject)
	again, _, err := o.joined(invite(Sitang), was)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "told after a restore", news(t, o.Store, again), []string{"status rejected 1", "status rejected 1"})
	stranger, _, err := o.joined(invite(Sitang), &protocol.Was{Node: old.Node.ID, HubEpoch: "another", Down: 99})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "told all", news(t, o.Store, stranger), []string{"status returned 1", "status rejected 1", "status rejected 1"})

	if _, answer, err := o.joined(invite(Sitang), &protocol.Was{Node: "nforgotten"}); err != nil || answer.Was != nil {
		t.Errorf("a node nobody knows: %+v, %v", answer.Was, err)
	}
	code = invite(Tangtou)
	if _, _, err := o.joined(code, was); !fault.Is(err, fault.Conflict) {
		t.Errorf("into another unit: %v", err)
	}
	if _, _, err := o.joined(code, nil); err != nil {
		t.Errorf("the code was used up: %v", err)
	}
	if _, _, err := o.joined(invite(Sitang), &protocol.Was{Node: "NO.BODY"}); !fault.Is(err, fault.Invalid) {
		t.Errorf("no node id: %v", err)
	}
}
