package bus_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go/jetstream"

	"zhanqun/hub/bus"
	"zhanqun/hub/intake"
	"zhanqun/hub/store/storetest"
	"zhanqun/protocol"
)

func told(c *county, n *client) []string {
	c.t.Helper()
	return storetest.Said(storetest.Words(c.t, c.store, n.Node.ID, 0))[1:]
}

// The main job: frames go in, receipts come out, the bell rings.
func TestFramesBecomeReceipts(t *testing.T) {
	c := newCounty(t)
	n := c.client(storetest.Sitang)
	bell, err := n.nc.SubscribeSync(protocol.BellSubject(n.Node.ID))
	if err != nil {
		t.Fatal(err)
	}
	a, err := n.hello(c)
	if err != nil || a.Cursor != 0 || a.Epoch != n.Epoch || a.HubEpoch != c.store.Epoch() {
		t.Fatalf("hello: %+v, %v", a, err)
	}
	n.send(n.Submit(n.Text()), n.Submit(n.Text()))
	newest := n.Submit(n.Text())
	n.send(newest)
	for head := uint64(0); head < 2; {
		m, err := bell.NextMsg(10 * time.Second)
		if err != nil {
			t.Fatal(err)
		}
		var b protocol.Bell
		if err := json.Unmarshal(m.Data, &b); err != nil {
			t.Fatal(err)
		}
		head = b.Head
	}
	c.await("all received", func() bool { return c.cursor(n.Node.ID) == 3 })
	entries := n.pull(c, 0)
	last := entries[len(entries)-1]
	if last.Kind != protocol.KindReceipt || string(last.Body) != `{"epoch":"`+n.Epoch+`","through":3,"sha256":"`+newest.Hash+`"}` {
		t.Errorf("last word %s %s", last.Kind, last.Body)
	}
	if more := n.pull(c, last.Seq); len(more) != 0 {
		t.Errorf("%d entries after the last", len(more))
	}
}

