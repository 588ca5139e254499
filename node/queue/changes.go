package queue

import (
	"context"
	"fmt"
	"sync"
)

// broadcast wakes everyone who waits for a change.
type broadcast struct {
	mu sync.Mutex
	ch chan struct{}
}

func (b *broadcast) wait() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ch == nil {
		b.ch = make(chan struct{})
	}
	return b.ch
}

func (b *broadcast) wake() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ch != nil {
		close(b.ch)
		b.ch = nil
	}
}

// Changed returns a channel that is closed at the next commit made through this
// Queue. Take it before reading, then wait on it. Commits of other processes
// only show in DataVersion.
func (q *Queue) Changed() <-chan struct{} { return q.changes.wait() }

// DataVersion returns a number that differs from the last one returned when
// anybody, in this process or another, has committed in between. It costs a few
// microseconds, so that it can be asked every second.
func (q *Queue) DataVersion(ctx context.Context) (int64, error) {
	q.watchMu.Lock()
	defer q.watchMu.Unlock()
	if q.watch == nil {
		return 0, errClosed
	}
	var v int64
	if err := q.watch.QueryRowContext(ctx, `PRAGMA data_version`).Scan(&v); err != nil {
		return 0, fmt.Errorf("reading data version: %w", err)
	}
	return v, nil
}
