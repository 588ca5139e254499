package bus

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"

	"github.com/nats-io/nats.go"

	"zhanqun/protocol"
)

// bells collects whom to ring. Many rings for one node become one, so it holds
// at most one per node. A ring may be lost.
type bells struct {
	mu   sync.Mutex
	due  map[string]protocol.Bell
	wake chan struct{}
}

func (b *bells) add(node string, bell protocol.Bell) {
	if b.due == nil {
		b.due = map[string]protocol.Bell{}
	}
	before := b.due[node]
	b.due[node] = protocol.Bell{Head: max(before.Head, bell.Head), Hello: before.Hello || bell.Hello}
	select {
	case b.signal() <- struct{}{}:
	default:
	}
}

// signal returns the channel that wakes the ringer. The caller holds b.mu.
func (b *bells) signal() chan struct{} {
	if b.wake == nil {
		b.wake = make(chan struct{}, 1)
	}
	return b.wake
}

func (b *bells) heads(heads map[string]uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for node, head := range heads {
		b.add(node, protocol.Bell{Head: head})
	}
}

func (b *bells) hello(nodes []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, node := range nodes {
		b.add(node, protocol.Bell{Hello: true})
	}
}

func (b *bells) take() map[string]protocol.Bell {
	b.mu.Lock()
	defer b.mu.Unlock()
	due := b.due
	b.due = nil
	return due
}

// ring rings until ctx ends.
func (b *bells) ring(ctx context.Context, nc *nats.Conn, log *slog.Logger) {
	b.mu.Lock()
	wake := b.signal()
	b.mu.Unlock()
	for {
		select {
		case <-wake:
		case <-ctx.Done():
			return
		}
		for node, bell := range b.take() {
			data, err := json.Marshal(bell)
			if err == nil {
				err = nc.Publish(protocol.BellSubject(node), data)
			}
			if err != nil {
				log.Debug("bus: bell not rung", "node", node, "err", err)
			}
		}
	}
}
