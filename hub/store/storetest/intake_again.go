package storetest

import (
	"testing"

	"github.com/google/uuid"

	"zhanqun/hub/intake"
	"zhanqun/protocol"
)

// A node whose store was restored hands in again what its backup did not know to
// be confirmed: nothing of it is done twice, or told as refused.
func givenAgain(t *testing.T, open Open) {
	s, stream, node := line(t, open)
	a, b := node.Text(), node.Text()
	b.Origin, b.Reviewer = SitangA, "李国强"
	b.Attachments = []protocol.Attachment{{SHA256: digest('a'), Name: "现场.jpg", Size: 9, Type: "image/jpeg"}}
	stream.Send(node, node.Submit(a), node.Submit(b))
	second := *a
	second.Revision, second.Title = 2, "改过的标题"
	stream.Send(node, node.Submit(&second))
	node.Epoch, node.Seq = uuid.NewString(), 0
	other := *a
	other.Body = "<p>另一种写法。</p>"
	stream.Send(node, node.Submit(a), node.Submit(b), node.Submit(&second), node.Submit(&other))
	same(t, "told", news(t, s, node), []string{"receipt 2", "receipt 3", "refusal 4 revision revision", "receipt 4"})
	words := Words(t, s, node.Node.ID, 0)
	if r, ok := words[len(words)-2].(*protocol.Refusal); !ok || r.Have != 2 {
		t.Errorf("refused with %+v", r)
	}
	if n := kinds(t, s, "item.received"); n != 3 {
		t.Errorf("%d received", n)
	}
	want(t, s, a.Item, protocol.StateReceived, 2, 0)

	// Another machine of the unit brings the same words, as the owner of a copied
	// disk does who joined anew; one of another unit does not get away with it.
	beside, stranger := NewSender(t, s, Sitang), NewSender(t, s, Tangtou)
	stream.Send(beside, beside.Submit(b), beside.Submit(&other))
	same(t, "told beside", news(t, s, beside), []string{"refusal 2 unit item", "receipt 2"})
	stolen := *b
	stolen.Unit = Tangtou
	stream.Send(stranger, stranger.Submit(&stolen))
	same(t, "told a stranger", news(t, s, stranger), []string{"refusal 1 unit item", "receipt 1"})

	// Both in one batch: the new text first, and once more under a new epoch.
	fresh := node.Text()
	first := node.Submit(fresh)
	node.Epoch, node.Seq = uuid.NewString(), 0
	stream.Send(node, first, node.Submit(fresh))
	if n := kinds(t, s, "item.received"); n != 4 {
		t.Errorf("%d received", n)
	}
}

// Hello says how far the log before the present one was applied; a receipt names
// the entry it speaks of.
func marks(t *testing.T, open Open) {
	s, stream, node := line(t, open)
	say := func() *protocol.Mark {
		t.Helper()
		return must[protocol.HelloAnswer](t)(stream.Intake.Hello(t.Context(), node.Node.ID, protocol.Hello{V: 1, Epoch: node.Epoch, Clock: s.Now()}, 0)).Before
	}
	if m := say(); m != nil {
		t.Errorf("before the first: %+v", m)
	}
	e := node.Submit(node.Text())
	stream.Send(node, e, node.Raw("no.such.kind", []byte("{}")))
	words := Words(t, s, node.Node.ID, 0)
	same(t, "receipt", words[len(words)-1], protocol.Message(&protocol.Receipt{Epoch: node.Epoch, Through: 2, Hash: protocol.HashOf([]byte("{}"))}))
	old := node.Epoch
	node.Epoch, node.Seq = uuid.NewString(), 0
	same(t, "before the second", say(), &protocol.Mark{Epoch: old, Through: 2})
	node.Epoch = uuid.NewString()
	second := node.Epoch
	stream.Send(node, node.Submit(node.Text()))
	node.Epoch, node.Seq = uuid.NewString(), 0
	same(t, "before the fourth", say(), &protocol.Mark{Epoch: second, Through: 1})

	// What the node did not sign is no proof against it.
	forged := node.Submit(node.Text())
	forged.Sig[0] ^= 1
	stream.Send(node, forged)
	words = Words(t, s, node.Node.ID, 0)
	same(t, "receipt of a forgery", words[len(words)-1], protocol.Message(&protocol.Receipt{Epoch: node.Epoch, Through: 1}))
	if n := must[intake.Node](t)(s.NodeState(t.Context(), node.Node.ID)); n.Up != 1 {
		t.Errorf("node %+v", n)
	}
}
