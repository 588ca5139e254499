package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"zhanqun/hub/catalog"
	"zhanqun/hub/intake"
	"zhanqun/hub/store"
	"zhanqun/protocol"
)

// intakeSuite is what hub/intake demands of the store, through its service.
func intakeSuite(t *testing.T, open Open) {
	for _, s := range []struct {
		name string
		run  func(t *testing.T, open Open)
	}{
		{"receives", receives}, {"repeats", repeats}, {"gaps", gaps}, {"refuses", refuses}, {"refused revisions", refusedRevisions},
		{"forgery", forgery}, {"clone", clone}, {"epochs", epochs}, {"hello", hello}, {"many nodes", manyNodes}, {"strays", strays},
		{"stream", streamPlace}, {"two hubs", twoHubs}, {"content", impossible},
		{"given again", givenAgain}, {"marks", marks}, {"revisions", revisions}, {"withdrawals", withdrawals}, {"sightings", sightings}, {"files", files},
		{"county's limits", countyLimits}, {"unfinished files", unfinishedFiles}, {"unusable file", unusableFile},
		{"foreign file", foreignFile}, {"inherited file", inheritedFile}, {"lying files", lyingFiles},
	} {
		t.Run(s.name, func(t *testing.T) { s.run(t, open) })
	}
}

// line is a hub with the sample county, a node and a stream.
func line(t *testing.T, open Open) (*store.Store, *Stream, *Sender) {
	t.Helper()
	s := open(t, NewClock().Now)
	Units(t, s)
	Columns(t, s)
	return s, NewStream(t, s), NewSender(t, s, Sitang)
}

