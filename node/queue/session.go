package queue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Sessions is where web sessions live; it is a store for the session manager.
type Sessions struct{ q *Queue }

// Sessions returns the session store.
func (q *Queue) Sessions() Sessions { return Sessions{q} }

// FindCtx returns the data of a session that has not expired.
func (s Sessions) FindCtx(ctx context.Context, token string) (data []byte, found bool, err error) {
	err = s.q.db.Read.QueryRowContext(ctx, `SELECT data FROM session WHERE token = $1 AND expires > $2`, token, s.q.now().UnixMilli()).Scan(&data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("reading session: %w", err)
	}
	return data, true, nil
}

// CommitCtx keeps a session until expiry.
func (s Sessions) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	return s.q.write(ctx, "keeping session", func(ctx context.Context, t *txn) error {
		return t.exec(ctx, `INSERT INTO session (token, data, expires) VALUES ($1, $2, $3)
			ON CONFLICT (token) DO UPDATE SET data = excluded.data, expires = excluded.expires`, token, data, expiry.UnixMilli())
	})
}

// DeleteCtx ends a session.
func (s Sessions) DeleteCtx(ctx context.Context, token string) error {
	return s.q.write(ctx, "ending session", func(ctx context.Context, t *txn) error {
		return t.exec(ctx, `DELETE FROM session WHERE token = $1`, token)
	})
}

// Find is FindCtx for the manager's plain interface.
func (s Sessions) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

// Commit is CommitCtx for the manager's plain interface.
func (s Sessions) Commit(token string, data []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, data, expiry)
}

// Delete is DeleteCtx for the manager's plain interface.
func (s Sessions) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }
