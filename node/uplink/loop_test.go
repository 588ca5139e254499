package uplink

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"zhanqun/internal/account"
	"zhanqun/internal/fault"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// fakeWire is a hub and a broker of a few lines. Its fields say how they behave.
type fakeWire struct {
	bell chan protocol.Bell

	mu     sync.Mutex
	hellos []time.Time
	pulls  []time.Time
	frames []frame
	aloft  int
	widest int

	onHello   func(protocol.Hello) (protocol.HelloAnswer, error)
	onPull    func(protocol.Pull) ([]protocol.Entry, uint64, error)
	onPublish func(ctx context.Context, f frame) error
	onRecall  func(protocol.Recall) (protocol.RecallAnswer, error)
}

type frame struct {
	first, last uint64
	bytes       int
}

func newFakeWire() *fakeWire { return &fakeWire{bell: make(chan protocol.Bell, 1)} }

func (w *fakeWire) rekey(context.Context, protocol.Key) error { return nil }

func (w *fakeWire) bells() <-chan protocol.Bell { return w.bell }

func (w *fakeWire) hello(_ context.Context, h protocol.Hello) (protocol.HelloAnswer, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hellos = append(w.hellos, time.Now())
	if w.onHello != nil {
		return w.onHello(h)
	}
	return protocol.HelloAnswer{V: 1, HubEpoch: "hub", Epoch: h.Epoch, Cursor: h.Confirmed, Now: time.Now()}, nil
}

func (w *fakeWire) pull(_ context.Context, p protocol.Pull) ([]protocol.Entry, uint64, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pulls = append(w.pulls, time.Now())
	if w.onPull != nil {
		return w.onPull(p)
	}
	return nil, p.After, nil
}

func (w *fakeWire) recall(_ context.Context, r protocol.Recall) (protocol.RecallAnswer, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.onRecall(r)
}

func (w *fakeWire) publish(data []byte, _ string, first, last uint64) (func(context.Context) error, error) {
	f := frame{first, last, len(data)}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.frames = append(w.frames, f)
	w.aloft++
	w.widest = max(w.widest, w.aloft)
	return func(ctx context.Context) error {
		defer func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.aloft--
		}()
		if w.onPublish != nil {
			return w.onPublish(ctx, f)
		}
		return nil
	}, nil
}

func (w *fakeWire) count(f func(*fakeWire) int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return f(w)
}

// hubKey is the key of the hub every bubble has joined.
var hubKey = func() protocol.Key {
	key, err := protocol.NewHubKey()
	if err != nil {
		panic(err)
	}
	return key
}()

// said is an entry of the down log.
func said(t *testing.T, seq uint64, kind protocol.Kind, m protocol.Message) protocol.Entry {
	t.Helper()
	body, err := protocol.WriteBody(m)
	if err != nil {
		t.Fatal(err)
	}
	return protocol.New(protocol.Down, "n1", "hub", seq, kind, body, hubKey)
}

// bubble runs f with an uplink over a real, joined queue, in fake time.
func bubble(t *testing.T, f func(t *testing.T, ctx context.Context, u *Uplink, q *queue.Queue)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		q, err := queue.Open(t.Context(), queue.Options{Dir: dir, Log: slog.New(slog.DiscardHandler), Reserve: -1})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := q.Close(); err != nil {
				t.Error(err)
			}
		}()
		if _, err := q.Key(t.Context()); err != nil {
			t.Fatal(err)
		}
		answer := protocol.EnrolAnswer{Node: "n1", Unit: protocol.Unit{Code: "520624001", Name: "思唐街道"}, HubKey: hubKey.Public(), HubEpoch: "hub", NATS: []string{"nats://x"}}
		if err := q.SaveIdentity(t.Context(), answer, "http://hub", "电脑"); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		f(t, ctx, New(Options{Queue: q, Log: slog.New(slog.DiscardHandler)}), q)
	})
}