func same(t testing.TB, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// news is what the hub told a node beside the settings it begins with.
func news(t testing.TB, s *store.Store, n *Sender) []string {
	t.Helper()
	return Said(Words(t, s, n.Node.ID, 0))[1:]
}

// receipts are the digests that receipts of a node name, by position.
func receipts(t testing.TB, s *store.Store, n *Sender) map[uint64]string {
	t.Helper()
	named := map[uint64]string{}
	for _, m := range Words(t, s, n.Node.ID, 0) {
		if r, ok := m.(*protocol.Receipt); ok {
			named[r.Through] = r.Hash
		}
	}
	return named
}

func kinds(t testing.TB, s *store.Store, of string) int {
	t.Helper()
	events := must[[]catalog.Event](t)(s.Events(t.Context(), 0, 1000))
	n := 0
	for _, e := range events {
		if e.Kind == of {
			n++
		}
	}
	return n
}

func receives(t *testing.T, open Open) {
	s, stream, node := line(t, open)
	m := node.Text()
	m.Origin = SitangA
	m.Attachments = []protocol.Attachment{{SHA256: strings.Repeat("a", 64), Name: "图1.jpg", Size: 5, Type: "image/jpeg"}}
	if hello := stream.Send(node, node.Submit(m)); len(hello) > 0 {
		t.Errorf("asked for hello: %v", hello)
	}
	got, err := s.Item(t.Context(), m.Item)
	if err != nil {
		t.Fatal(err)
	}
	at := s.Now().UTC()
	i := got.Item
	i.Body = ""
	same(t, "item", i, catalog.Item{ID: m.Item, Node: node.Node.ID, Unit: Sitang, UnitName: "思唐街道", Origin: SitangA, OriginName: "城北社区",
		Title: m.Title, Column: "township", Source: "党政办", Author: "张三", Revision: 1, State: protocol.StateReceived, Step: 1, DueRole: "reviewer",
		SubmittedAt: m.CreatedAt, ReceivedAt: at, UpdatedAt: at, Attachments: m.Attachments, Flags: []string{}})
	if len(got.Revisions) != 1 || got.Revisions[0].Body != m.Body || got.Revisions[0].Seq != 1 {
		t.Errorf("revisions %+v", got.Revisions)
	}
	same(t, "told", news(t, s, node), []string{"receipt 1"})
	n := must[intake.Node](t)(s.NodeState(t.Context(), node.Node.ID))
	if n.Epoch != node.Epoch || n.Up != 1 {
		t.Errorf("node at %s %d", n.Epoch, n.Up)
	}
	if kinds(t, s, "item.received") != 1 {
		t.Error("no event")
	}
}

// The same entries again, in other frames, have no effect and no answer.
func repeats(t *testing.T, open Open) {
	s, stream, node := line(t, open)
	a, b, c := node.Submit(node.Text()), node.Submit(node.Text()), node.Raw("item.sing", []byte("{}"))
	stream.Send(node, a, b)
	stream.Send(node, a, b)
	stream.Send(node, b)
	stream.Send(node, b, c, c)
	same(t, "told", news(t, s, node), []string{"receipt 2", "refusal 3 kind ", "receipt 3"})
	same(t, "receipts", receipts(t, s, node), map[uint64]string{2: b.Hash, 3: c.Hash})
	if n := kinds(t, s, "item.received"); n != 2 {
		t.Errorf("%d items received", n)
	}
	// One batch, out of order.
	d, e, f := node.Submit(node.Text()), node.Submit(node.Text()), node.Submit(node.Text())
	stream.Read(stream.Frames(node.Node.ID, Frame(t, f), Frame(t, e, d))...)
	if got := news(t, s, node); got[len(got)-1] != "receipt 6" {
		t.Errorf("told %v", got)
	}
}

// What lies behind a gap waits until the gap is filled.
func gaps(t *testing.T, open Open) {
	s, stream, node := line(t, open)
	a, b, c := node.Submit(node.Text()), node.Submit(node.Text()), node.Submit(node.Text())
	same(t, "asked for hello", stream.Send(node, b, c), []string{node.Node.ID})
	same(t, "told", news(t, s, node), []string{})
	same(t, "asked for hello", stream.Send(node, a), []string(nil))
	same(t, "asked for hello", stream.Send(node, c), []string{node.Node.ID})
	same(t, "asked for hello", stream.Send(node, b, c), []string(nil))
	same(t, "told", news(t, s, node), []string{"receipt 1", "receipt 3"})
}

func refuses(t *testing.T, open Open) {
	s, stream, node := line(t, open)
	other := NewSender(t, s, Tangtou)
	taken := other.Text()
	stream.Send(other, other.Submit(taken))
	stream.Send(node, node.Submit(node.Text()))
	change := func(f func(*protocol.Submit)) func() protocol.Entry {
		return func() protocol.Entry {
			m := node.Text()
			f(m)
			return node.Submit(m)
		}
	}
	for _, tt := range []struct {
		name  string
		entry func() protocol.Entry
		want  string
	}{
		{"signature", func() protocol.Entry {
			e := node.Submit(node.Text())
			e.Sig = slices.Clone(e.Sig)
			e.Sig[3] ^= 1
			return e
		}, "signature "},
		{"digest", func() protocol.Entry {
			e := node.Submit(node.Text())
			e.Body = append(slices.Clone(e.Body), ' ')
			return e
		}, "hash "},
		{"kind", func() protocol.Entry { return node.Raw("item.vote", []byte(`{}`)) }, "kind "},
		{"not JSON", func() protocol.Entry { return node.Raw(protocol.KindSubmit, []byte(`{"item":`)) }, "malformed "},
		{"field", func() protocol.Entry { return node.Raw(protocol.KindSubmit, []byte(`{"item":"\u0000","revision":1}`)) }, "field item"},
		{"version", func() protocol.Entry {
			e := node.Submit(node.Text())
			e.V = 9
			return e
		}, "version "},
		{"unit", change(func(m *protocol.Submit) { m.Unit = Tangtou }), "unit unit"},
		{"village of another", change(func(m *protocol.Submit) { m.Origin = TangtouA }), "unit origin"},
		{"township as village", change(func(m *protocol.Submit) { m.Origin = Tangtou }), "unit origin"},
		{"no such village", change(func(m *protocol.Submit) { m.Origin = "nowhere" }), "unit origin"},
		{"no such column", change(func(m *protocol.Submit) { m.Column = "nonsense" }), "column column"},
		{"revision skipped", change(func(m *protocol.Submit) { m.Revision = 3 }), "revision revision"},
		{"another node's item", change(func(m *protocol.Submit) { m.Item, m.Revision = taken.Item, 2 }), "unit item"},
		{"withdrawing nothing", func() protocol.Entry { return node.Withdraw(uuid.NewString(), 1) }, "unknown item"},
		{"withdrawing another node's", func() protocol.Entry { return node.Withdraw(taken.Item, 1) }, "unknown item"},
		{"answering nothing", func() protocol.Entry {
			return node.Next(protocol.KindAnswer, &protocol.Answer{Finding: uuid.NewString(), Answer: protocol.AnswerFixed, By: "张三", At: s.Now()})
		}, "unknown finding"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := len(news(t, s, node))
			e := tt.entry()
			good := node.Submit(node.Text())
			stream.Send(node, e, good)
			same(t, "told", news(t, s, node)[before:], []string{fmt.Sprintf("refusal %d %s", e.Seq, tt.want), fmt.Sprintf("receipt %d", good.Seq)})
			kept := must[[]intake.Kept](t)(stream.Intake.Refusals(t.Context(), intake.KeptQuery{Node: node.Node.ID, Limit: 1}))
			if len(kept) != 1 || kept[0].Seq != e.Seq || !strings.HasPrefix(tt.want, string(kept[0].Code)) || kept[0].UnitName != "思唐街道" {
				t.Fatalf("kept %+v", kept)
			}
			whole := must[intake.Kept](t)(stream.Intake.Refused(t.Context(), kept[0].ID))
			back, fault := protocol.DecodeFrame(whole.Raw)
			if fault != nil {
				t.Fatal(fault)
			}
			same(t, "kept entry", back, []protocol.Entry{e})
		})
	}
	if items := kinds(t, s, "item.received"); items != 18 {
		t.Errorf("%d items received, want the first two and the 16 good ones", items)
	}
}

