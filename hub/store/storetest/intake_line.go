package storetest

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"zhanqun/hub/intake"
	"zhanqun/hub/store"
	"zhanqun/protocol"
)

// code returns the code of a Fault in err's chain.
func code(err error) protocol.Code {
	var f protocol.Fault
	errors.As(err, &f)
	return f.Code
}

// A store made anew numbers from 1 in a new epoch; the old one never returns.
func epochs(t *testing.T, open Open) {
	s, stream, node := line(t, open)
	a, b := node.Submit(node.Text()), node.Submit(node.Text())
	stream.Send(node, a, b)
	old := *node
	node.Epoch, node.Seq = uuid.NewString(), 0
	first := node.Submit(node.Text())
	second := node.Submit(node.Text())
	same(t, "asked for hello", stream.Send(node, second), []string{node.Node.ID})
	stream.Send(node, first, second)
	stream.Send(node, a, b) // a late repetition of the old log
	same(t, "told", news(t, s, node), []string{"receipt 2", "receipt 2"})
	stream.Send(&old, old.Submit(old.Text())) // the old store still writes
	n := must[intake.Node](t)(s.NodeState(t.Context(), node.Node.ID))
	if n.Epoch != node.Epoch || n.Up != 2 || n.State != intake.NodeActive {
		t.Errorf("node %+v", n)
	}
	kept := must[[]intake.Kept](t)(stream.Intake.Refusals(t.Context(), intake.KeptQuery{Node: node.Node.ID}))
	if len(kept) != 1 || kept[0].Code != protocol.CodeEpoch {
		t.Errorf("kept %+v", kept)
	}
	if n := kinds(t, s, "item.received"); n != 4 {
		t.Errorf("%d items received", n)
	}
}

func hello(t *testing.T, open Open) {
	s, stream, node := line(t, open)
	in := stream.Intake
	say := func(epoch string, backlog uint64) (protocol.HelloAnswer, error) {
		return in.Hello(t.Context(), node.Node.ID, protocol.Hello{V: 1, Epoch: epoch, Clock: s.Now()}, backlog)
	}
	answer, err := say(node.Epoch, 0)
	want := protocol.HelloAnswer{V: 1, HubEpoch: s.Epoch(), Epoch: node.Epoch, Head: 1, MaxFrame: protocol.MaxFrameBytes, Now: s.Now()}
	if err != nil {
		t.Fatal(err)
	}
	same(t, "first answer", answer, want)
	stream.Send(node, node.Submit(node.Text()))
	answer, _ = say(node.Epoch, 3)
	want.Cursor, want.Head, want.Backlog = 1, 2, 3
	same(t, "next answer", answer, want)

	// While frames are unread the old log may not have ended.
	anew := uuid.NewString()
	answer, _ = say(anew, 1)
	if answer.Epoch != node.Epoch || answer.Cursor != 1 {
		t.Errorf("with a backlog: %+v", answer)
	}
	answer, _ = say(anew, 0)
	if answer.Epoch != anew || answer.Cursor != 0 {
		t.Errorf("without a backlog: %+v", answer)
	}
	if _, err := say(node.Epoch, 0); code(err) != protocol.CodeFrozen {
		t.Errorf("an epoch that was left behind: %v", err)
	}
	if _, err := say(anew, 0); code(err) != protocol.CodeFrozen {
		t.Errorf("both are frozen: %v", err)
	}
	if _, _, err := in.Pull(t.Context(), node.Node.ID, protocol.Pull{HubEpoch: s.Epoch()}); code(err) != protocol.CodeFrozen {
		t.Errorf("pull while frozen: %v", err)
	}
	if _, err := Access(s).RevokeNode(t.Context(), Admin(), node.Node.ID, "电脑丢失"); err != nil {
		t.Fatal(err)
	}
	if _, err := say(anew, 0); code(err) != protocol.CodeRevoked {
		t.Errorf("revoked: %v", err)
	}
	stream.Send(node, node.Submit(node.Text()))
	if n := kinds(t, s, "item.received"); n != 1 {
		t.Errorf("%d items received", n)
	}
	if _, err := in.Hello(t.Context(), "nobody", protocol.Hello{V: 1, Epoch: "e"}, 0); code(err) != protocol.CodeNode {
		t.Errorf("unknown node: %v", err)
	}
	if _, err := in.Hello(t.Context(), node.Node.ID, protocol.Hello{V: 7, Epoch: "e"}, 0); code(err) != protocol.CodeVersion {
		t.Errorf("unknown version: %v", err)
	}
	if _, _, err := in.Pull(t.Context(), node.Node.ID, protocol.Pull{HubEpoch: "another"}); code(err) != protocol.CodeEpoch {
		t.Errorf("pull from another epoch: %v", err)
	}
}

