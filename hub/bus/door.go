package bus

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// doorEvery is how often to look for room on the disk.
const doorEvery = time.Second

// shut is the size of a stream into which nothing fits. A stream that discards
// what is new keeps what lies in it.
const shut = 1

// door lets no frame into the stream while the disk has no room, until ctx ends.
// A node that is refused keeps its entries and comes again. config is the
// stream's own, made when it was opened, which was open.
func (b *Bus) door(ctx context.Context, config jetstream.StreamConfig) {
	if b.o.Room == nil || b.server == nil { // an external broker has a disk of its own
		return
	}
	open := config.MaxBytes
	tick := time.NewTicker(doorEvery)
	defer tick.Stop()
	for {
		full := b.o.Room()
		want := open
		if full != nil {
			want = shut
		}
		if want != config.MaxBytes {
			moved := config
			moved.MaxBytes = want
			if err := b.update(ctx, moved); err != nil {
				b.log.Error("bus: the intake stream's limit not changed", "err", err)
			} else {
				config = moved
				if full != nil {
					b.log.Error("bus: no frames are let in, the disk is nearly full", "err", full)
				} else {
					b.log.Info("bus: frames are let in again")
				}
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (b *Bus) update(ctx context.Context, config jetstream.StreamConfig) error {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	if _, err := b.js.UpdateStream(ctx, config); err != nil {
		return fmt.Errorf("changing the intake stream: %w", err)
	}
	return nil
}