// A refused revision counts as sent: its number may be used again or passed.
func refusedRevisions(t *testing.T, open Open) {
	for _, next := range []int{1, 2} {
		s, stream, node := line(t, open)
		m := node.Text()
		m.Column = "nonsense"
		stream.Send(node, node.Submit(m))
		m.Column, m.Revision = "township", next
		stream.Send(node, node.Submit(m))
		m.Revision = next + 2
		stream.Send(node, node.Submit(m))
		same(t, "told", news(t, s, node), []string{"refusal 1 column column", "receipt 1", "receipt 2", "refusal 3 revision revision", "receipt 3"})
		if got, err := s.Item(t.Context(), m.Item); err != nil || got.Item.Revision != next {
			t.Errorf("revision %d on file, %v", got.Item.Revision, err)
		}
	}
}

// A position taken by an entry the node did not sign stays open for its own.
func forgery(t *testing.T, open Open) {
	s, stream, node := line(t, open)
	thief, err := protocol.NewNodeKey()
	if err != nil {
		t.Fatal(err)
	}
	genuine := node.Submit(node.Text())
	body := []byte(`{"item":"` + uuid.NewString() + `"}`)
	forged := protocol.New(protocol.Up, node.Node.ID, node.Epoch, 1, protocol.KindSubmit, body, thief)
	first := node.Submit(node.Text())
	stream.Send(node, genuine)
	forged.Seq = 2
	stream.Send(node, forged)
	stream.Send(node, first)
	stream.Send(node, forged)
	stream.Send(node, first)
	same(t, "told", news(t, s, node), []string{"receipt 1", "refusal 2 signature ", "receipt 2"})
	same(t, "receipts", receipts(t, s, node), map[uint64]string{1: genuine.Hash, 2: ""})
	if n := kinds(t, s, "item.received"); n != 2 {
		t.Errorf("%d items received, want both genuine ones", n)
	}
	// Without any word of the node itself, nobody begins its log.
	silent := NewSender(t, s, Tangtou)
	stream.Send(silent, protocol.New(protocol.Up, silent.Node.ID, "e", 1, protocol.KindSubmit, body, thief))
	if n := must[intake.Node](t)(s.NodeState(t.Context(), silent.Node.ID)); n.Epoch != "" || n.Up != 0 {
		t.Errorf("a forgery began the log: %+v", n)
	}
}

// Two machines under one identity show as one position with two digests.
func clone(t *testing.T, open Open) {
	s, stream, node := line(t, open)
	stream.Send(node, node.Submit(node.Text()))
	twin := *node
	stream.Send(node, node.Submit(node.Text()))
	stream.Send(&twin, twin.Submit(twin.Text()), twin.Submit(twin.Text()))
	stream.Send(node, node.Submit(node.Text()))
	same(t, "told", news(t, s, node), []string{"receipt 1", "receipt 2", "Notice"})
	n := must[intake.Node](t)(s.NodeState(t.Context(), node.Node.ID))
	if n.State != intake.NodeFrozen || n.Reason == "" || n.Up != 2 {
		t.Errorf("node %+v", n)
	}
	if kinds(t, s, "node.frozen") != 1 {
		t.Error("no event")
	}
	// Once a person has decided, what was not received comes again.
	if _, err := Access(s).ReleaseNode(t.Context(), Admin(), node.Node.ID); err != nil {
		t.Fatal(err)
	}
	node.Seq = 2
	stream.Send(node, node.Submit(node.Text()))
	if got := news(t, s, node); got[len(got)-1] != "receipt 3" {
		t.Errorf("told %v", got)
	}
}
