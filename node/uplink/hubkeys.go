package uplink

import (
	"context"
	"sync"

	"zhanqun/node/queue"
)

// hubKeys is by what keys the hub is known, for all connections of a run.
type hubKeys struct {
	mu   sync.Mutex
	keys queue.HubKeys
}

func (h *hubKeys) now() queue.HubKeys {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.keys
}

// refresh reads them again.
func (h *hubKeys) refresh(ctx context.Context, q *queue.Queue) error {
	keys, err := q.HubKeys(ctx)
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.keys = keys
	return nil
}
