package uplink

import (
	"context"
	"log/slog"
	"net"
	"testing"
	"time"

	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// A node that has failed to connect many times waits minutes before the next
// try. A nudge does not let it wait.
func TestNudgeTriesAtOnce(t *testing.T) {
	tries := make(chan struct{}, 100)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			_ = c.Close() // no broker: turned away before it says a word
			tries <- struct{}{}
		}
	}()
	q, err := queue.Open(t.Context(), queue.Options{Dir: t.TempDir(), Log: slog.New(slog.DiscardHandler), Reserve: -1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := q.Key(t.Context()); err != nil {
		t.Fatal(err)
	}
	hub, err := protocol.NewHubKey()
	if err != nil {
		t.Fatal(err)
	}
	err = q.SaveIdentity(t.Context(), protocol.EnrolAnswer{Node: "n1", Unit: protocol.Unit{Code: "520624001", Name: "思唐街道"}, HubKey: hub.Public(),
		HubEpoch: "hub", NATS: []string{"nats://" + listener.Addr().String()}}, "http://hub", "电脑")
	if err != nil {
		t.Fatal(err)
	}
	u := New(Options{Queue: q, Log: slog.New(slog.DiscardHandler)})
	u.Nudge() // before there is a line: nothing to try
	done := make(chan error, 1)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go func() { done <- u.Run(ctx) }()
	again := time.NewTicker(20 * time.Millisecond) // a nudge between two pauses meets nobody
	defer again.Stop()
	// Left alone, the thirtieth try comes after half an hour.
	for n := 0; n < 30; {
		select {
		case <-tries:
			n++
		case <-again.C:
			u.Nudge()
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := listener.Close(); err != nil {
		t.Error(err)
	}
	if err := q.Close(); err != nil {
		t.Error(err)
	}
}

// Only a line in trouble is nudged, and an answer ends the trouble.
func TestTroubleEndsWithAnAnswer(t *testing.T) {
	u := New(Options{Log: slog.New(slog.DiscardHandler)})
	if u.line.troubled() {
		t.Error("in trouble from the start")
	}
	u.line.failed(protocol.Fault{Code: protocol.CodeBusy})
	if !u.line.troubled() {
		t.Error("trouble is not seen")
	}
	u.line.contact(time.Time{})
	if u.line.troubled() {
		t.Error("trouble outlives an answer")
	}
}
