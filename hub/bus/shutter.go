package bus

import (
	"context"
	"sync"
)

// shutter says whether the broker's store is open. The zero value is open.
type shutter struct {
	mu      sync.Mutex
	closed  bool
	changed chan struct{} // closed at the next change; nil while nobody waits for it
}

// set opens or closes.
func (s *shutter) set(open bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed == !open {
		return
	}
	s.closed = !open
	if s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
}

// state returns whether it is open, and what is closed when that changes.
func (s *shutter) state() (open bool, changed <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changed == nil {
		s.changed = make(chan struct{})
	}
	return !s.closed, s.changed
}

// whileOpen waits until the store is open and runs f with a context that ends
// when it is closed. It returns the error of f, or that of ctx.
func (s *shutter) whileOpen(ctx context.Context, f func(context.Context) error) error {
	for {
		open, changed := s.state()
		if open {
			return until(ctx, changed, f)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// until runs f with a context that also ends with end.
func until(ctx context.Context, end <-chan struct{}, f func(context.Context) error) error {
	live, cancel := context.WithCancel(ctx)
	watching := make(chan struct{})
	go func() {
		defer close(watching)
		select {
		case <-end:
			cancel()
		case <-live.Done():
		}
	}()
	err := f(live)
	cancel()
	<-watching
	return err
}
