package storetest

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"zhanqun/hub/bundle"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

func bundleSuite(t *testing.T, open Open) {
	for name, f := range map[string]func(*testing.T, Open){
		"there and back": bundleThereAndBack, "again and beside the line": bundleMixed, "one is lost": bundleLost, "bad ones": bundleBad,
		"cut short": bundleCutShort, "long answer": bundleLongAnswer, "files": bundleFiles, "restored hub": bundleRestoredHub, "restored node": bundleRestoredNode,
		"frozen and revoked": bundleStanding, "joining": bundleJoining, "waiting to be let in": bundleWaiting, "owed": bundleOwed,
	} {
		t.Run(name, func(t *testing.T) { f(t, open) })
	}
}

const photo = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00\x90wS\xde\x00\x00\x00\x0cIDATx\x9cc\xf8\xcf\xc0\x00\x00\x03\x01\x01\x00\xc9\xfe\x92\xef\x00\x00\x00\x00IEND\xaeB`\x82"

func faultCode(err error) protocol.Code {
	var f protocol.Fault
	if errors.As(err, &f) {
		return f.Code
	}
	return ""
}

func (c *Carrier) must(t *testing.T, data []byte) bundle.Report {
	t.Helper()
	r, err := c.Take(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func bundleThereAndBack(t *testing.T, open Open) {
	c := NewCarrier(t, open)
	text := c.Text()
	text.Attachments = []protocol.Attachment{{SHA256: part([]byte(photo)).SHA256, Size: int64(len(photo)), Name: "a.png", Type: "image/png"}}
	entries := []protocol.Entry{c.Submit(text), c.Submit(c.Text()), c.Raw("item.sing", []byte(`{}`))}
	r := c.must(t, c.Next(t, entries, photo))
	want := bundle.Report{Node: c.Node.ID, UnitName: "思唐街道", Number: 1, First: 1, Last: 3, Applied: 2, Refused: 1, Files: 1}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	if d, err := c.Store.Item(t.Context(), text.Item); err != nil || d.Item.State != protocol.StateReceived {
		t.Errorf("the item: %+v, %v", d.Item.State, err)
	}
	if !c.Blobs.Has(text.Attachments[0].SHA256) {
		t.Error("the photo is not there")
	}
	x, words := c.Answer(t)
	if diff := cmp.Diff([]string{"Settings", "refusal 3 kind ", "receipt 3"}, Said(words)); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	if x.Re == nil || *x.Re != (protocol.BundleRef{Epoch: c.Epoch, Number: 1}) || x.Answer.Cursor != 3 || x.Answer.Head != 3 || x.Answer.Epoch != c.Epoch {
		t.Errorf("answer %+v to %+v", x.Answer, x.Re)
	}
	if diff := cmp.Diff([]protocol.BundleOffer{{SHA256: text.Attachments[0].SHA256, Done: true}}, x.Offered); diff != "" {
		t.Errorf("offered (-want +got):\n%s", diff)
	}
	// The township has it: the next answer begins there.
	c.Down = x.Last
	c.must(t, c.Next(t, []protocol.Entry{c.Submit(c.Text())}))
	y, words := c.Answer(t)
	if got := Said(words); !cmp.Equal(got, []string{"receipt 4"}) || y.Number != 2 || y.First != 4 {
		t.Errorf("told %v by %+v", got, y)
	}
	c.Flush(t)
	if n, err := c.Store.NodeByID(t.Context(), c.Node.ID); err != nil || n.DownAck != 3 || n.Program != "node test" || n.Skew != 0 {
		t.Errorf("node %+v, %v", n, err)
	}
}

// The same bundle again, and the same entries by the line before, between and
// after: every item is there once.
func bundleMixed(t *testing.T, open Open) {
	c := NewCarrier(t, open)
	stream := NewStream(t, c.Store)
	one, two, three := c.Submit(c.Text()), c.Submit(c.Text()), c.Submit(c.Text())
	stream.Send(c.Sender, one)
	first := c.Next(t, []protocol.Entry{one, two})
	if r := c.must(t, first); r.Applied != 1 || r.Duplicates != 1 || r.Repeated() {
		t.Errorf("after the line had the first: %+v", r)
	}
	if r := c.must(t, first); r.Applied != 0 || r.Duplicates != 2 || !r.Repeated() || !r.TakenBefore.Equal(c.Clock.Now()) {
		t.Errorf("again: %+v", r)
	}
	second := c.Next(t, []protocol.Entry{one, two, three})
	stream.Send(c.Sender, two, three)
	if r := c.must(t, second); r.Applied != 0 || r.Duplicates != 3 || r.Repeated() {
		t.Errorf("a new one with nothing new: %+v", r)
	}
	stream.Send(c.Sender, one, two, three)
	if n := kinds(t, c.Store, "item.received"); n != 3 {
		t.Errorf("%d items", n)
	}
	place, err := c.Store.StreamPlace(t.Context())
	if err != nil || place.Seq != stream.Seq || place.Stream != protocol.Stream {
		t.Errorf("the place in the stream is %+v, not %d", place, stream.Seq)
	}
}

// Two bundles, of which the second comes first.
func bundleLost(t *testing.T, open Open) {
	c := NewCarrier(t, open)
	one, two := c.Submit(c.Text()), c.Submit(c.Text())
	first, second := c.Next(t, []protocol.Entry{one}), c.Next(t, []protocol.Entry{two})
	if r := c.must(t, second); r.Waiting != 1 || r.Applied != 0 {
		t.Errorf("with a gap before it: %+v", r)
	}
	if x, _ := c.Answer(t); x.Re.Number != 2 || x.Answer.Cursor != 0 {
		t.Errorf("answer %+v to %+v", x.Answer, x.Re)
	}
	c.must(t, first)
	if x, _ := c.Answer(t); x.Re.Number != 2 || x.Answer.Cursor != 1 {
		t.Errorf("then answer %+v to %+v", x.Answer, x.Re)
	}
	if r := c.must(t, second); r.Applied != 1 {
		t.Errorf("the second again: %+v", r)
	}
	third := c.Submit(c.Text())
	if r := c.must(t, c.Next(t, []protocol.Entry{one, two, third})); r.Applied != 1 || r.Duplicates != 2 {
		t.Errorf("the next one: %+v", r)
	}
}

func bundleBad(t *testing.T, open Open) {
	c := NewCarrier(t, open)
	stranger, err := protocol.NewNodeKey()
	if err != nil {
		t.Fatal(err)
	}
	otherHub, err := protocol.NewHubKey()
	if err != nil {
		t.Fatal(err)
	}
	other := NewSender(t, c.Store, Tangtou)
	entry := c.Submit(c.Text())
	good := c.Next(t, []protocol.Entry{entry}, photo)
	forged := func(key protocol.Key, spoil func(*protocol.BundleIndex)) []byte {
		x, frames := c.Index(t, []protocol.Entry{entry}, photo)
		spoil(&x)
		return Seal(t, x, key, frames, photo)
	}
	altered := bytes.Clone(good)
	altered[len(altered)-40] ^= 1
	for name, bad := range map[string]struct {
		data []byte
		code protocol.Code
	}{
		"cut":             {good[:len(good)-20], protocol.CodeIncomplete},
		"altered":         {altered, protocol.CodeHash},
		"for another hub": {forged(c.Key, func(x *protocol.BundleIndex) { x.To = otherHub.Public() }), protocol.CodeHub},
		"an unknown node": {forged(stranger, func(x *protocol.BundleIndex) { x.Node = "nobody" }), protocol.CodeNode},
		"another's name":  {forged(c.Key, func(x *protocol.BundleIndex) { x.Node = other.Node.ID }), protocol.CodeNode},
		"another's key":   {forged(stranger, func(*protocol.BundleIndex) {}), protocol.CodeNode},
		"an answer of ours": {Seal(t, protocol.BundleIndex{Dir: protocol.Down, To: c.Key.Public(), Node: c.Node.ID, Epoch: c.Epoch, Number: 1,
			Answer: &protocol.HelloAnswer{}}, c.HubKey, nil), protocol.CodeHub},
		"an answer of another": {Seal(t, protocol.BundleIndex{Dir: protocol.Down, To: c.Key.Public(), Node: c.Node.ID, Epoch: c.Epoch, Number: 1,
			Answer: &protocol.HelloAnswer{}}, otherHub, nil), protocol.CodeHub},
	} {
		if _, err := c.Take(t.Context(), bad.data); faultCode(err) != bad.code {
			t.Errorf("%s: %v, want %s", name, err, bad.code)
		}
	}
	// Entries of another node in a bundle that is sound otherwise speak for nobody.
	x, _ := c.Index(t, nil)
	theirs := Frame(t, other.Submit(other.Text()))
	x.First, x.Last, x.Frames = 1, 1, []protocol.BundlePart{part(theirs)}
	if r := c.must(t, Seal(t, x, c.Key, [][]byte{theirs})); r.Applied != 0 || r.Refused != 1 {
		t.Errorf("another's entries: %+v", r)
	}
	if n := kinds(t, c.Store, "item.received"); n != 0 || c.Blobs.Has(part([]byte(photo)).SHA256) {
		t.Errorf("%d items came of bad bundles", n)
	}
	// A node that got a new store: bundles of the old one are out of date.
	c.must(t, good)
	old := c.Next(t, []protocol.Entry{c.Submit(c.Text())})
	c.Epoch, c.Seq, c.Number = uuid.NewString(), 0, 0
	if r := c.must(t, c.Next(t, []protocol.Entry{c.Submit(c.Text())})); r.Applied != 1 {
		t.Errorf("the new store: %+v", r)
	}
	if _, err := c.Take(t.Context(), old); faultCode(err) != protocol.CodeEpoch {
		t.Errorf("the old store: %v", err)
	}
	if n, err := c.Store.NodeByID(t.Context(), c.Node.ID); err != nil || n.State != "active" {
		t.Errorf("the node is %s, %v", n.State, err)
	}
}

// An end in the middle leaves what was applied, and the same bundle does the rest.
func bundleCutShort(t *testing.T, open Open) {
	c := NewCarrier(t, open)
	var entries []protocol.Entry
	for range 40 {
		m := c.Text()
		m.Body = strings.Repeat("田", 60_000)
		entries = append(entries, c.Submit(m))
	}
	data := c.Next(t, entries, photo)
	ctx, cancel := context.WithCancel(t.Context())
	seen := 0
	c.Store.OnDown(func(map[string]uint64) {
		if seen++; seen == 1 {
			cancel()
		}
	})
	if _, err := c.Take(ctx, data); !errors.Is(err, context.Canceled) {
		t.Fatalf("stopped: %v", err)
	}
	done := kinds(t, c.Store, "item.received")
	if done == 0 || done == 40 {
		t.Fatalf("%d of 40 items: not in the middle", done)
	}
	if r := c.must(t, data); r.Applied != 40-done || r.Duplicates != done || r.Files != 1 || r.Repeated() {
		t.Errorf("again: %+v", r)
	}
	if n := kinds(t, c.Store, "item.received"); n != 40 {
		t.Errorf("%d items", n)
	}
}

// What a township is told need not fit into one answer.
func bundleLongAnswer(t *testing.T, open Open) {
	c := NewCarrier(t, open)
	var entries []protocol.Entry
	for range 300 {
		entries = append(entries, c.Raw("item.sing", []byte(`{}`)))
	}
	c.must(t, c.Next(t, entries))
	whole, words := c.Answer(t)
	if len(words) != 302 || len(whole.Frames) < 2 || whole.Last != whole.Answer.Head {
		t.Errorf("%d words in %d frames", len(words), len(whole.Frames))
	}
	c.Bundle.MaxBytes = 1
	for told := 0; told < 302; {
		x, words := c.Answer(t)
		if len(words) == 0 || len(x.Frames) != 1 || x.First != c.Down+1 {
			t.Fatalf("%d words in %d frames from %d on", len(words), len(x.Frames), x.First)
		}
		told += len(words)
		c.owed(t, time.Hour, false) // it waits for the township to come back
		c.Down = x.Last
		c.must(t, c.Next(t, nil))
		c.owed(t, time.Hour, told < 302)
	}
}

func bundleFiles(t *testing.T, open Open) {
	c := NewCarrier(t, open)
	const program = "MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00"
	x, _ := c.Index(t, nil, photo, program)
	x.Offers = append(x.Offers, protocol.Offer{SHA256: digest('f'), Size: 5})
	data := Seal(t, x, c.Key, nil, photo, program)
	c.room = 10
	if _, err := c.Take(t.Context(), data); !fault.Is(err, fault.Full) {
		t.Errorf("without room: %v", err)
	}
	if c.Blobs.Has(part([]byte(photo)).SHA256) {
		t.Error("a file was taken without room for all")
	}
	c.room = 1 << 30
	if r := c.must(t, data); r.Files != 1 || r.FilesRefused != 1 {
		t.Errorf("report %+v", r)
	}
	y, _ := c.Answer(t)
	if len(y.Offered) != 3 || !y.Offered[0].Done || y.Offered[1].Done || y.Offered[1].Fault == nil || y.Offered[1].Fault.Code != protocol.CodeContent ||
		y.Offered[2].Done || y.Offered[2].Fault != nil {
		t.Errorf("offered %+v", y.Offered)
	}
	// Another node has brought nothing by that.
	if done, err := c.Store.FilesDone(t.Context(), "other", []string{part([]byte(photo)).SHA256}); err != nil || len(done) > 0 {
		t.Errorf("another node: %v, %v", done, err)
	}
	c.room = 10
	if r := c.must(t, c.Next(t, nil, photo)); r.Files != 0 {
		t.Errorf("what is there needs no room: %+v", r)
	}
}

// A node without a line that got a new store from a backup: its log is begun anew,
// though the bundle does not hold its first entry, and the answer says so.
func bundleRestoredNode(t *testing.T, open Open) {
	c := NewCarrier(t, open)
	c.must(t, c.Next(t, []protocol.Entry{c.Submit(c.Text()), c.Submit(c.Text())}))
	c.Flush(t)
	c.Clock.Advance(24 * time.Hour)
	c.Epoch = uuid.NewString()
	if r := c.must(t, c.Next(t, []protocol.Entry{c.Submit(c.Text())})); r.Waiting != 1 || r.Applied != 0 {
		t.Errorf("its third entry: %+v", r)
	}
	if x, _ := c.Answer(t); x.Answer.Epoch != c.Epoch || x.Answer.Cursor != 0 {
		t.Errorf("answer %+v", x.Answer)
	}
	// Heard of on the line meanwhile, the end of its log may lie in the stream.
	c.Clock.Advance(24 * time.Hour)
	c.Intake.Beat(c.Node.ID, protocol.Beat{})
	c.Flush(t)
	was := c.Epoch
	c.Epoch = uuid.NewString()
	c.must(t, c.Next(t, []protocol.Entry{c.Submit(c.Text())}))
	if x, _ := c.Answer(t); x.Answer.Epoch != was {
		t.Errorf("answer %+v", x.Answer)
	}
}

// A township that knows another store of the hub is told everything again.
func bundleRestoredHub(t *testing.T, open Open) {
	c := NewCarrier(t, open)
	x, frames := c.Index(t, []protocol.Entry{c.Submit(c.Text())})
	x.Hello.HubEpoch, x.Hello.Down = uuid.NewString(), 700
	c.must(t, Seal(t, x, c.Key, frames))
	if y, words := c.Answer(t); y.First != 1 || len(words) != 2 {
		t.Errorf("told %v from %d on", Said(words), y.First)
	}
	c.Flush(t)
	if n, err := c.Store.NodeByID(t.Context(), c.Node.ID); err != nil || n.DownAck != 0 {
		t.Errorf("confirmed through %d, %v", n.DownAck, err)
	}
}
