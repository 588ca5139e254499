package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"zhanqun/internal/blob"
)

// How the embedded broker lives with a disk that fills up. It shares the disk
// with the hub's database and files, so it stops taking frames while there is
// still room for the hub to work with what it has: nodes are told at once that
// the mailbox is full, and keep what they have. Should the disk fill up all the
// same and a write fail, the broker's store is frozen until it is opened anew;
// that is done here when there is room again.

const (
	roomEvery = time.Second // how often the disk is looked at
	leastRoom = 4 << 20     // bytes without which opening the store is no use
	shutBytes = 1           // limit of a stream that takes nothing: no frame is so small
)

// watchRoom looks at the disk until ctx ends.
func (b *Bus) watchRoom(ctx context.Context) {
	tick := time.NewTicker(roomEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			b.lookAtRoom(ctx)
		case <-ctx.Done():
			return
		}
	}
}

func (b *Bus) lookAtRoom(ctx context.Context) {
	free, err := blob.Free(b.o.Dir)
	if err != nil {
		b.log.Error("bus: free space unknown", "err", err)
		return
	}
	short := free < b.o.Reserve
	if b.short.Swap(short) != short {
		if short {
			b.log.Error("bus: the disk is nearly full; nothing more is taken from nodes", "free", free, "kept_back", b.o.Reserve)
		} else {
			b.log.Info("bus: there is room on the disk again", "free", free)
		}
		b.limit(ctx)
	}
	switch trouble := b.storeTrouble(); {
	case !b.server.JetStreamEnabled():
		if !short && free >= leastRoom {
			b.reopen()
		}
	case trouble != "":
		// Closed, it lets nodes know at once; frozen, it would say nothing.
		b.log.Error("bus: the broker cannot write; it is closed until there is room on the disk", "says", trouble, "free", free)
		b.store.set(false)
		if err := b.server.ShutdownJetStream(); err != nil {
			b.log.Error("bus: closing the broker's store", "err", err)
		}
		// Frames under way get no answer any more; a lost connection is one.
		b.gate.dropAll()
	}
}

// storeTrouble is what keeps the embedded broker from writing, or nothing.
func (b *Bus) storeTrouble() string {
	return troubleOf(b.server.Healthz(&server.HealthzOptions{Details: true}))
}

// troubleOf picks what is about the store. The server also finds fault with its
// listeners whenever it does not get round to looking at them within a
// millisecond, as happens on a busy machine.
func troubleOf(h *server.HealthStatus) string {
	for _, e := range h.Errors {
		if e.Type != server.HealthzErrorConn {
			return e.Error
		}
	}
	return ""
}

// reopen opens the broker's store again. Connections are not touched, and who
// reads the stream finds it.
func (b *Bus) reopen() {
	err := b.server.EnableJetStream(&server.JetStreamConfig{
		StoreDir: b.o.Dir, SyncAlways: true, Strict: true, MaxMemory: maxMemory, MaxStore: maxStore, CompressOK: true,
	})
	if err != nil {
		b.log.Error("bus: the broker's store does not open", "err", err)
		return
	}
	b.store.set(true)
	b.log.Info("bus: the broker's store is open again")
}

// limit lets the stream take frames, or not, as the disk allows. Whoever makes
// the stream does the same, so a failure is made good there.
func (b *Bus) limit(ctx context.Context) {
	if open, _ := b.store.state(); !open {
		return
	}
	if _, _, err := b.openStream(ctx); err != nil {
		b.log.Warn("bus: limit of the intake stream not set", "err", err)
	}
}

// room returns why nothing is taken from nodes, or nil.
func (b *Bus) room() error {
	if b.short.Load() {
		return fmt.Errorf("less than %d bytes are free on the disk", b.o.Reserve)
	}
	if open, _ := b.store.state(); !open {
		return errors.New("the broker could not write to its disk")
	}
	return nil
}
