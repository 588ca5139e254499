package bundle_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhanqun/node/bundle"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

func TestTake(t *testing.T) {
	o := newOffice(t)
	item := o.submit("春耕", 50)
	refused := o.submit("夏收", 60)
	u := o.export()
	o.says(protocol.KindRefusal, &protocol.Refusal{Epoch: u.Epoch, Seq: 2, Kind: protocol.KindSubmit, Item: refused, Revision: 1, Code: protocol.CodeColumn, Message: "栏目不存在"})
	o.receipt(2)
	o.status(item, protocol.StateReturned)
	data := o.answer(1, 0, 2, func(x *protocol.BundleIndex) {
		x.Offered = []protocol.BundleOffer{{SHA256: u.Offers[0].SHA256, Done: true}, {SHA256: u.Offers[1].SHA256, Fault: &protocol.Fault{Code: protocol.CodeContent, Detail: "不是  图片\n"}}}
	})
	want := bundle.Report{Number: 1, Re: 1, News: 3, Confirmed: 2, Files: 1}
	if diff := cmp.Diff(want, o.must(data)); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	if got := o.state(item); got != queue.State(protocol.StateReturned) {
		t.Errorf("the item is %s", got)
	}
	if got := o.state(refused); got != queue.Refused {
		t.Errorf("the refused one is %s", got)
	}
	for i, want := range []string{"", "不是 图片"} {
		if f, err := o.q.File(t.Context(), u.Offers[i].SHA256); err != nil || f.Done != (want == "") || f.Error != want {
			t.Errorf("file %d: %+v, %v", i, f, err)
		}
	}
	r := o.must(data)
	if !r.Repeated() || r.News != 0 || r.Confirmed != 2 {
		t.Errorf("again: %+v", r)
	}
	// One that came by the line before has nothing new either, and is not "again".
	o.status(item, protocol.StateInReview)
	e, _ := protocol.DecodeFrame(o.log[3])
	if err := o.q.ApplyDown(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if r := o.must(o.answer(1, 3, 2)); r.Repeated() || r.News != 0 {
		t.Errorf("after the line: %+v", r)
	}
	made, err := o.q.Bundles(t.Context(), 10)
	if err != nil || len(made) != 1 || !made[0].Answered {
		t.Errorf("bundles %+v, %v", made, err)
	}
}

func TestTakeNot(t *testing.T) {
	o := newOffice(t)
	item := o.submit("春耕")
	made, err := o.s.Export(t.Context(), t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	o.receipt(1)
	o.status(item, protocol.StateAdopted)
	stranger, err := protocol.NewHubKey()
	if err != nil {
		t.Fatal(err)
	}
	machine, err := protocol.NewNodeKey()
	if err != nil {
		t.Fatal(err)
	}
	good := o.answer(1, 0, 1)
	altered := bytes.Clone(good)
	altered[len(altered)-60] ^= 1
	b, err := protocol.OpenBundle(bytes.NewReader(good), int64(len(good)))
	if err != nil {
		t.Fatal(err)
	}
	foreign := b.Index
	up := foreign
	up.Dir, up.To, up.Answer, up.Hello, up.Re = protocol.Up, o.hub.Public(), nil, &protocol.Hello{}, nil
	for name, c := range map[string]struct {
		data []byte
		code protocol.Code
	}{
		"cut":          {good[:len(good)-1], protocol.CodeIncomplete},
		"altered":      {altered, protocol.CodeHash},
		"another hub":  {o.seal(foreign, stranger, o.log), protocol.CodeHub},
		"another node": {o.answer(1, 0, 1, func(x *protocol.BundleIndex) { x.Node, x.To = "n8", machine.Public() }), protocol.CodeNode},
		"another name": {o.answer(1, 0, 1, func(x *protocol.BundleIndex) { x.Node = "n8" }), protocol.CodeNode},
		"a node's":     {o.seal(up, machine, o.log), protocol.CodeNode},
		"rolled back":  {o.answer(1, 0, 9), "conflict"},
		"an empty one": {o.answer(1, 0, 1, func(x *protocol.BundleIndex) { x.First, x.Last, x.Frames = 0, 0, nil }), ""},
	} {
		if _, err := o.take(c.data); codeOf(err) != c.code {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
		if got := o.state(item); got != queue.Sent || o.cursors().Down != 0 {
			t.Fatalf("%s: the item is %s, the cursor %d", name, got, o.cursors().Down)
		}
	}
	own := o.read(made.Path)
	key, err := o.q.Key(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	x := own.BundleIndex
	x.First, x.Last, x.Frames = 0, 0, nil
	if _, err := o.take(o.seal(x, key, nil)); codeOf(err) != protocol.CodeNode {
		t.Errorf("its own: %v", err)
	}
	if r := o.must(good); r.News != 2 {
		t.Errorf("report %+v", r)
	}
}

// A county whose log ends before what this node has told it of, under the same
// epoch, was put back without being restored.
func TestTakeFromAnOlderHub(t *testing.T) {
	o := newOffice(t)
	item := o.submit("春耕")
	o.export()
	o.receipt(1)
	o.status(item, protocol.StateAdopted)
	first := o.answer(1, 0, 1)
	late := o.answer(1, 2, 1, func(x *protocol.BundleIndex) { x.Answer.Head = 1 })
	o.must(first)
	if r := o.must(late); r.News != 0 {
		t.Errorf("an answer that comes late: %+v", r)
	}
	o.export() // tells 2
	if _, err := o.take(o.answer(2, 2, 1, func(x *protocol.BundleIndex) { x.Answer.Head = 1 })); codeOf(err) != "conflict" {
		t.Errorf("an older hub: %v", err)
	}
}

// A gap is asked for again: the next bundle is due.
func TestTakeWithAGap(t *testing.T) {
	o := newOffice(t)
	item := o.submit("春耕")
	o.export()
	o.receipt(1)
	o.status(item, protocol.StateAdopted)
	if _, err := o.take(o.answer(1, 1, 1)); !errors.Is(err, queue.ErrGap) {
		t.Errorf("got %v", err)
	}
	if c, err := o.q.Carried(t.Context(), o.clock.AddDate(0, 0, -1)); err != nil || c.Told {
		t.Errorf("%+v, %v", c, err)
	}
	if got := o.state(item); got != queue.Sent {
		t.Errorf("the item is %s", got)
	}
	o.export()
	if _, err := o.take(o.answer(1, 1, 1)); !errors.Is(err, queue.ErrGap) {
		t.Errorf("again: %v", err)
	}
	if c, err := o.q.Carried(t.Context(), o.clock.AddDate(0, 0, -1)); err != nil || !c.Told {
		t.Errorf("it was told: %+v, %v", c, err)
	}
	if r := o.must(o.answer(1, 0, 1)); r.News != 2 {
		t.Errorf("the whole: %+v", r)
	}
}

// A frozen node is told why, and keeps what it has.
func TestTakeAFault(t *testing.T) {
	o := newOffice(t)
	o.submit("春耕")
	o.export()
	r := o.must(o.answer(1, 0, 0, func(x *protocol.BundleIndex) {
		x.Answer, x.Fault = nil, &protocol.Fault{Code: protocol.CodeFrozen, Detail: "已暂停接收，请联系县级管理员核实"}
	}))
	if r.Fault != "已暂停接收，请联系县级管理员核实" || r.Unconfirmed != 1 {
		t.Errorf("report %+v", r)
	}
	if a, ok, err := o.q.LastAnswer(t.Context()); !ok || err != nil || a.Fault != r.Fault {
		t.Errorf("answer %+v, %v", a, err)
	}
	c, err := o.q.Carried(t.Context(), o.clock.AddDate(0, 0, -1))
	if err != nil || c.Through != 1 {
		t.Errorf("not carried any more: %+v, %v", c, err)
	}
}

// The county was restored from an older backup: what it lost is carried again,
// and its down log is read anew. An answer of before comes too late.
func TestTakeFromARestoredHub(t *testing.T) {
	o := newOffice(t)
	first, second := o.submit("春耕", 50), o.submit("夏收")
	u := o.export()
	o.receipt(2)
	o.must(o.answer(1, 0, 2, func(x *protocol.BundleIndex) {
		x.Offered = []protocol.BundleOffer{{SHA256: u.Offers[0].SHA256, Done: true}}
	}))
	o.export() // nothing but the confirmation
	o.status(first, protocol.StateInReview)
	late := o.answer(1, 1, 2)

	old := o.log
	o.epoch, o.log = "hub-epoch-2", nil
	o.receipt(1)
	o.status(first, protocol.StateAdopted)
	// It does not know the bundles the former one had: that proves nothing yet.
	if _, err := o.take(o.answer(0, 0, 1)); codeOf(err) != protocol.CodeEpoch {
		t.Errorf("before it has heard of this node: %v", err)
	}
	if c, err := o.q.Carried(t.Context(), o.clock.AddDate(0, 0, -1)); err != nil || c.Told {
		t.Errorf("the next bundle is not due: %+v, %v", c, err)
	}
	again := o.export()
	if again.Number != 3 || again.Hello.HubEpoch != "hub-epoch-1" {
		t.Errorf("bundle %+v", again)
	}
	r := o.must(o.answer(3, 0, 1))
	if r.Confirmed != 1 || r.Unconfirmed != 1 {
		t.Errorf("report %+v", r)
	}
	if got := o.state(first); got != queue.State(protocol.StateAdopted) {
		t.Errorf("the first is %s", got)
	}
	if got := o.state(second); got != queue.Queued {
		t.Errorf("what it lost is %s", got)
	}
	u = o.export()
	if !cmp.Equal(u.seqs, []uint64{2}) || u.Hello.HubEpoch != "hub-epoch-2" {
		t.Errorf("carried again: %+v", u)
	}
	o.epoch, o.log = "hub-epoch-1", old
	if _, err := o.take(late); codeOf(err) != protocol.CodeEpoch {
		t.Errorf("an answer of before: %v", err)
	}
	if o.cursors().HubEpoch != "hub-epoch-2" {
		t.Error("the node went back to the old store")
	}
}

// The county has begun this node's log anew, after the node was restored: it has
// less than this node was told, and gets it again. An answer that is merely late
// does not look like that.
func TestTakeWhatTheHubHasLost(t *testing.T) {
	o := newOffice(t)
	o.submit("春耕")
	o.export()
	o.receipt(1)
	late := o.answer(1, 1, 0)
	o.must(o.answer(1, 0, 1))
	o.submit("夏收")
	if u := o.export(); !cmp.Equal(u.seqs, []uint64{2}) {
		t.Errorf("bundle %+v", u)
	}
	o.must(late)
	if c := o.cursors(); c.Confirmed != 1 {
		t.Errorf("an answer that is late: %+v", c)
	}
	o.must(o.answer(2, 1, 0))
	if u := o.export(); !cmp.Equal(u.seqs, []uint64{1, 2}) || u.Hello.Confirmed != 0 {
		t.Errorf("carried again: %+v", u)
	}
}
