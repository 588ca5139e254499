package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"zhanqun/hub/review"
	"zhanqun/protocol"
)

// putHeld keeps the decision that is held, and forgets those held on items that
// changed otherwise.
func (t *tx) putHeld(ctx context.Context, e review.Effect) error {
	for _, i := range e.Items {
		if e.Hold != nil && e.Hold.Request.Item == i.ID {
			continue
		}
		if _, err := t.ExecContext(ctx, `DELETE FROM held_decision WHERE item = $1`, i.ID); err != nil {
			return fmt.Errorf("forgetting held decision on item %s: %w", i.ID, err)
		}
	}
	if e.Hold == nil {
		return nil
	}
	act, err := jsonText(e.Hold)
	if err != nil {
		return fmt.Errorf("writing held decision: %w", err)
	}
	_, err = t.ExecContext(ctx, `INSERT INTO held_decision (item, id, account, act, at, due_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		e.Hold.Request.Item, e.Hold.ID, e.Hold.Who.ID, act, millis(e.Hold.At), millis(e.Hold.DueAt))
	if err != nil {
		return fmt.Errorf("holding decision on item %s: %w", e.Hold.Request.Item, err)
	}
	return nil
}

func scanHeld(row scanner) (review.Held, error) {
	var h review.Held
	var act string
	if err := row.Scan(&act); err != nil {
		return h, err
	}
	err := json.Unmarshal([]byte(act), &h)
	return h, err
}

// heldOf returns the decisions held on items, by item.
func heldOf(ctx context.Context, q queryer, d dialect, items []string) (map[string]*review.Held, error) {
	text, err := listText(items)
	if err != nil {
		return nil, err
	}
	list, err := collect(ctx, q, scanHeld, `SELECT act FROM held_decision WHERE item IN `+d.in("$1"), text)
	if err != nil {
		return nil, fmt.Errorf("reading held decisions: %w", err)
	}
	held := make(map[string]*review.Held, len(list))
	for i := range list {
		held[list[i].Request.Item] = &list[i]
	}
	return held, nil
}

// HeldDue implements review.Store.
func (s *Store) HeldDue(ctx context.Context, now time.Time, limit int) ([]review.Held, time.Time, error) {
	due, err := collect(ctx, s.read, scanHeld, `SELECT act FROM held_decision WHERE due_at <= $1 ORDER BY due_at LIMIT $2`, millis(now), limit)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("reading held decisions: %w", err)
	}
	var next int64
	for _, query := range []string{nextHeld, nextHour} {
		var at int64
		err = s.read.QueryRowContext(ctx, query, millis(now)).Scan(&at)
		if err != nil && !notFound(err) {
			return nil, time.Time{}, fmt.Errorf("asking when the next decision is due: %w", err)
		}
		if at > 0 && (next == 0 || at < next) {
			next = at
		}
	}
	return due, fromMillis(next), nil
}

const (
	nextHeld = `SELECT due_at FROM held_decision WHERE due_at > $1 ORDER BY due_at LIMIT 1`
	nextHour = `SELECT publish_at FROM item WHERE publish_at > 0 AND publish_at > $1 ORDER BY publish_at LIMIT 1`
)

const approvedItems = `SELECT ` + itemColumns + ` FROM item i` + itemTables + `
	WHERE i.state = $1 AND (i.received_at, i.id) > ($2, $3) AND i.publish_at <= $4 ORDER BY i.received_at, i.id LIMIT $5`

// Complete implements review.Store.
func (s *Store) Complete(ctx context.Context, now time.Time, after review.Position, limit int) (ids []string, next review.Position, err error) {
	items, err := collect(ctx, s.read, scanItem, approvedItems, string(protocol.StateApproved), millis(after.At), after.ID, millis(now), limit)
	if err != nil {
		return nil, next, fmt.Errorf("listing approved items: %w", err)
	}
	for _, i := range items {
		here, _, err := arrived(ctx, s.read, s.d, i.Node, i.Attachments)
		if err != nil {
			return nil, next, err
		}
		whole := true
		for _, ok := range here {
			whole = whole && ok
		}
		if whole {
			ids = append(ids, i.ID)
		}
	}
	if len(items) == limit {
		last := items[len(items)-1]
		next = review.Position{At: last.ReceivedAt, ID: last.ID}
	}
	return ids, next, nil
}