func manyNodes(t *testing.T, open Open) {
	s, stream, _ := line(t, open)
	var senders []*Sender
	var frames []intake.Frame
	for range 12 {
		n := NewSender(t, s, Tangtou)
		senders = append(senders, n)
		for range 3 {
			frames = append(frames, stream.Frames(n.Node.ID, Frame(t, n.Submit(n.Text()), n.Submit(n.Text())))...)
		}
	}
	heads := map[string]uint64{}
	s.OnDown(func(h map[string]uint64) {
		for node, head := range h {
			heads[node] = head
		}
	})
	stream.Read(frames...)
	for _, n := range senders {
		same(t, "told", news(t, s, n), []string{"receipt 6"})
		if heads[n.Node.ID] != 2 {
			t.Errorf("rung with head %d", heads[n.Node.ID])
		}
	}
}

// What is not an entry of the node is kept, moves nothing, and is bounded.
func strays(t *testing.T, open Open) {
	s, stream, node := line(t, open)
	other := NewSender(t, s, Tangtou)
	stream.Read(slices.Concat(
		stream.Frames(node.Node.ID, []byte(`{"stream":"ZQ_UP","seq":12}`)),
		stream.Frames(node.Node.ID, Frame(t, other.Submit(other.Text()))),
		stream.Frames("nobody", Frame(t, node.Submit(node.Text()))),
		stream.Frames("NO.BODY", []byte("x")),
		stream.Frames(node.Node.ID, Frame(t, numbered(node, 0), numbered(node, 1<<63))),
	)...)
	node.Seq = 0
	stream.Send(node, node.Submit(node.Text()))
	same(t, "told", news(t, s, node), []string{"receipt 1"})
	kept := must[[]intake.Kept](t)(stream.Intake.Refusals(t.Context(), intake.KeptQuery{}))
	if len(kept) != 6 {
		t.Fatalf("kept %d", len(kept))
	}
	i := slices.IndexFunc(kept, func(k intake.Kept) bool { return k.Code == protocol.CodeMalformed && k.Field == "" })
	first := must[intake.Kept](t)(stream.Intake.Refused(t.Context(), kept[max(i, 0)].ID))
	if string(first.Raw) != `{"stream":"ZQ_UP","seq":12}` || first.Code != protocol.CodeMalformed {
		t.Errorf("kept %+v", first)
	}
	junk := make([][]byte, 300)
	for i := range junk {
		junk[i] = []byte("junk")
	}
	stream.Read(stream.Frames(node.Node.ID, junk...)...)
	kept = must[[]intake.Kept](t)(stream.Intake.Refusals(t.Context(), intake.KeptQuery{Node: node.Node.ID, Limit: 500}))
	if len(kept) != 200 {
		t.Errorf("%d strays of one node kept", len(kept))
	}
}

// numbered is a well-signed entry of another epoch with any number.
func numbered(s *Sender, seq uint64) protocol.Entry {
	return protocol.New(protocol.Up, s.Node.ID, "another", seq, protocol.KindSubmit, []byte("{}"), s.Key)
}

// The position in the stream moves with the effect, and a new stream begins
// from its start.
func streamPlace(t *testing.T, open Open) {
	s, stream, node := line(t, open)
	frames := stream.Frames(node.Node.ID, Frame(t, node.Submit(node.Text())), Frame(t, node.Submit(node.Text())))
	stream.Read(frames[0])
	place := must[intake.Place](t)(s.StreamPlace(t.Context()))
	same(t, "place", place, intake.Place{Stream: protocol.Stream, Created: 1, Seq: 1})
	// The frame is not even looked into when the stream position covers it.
	frames[0].Data = []byte("junk")
	stream.Read(frames...)
	if kept := must[[]intake.Kept](t)(stream.Intake.Refusals(t.Context(), intake.KeptQuery{})); len(kept) > 0 {
		t.Errorf("looked again: %+v", kept)
	}
	stream.Created, stream.Seq = 2, 0
	stream.Send(node, node.Submit(node.Text()))
	place = must[intake.Place](t)(s.StreamPlace(t.Context()))
	same(t, "place", place, intake.Place{Stream: protocol.Stream, Created: 2, Seq: 1})
	if n := kinds(t, s, "item.received"); n != 3 {
		t.Errorf("%d items received", n)
	}
}

