package main

import (
	"context"
	"time"

	"zhanqun/internal/pause"
)

// How soon nodes hear of another key of the hub, whoever took it, and how many are
// told at once: each is an entry of its log, and others want to write as well.
const (
	keyEvery = time.Second
	keyBatch = 100
)

// followKey tells nodes of the hub's key until ctx ends. Killed in the middle, or
// with nodes that do not know such words yet, it goes on where it was.
func (c *county) followKey(ctx context.Context) {
	failed := false
	for pause.For(ctx, keyEvery) {
		err := c.followOnce(ctx)
		if err != nil && !failed && ctx.Err() == nil {
			c.log.Error("nodes are not told of the hub's key", "err", err)
		}
		failed = err != nil
	}
}

func (c *county) followOnce(ctx context.Context) error {
	if err := c.store.Keys().Reload(); err != nil {
		return err
	}
	if err := c.store.TakeKey(ctx, "hub"); err != nil {
		return err
	}
	if now := c.store.Key(); now != c.vouched {
		if c.certs != nil {
			c.certs.Look() // who believes the new key only wants its word for the certificate
		}
		c.vouched = now
	}
	for ctx.Err() == nil {
		told, err := c.store.FollowKey(ctx, keyBatch)
		if told > 0 {
			c.log.Info("nodes were told of the hub's key", "nodes", told)
		}
		if err != nil || told < keyBatch {
			return err
		}
	}
	return nil
}
