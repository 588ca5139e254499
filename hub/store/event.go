package store

import (
	"context"
	"fmt"

	"zhanqun/hub/catalog"
)

const eventsAfter = `SELECT seq, at, kind, ref, data FROM event WHERE seq > $1 ORDER BY seq LIMIT $2`

// Events returns up to limit events after a number, in order and without gaps:
// their counter is locked until the commit, so a number becomes visible only
// after all before it.
func (s *Store) Events(ctx context.Context, after uint64, limit int) ([]catalog.Event, error) {
	list, err := collect(ctx, s.read, func(row scanner) (catalog.Event, error) {
		var e catalog.Event
		var at int64
		err := row.Scan(&e.Seq, &at, &e.Kind, &e.Ref, &e.Data)
		e.At = fromMillis(at)
		return e, err
	}, eventsAfter, after, limit)
	if err != nil {
		return nil, fmt.Errorf("reading events after %d: %w", after, err)
	}
	return list, nil
}

// EventHead returns the number of the newest event, 0 without any.
func (s *Store) EventHead(ctx context.Context) (uint64, error) {
	var head uint64
	if err := s.read.QueryRowContext(ctx, `SELECT value FROM counter WHERE name = 'event'`).Scan(&head); err != nil {
		return 0, fmt.Errorf("reading event head: %w", err)
	}
	return head, nil
}
