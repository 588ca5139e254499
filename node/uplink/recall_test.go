package uplink

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// A restored hub gets its words back after it has what they are about, although
// it is busy at first; it is not given them twice, and an unwilling one does not
// stop the line.
func TestRestoredHubGetsItsWordsBack(t *testing.T) {
	bubble(t, func(t *testing.T, ctx context.Context, u *Uplink, q *queue.Queue) {
		post(t, q, 3, 100)
		epoch := epochOf(t, q)
		say := func(seq uint64, kind protocol.Kind, hub string, m protocol.Message) protocol.Entry {
			body, err := protocol.WriteBody(m)
			if err != nil {
				t.Fatal(err)
			}
			return protocol.New(protocol.Down, "n1", hub, seq, kind, body, hubKey)
		}
		var lost []protocol.Entry
		for i := range 40 {
			lost = append(lost, say(uint64(i+1), protocol.KindStatus, "hub", &protocol.Status{
				Item: "0190d3a0-7c4e-7a51-9f6b-2d1e8c4b5a60", Revision: 1, State: protocol.StateReturned, Comment: fmt.Sprint(i)}))
		}
		if err := q.ApplyDown(ctx, lost); err != nil {
			t.Fatal(err)
		}
		w := newFakeWire()
		done := false
		w.onHello = func(h protocol.Hello) (protocol.HelloAnswer, error) {
			return protocol.HelloAnswer{V: 1, HubEpoch: "restored", Epoch: h.Epoch, Cursor: h.Last, Now: time.Now(),
				Past: []protocol.Past{{Epoch: "hub", Through: 10, Recalled: 12}}, Recall: !done}, nil
		}
		var given []uint64
		var early, busy, calls int
		confirmed := false
		w.onRecall = func(r protocol.Recall) (protocol.RecallAnswer, error) {
			if calls++; !confirmed {
				early++
			}
			if busy++; busy <= 2 {
				return protocol.RecallAnswer{}, protocol.Fault{Code: protocol.CodeBusy}
			}
			entries, fault := protocol.DecodeFrame(r.Frame)
			if fault != nil || r.HubEpoch != "restored" || r.Done != (len(entries) == 0) {
				t.Errorf("recall %d entries, done %v: %v", len(entries), r.Done, fault)
			}
			for _, e := range entries {
				given = append(given, e.Seq)
			}
			done = r.Done
			return protocol.RecallAnswer{Taken: len(entries)}, nil
		}
		_ = during(ctx, u, w, func() {
			time.Sleep(time.Minute)
			w.mu.Lock()
			w.onPull = func(p protocol.Pull) ([]protocol.Entry, uint64, error) {
				if p.After != 10 {
					return nil, p.After, nil
				}
				confirmed = true
				return []protocol.Entry{say(11, protocol.KindReceipt, "restored", &protocol.Receipt{Epoch: epoch, Through: 3})}, 11, nil
			}
			w.mu.Unlock()
			w.bell <- protocol.Bell{Head: 11, Hello: true} // asks once more, before it has anything
			time.Sleep(time.Minute)
			w.bell <- protocol.Bell{Hello: true}
			time.Sleep(time.Minute)
		})
		if len(given) != 28 || given[0] != 13 || given[27] != 40 || early > 0 || !done {
			t.Errorf("given %v, %d too early, done %v", given, early, done)
		}
		before := calls
		_ = during(ctx, u, w, func() { time.Sleep(time.Minute) })
		if calls != before {
			t.Errorf("asked %d times more", calls-before)
		}

		// One that refuses is left alone until it asks again.
		done = false
		w.onRecall = func(protocol.Recall) (protocol.RecallAnswer, error) {
			calls++
			return protocol.RecallAnswer{}, protocol.Fault{Code: protocol.CodeMalformed}
		}
		before = calls
		err := during(ctx, u, w, func() { time.Sleep(time.Minute) })
		if !errors.Is(err, context.Canceled) || calls != before+1 {
			t.Errorf("session ended with %v after %d requests", err, calls-before)
		}
	})
}

func epochOf(t *testing.T, q *queue.Queue) string {
	t.Helper()
	c, err := q.Cursors(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c.Epoch
}