// Two hubs on one database may read one stream side by side.
func twoHubs(t *testing.T, open Open) {
	s, stream, node := line(t, open)
	var frames []intake.Frame
	for range 30 {
		frames = append(frames, stream.Frames(node.Node.ID, Frame(t, node.Submit(node.Text()), node.Submit(node.Text())))...)
	}
	var hubs sync.WaitGroup
	for range 2 {
		own := NewStream(t, s)
		hubs.Go(func() {
			for f := range slices.Chunk(frames, 4) {
				own.Read(f...)
			}
		})
	}
	hubs.Wait()
	if n := kinds(t, s, "item.received"); n != 60 {
		t.Errorf("%d items received", n)
	}
	if got := news(t, s, node); got[len(got)-1] != "receipt 60" {
		t.Errorf("told %v", got)
	}
}

// refusing is a database that cannot hold a certain title, nor anything of a
// certain place in a log, nor a stray with a certain word in it.
type refusing struct {
	*store.Store
	title string
	seq   uint64
}

func (r refusing) ApplyUp(ctx context.Context, b intake.Batch) (intake.Result, error) {
	for _, letters := range b.Letters {
		for _, l := range letters {
			if m, ok := l.Message.(*protocol.Submit); ok && m.Title == r.title || l.Entry.Seq == r.seq {
				return intake.Result{}, intake.ErrContent
			}
		}
	}
	for _, s := range b.Strays {
		if bytes.Contains(s.Data, []byte(cannotBeKept)) {
			return intake.Result{}, intake.ErrContent
		}
	}
	return r.Store.ApplyUp(ctx, b)
}

const cannotBeKept = "cannot be kept"

// What the database cannot hold is refused; all others are received. When it
// cannot even be refused, the node's log stops there, and nobody else's.
func impossible(t *testing.T, open Open) {
	s, stream, node := line(t, open)
	other := NewSender(t, s, Tangtou)
	bad := node.Text()
	stream.Intake = intake.New(intake.Options{Store: refusing{s, bad.Title, 4}, Now: s.Now})
	stream.Read(slices.Concat(
		stream.Frames(node.Node.ID, Frame(t, node.Submit(node.Text()), node.Submit(bad), node.Submit(node.Text()))),
		stream.Frames(node.Node.ID, Frame(t, node.Submit(node.Text()), node.Submit(node.Text()))),
		stream.Frames(other.Node.ID, []byte("no frame"), []byte(cannotBeKept), Frame(t, other.Submit(other.Text()))),
	)...)
	same(t, "told", news(t, s, node), []string{"receipt 1", "refusal 2 malformed ", "receipt 2", "receipt 3"})
	same(t, "told another", news(t, s, other), []string{"receipt 1"})
	kept := must[[]intake.Kept](t)(stream.Intake.Refusals(t.Context(), intake.KeptQuery{Limit: 10}))
	if len(kept) != 3 || kept[0].Node != node.Node.ID || kept[0].Seq != 0 || kept[1].Seq != 2 || kept[2].Node != other.Node.ID {
		t.Errorf("kept %+v", kept)
	}
	if place := must[intake.Place](t)(s.StreamPlace(t.Context())); place.Seq != 5 {
		t.Errorf("place %+v", place)
	}
}

func sightings(t *testing.T, open Open) {
	s, stream, node := line(t, open)
	stream.Send(node, node.Submit(node.Text()))
	oldest := s.Now().Add(-time.Hour).UTC()
	id := node.Node.ID
	list := []intake.Sighting{{Node: id, At: s.Now(), Ack: 2, Beat: &protocol.Beat{Queued: 3, Sent: 4, Files: 5, OldestAt: &oldest},
		Hello: true, Program: "node 1.0", Skew: -time.Minute, DiskFree: 1 << 40}}
	for range 2 { // the second says less and takes nothing back
		if err := s.NoteSeen(t.Context(), list); err != nil {
			t.Fatal(err)
		}
		list = []intake.Sighting{{Node: id, At: s.Now(), Ack: 1}, {Node: "nobody", At: s.Now()}}
	}
	n, err := s.NodeByID(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if n.DownAck != 2 || n.Queued != 3 || n.Sent != 4 || n.Files != 5 || !n.OldestAt.Equal(oldest) || n.Program != "node 1.0" ||
		n.Skew != -time.Minute || n.DiskFree != 1<<40 || !n.SeenAt.Equal(s.Now()) {
		t.Errorf("node %+v", n)
	}
	// An acknowledgement of what was never written is not believed.
	if err := s.NoteSeen(t.Context(), []intake.Sighting{{Node: id, At: s.Now(), Ack: 99}}); err != nil {
		t.Fatal(err)
	}
	if n, _ = s.NodeByID(t.Context(), id); n.DownAck != 2 {
		t.Errorf("acknowledged %d", n.DownAck)
	}
}

// running runs in until the returned function is called.
func running(t *testing.T, in *intake.Service) func() {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		in.Run(ctx)
	}()
	return func() {
		cancel()
		<-done
	}
}
