package uplink

import (
	"bytes"
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"zhanqun/internal/account"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// fakeFiles is a hub that takes a file, and once says nothing.
type fakeFiles struct {
	mu     sync.Mutex
	have   int64
	size   int64
	pieces int
	mute   int           // piece whose answer is lost, from 1
	refuse int           // offers that are refused for a passing reason
	slow   time.Duration // a piece takes, and what is sent behind it waits for that
	line   chan struct{} // holds one while the line is taken; nil if it is quick
	sent   map[int64]int // pieces, by where they begin
}

// busy takes the line for a while.
func (w *fakeFiles) busy(ctx context.Context, d time.Duration) error {
	if w.line == nil {
		return nil
	}
	w.line <- struct{}{}
	defer func() { <-w.line }()
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *fakeFiles) connected(context.Context) bool { return true }
func (w *fakeFiles) close()                         {}

func (w *fakeFiles) offer(ctx context.Context, o protocol.Offer) (protocol.OfferAnswer, error) {
	if err := w.busy(ctx, 0); err != nil {
		return protocol.OfferAnswer{}, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.refuse > 0 {
		w.refuse--
		return protocol.OfferAnswer{}, protocol.Fault{Code: protocol.CodeQuota, Detail: "县级平台磁盘空间不足"}
	}
	w.size = o.Size
	return protocol.OfferAnswer{Have: w.have, Done: w.have == w.size}, nil
}

func (w *fakeFiles) chunk(_ string, offset int64, data []byte) (func(context.Context) (protocol.OfferAnswer, error), error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.sent == nil {
		w.sent = map[int64]int{}
	}
	w.sent[offset]++
	return func(ctx context.Context) (protocol.OfferAnswer, error) {
		time.Sleep(50 * time.Millisecond) // of the bubble
		if err := w.busy(ctx, w.slow); err != nil {
			return protocol.OfferAnswer{}, err
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.pieces++; w.pieces == w.mute {
			w.mu.Unlock()
			<-ctx.Done()
			w.mu.Lock()
			return protocol.OfferAnswer{}, ctx.Err()
		}
		if offset == w.have {
			w.have += int64(len(data))
		}
		return protocol.OfferAnswer{Have: w.have, Done: w.have == w.size}, nil
	}, nil
}

// carryFile lets the lane carry one file and returns how long that took.
func carryFile(t *testing.T, w *fakeFiles) (took time.Duration) {
	t.Helper()
	bubble(t, func(t *testing.T, ctx context.Context, u *Uplink, q *queue.Queue) {
		file, err := q.AddFile(ctx, "附件.txt", bytes.NewReader(bytes.Repeat([]byte("公开"), 50_000)))
		if err != nil {
			t.Fatal(err)
		}
		_, err = q.Post(ctx, queue.Actor{Login: "li", Name: "李四", Role: account.RoleLiaison}, queue.Draft{Text: queue.Text{
			Column: "township", Title: "第一条", Body: "x", Author: "张三", Source: "党政办", Attachments: []protocol.Attachment{file}}})
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if w.slow > 0 {
			w.line = make(chan struct{}, 1)
		}
		running, stop := context.WithCancel(ctx)
		l := newLane(u, func() (fileWire, error) { return w, nil }, func() bool { return true })
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			l.run(running)
		}()
		for took == 0 && time.Since(began) < time.Hour {
			time.Sleep(max(100*time.Millisecond, w.slow/4)) // of the bubble
			synctest.Wait()
			s, err := q.State(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if s.Blobs.Waiting == 0 {
				took = time.Since(began)
			}
		}
		stop()
		<-ended
	})
	return took
}

// A hub that dies behind a broker of its own takes an answer with it, and nobody
// tells the node. That costs seconds, be it the first piece of all or a later one.
func TestLostAnswerToAPiece(t *testing.T) {
	for _, mute := range []int{1, 3} {
		w := &fakeFiles{mute: mute}
		if took := carryFile(t, w); took == 0 || took > 40*time.Second {
			t.Errorf("the file took %v, %d bytes of %d in %d pieces, of which %d went unanswered", took, w.have, w.size, w.pieces, mute)
		}
	}
}

// On a line so slow that a piece takes a minute, the question behind it waits for
// that minute as well, and no piece is sent twice.
func TestSlowPieceIsWaitedFor(t *testing.T) {
	w := &fakeFiles{slow: time.Minute}
	took := carryFile(t, w)
	if took == 0 {
		t.Error("the file does not arrive")
	}
	for at, times := range w.sent {
		if times > 1 {
			t.Errorf("the piece at %d was sent %d times", at, times)
		}
	}
}

// A hub that was full for a moment gets the file a moment later.
func TestPassingRefusalOfAFile(t *testing.T) {
	if took := carryFile(t, &fakeFiles{refuse: 2}); took == 0 || took > 15*time.Second {
		t.Errorf("the file took %v", took)
	}
}

// tightHub has room for files up to a size.
type tightHub struct {
	mu    sync.Mutex
	room  int64
	asked map[int64]int       // offers, by size
	after map[int64]time.Time // when files were whole, by size
	grown func(w *tightHub)   // after a file is whole
}

func (w *tightHub) connected(context.Context) bool { return true }
func (w *tightHub) close()                         {}

func (w *tightHub) offer(_ context.Context, o protocol.Offer) (protocol.OfferAnswer, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked[o.Size]++
	if o.Size > w.room {
		return protocol.OfferAnswer{}, protocol.Fault{Code: protocol.CodeQuota, Detail: "前面的传完就接着传"}
	}
	w.after[o.Size] = time.Now()
	if w.grown != nil {
		w.grown(w)
	}
	return protocol.OfferAnswer{Have: o.Size, Done: true}, nil
}

func (w *tightHub) chunk(string, int64, []byte) (func(context.Context) (protocol.OfferAnswer, error), error) {
	return nil, errDown
}

// A file there is no room for holds up only those that are as large, and goes on as
// soon as another one of this node is whole, or half a minute after the hub has room.
func TestNoRoomForAFile(t *testing.T) {
	const large, small, huge = 300 << 10, 30 << 10, 600 << 10
	for name, freed := range map[string]time.Duration{"by a file of this node": 0, "by the hub": 10 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			w := &tightHub{room: small, asked: map[int64]int{}, after: map[int64]time.Time{}}
			if freed == 0 {
				w.grown = func(w *tightHub) { w.room = huge }
			}
			bubble(t, func(t *testing.T, ctx context.Context, u *Uplink, q *queue.Queue) {
				for _, size := range []int{large, huge, small} {
					file, err := q.AddFile(ctx, "附件.txt", bytes.NewReader(bytes.Repeat([]byte("x"), size)))
					if err != nil {
						t.Fatal(err)
					}
					_, err = q.Post(ctx, queue.Actor{Login: "li", Name: "李四", Role: account.RoleLiaison}, queue.Draft{Text: queue.Text{
						Column: "township", Title: "第一条", Body: "x", Author: "张三", Source: "党政办", Attachments: []protocol.Attachment{file}}})
					if err != nil {
						t.Fatal(err)
					}
				}
				running, stop := context.WithCancel(ctx)
				l := newLane(u, func() (fileWire, error) { return w, nil }, func() bool { return true })
				ended := make(chan struct{})
				began := time.Now()
				go func() {
					defer close(ended)
					l.run(running)
				}()
				time.Sleep(freed) // of the bubble
				w.mu.Lock()
				if n := w.asked[large] + w.asked[huge]; freed > 0 && n > 100 {
					t.Errorf("asked %d times in %v", n, freed)
				}
				if freed > 0 {
					w.room = huge
				}
				w.mu.Unlock()
				time.Sleep(time.Minute)
				stop()
				<-ended
				for size, limit := range map[int64]time.Duration{small: time.Second, large: freed + queue.MostRoomWait, huge: freed + queue.MostRoomWait} {
					if freed == 0 {
						limit = time.Second
					}
					if took := w.after[size].Sub(began); took < 0 || took > limit {
						t.Errorf("the file of %d KiB was there after %v, want %v at most", size>>10, took, limit)
					}
				}
			})
		})
	}
}