// What the broker holds while the hub is away is read when it comes back, once.
func TestHubAwayAndBack(t *testing.T) {
	c := newCounty(t)
	n := c.client(storetest.Sitang)
	n.send(n.Submit(n.Text()))
	c.await("first received", func() bool { return c.cursor(n.Node.ID) == 1 })
	c.stop()

	// The broker alone: its hub is stuck before the first frame.
	stuck := make(chan struct{})
	c.startWith(blocked{c.intake, stuck})
	n.nc = c.connect(n.Sender)
	n.send(n.Submit(n.Text()), n.Submit(n.Text()))
	a, err := n.hello(c)
	if err != nil || a.Cursor != 1 || a.Backlog == 0 {
		t.Errorf("hello with frames unread: %+v, %v", a, err)
	}
	c.stop()
	close(stuck)

	c.start()
	c.await("all received", func() bool { return c.cursor(n.Node.ID) == 3 })
	n.nc = c.connect(n.Sender)
	if a, err := n.hello(c); err != nil || a.Cursor != 3 || a.Backlog != 0 {
		t.Errorf("hello with everything read: %+v, %v", a, err)
	}
	if diff := cmp.Diff([]string{"receipt 1", "receipt 3"}, told(c, n)); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

// blocked is a hub whose database is away.
type blocked struct {
	*intake.Service
	until chan struct{}
}

func (b blocked) Receive(ctx context.Context, stream string, created int64, frames []bus.Frame) (func(context.Context) ([]string, error), error) {
	return func(ctx context.Context) ([]string, error) {
		select {
		case <-b.until:
		case <-ctx.Done():
		}
		return nil, context.Canceled
	}, nil
}

// A gap rings for hello, and the cursor tells where to go on.
func TestGapRingsForHello(t *testing.T) {
	c := newCounty(t)
	n := c.client(storetest.Sitang)
	bell, err := n.nc.SubscribeSync(protocol.BellSubject(n.Node.ID))
	if err != nil {
		t.Fatal(err)
	}
	first := n.Submit(n.Text())
	n.send(n.Submit(n.Text()))
	m, err := bell.NextMsg(10 * time.Second)
	if err != nil || string(m.Data) != `{"hello":true}` {
		t.Fatalf("bell %s, %v", m.Data, err)
	}
	if a, err := n.hello(c); err != nil || a.Cursor != 0 || a.Backlog != 0 {
		t.Errorf("hello: %+v, %v", a, err)
	}
	n.send(first)
	c.await("first received", func() bool { return c.cursor(n.Node.ID) == 1 })
}

// stream opens the intake stream as an operator would.
func (c *county) stream() (jetstream.Stream, jetstream.JetStream) {
	c.t.Helper()
	nc := c.bus.Conn()
	js, err := jetstream.New(nc)
	if err != nil {
		c.t.Fatal(err)
	}
	s, err := js.Stream(c.t.Context(), protocol.Stream)
	if err != nil {
		c.t.Fatal(err)
	}
	return s, js
}

// Committed frames leave the stream; numbers go on.
func TestStreamLostAndPutBack(t *testing.T) {
	c := newCounty(t)
	n := c.client(storetest.Sitang)
	for range 3 {
		n.send(n.Submit(n.Text()))
	}
	c.await("received", func() bool { return c.cursor(n.Node.ID) == 3 })

	t.Run("purged", func(t *testing.T) {
		s, _ := c.stream()
		if err := s.Purge(t.Context()); err != nil {
			t.Fatal(err)
		}
		c.stop()
		c.start()
		n.nc = c.connect(n.Sender)
		n.send(n.Submit(n.Text()))
		c.await("received", func() bool { return c.cursor(n.Node.ID) == 4 })
	})
	t.Run("made anew", func(t *testing.T) {
		_, js := c.stream()
		if err := js.DeleteStream(t.Context(), protocol.Stream); err != nil {
			t.Fatal(err)
		}
		c.await("made anew", func() bool { _, err := js.Stream(t.Context(), protocol.Stream); return err == nil })
		if seq := n.publish(storetest.Frame(t, n.Submit(n.Text()))); seq != 1 {
			t.Errorf("position %d in a new stream", seq)
		}
		c.await("received", func() bool { return c.cursor(n.Node.ID) == 5 })
	})
	t.Run("put back", func(t *testing.T) {
		// As if the database had read far more of this very stream.
		s, _ := c.stream()
		place := intake.Place{Stream: protocol.Stream, Created: s.CachedInfo().Created.UnixNano(), Seq: 1000}
		if _, err := c.store.ApplyUp(t.Context(), intake.Batch{Place: place}); err != nil {
			t.Fatal(err)
		}
		c.stop()
		c.start()
		n.nc = c.connect(n.Sender)
		if seq := n.publish(storetest.Frame(t, n.Submit(n.Text()))); seq != 1001 {
			t.Errorf("position %d, which was given out before", seq)
		}
		c.await("received", func() bool { return c.cursor(n.Node.ID) == 6 })
	})
}

// A full stream refuses; nothing unread is dropped.
func TestStreamRefusesWhenFull(t *testing.T) {
	c := newCounty(t)
	c.stop()
	stuck := make(chan struct{})
	c.startWith(blocked{c.intake, stuck})
	defer close(stuck)
	n := c.client(storetest.Sitang)
	s, js := c.stream()
	config := s.CachedInfo().Config
	if config.Discard != jetstream.DiscardNew || config.MaxBytes <= 0 || config.Storage != jetstream.FileStorage || !config.DiscardNewPerSubject {
		t.Errorf("stream made as %+v", config)
	}
	config.MaxMsgsPerSubject = 2
	if _, err := js.UpdateStream(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		n.send(n.Submit(n.Text()))
	}
	if got := n.refused(storetest.Frame(t, n.Submit(n.Text()))); got != 10077 {
		t.Errorf("third frame of one node: %d", got)
	}
	other := c.client(storetest.Tangtou)
	other.send(other.Submit(other.Text()))
}

// refused publishes a frame and returns why the broker did not take it, 0 if it
// did.
func (n *client) refused(frame []byte) int {
	n.t.Helper()
	m, err := n.nc.Request(protocol.UpSubject(n.Node.ID), frame, 5*time.Second)
	if err != nil {
		n.t.Fatal(err)
	}
	var ack struct {
		Error struct {
			ErrCode int `json:"err_code"`
		} `json:"error"`
	}
	if err := json.Unmarshal(m.Data, &ack); err != nil {
		n.t.Fatal(err)
	}
	return ack.Error.ErrCode
}

// With the disk nearly full no frame gets in, and what lies in the stream stays
// and is read.
func TestDiskNearlyFull(t *testing.T) {
	c := newCounty(t)
	c.stop()
	stuck := make(chan struct{})
	c.startWith(blocked{c.intake, stuck})
	n := c.client(storetest.Sitang)
	n.send(n.Submit(n.Text()), n.Submit(n.Text()))
	close(stuck)
	c.stop()
	kept := storetest.Frame(t, n.Submit(n.Text()))
	c.reserve = 1 << 62
	c.start()
	n.nc = c.connect(n.Sender)
	c.await("what was taken in is read", func() bool { return c.cursor(n.Node.ID) == 2 })
	if got := n.refused(kept); got != 10077 {
		t.Errorf("a frame for a full disk: %d", got)
	}
	c.stop()
	c.reserve = 0
	c.start()
	n.nc = c.connect(n.Sender)
	if got := n.refused(kept); got != 0 {
		t.Errorf("a frame when there is room again: %d", got)
	}
	c.await("received", func() bool { return c.cursor(n.Node.ID) == 3 })
}
