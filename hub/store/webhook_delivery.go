package store

import (
	"context"
	"fmt"
	"time"

	"zhanqun/hub/webhook"
)

const deliveryColumns = `id, hook, topic, title, body, state, tries, reason, at, next_at, done_at`

func scanDelivery(row scanner) (d webhook.Delivery, err error) {
	var at, next, done int64
	err = row.Scan(&d.ID, &d.Hook, &d.Topic, &d.Title, &d.Body, &d.State, &d.Tries, &d.Reason, &at, &next, &done)
	d.At, d.NextAt, d.DoneAt = fromMillis(at), fromMillis(next), fromMillis(done)
	return d, err
}

// What is kept of one hook: messages that wait, and the last of the others.
const (
	mostWaiting = 200
	keptDone    = 100
)

// crowdedOut is why a message was given up that waited too long.
const crowdedOut = "等着推送的消息太多，这一条没有再推送"

// Enqueue implements webhook.Store.
func (s *Store) Enqueue(ctx context.Context, list []webhook.Delivery) error {
	return s.tx(ctx, "noting messages", func(t *tx) error { return t.enqueue(ctx, list) })
}

func (t *tx) enqueue(ctx context.Context, list []webhook.Delivery) error {
	hooks := map[string]bool{}
	for _, d := range list {
		_, err := t.ExecContext(ctx, `INSERT INTO webhook_delivery (`+deliveryColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
			d.ID, d.Hook, string(d.Topic), d.Title, d.Body, d.State, d.Tries, d.Reason, millis(d.At), millis(d.NextAt), millis(d.DoneAt))
		if err != nil {
			return fmt.Errorf("noting a message: %w", err)
		}
		hooks[d.Hook] = true
	}
	for hook := range hooks {
		_, err := t.ExecContext(ctx, `UPDATE webhook_delivery SET state = 'dead', done_at = $2, reason = $4 WHERE hook = $1 AND state = 'waiting'
			AND id NOT IN (SELECT id FROM webhook_delivery WHERE hook = $1 AND state = 'waiting' ORDER BY at DESC, id DESC LIMIT $3)`, hook, millis(t.at), mostWaiting, crowdedOut)
		if err != nil {
			return fmt.Errorf("giving up messages: %w", err)
		}
		_, err = t.ExecContext(ctx, `DELETE FROM webhook_delivery WHERE hook = $1 AND state <> 'waiting'
			AND id NOT IN (SELECT id FROM webhook_delivery WHERE hook = $1 AND state <> 'waiting' ORDER BY at DESC, id DESC LIMIT $2)`, hook, keptDone)
		if err != nil {
			return fmt.Errorf("forgetting messages: %w", err)
		}
	}
	return nil
}

// DueDeliveries implements webhook.Store. What is for a hook that is paused waits.
func (s *Store) DueDeliveries(ctx context.Context, now time.Time, limit int) ([]webhook.Delivery, error) {
	list, err := collect(ctx, s.read, scanDelivery, `SELECT `+deliveryColumns+` FROM webhook_delivery WHERE state = 'waiting' AND next_at <= $1
		AND hook IN (SELECT id FROM webhook WHERE paused = 0) ORDER BY next_at, id LIMIT $2`, millis(now), limit)
	if err != nil {
		return nil, fmt.Errorf("reading messages to send: %w", err)
	}
	return list, nil
}

// NextDelivery implements webhook.Store.
func (s *Store) NextDelivery(ctx context.Context) (time.Time, error) {
	var next int64
	err := s.read.QueryRowContext(ctx, `SELECT COALESCE(MIN(next_at), 0) FROM webhook_delivery WHERE state = 'waiting'
		AND hook IN (SELECT id FROM webhook WHERE paused = 0)`).Scan(&next)
	if err != nil {
		return time.Time{}, fmt.Errorf("reading the next message: %w", err)
	}
	return fromMillis(next), nil
}

// Delivered implements webhook.Store.
func (s *Store) Delivered(ctx context.Context, d webhook.Delivery) error {
	return s.tx(ctx, "noting how a message fared", func(t *tx) error {
		_, err := t.ExecContext(ctx, `UPDATE webhook_delivery SET state = $2, tries = $3, reason = $4, next_at = $5, done_at = $6 WHERE id = $1`,
			d.ID, d.State, d.Tries, d.Reason, millis(d.NextAt), millis(d.DoneAt))
		return err
	})
}

// Deliveries implements webhook.Store.
func (s *Store) Deliveries(ctx context.Context, hook string, limit int) ([]webhook.Delivery, error) {
	list, err := collect(ctx, s.read, scanDelivery, `SELECT `+deliveryColumns+` FROM webhook_delivery WHERE hook = $1 ORDER BY at DESC, id DESC LIMIT $2`, hook, limit)
	if err != nil {
		return nil, fmt.Errorf("reading messages of %s: %w", hook, err)
	}
	return list, nil
}
