package main

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"zhanqun/internal/pause"
)

// oneLease is a lease of which no database is needed; down makes it unreachable.
type oneLease struct {
	mu     sync.Mutex
	holder string
	until  time.Time
	down   map[string]bool // for whom
}

func (l *oneLease) Lease(_ context.Context, _, holder string, d time.Duration) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down[holder] {
		return false, errors.New("no database")
	}
	if l.holder != holder && l.until.After(time.Now()) {
		return false, nil
	}
	l.holder, l.until = holder, time.Now().Add(d)
	return true, nil
}

func (l *oneLease) EndLease(_ context.Context, _, holder string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.holder == holder && !l.down[holder] {
		l.until = time.Time{}
	}
	return nil
}

func (l *oneLease) cut(holder string, down bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down[holder] = down
}

// Of two programs one works at any time. When it stops the other takes over soon,
// and when it is cut off from the database it stops before the other begins.
func TestOneLeads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lease := &oneLease{down: map[string]bool{}}
		var mu sync.Mutex
		working := map[string]bool{}
		now := func() string {
			mu.Lock()
			defer mu.Unlock()
			who := ""
			for name, is := range working {
				if is {
					who += name
				}
			}
			return who
		}
		program := func(name string) (stop func()) {
			ctx, cancel := context.WithCancel(t.Context())
			l := leader{leases: lease, name: "watch", holder: name, held: func() {}, log: slog.New(slog.DiscardHandler), work: func(ctx context.Context) {
				mu.Lock()
				if working[name] = true; len(working) > 1 {
					t.Errorf("%v work at once", working)
				}
				mu.Unlock()
				<-ctx.Done()
				mu.Lock()
				delete(working, name)
				mu.Unlock()
			}}
			done := make(chan struct{})
			go func() {
				defer close(done)
				l.run(ctx)
			}()
			synctest.Wait()
			return func() {
				cancel()
				<-done
			}
		}
		stopA := program("a")
		stopB := program("b")
		pause.For(t.Context(), 10*time.Minute)
		if got := now(); got != "a" {
			t.Errorf("%q works, want the one that came first", got)
		}
		stopA()
		pause.For(t.Context(), leadEvery)
		synctest.Wait()
		if got := now(); got != "b" {
			t.Errorf("%q works after the first stopped", got)
		}
		stopA = program("a")
		lease.cut("b", true)
		pause.For(t.Context(), leadFor+leadEvery)
		synctest.Wait()
		if got := now(); got != "a" {
			t.Errorf("%q works while the second has no database", got)
		}
		lease.cut("b", false)
		pause.For(t.Context(), 10*time.Minute)
		if got := now(); got != "a" {
			t.Errorf("%q works after it has it again", got)
		}
		stopA()
		stopB()
	})
}
