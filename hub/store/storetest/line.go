package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"zhanqun/hub/access"
	"zhanqun/hub/intake"
	"zhanqun/hub/store"
	"zhanqun/protocol"
)

// Sender writes a node's up log as the node itself would.
type Sender struct {
	t     testing.TB
	Node  access.Node
	Key   protocol.Key
	Epoch string
	Seq   uint64           // last one written
	Log   []protocol.Entry // all of them, of whichever epoch
}

// NewSender enrols a node of a unit on file.
func NewSender(t testing.TB, s *store.Store, unit string) *Sender {
	t.Helper()
	n, key := Node(t, s, unit)
	return &Sender{t: t, Node: n, Key: key, Epoch: uuid.NewString()}
}

// Next appends a message to the log.
func (s *Sender) Next(kind protocol.Kind, m protocol.Message) protocol.Entry {
	s.t.Helper()
	body, err := protocol.WriteBody(m)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.Raw(kind, body)
}

// Raw appends a body that may be anything.
func (s *Sender) Raw(kind protocol.Kind, body []byte) protocol.Entry {
	s.Seq++
	e := protocol.New(protocol.Up, s.Node.ID, s.Epoch, s.Seq, kind, body, s.Key)
	s.Log = append(s.Log, e)
	return e
}

// Text returns a sound submit of a new item.
func (s *Sender) Text() *protocol.Submit {
	id := uuid.Must(uuid.NewV7()).String()
	return &protocol.Submit{Item: id, Revision: 1, Unit: s.Node.Unit, Column: "township", Title: "春耕备耕" + id[24:],
		Body: "<p>田间地头一派繁忙景象。</p>", Author: "张三", Source: "党政办",
		CreatedAt: time.Date(2026, 11, 3, 6, 0, 0, 0, time.UTC)}
}

// Submit appends a submit.
func (s *Sender) Submit(m *protocol.Submit) protocol.Entry {
	s.t.Helper()
	return s.Next(protocol.KindSubmit, m)
}

// Withdraw appends a withdrawal of an item.
func (s *Sender) Withdraw(item string, revision int) protocol.Entry {
	s.t.Helper()
	return s.Next(protocol.KindWithdraw, &protocol.Withdraw{Item: item, Revision: revision, Reason: "时间写错了", By: "张三", At: time.Now()})
}

// Frame packs entries.
func Frame(t testing.TB, entries ...protocol.Entry) []byte {
	t.Helper()
	var f protocol.Frame
	for _, e := range entries {
		if !f.Add(e, protocol.MaxFrameBytes) {
			t.Fatalf("entry %d does not fit into the frame", e.Seq)
		}
	}
	return f.Bytes()
}

// Stream plays the broker's stream towards intake.
type Stream struct {
	t       testing.TB
	Intake  *intake.Service
	Created int64
	Seq     uint64
}

// NewStream returns a stream into s.
func NewStream(t testing.TB, s *store.Store) *Stream {
	return &Stream{t: t, Intake: intake.New(intake.Options{Store: s, Now: s.Now}), Created: 1}
}

// Frames gives each frame the next position in the stream.
func (s *Stream) Frames(node string, frames ...[]byte) []intake.Frame {
	list := make([]intake.Frame, len(frames))
	for i, data := range frames {
		s.Seq++
		list[i] = intake.Frame{Node: node, Seq: s.Seq, Data: data}
	}
	return list
}

// Read lets intake read frames as one batch and returns who has to say hello.
func (s *Stream) Read(frames ...intake.Frame) []string {
	s.t.Helper()
	commit, err := s.Intake.Receive(s.t.Context(), protocol.Stream, s.Created, frames)
	if err != nil {
		s.t.Fatal(err)
	}
	hello, err := commit(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return hello
}

// Send packs the entries of one node into a frame and lets intake read it.
func (s *Stream) Send(from *Sender, entries ...protocol.Entry) []string {
	s.t.Helper()
	return s.Read(s.Frames(from.Node.ID, Frame(s.t, entries...))...)
}

// Words returns what the hub has told a node after a position, checked: signed
// by the hub, dense, readable.
func Words(t testing.TB, s *store.Store, node string, after uint64) []protocol.Message {
	t.Helper()
	key, err := protocol.ParsePublic(s.Key())
	if err != nil {
		t.Fatal(err)
	}
	var words []protocol.Message
	for {
		n, entries, err := s.PullDown(t.Context(), node, after, protocol.MaxFrameBytes)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if fault := e.Check(protocol.Down, node, key); fault != nil || e.Seq != after+1 {
				t.Fatalf("down entry %d after %d: %v", e.Seq, after, fault)
			}
			m, faults := protocol.ReadBody(protocol.Down, e)
			if len(faults) > 0 {
				t.Fatalf("down entry %d: %v", e.Seq, faults)
			}
			after = e.Seq
			words = append(words, m)
		}
		if after >= n.Down {
			return words
		}
	}
}

// Said writes messages as short texts, for comparing.
func Said(words []protocol.Message) []string {
	said := []string{}
	for _, m := range words {
		switch m := m.(type) {
		case *protocol.Receipt:
			said = append(said, fmt.Sprintf("receipt %d", m.Through))
		case *protocol.Refusal:
			said = append(said, fmt.Sprintf("refusal %d %s %s", m.Seq, m.Code, m.Field))
		case *protocol.Status:
			said = append(said, fmt.Sprintf("status %s %d", m.State, m.Revision))
		default:
			said = append(said, fmt.Sprintf("%T", m)[len("*protocol."):])
		}
	}
	return said
}
