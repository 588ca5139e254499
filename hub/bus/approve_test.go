package bus_test

import (
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"zhanqun/hub/access"
	"zhanqun/hub/store/storetest"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// waiting enrols a key that a person has to let in.
func (c *county) waiting(unit string, key protocol.Key) protocol.EnrolAnswer {
	c.t.Helper()
	a := storetest.Access(c.store)
	list, err := a.InviteAll(c.t.Context(), storetest.Admin(), []string{unit}, access.Terms{Base: "http://127.0.0.1:8080", Approval: true})
	if err != nil {
		c.t.Fatal(err)
	}
	answer, err := a.Enrol(c.t.Context(), storetest.EnrolRequest(list[0].Code.Secret, key))
	if err != nil || !answer.Pending {
		c.t.Fatalf("%+v, %v", answer, err)
	}
	answer.NATS, answer.HubKey = []string{"nats://" + c.addr}, c.key.Public()
	return answer
}

// A machine that waits to be let in may ask whether it is, and nothing else,
// whatever client it uses; let in with another program, it is shown the door once,
// so that it comes back with all it may do.
func TestWaitingMachineMayOnlyAsk(t *testing.T) {
	c := newCounty(t)
	key, err := protocol.NewNodeKey()
	if err != nil {
		t.Fatal(err)
	}
	answer := c.waiting(storetest.Xujiaba, key)
	n, err := c.store.NodeByID(t.Context(), answer.Node)
	if err != nil {
		t.Fatal(err)
	}
	violations, gone := make(chan error, 10), make(chan struct{})
	s := &storetest.Sender{Node: n, Key: key, Epoch: "e-1"}
	w := &client{Sender: s, t: t, nc: c.connect(s, nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { violations <- err }),
		nats.ClosedHandler(func(*nats.Conn) { close(gone) }))}
	for _, subject := range []string{protocol.UpSubject(n.ID), protocol.AskSubject(n.ID, protocol.VerbPull), protocol.AskSubject(n.ID, protocol.VerbOffer),
		protocol.AskSubject(n.ID, protocol.VerbRecall), protocol.BeatSubject(n.ID)} {
		if err := w.nc.Publish(subject, nil); err != nil {
			t.Fatal(err)
		}
		refusedWith(t, w.nc, violations, "publish to "+subject)
	}
	if _, err := w.hello(c); faultCode(err) != protocol.CodePending {
		t.Fatalf("hello: %v", err)
	}
	if _, err := storetest.Access(c.store).ApproveNode(t.Context(), storetest.Admin(), n.ID); err != nil {
		t.Fatal(err)
	}
	// Whether the answer is still heard does not matter.
	_, _ = w.request(protocol.VerbHello, []byte(`{"v":1,"epoch":"e-1"}`), nil)
	select {
	case <-gone:
	case <-time.After(10 * time.Second):
		t.Fatal("still connected with the rights of one that waits")
	}
	w.nc = c.connect(s)
	if _, err := w.hello(c); err != nil {
		t.Fatal(err)
	}
	if seq := w.publish([]byte("ZQ1 0\n")); seq == 0 {
		t.Error("nothing published")
	}
}

// What is written while a node waits stays there, and goes out by itself once a
// person has let the machine in. Its line says what it waits for, before the
// service runs as well.
func TestWorkGoesOutWhenLetIn(t *testing.T) {
	c := newCounty(t)
	tn := c.joinedBy(t.TempDir(), func(key protocol.Key) protocol.EnrolAnswer { return c.waiting(storetest.Xujiaba, key) })
	pending := func(l queue.Line) bool { return l.Pending && l.Error == queue.PendingWords }
	tn.line("it says what it waits for", pending)
	tn.start()
	ids := tn.post(3)
	tn.line("the hub says so", func(l queue.Line) bool { return pending(l) && l.Connected && !l.LastContact.IsZero() })
	c.stop()
	tn.line("it still says so", func(l queue.Line) bool { return pending(l) && !l.Connected })
	tn.stop()
	c.start()
	tn.start()
	tn.line("the line is back", func(l queue.Line) bool { return pending(l) && l.Connected })
	if got := c.received(); len(got) != 0 {
		t.Fatalf("received before it was let in: %v", got)
	}
	a := storetest.Access(c.store)
	a.OnApproved(func(n access.Node) { c.bus.Drop(n.ID) })
	if _, err := a.ApproveNode(t.Context(), storetest.Admin(), tn.id.Node); err != nil {
		t.Fatal(err)
	}
	tn.confirmed()
	c.once(map[*town][]string{tn: ids})
	tn.line("it works", func(l queue.Line) bool { return !l.Pending && l.Error == "" && l.Connected })
}

// One that was turned away says so, and keeps what was written.
func TestTurnedAway(t *testing.T) {
	c := newCounty(t)
	tn := c.joinedBy(t.TempDir(), func(key protocol.Key) protocol.EnrolAnswer { return c.waiting(storetest.Xujiaba, key) })
	tn.start()
	tn.post(1)
	tn.line("the hub has said so", func(l queue.Line) bool { return l.Pending && l.Connected })
	a := storetest.Access(c.store)
	a.OnRevoked(func(n access.Node) { c.bus.Drop(n.ID) })
	if _, err := a.RefuseNode(t.Context(), storetest.Admin(), tn.id.Node, "不是本单位的电脑"); err != nil {
		t.Fatal(err)
	}
	l := tn.line("it says that it was turned away", func(l queue.Line) bool { return !l.Connected && l.Error != queue.PendingWords && l.Error != "" })
	if !strings.HasPrefix(l.Error, "县级管理员没有批准本机入网。") {
		t.Errorf("it says %q", l.Error)
	}
	if cur := tn.cursors(); cur.Last != 1 || cur.Confirmed != 0 {
		t.Errorf("%+v", cur)
	}
}