// post hands in n items with bodies of size bytes.
func post(t *testing.T, q *queue.Queue, n, size int) {
	t.Helper()
	for i := range n {
		_, err := q.Post(t.Context(), queue.Actor{Login: "li", Name: "李四", Role: account.RoleLiaison}, queue.Draft{Text: queue.Text{
			Column: "township", Title: fmt.Sprintf("第%d条", i), Body: strings.Repeat("x", size), Author: "张三", Source: "党政办"}})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// during runs a session beside f and returns how it ended after f.
func during(ctx context.Context, u *Uplink, w wire, f func()) error {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- u.session(ctx, w) }()
	f()
	cancel()
	return <-done
}

// The log goes out in order, without holes, in frames that grow with the line,
// never more at once than the window.
func TestPumpKeepsOrderAndWindow(t *testing.T) {
	bubble(t, func(t *testing.T, ctx context.Context, u *Uplink, q *queue.Queue) {
		post(t, q, 400, 8<<10)
		w := newFakeWire()
		w.onPublish = func(ctx context.Context, f frame) error {
			time.Sleep(100 * time.Millisecond)
			return nil
		}
		err := during(ctx, u, w, func() { time.Sleep(time.Minute / 2) })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("session ended with %v", err)
		}
		next := uint64(1)
		for _, f := range w.frames {
			if f.first != next || f.last < f.first {
				t.Fatalf("frame %d–%d after %d", f.first, f.last, next-1)
			}
			next = f.last + 1
		}
		c, err := q.Cursors(t.Context())
		if err != nil || next != 401 || c.Sent != 400 || c.Confirmed != 0 {
			t.Errorf("published through %d, cursors %+v, %v", next-1, c, err)
		}
		if first, last := w.frames[0].bytes, w.frames[len(w.frames)-2].bytes; first > 64<<10 || last < 200<<10 {
			t.Errorf("frames of %d bytes at first and %d in the end", first, last)
		}
		if w.widest < 3 || w.widest > u.o.Window {
			t.Errorf("%d frames under way at once", w.widest)
		}
	})
}

// A frame that is refused, or never acknowledged, ends the session: what became
// of it is unknown.
func TestPumpStopsWithoutAcknowledgement(t *testing.T) {
	for name, ack := range map[string]func(context.Context, frame) error{
		"refused": func(context.Context, frame) error { return errors.New("the broker refuses") },
		"silent": func(ctx context.Context, _ frame) error {
			<-ctx.Done()
			return ctx.Err()
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, ctx context.Context, u *Uplink, q *queue.Queue) {
				post(t, q, 3, 100)
				w := newFakeWire()
				w.onPublish = ack
				began := time.Now()
				err := u.session(ctx, w)
				if err == nil || time.Since(began) > ackLimit+time.Second {
					t.Errorf("ended after %v with %v", time.Since(began), err)
				}
				if c, err := q.Cursors(t.Context()); err != nil || c.Sent != 0 {
					t.Errorf("cursors %+v, %v", c, err)
				}
			})
		})
	}
}

// A mailbox without room is tried again, at growing intervals, and meanwhile
// what the hub says arrives and the page says why nothing goes out.
func TestFullMailboxKeepsNothingFromComing(t *testing.T) {
	for _, none := range []error{errFull, errNoStream} {
		bubble(t, func(t *testing.T, ctx context.Context, u *Uplink, q *queue.Queue) {
			post(t, q, 3, 100)
			w := newFakeWire()
			taken := uint64(0)
			var room atomic.Bool
			var tries atomic.Int64
			w.onPublish = func(_ context.Context, f frame) error {
				if !room.Load() {
					tries.Add(1)
					return none
				}
				taken = max(taken, f.last)
				return nil
			}
			var notice atomic.Bool
			w.onPull = func(p protocol.Pull) ([]protocol.Entry, uint64, error) {
				if p.After > 0 || !notice.Load() {
					return nil, p.After, nil
				}
				return []protocol.Entry{said(t, 1, protocol.KindNotice, &protocol.Notice{ID: "0197a2b4-5c6d-7e8f-9a0b-1c2d3e4f5a6b", Title: "通知", Text: "开会", At: time.Now()})}, 1, nil
			}
			err := during(ctx, u, w, func() {
				time.Sleep(10 * time.Minute)
				if n := tries.Load(); n < 10 || n > 60 {
					t.Errorf("%d tries in ten minutes", n)
				}
				notice.Store(true)
				w.bell <- protocol.Bell{}
				synctest.Wait()
				if c, err := q.Cursors(t.Context()); err != nil || c.Down != 1 || c.Sent != 0 {
					t.Errorf("cursors %+v, %v", c, err)
				}
				if !u.line.troubled() {
					t.Error("nothing says that the mailbox is full")
				}
				room.Store(true)
				w.bell <- protocol.Bell{Hello: true} // somebody has pressed for it
				time.Sleep(time.Second)
				if c, err := q.Cursors(t.Context()); err != nil || c.Sent != 3 || taken != 3 {
					t.Errorf("cursors %+v, %v; taken %d", c, err, taken)
				}
				if u.line.troubled() {
					t.Error("the trouble outlives the acknowledgement")
				}
			})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("session ended with %v", err)
			}
		})
	}
}

