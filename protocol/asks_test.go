package protocol_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhanqun/protocol"
)

// ask is one request with its answer, as a stranger's client or hub can be held
// against: the bytes and the texts that are signed. Signatures are those of the
// keys in the other vectors.
type ask struct {
	Verb        string          `json:"verb"`
	Subject     string          `json:"subject"`
	Reply       string          `json:"reply"`
	Body        json.RawMessage `json:"body"` // one line on the wire
	Text        string          `json:"text"` // what the node signs
	Sig         []byte          `json:"sig"`
	Answer      json.RawMessage `json:"answer"`
	AnswerText  string          `json:"answerText"` // what the hub signs
	AnswerSig   []byte          `json:"answerSig"`
	HubKey      string          `json:"hubKey"`
	NodeKey     string          `json:"nodeKey"`
	FrameOfBody string          `json:"frameOfBody,omitempty"` // what a recall's frame holds, as text
}

func asks(t testing.TB) map[string]ask {
	at := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	const reply = "_INBOX_" + node + ".a.b"
	var f protocol.Frame
	f.Add(protocol.New(protocol.Down, node, epoch, 41, protocol.KindStatus, body(t, &protocol.Status{
		Item: item, Revision: 1, State: protocol.StateRejected, Reason: "stale", At: at}), hubKey), protocol.MaxFrameBytes)
	frame := f.Bytes()
	const fresh = "0c9f4c62-3b70-4c3c-8d6a-5a86a2f0a9d7"
	list := map[string]ask{}
	add := func(name, verb string, request, answer any) *ask {
		a := ask{Verb: verb, Subject: protocol.AskSubject(node, verb), Reply: reply, HubKey: hubKey.Public(), NodeKey: nodeKey.Public()}
		a.Body, a.Answer = text(t, request), text(t, answer)
		a.Text = string(protocol.RequestText(a.Subject, reply, a.Body))
		a.Sig = nodeKey.Sign([]byte(a.Text))
		a.AnswerText = string(protocol.AnswerText(inBase64(a.Sig), "", a.Answer))
		a.AnswerSig = hubKey.Sign([]byte(a.AnswerText))
		list[name] = a
		return &a
	}
	add("hello_restored", protocol.VerbHello,
		protocol.Hello{V: 1, Epoch: epoch, Last: 812, Confirmed: 810, Down: 44, HubEpoch: epoch, Program: "zhanqun-node/1", Clock: at, DiskFree: 1 << 30},
		protocol.HelloAnswer{V: 1, HubEpoch: fresh, Epoch: epoch, Cursor: 790, Head: 40, MaxFrame: protocol.MaxFrameBytes, Now: at,
			Before: &protocol.Mark{Epoch: "b0d2f3c1-9c1a-4f57-8f0e-3f1b0e5a7c11", Through: 120},
			Past:   []protocol.Past{{Epoch: epoch, Through: 40, Recalled: 40}}, Recall: true})
	a := add("recall", protocol.VerbRecall, protocol.Recall{HubEpoch: fresh, Frame: frame, Done: true, Gone: 2}, protocol.RecallAnswer{Taken: 1})
	a.FrameOfBody = string(frame)
	add("rekey", protocol.VerbRekey, protocol.Rekey{Key: nextKey.Public(), Proof: nextKey.Sign(protocol.RekeyText(node, nodeKey.Public(), nextKey.Public()))},
		protocol.RekeyAnswer{Key: nextKey.Public()})
	list["recall"] = *a
	return list
}

func text(t testing.TB, v any) json.RawMessage {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func inBase64(b []byte) string {
	text, _ := json.Marshal(b) // a string of base64 in quotes
	return string(text[1 : len(text)-1])
}

func TestAsks(t *testing.T) {
	for name, want := range asks(t) {
		file := filepath.Join("testdata/asks", name+".json")
		if *update {
			data, err := json.MarshalIndent(want, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			if err := os.MkdirAll("testdata/asks", 0o750); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, append(data, '\n'), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var got ask
		if err := json.Unmarshal(data, &got); err != nil {
			t.Fatal(err)
		}
		got.Body, got.Answer = compact(t, got.Body), compact(t, got.Answer)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: the wire has changed (-now +golden):\n%s", name, diff)
		}
		nodes, err1 := protocol.ParsePublic(got.NodeKey)
		hubs, err2 := protocol.ParsePublic(got.HubKey)
		if err1 != nil || err2 != nil || !nodes.Verify([]byte(got.Text), got.Sig) || !hubs.Verify([]byte(got.AnswerText), got.AnswerSig) {
			t.Errorf("%s: signatures", name)
		}
	}
	var r protocol.Recall
	if err := json.Unmarshal(asks(t)["recall"].Body, &r); err != nil {
		t.Fatal(err)
	}
	entries, fault := protocol.DecodeFrame(r.Frame)
	if fault != nil || len(entries) != 1 || entries[0].Seq != 41 {
		t.Errorf("recalled %v, %v", entries, fault)
	}
	// The largest frame fits.
	big := text(t, protocol.Recall{HubEpoch: epoch, Frame: make([]byte, protocol.MaxFrameBytes), Done: true, Gone: 1<<64 - 1})
	if len(big) > protocol.MaxRecallBytes {
		t.Errorf("a full recall has %d bytes", len(big))
	}
}

func compact(t testing.TB, raw json.RawMessage) json.RawMessage {
	t.Helper()
	var v json.RawMessage
	b, err := json.Marshal(raw) // compacts
	if err == nil {
		err = json.Unmarshal(b, &v)
	}
	if err != nil {
		t.Fatal(err)
	}
	return v
}
