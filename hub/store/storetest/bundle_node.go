package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhanqun/hub/access"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// A frozen node's bundles wait, a revoked one's are worth nothing; both are told
// so once.
func bundleStanding(t *testing.T, open Open) {
	c := NewCarrier(t, open)
	a := Access(c.Store)
	data := c.Next(t, []protocol.Entry{c.Submit(c.Text())})
	if _, err := a.FreezeNode(t.Context(), Admin(), c.Node.ID, "核实中"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := c.Take(t.Context(), data); faultCode(err) != protocol.CodeFrozen {
			t.Errorf("frozen: %v", err)
		}
	}
	c.owed(t, time.Hour, true)
	if x, _ := c.Answer(t); x.Fault == nil || x.Fault.Code != protocol.CodeFrozen || x.Fault.Detail != "核实中" || x.Answer != nil || x.Last != 0 {
		t.Errorf("answer %+v", x)
	}
	c.owed(t, time.Hour, false)
	if _, err := c.Take(t.Context(), data); faultCode(err) != protocol.CodeFrozen {
		t.Errorf("still frozen: %v", err)
	}
	c.owed(t, time.Hour, false) // it was told
	if _, err := a.ReleaseNode(t.Context(), Admin(), c.Node.ID); err != nil {
		t.Fatal(err)
	}
	if r := c.must(t, data); r.Applied != 1 || r.Repeated() {
		t.Errorf("released: %+v", r)
	}
	data = c.Next(t, []protocol.Entry{c.Submit(c.Text())})
	if _, err := a.RevokeNode(t.Context(), Admin(), c.Node.ID, "电脑被盗"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Take(t.Context(), data); faultCode(err) != protocol.CodeRevoked {
		t.Errorf("revoked: %v", err)
	}
	if x, _ := c.Answer(t); x.Fault == nil || x.Fault.Code != protocol.CodeRevoked {
		t.Errorf("answer %+v", x)
	}
	if n := kinds(t, c.Store, "item.received"); n != 1 {
		t.Errorf("%d items", n)
	}
}

// owed checks whether an answer to the township is due.
func (c *Carrier) owed(t *testing.T, resend time.Duration, want bool) {
	t.Helper()
	list, err := c.Store.Owed(t.Context(), c.Clock.Now().Add(-resend), 10)
	if err != nil {
		t.Fatal(err)
	}
	if got := len(list) == 1 && list[0] == c.Node.ID; got != want || len(list) > 1 {
		t.Errorf("answers are owed to %v", list)
	}
}

// An answer is owed for what was sent, for news, and for what was not confirmed;
// not for a mere confirmation, and not to a node that has a line.
func bundleOwed(t *testing.T, open Open) {
	c := NewCarrier(t, open)
	const resend = 24 * time.Hour
	c.owed(t, resend, false) // it has never come by bundle
	c.must(t, c.Next(t, []protocol.Entry{c.Submit(c.Text())}))
	c.owed(t, resend, true)
	x, _ := c.Answer(t)
	c.owed(t, resend, false)
	c.Clock.Advance(resend + time.Second)
	c.owed(t, resend, true) // nothing came back
	c.Answer(t)
	c.owed(t, resend, false)
	c.Down = x.Last
	c.must(t, c.Next(t, nil))
	c.owed(t, resend, false) // only a confirmation
	c.Clock.Advance(resend + time.Second)
	c.owed(t, resend, false)

	o := &Office{Store: c.Store, T: t, Clock: c.Clock}
	tell := func() {
		t.Helper()
		if err := o.SetPortal(t.Context(), "https://"+c.Clock.Now().Format("150405")+".example.gov.cn"); err != nil {
			t.Fatal(err)
		}
		if _, err := o.SendSettings(t.Context(), 100); err != nil {
			t.Fatal(err)
		}
	}
	tell()
	c.owed(t, resend, true) // there is news
	// A bundle that is taken while the answer is being written has its own.
	p, err := c.Store.Partner(t.Context(), c.Node.ID)
	if err != nil {
		t.Fatal(err)
	}
	c.must(t, c.Next(t, []protocol.Entry{c.Submit(c.Text())}))
	if err := c.Store.NoteAnswer(t.Context(), "test", p, 9, 100); err != nil {
		t.Fatal(err)
	}
	c.owed(t, resend, true)
	c.Answer(t)
	c.owed(t, resend, false)

	// Now it is heard of on the line.
	c.Clock.Advance(time.Hour)
	c.Intake.Beat(c.Node.ID, protocol.Beat{})
	c.Flush(t)
	tell()
	c.owed(t, resend, false)
	// An older bundle that comes late tells nothing new of the node.
	c.Number = 0
	c.Down = 0
	c.must(t, c.Next(t, nil))
	if p, err := c.Store.Partner(t.Context(), c.Node.ID); err != nil || p.Number != 3 || p.Down == 0 {
		t.Errorf("partner %+v, %v", p, err)
	}
}

// A machine without a line that has to wait gets its identity, and hears with it,
// and whenever it sends something, that it has to; let in, it is told at once.
func bundleWaiting(t *testing.T, open Open) {
	c := NewCarrier(t, open)
	a := Access(c.Store)
	list := must[[]access.Issued](t)(a.InviteAll(t.Context(), Admin(), []string{Xujiaba}, access.Terms{Base: "http://127.0.0.1:8080", Approval: true}))
	hash, key := protocol.HashOf([]byte(list[0].Code.Secret)), nodeKey(t)
	r := c.must(t, Seal(t, protocol.BundleIndex{Dir: protocol.Up, Epoch: c.Epoch, Number: 1, Program: "node test",
		Join: &protocol.JoinRequest{Ticket: protocol.JoinTicket(hash), Proof: protocol.JoinProof(hash, key.Public()), Name: "值班室"}}, key, nil))
	n := must[access.Node](t)(c.Store.NodeByID(t.Context(), r.Node))
	c.Sender = &Sender{t: t, Node: n, Key: key, Epoch: c.Epoch}
	c.Number = 1
	x, words := c.Answer(t)
	if x.Welcome == nil || !x.Welcome.Pending || x.Fault == nil || x.Fault.Code != protocol.CodePending || len(words) != 0 {
		t.Errorf("answer %+v, %+v, %v", x.Welcome, x.Fault, words)
	}
	if _, err := c.Take(t.Context(), c.Next(t, []protocol.Entry{c.Submit(c.Text())})); faultCode(err) != protocol.CodePending {
		t.Errorf("taken while it waits: %v", err)
	}
	must[access.Node](t)(a.ApproveNode(t.Context(), Admin(), n.ID))
	c.owed(t, time.Hour, true)
	c.Number, c.Seq = 1, 0
	if r := c.must(t, c.Next(t, []protocol.Entry{c.Submit(c.Text())})); r.Applied != 1 {
		t.Errorf("let in: %+v", r)
	}
	if x, words := c.Answer(t); x.Fault != nil || x.Welcome != nil || len(words) == 0 {
		t.Errorf("answer %+v, %v", x, words)
	}
}

func bundleJoining(t *testing.T, open Open) {
	c := NewCarrier(t, open)
	a := Access(c.Store)
	code, _, err := a.Invite(t.Context(), Admin(), Xujiaba, "http://127.0.0.1:8080", 0)
	if err != nil {
		t.Fatal(err)
	}
	hash := protocol.HashOf([]byte(code.Secret))
	request := func(key protocol.Key, hash string, number uint64) []byte {
		return Seal(t, protocol.BundleIndex{Dir: protocol.Up, Epoch: c.Epoch, Number: number, Program: "node test",
			Join: &protocol.JoinRequest{Ticket: protocol.JoinTicket(hash), Proof: protocol.JoinProof(hash, key.Public()), Name: "值班室"}}, key, nil)
	}
	newKey := func() protocol.Key {
		key, err := protocol.NewNodeKey()
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	key, thief := newKey(), newKey()
	// Who has seen the request knows the ticket, and not the code.
	stolen := Seal(t, protocol.BundleIndex{Dir: protocol.Up, Epoch: c.Epoch, Number: 1,
		Join: &protocol.JoinRequest{Ticket: protocol.JoinTicket(hash), Proof: protocol.JoinProof(hash, key.Public())}}, thief, nil)
	for name, data := range map[string][]byte{"a stolen request": stolen, "a wrong code": request(key, digest('0'), 1)} {
		if _, err := c.Take(t.Context(), data); faultCode(err) != protocol.CodeHub {
			t.Errorf("%s: %v", name, err)
		}
	}
	r := c.must(t, request(key, hash, 1))
	if !r.Joined || r.UnitName != "许家坝镇" || r.Repeated() {
		t.Errorf("report %+v", r)
	}
	if again := c.must(t, request(key, hash, 1)); again.Node != r.Node || !again.Repeated() {
		t.Errorf("again %+v", again)
	}
	if _, err := c.Take(t.Context(), request(thief, hash, 1)); !fault.Is(err, fault.Gone) {
		t.Errorf("the code again with another key: %v", err)
	}
	n, err := c.Store.NodeByID(t.Context(), r.Node)
	if err != nil || n.PublicKey != key.Public() || n.Name != "值班室" || n.Unit != Xujiaba || n.State != access.NodeActive {
		t.Errorf("node %+v, %v", n, err)
	}
	c.Sender = &Sender{t: t, Node: n, Key: key, Epoch: c.Epoch}
	c.Number = 1
	c.owed(t, time.Hour, true)
	x, words := c.Answer(t)
	if x.Welcome == nil || x.Welcome.Node != n.ID || x.Welcome.Unit != (protocol.Unit{Code: Xujiaba, Name: "许家坝镇"}) || x.Welcome.HubKey != c.Store.Key() ||
		!protocol.SameProof(x.Welcome.Proof, protocol.WelcomeProof(hash, key.Public(), x.From, n.ID)) {
		t.Errorf("welcome %+v", x.Welcome)
	}
	if diff := cmp.Diff([]string{"Settings"}, Said(words)); diff != "" || x.Re == nil || x.Re.Number != 1 {
		t.Errorf("told by an answer to %+v: %s", x.Re, diff)
	}
	// It is welcomed until it has spoken as itself.
	if x, _ := c.Answer(t); x.Welcome == nil {
		t.Error("a second answer has no welcome")
	}
	if r := c.must(t, c.Next(t, []protocol.Entry{c.Submit(c.Text())})); r.Applied != 1 {
		t.Errorf("first bundle %+v", r)
	}
	if x, _ := c.Answer(t); x.Welcome != nil {
		t.Error("it is welcomed still")
	}
	if again := c.must(t, request(key, hash, 1)); again.Node != n.ID {
		t.Errorf("the request comes late: %+v", again)
	}
	if x, _ := c.Answer(t); x.Welcome != nil || x.Re.Number != 2 {
		t.Errorf("a late request: %+v", x)
	}
}