// A silent hub keeps nothing from going into the broker; it is greeted again, at
// growing intervals.
func TestSilentHub(t *testing.T) {
	for _, silence := range []error{errNobody, context.DeadlineExceeded, protocol.Fault{Code: protocol.CodeBusy}} {
		bubble(t, func(t *testing.T, ctx context.Context, u *Uplink, q *queue.Queue) {
			post(t, q, 3, 100)
			w := newFakeWire()
			w.onHello = func(protocol.Hello) (protocol.HelloAnswer, error) { return protocol.HelloAnswer{}, silence }
			w.onPull = func(protocol.Pull) ([]protocol.Entry, uint64, error) { return nil, 0, silence }
			err := during(ctx, u, w, func() { time.Sleep(30 * time.Minute) })
			if !errors.Is(err, context.Canceled) {
				t.Errorf("session ended with %v", err)
			}
			if c, err := q.Cursors(t.Context()); err != nil || c.Sent != 3 {
				t.Errorf("cursors %+v, %v", c, err)
			}
			if n := len(w.hellos); n < 10 || n > 60 {
				t.Errorf("%d hellos in half an hour", n)
			}
			if n := len(w.pulls); n < 10 || n > 80 {
				t.Errorf("%d pulls in half an hour", n)
			}
			if gap := w.hellos[len(w.hellos)-1].Sub(w.hellos[len(w.hellos)-2]); gap > 3*time.Minute {
				t.Errorf("still waiting %v between hellos", gap)
			}
		})
	}
}

// A hub that refuses the node ends the session at once, and nothing is sent.
func TestFrozenNodeSendsNothing(t *testing.T) {
	bubble(t, func(t *testing.T, ctx context.Context, u *Uplink, q *queue.Queue) {
		post(t, q, 3, 100)
		w := newFakeWire()
		frozen := protocol.Fault{Code: protocol.CodeFrozen, Detail: "已暂停"}
		w.onHello = func(protocol.Hello) (protocol.HelloAnswer, error) { return protocol.HelloAnswer{}, frozen }
		if err := u.session(ctx, w); !errors.As(err, &frozen) || !halting(err) || words(err) != "已暂停" {
			t.Errorf("session ended with %v", err)
		}
		if len(w.frames) > 0 {
			t.Error("frames were sent")
		}
	})
}

