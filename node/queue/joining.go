package queue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"zhanqun/protocol"
)

// Joining is a join code the node means to use without a line.
type Joining struct {
	Code protocol.JoinCode
	Name string // what people call the machine
	At   time.Time
}

// SaveJoining keeps a join code until the county has answered the request that a
// bundle carries there. A later code takes the place of an earlier one.
func (q *Queue) SaveJoining(ctx context.Context, j Joining) error {
	return q.write(ctx, "keeping join code", func(ctx context.Context, t *txn) error {
		if t.st.node != "" {
			return errJoined
		}
		err := t.exec(ctx, `INSERT INTO joining (id, hub_url, secret, name, at) VALUES (1, $1, $2, $3, $4)
			ON CONFLICT (id) DO UPDATE SET hub_url = excluded.hub_url, secret = excluded.secret, name = excluded.name, at = excluded.at`,
			j.Code.Hub, j.Code.Secret, j.Name, t.now)
		if err != nil {
			return err
		}
		// A request with the former code is worth nothing any more.
		return t.exec(ctx, `UPDATE bundle SET state = 'answered' WHERE joining = 1`)
	})
}

// Joining returns the join code that waits for an answer; ok is false without one.
func (q *Queue) Joining(ctx context.Context) (j Joining, ok bool, err error) {
	var at int64
	err = q.db.Read.QueryRowContext(ctx, `SELECT hub_url, secret, name, at FROM joining`).Scan(&j.Code.Hub, &j.Code.Secret, &j.Name, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return j, false, nil
	}
	if err != nil {
		return j, false, fmt.Errorf("reading join code: %w", err)
	}
	j.At = time.UnixMilli(at)
	return j, true, nil
}
