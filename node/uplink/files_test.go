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
	mute   int // piece whose answer is lost, from 1
	refuse int // offers that are refused for a passing reason
}

func (w *fakeFiles) connected(context.Context) bool { return true }
func (w *fakeFiles) close()                         {}

func (w *fakeFiles) offer(_ context.Context, o protocol.Offer) (protocol.OfferAnswer, error) {
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
	return func(ctx context.Context) (protocol.OfferAnswer, error) {
		time.Sleep(50 * time.Millisecond) // of the bubble
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
		running, stop := context.WithCancel(ctx)
		l := newLane(u, func() (fileWire, error) { return w, nil }, func() bool { return true })
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			l.run(running)
		}()
		for took == 0 && time.Since(began) < time.Hour {
			time.Sleep(100 * time.Millisecond) // of the bubble
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
// tells the node. On a line whose pace is known that costs seconds.
func TestLostAnswerToAPiece(t *testing.T) {
	w := &fakeFiles{mute: 3}
	if took := carryFile(t, w); took == 0 || took > 30*time.Second {
		t.Errorf("the file took %v, %d bytes of %d in %d pieces", took, w.have, w.size, w.pieces)
	}
}

// A hub that was full for a moment gets the file a moment later.
func TestPassingRefusalOfAFile(t *testing.T) {
	if took := carryFile(t, &fakeFiles{refuse: 2}); took == 0 || took > 15*time.Second {
		t.Errorf("the file took %v", took)
	}
}