// While the hub has frames unread, nothing is sent again, and it is asked again
// soon; once it has read all and still lacks something, that is sent again.
func TestHelloUntilTheHubHasCaughtUp(t *testing.T) {
	bubble(t, func(t *testing.T, ctx context.Context, u *Uplink, q *queue.Queue) {
		post(t, q, 5, 100)
		if err := q.MarkSent(t.Context(), 5); err != nil {
			t.Fatal(err)
		}
		w := newFakeWire()
		backlog := uint64(2)
		w.onHello = func(h protocol.Hello) (protocol.HelloAnswer, error) {
			return protocol.HelloAnswer{V: 1, HubEpoch: "hub", Epoch: h.Epoch, Cursor: 2, Backlog: backlog, Now: time.Now()}, nil
		}
		done := make(chan error, 1)
		go func() { done <- u.session(ctx, w) }()
		time.Sleep(10 * time.Second)
		if n := w.count(func(w *fakeWire) int { return len(w.hellos) }); n < 2 {
			t.Errorf("%d hellos in ten seconds", n)
		}
		if n := w.count(func(w *fakeWire) int { return len(w.frames) }); n != 0 {
			t.Errorf("%d frames sent again while the hub was reading", n)
		}
		w.mu.Lock()
		backlog = 0
		w.mu.Unlock()
		if err := <-done; !errors.Is(err, errRewound) {
			t.Fatalf("session ended with %v", err)
		}
		err := during(ctx, u, w, func() { time.Sleep(time.Second) })
		if !errors.Is(err, context.Canceled) || !slices.Equal(w.frames, []frame{{3, 5, w.frames[0].bytes}}) {
			t.Errorf("sent again %+v, %v", w.frames, err)
		}
	})
}

// What was sent and is not confirmed for a minute makes the node ask.
func TestStuckNodeAsks(t *testing.T) {
	bubble(t, func(t *testing.T, ctx context.Context, u *Uplink, q *queue.Queue) {
		post(t, q, 1, 100)
		w := newFakeWire()
		_ = during(ctx, u, w, func() {
			time.Sleep(stuckAfter/2 + time.Second)
			if n := w.count(func(w *fakeWire) int { return len(w.hellos) }); n != 1 {
				t.Errorf("%d hellos before anything was stuck", n)
			}
			time.Sleep(2 * stuckAfter)
		})
		if n := len(w.hellos); n < 2 {
			t.Errorf("%d hellos", n)
		}
	})
	bubble(t, func(t *testing.T, ctx context.Context, u *Uplink, _ *queue.Queue) {
		w := newFakeWire()
		_ = during(ctx, u, w, func() { time.Sleep(time.Hour) })
		if n := len(w.hellos); n != 1 {
			t.Errorf("%d hellos in an idle hour", n)
		}
		if n := len(w.pulls); n < 6 || n > 25 {
			t.Errorf("%d pulls in an idle hour", n)
		}
	})
}

// The bell makes the node pull, and say hello if it asks for that.
func TestBell(t *testing.T) {
	bubble(t, func(t *testing.T, ctx context.Context, u *Uplink, _ *queue.Queue) {
		w := newFakeWire()
		_ = during(ctx, u, w, func() {
			time.Sleep(time.Second)
			for _, want := range []struct {
				bell          protocol.Bell
				hellos, pulls int
			}{{protocol.Bell{Head: 3}, 1, 2}, {protocol.Bell{Hello: true}, 2, 3}} {
				w.bell <- want.bell
				time.Sleep(time.Second)
				hellos, pulls := w.count(func(w *fakeWire) int { return len(w.hellos) }), w.count(func(w *fakeWire) int { return len(w.pulls) })
				if hellos != want.hellos || pulls < want.pulls {
					t.Errorf("after %+v: %d hellos, %d pulls", want.bell, hellos, pulls)
				}
			}
		})
	})
}

// A hub whose log is shorter than what the node has of it stops the node.
func TestHubOlderThanItsLog(t *testing.T) {
	bubble(t, func(t *testing.T, ctx context.Context, u *Uplink, q *queue.Queue) {
		notice := &protocol.Notice{ID: "0190d3a0-7c4e-7a51-9f6b-2d1e8c4b5a60", Title: "通知"}
		if err := q.ApplyDown(ctx, []protocol.Entry{said(t, 1, protocol.KindNotice, notice), said(t, 2, protocol.KindNotice, notice)}); err != nil {
			t.Fatal(err)
		}
		w := newFakeWire()
		w.onPull = func(protocol.Pull) ([]protocol.Entry, uint64, error) { return nil, 1, nil }
		err := during(ctx, u, w, func() { time.Sleep(time.Second) })
		if !errors.Is(err, errHubOlder) || !halting(err) || words(err) != fault.Message(errHubOlder) {
			t.Errorf("session ended with %v, says %q", err, words(err))
		}
	})
}

