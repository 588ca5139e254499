package queue_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"zhanqun/internal/fault"
	"zhanqun/internal/sqlite"
	"zhanqun/node/queue"
)

type execFunc = func(text string, args ...any) error

// With the disk nearly full new work is refused, and what is there still moves.
func TestDiskNearlyFull(t *testing.T) {
	q, h := open(t)
	s := settle(t, q, h, "标题")
	saved, err := q.SaveDraft(t.Context(), liaison, draft("草稿"))
	if err != nil {
		t.Fatal(err)
	}
	q.SetFree(func(string) (uint64, error) { return 100 << 20, nil }, queue.DefaultReserve)
	_, err = q.SaveDraft(t.Context(), liaison, draft("新"))
	wantKind(t, err, fault.Full)
	_, err = q.Post(t.Context(), liaison, draft("新"))
	wantKind(t, err, fault.Full)
	_, err = q.Submit(t.Context(), liaison, saved.ID, queue.Handing{})
	wantKind(t, err, fault.Full)
	_, err = q.AddFile(t.Context(), "a.png", bytes.NewReader(pngBytes(t, 1)))
	wantKind(t, err, fault.Full)
	if _, err := q.Withdraw(t.Context(), liaison, s.ID, "内容有误"); err != nil {
		t.Errorf("a withdrawal needs no room: %v", err)
	}
	down(t, q, h.receipt(t, q, 2))
	if st, err := q.State(t.Context()); err != nil || !st.DiskNearlyFull || st.Confirmed != 2 {
		t.Errorf("%+v, %v", st, err)
	}
	q.SetFree(func(string) (uint64, error) { return 1 << 40, nil }, queue.DefaultReserve)
	if _, err := q.Submit(t.Context(), liaison, saved.ID, queue.Handing{}); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

// The database runs out of room in the middle of a change: that change is refused
// with words, the ones before are there, and the next one finds a usable store.
func TestDatabaseFull(t *testing.T) {
	q, h := open(t)
	first := settle(t, q, h, "标题")
	pages, err := q.Count(t.Context(), `PRAGMA page_count`)
	if err != nil {
		t.Fatal(err)
	}
	// It holds for the writer's connection alone, which is what fails.
	err = q.Write(t.Context(), "test", func(_ context.Context, exec execFunc) error {
		return exec(fmt.Sprintf(`PRAGMA max_page_count = %d`, pages))
	})
	if err != nil {
		t.Fatal(err)
	}
	long := draft("长")
	long.Body = strings.Repeat("会议要求抓好安全生产责任落实。\n", 3000)
	_, err = q.Post(t.Context(), liaison, long)
	wantKind(t, err, fault.Full)
	if _, err := q.Post(t.Context(), liaison, long); err != nil {
		t.Errorf("with room again: %v", err)
	}
	if list, _, err := q.List(t.Context(), liaison, queue.Filter{}, "", 10); err != nil || len(list) != 2 || list[1].ID != first.ID {
		t.Errorf("items %+v, %v", list, err)
	}
}

// Jobs share transactions: what is refused or breaks takes nothing else with it.
func TestOneJobDoesNotSpoilAnother(t *testing.T) {
	q, _ := open(t)
	insert := func(exec execFunc, key string) error {
		return exec(`INSERT INTO once (key, item, seq, at) VALUES ($1, '', 0, 0)`, key)
	}
	if err := q.Write(t.Context(), "test", func(_ context.Context, exec execFunc) error { return insert(exec, "taken") }); err != nil {
		t.Fatal(err)
	}
	refusal := fault.New(fault.Conflict, "不行")
	var wg sync.WaitGroup
	for n := range 120 {
		wg.Go(func() {
			err := q.Write(context.Background(), "test", func(_ context.Context, exec execFunc) error {
				if err := insert(exec, string(rune(0x4e00+n))); err != nil {
					return err
				}
				switch n % 3 {
				case 1:
					return refusal
				case 2:
					return insert(exec, "taken")
				}
				return nil
			})
			switch {
			case n%3 == 0 && err != nil, n%3 == 1 && !errors.Is(err, refusal), n%3 == 2 && !sqlite.IsConflict(err):
				t.Errorf("job %d: %v", n, err)
			}
		})
	}
	wg.Wait()
	if n, err := q.Count(t.Context(), `SELECT count(*) FROM once`); err != nil || n != 1+40 {
		t.Errorf("%d rows (%v), want 41", n, err)
	}
}

// A job that panics takes its caller down, not the store.
func TestPanicLeavesTheStoreUsable(t *testing.T) {
	q, _ := open(t)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_ = q.Write(t.Context(), "test", func(_ context.Context, exec execFunc) error {
			if err := exec(`INSERT INTO once (key, item, seq, at) VALUES ('x', '', 0, 0)`); err != nil {
				t.Error(err)
			}
			panic("a mistake")
		})
	}()
	if n, err := q.Count(t.Context(), `SELECT count(*) FROM once`); err != nil || n != 0 {
		t.Errorf("%d rows are left (%v)", n, err)
	}
	post(t, q, "标题")
}

// A caller that gives up before its turn is not served; one that gives up in the
// middle still learns the outcome.
func TestCallersThatGiveUp(t *testing.T) {
	q, _ := open(t)
	started, release := make(chan struct{}), make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	outcome := make(chan error, 2)
	go func() {
		outcome <- q.Write(ctx, "first", func(context.Context, execFunc) error {
			close(started)
			<-release
			return nil
		})
	}()
	<-started
	waiting, giveUp := context.WithCancel(t.Context())
	giveUp()
	err := q.Write(waiting, "second", func(context.Context, execFunc) error {
		t.Error("served after it had given up")
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v", err)
	}
	cancel()
	close(release)
	if err := <-outcome; err != nil {
		t.Errorf("what was kept was reported as %v", err)
	}
}

func TestCloseFinishesWhatWasAccepted(t *testing.T) {
	q, _ := open(t)
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			if _, err := q.Post(context.Background(), liaison, draft("标题")); err != nil && !fault.Is(err, fault.Unavailable) && !errors.Is(err, context.Canceled) {
				// Reads after closing fail as well; nothing may be half done.
				t.Log(err)
			}
		})
	}
	if err := q.Close(); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	err := q.Write(t.Context(), "late", func(context.Context, execFunc) error { return nil })
	wantKind(t, err, fault.Unavailable)
	again := openAt(t, q.Dir(), nil)
	n, err := again.Count(t.Context(), `SELECT count(*) FROM item`)
	if err != nil || n != len(checkLog(t, again)) {
		t.Errorf("%d items (%v)", n, err)
	}
}
