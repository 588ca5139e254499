package bus

import (
	"context"
	"sync"
)

// Bounds on one batch: large enough that a catch-up syncs the database seldom,
// small enough that three of them (fetched, verified, committing) fit anywhere.
const (
	batchBytes  = 4 << 20
	batchFrames = 2048
)

// mailbox holds frames between the one who fetches and the one who verifies.
// Whoever takes gets everything there is: batches are small when little comes
// and grow by themselves when the database is the slower part.
type mailbox struct {
	mu     sync.Mutex
	frames []Frame
	bytes  int
	filled chan struct{} // something is there
	taken  chan struct{} // there is room again
}

func newMailbox() *mailbox {
	return &mailbox{filled: make(chan struct{}, 1), taken: make(chan struct{}, 1)}
}

// put adds a frame, waiting while the box is full.
func (m *mailbox) put(ctx context.Context, f Frame) error {
	for {
		m.mu.Lock()
		if len(m.frames) == 0 || m.bytes+len(f.Data) <= batchBytes && len(m.frames) < batchFrames {
			m.frames = append(m.frames, f)
			m.bytes += len(f.Data)
			m.mu.Unlock()
			wake(m.filled)
			return nil
		}
		m.mu.Unlock()
		select {
		case <-m.taken:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// take empties the box, waiting while there is nothing in it.
func (m *mailbox) take(ctx context.Context) ([]Frame, error) {
	for {
		m.mu.Lock()
		frames := m.frames
		m.frames, m.bytes = nil, 0
		m.mu.Unlock()
		if len(frames) > 0 {
			wake(m.taken)
			return frames, nil
		}
		select {
		case <-m.filled:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