// A receipt for another machine's entry confirms nothing here, and what is here
// still goes out, so that the hub finds out as well.
func TestReceiptOfACopy(t *testing.T) {
	bubble(t, func(t *testing.T, ctx context.Context, u *Uplink, q *queue.Queue) {
		post(t, q, 3, 100)
		c, err := q.Cursors(ctx)
		if err != nil {
			t.Fatal(err)
		}
		receipt := said(t, 1, protocol.KindReceipt, &protocol.Receipt{Epoch: c.Epoch, Through: 2, Hash: protocol.HashOf([]byte("another machine's"))})
		w := newFakeWire()
		w.onPull = func(protocol.Pull) ([]protocol.Entry, uint64, error) { return []protocol.Entry{receipt}, 1, nil }
		// After a minute it would say hello again, and begin anew.
		if err := during(ctx, u, w, func() { time.Sleep(50 * time.Second) }); !errors.Is(err, context.Canceled) {
			t.Errorf("session ended with %v", err)
		}
		if c, err = q.Cursors(t.Context()); err != nil || c.Sent != 3 || c.Confirmed != 0 || c.Down != 0 {
			t.Errorf("cursors %+v, %v", c, err)
		}
		if u.line.line.Error == "" {
			t.Error("nobody is told")
		}
	})
}

// A pull that meets another epoch leads to hello.
func TestEpochOfThePullLeadsToHello(t *testing.T) {
	bubble(t, func(t *testing.T, ctx context.Context, u *Uplink, _ *queue.Queue) {
		w := newFakeWire()
		epoch := "hub"
		w.onHello = func(h protocol.Hello) (protocol.HelloAnswer, error) {
			return protocol.HelloAnswer{V: 1, HubEpoch: epoch, Epoch: h.Epoch, Now: time.Now()}, nil
		}
		w.onPull = func(p protocol.Pull) ([]protocol.Entry, uint64, error) {
			if p.HubEpoch != epoch {
				return nil, 0, protocol.Fault{Code: protocol.CodeEpoch}
			}
			return nil, p.After, nil
		}
		_ = during(ctx, u, w, func() {
			time.Sleep(time.Second)
			w.mu.Lock()
			epoch = "restored"
			w.mu.Unlock()
			w.bell <- protocol.Bell{Head: 1}
			time.Sleep(time.Second)
		})
		if len(w.hellos) != 2 {
			t.Errorf("%d hellos", len(w.hellos))
		}
		if c, err := u.q.Cursors(t.Context()); err != nil || c.HubEpoch != "restored" {
			t.Errorf("cursors %+v, %v", c, err)
		}
	})
}

// What is handed in and carried while a hello is under way makes the hub's
// cursor larger than the hello said the log was. That is no older disk.
func TestHandedInDuringHello(t *testing.T) {
	bubble(t, func(t *testing.T, ctx context.Context, u *Uplink, q *queue.Queue) {
		w := newFakeWire()
		said := 0
		w.onHello = func(h protocol.Hello) (protocol.HelloAnswer, error) {
			if said++; said > 1 {
				post(t, q, 3, 100)
			}
			c, err := q.Cursors(t.Context())
			return protocol.HelloAnswer{V: 1, HubEpoch: "hub", Epoch: h.Epoch, Cursor: c.Last, Now: time.Now()}, err
		}
		err := during(ctx, u, w, func() {
			time.Sleep(time.Second)
			w.bell <- protocol.Bell{Hello: true}
			time.Sleep(time.Second)
		})
		if said != 2 || !errors.Is(err, context.Canceled) {
			t.Errorf("%d hellos, the session ended with %v", said, err)
		}
		w.onHello = func(h protocol.Hello) (protocol.HelloAnswer, error) {
			return protocol.HelloAnswer{V: 1, HubEpoch: "hub", Epoch: h.Epoch, Cursor: 4, Now: time.Now()}, nil
		}
		if err := during(ctx, u, w, func() { time.Sleep(time.Second) }); !errors.Is(err, queue.ErrRolledBack) {
			t.Errorf("a hub that has more than was ever handed in: %v", err)
		}
	})
}
