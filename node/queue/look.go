package queue

import (
	"context"
	"fmt"
	"time"

	"zhanqun/protocol"
)

// mostLooks bounds how many addresses wait to be looked at: what a hub asks for
// beyond that is not answered.
const mostLooks = 200

// keepLooks is how long a look is remembered after its time, so that the same one
// heard again is not done twice.
const keepLooks = 7 * 24 * time.Hour

// look notes an address the hub wants looked at.
func (t *txn) look(ctx context.Context, m *protocol.Look) error {
	if err := t.exec(ctx, `DELETE FROM look WHERE until < $1`, t.now-keepLooks.Milliseconds()); err != nil {
		return err
	}
	return t.exec(ctx, `INSERT INTO look (id, url, until, done) SELECT $1, $2, $3, 0
		WHERE $3 > $4 AND (SELECT count(*) FROM look WHERE done = 0 AND until > $4) < $5 ON CONFLICT DO NOTHING`,
		m.ID, m.URL, m.Until.UnixMilli(), t.now, mostLooks)
}

// Looks returns up to limit addresses the hub wants looked at, the most urgent
// first.
func (q *Queue) Looks(ctx context.Context, limit int) ([]protocol.Look, error) {
	rows, err := q.db.Read.QueryContext(ctx, `SELECT id, url, until FROM look WHERE done = 0 AND until > $1 ORDER BY until LIMIT $2`,
		q.now().UnixMilli(), clampLimit(limit))
	if err != nil {
		return nil, fmt.Errorf("reading what to look at: %w", err)
	}
	return collect(rows, func(row scanner) (l protocol.Look, err error) {
		var until int64
		err = row.Scan(&l.ID, &l.URL, &until)
		l.Until = time.UnixMilli(until).UTC()
		return l, err
	})
}

// Looked sends what was seen to the hub, once.
func (q *Queue) Looked(ctx context.Context, m *protocol.Looked) error {
	return q.write(ctx, "noting what was seen", func(ctx context.Context, t *txn) error {
		var open bool
		if err := t.row(ctx, `SELECT EXISTS (SELECT 1 FROM look WHERE id = $1 AND done = 0)`, m.Look).Scan(&open); err != nil || !open {
			return err
		}
		m.At = time.UnixMilli(t.now).UTC()
		if _, err := t.appendMessage(ctx, entry{kind: protocol.KindLooked, ref: m.Look}, m); err != nil {
			return err
		}
		return t.exec(ctx, `UPDATE look SET done = 1 WHERE id = $1`, m.Look)
	})
}
