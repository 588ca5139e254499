package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// kept is a program that somebody starts again whenever it was killed.
type kept struct {
	name string
	run  func(ctx context.Context) (*process, error)

	// Held by whoever does something to it: two faults of a kind that exclude
	// each other wait for each other.
	hands sync.Mutex
	p     *process

	meant atomic.Bool // its end is somebody's doing
	mu    sync.Mutex
	logs  []*testWriter
	ended []string // ends that were nobody's doing
	watch sync.WaitGroup
}

// startAgain is the pause between two tries to start a program.
const startAgain = 200 * time.Millisecond

// up starts the program, again and again until it is ready: what it needs may be
// away itself, but not for ever.
func (k *kept) up(ctx context.Context) error {
	ctx, enough := context.WithTimeout(ctx, settleTime)
	defer enough()
	again := time.NewTicker(startAgain)
	defer again.Stop()
	for {
		limited, cancel := context.WithTimeout(ctx, 30*time.Second)
		p, err := k.run(limited)
		cancel()
		if err == nil {
			k.took(p)
			return nil
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return fmt.Errorf("%s does not start: %w", k.name, err)
		}
	}
}

func (k *kept) took(p *process) {
	k.p = p
	k.meant.Store(false)
	k.mu.Lock()
	k.logs = append(k.logs, p.errs)
	k.mu.Unlock()
	k.watch.Go(func() {
		<-p.ended
		if !k.meant.Load() {
			k.mu.Lock()
			k.ended = append(k.ended, fmt.Sprintf("%s ended by itself: %v: %s", k.name, p.err, tail(p.errs.String())))
			k.mu.Unlock()
		}
	})
}

// down kills the program.
func (k *kept) down() error {
	k.meant.Store(true)
	return k.p.kill()
}

// stop ends it as people do.
func (k *kept) stop() error {
	k.meant.Store(true)
	err := k.p.stop()
	k.watch.Wait()
	if err != nil {
		return fmt.Errorf("%s: %w", k.name, err)
	}
	return nil
}

// alive is whether it has not ended by itself.
func (k *kept) alive() bool {
	select {
	case <-k.p.ended:
		return false
	default:
		return true
	}
}

func (k *kept) strange() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.ended
}

// String is the end of what its last runs have logged.
func (k *kept) String() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	text := "\n== " + k.name
	for _, l := range k.logs[max(0, len(k.logs)-3):] {
		text += "\n" + tail(l.String())
	}
	return text
}

func tail(s string) string {
	const most = 4000
	return s[max(0, len(s)-most):]
}
