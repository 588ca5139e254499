package dirlock_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"zhanqun/internal/dirlock"
)

func TestSecondIsToldWhoIsFirst(t *testing.T) {
	path := filepath.Join(t.TempDir(), "serve.lock")
	first, _, err := dirlock.Try(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Note("a much longer note that is replaced"); err != nil {
		t.Fatal(err)
	}
	if err := first.Note("进程 1234"); err != nil {
		t.Fatal(err)
	}
	if l, holder, err := dirlock.Try(path); !errors.Is(err, dirlock.ErrHeld) || holder != "进程 1234" || l != nil {
		t.Errorf("second: %v, %q, %v", l, holder, err)
	}
	if err := first.Release(); err != nil {
		t.Fatal(err)
	}
	second, _, err := dirlock.Try(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Release(); err != nil {
		t.Error(err)
	}
}

func TestWait(t *testing.T) {
	path := filepath.Join(t.TempDir(), "open.lock")
	var holders, most atomic.Int32
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			l, err := dirlock.Wait(t.Context(), path)
			if err != nil {
				t.Error(err)
				return
			}
			most.Store(max(most.Load(), holders.Add(1)))
			holders.Add(-1)
			if err := l.Release(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if most.Load() != 1 {
		t.Errorf("%d held the lock at once", most.Load())
	}
	held, _, err := dirlock.Try(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := dirlock.Wait(ctx, path); !errors.Is(err, dirlock.ErrHeld) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("waiting for a lock that stays held: %v", err)
	}
	if err := held.Release(); err != nil {
		t.Error(err)
	}
}

func TestFolderMustExist(t *testing.T) {
	if _, _, err := dirlock.Try(filepath.Join(t.TempDir(), "none", "x.lock")); err == nil || errors.Is(err, dirlock.ErrHeld) {
		t.Errorf("no folder: %v", err)
	}
}
