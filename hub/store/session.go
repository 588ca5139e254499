package store

import (
	"context"
	"fmt"
	"time"

	"github.com/alexedwards/scs/v2"
)

// Sessions keeps the sessions of signed-in browsers, for the session manager of
// both servers. The tokens it gets are digests already.
func (s *Store) Sessions() scs.Store { return sessions{s} }

type sessions struct{ s *Store }

var _ scs.CtxStore = sessions{}

// FindCtx implements scs.CtxStore.
func (k sessions) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	var data []byte
	err := k.s.read.QueryRowContext(ctx, `SELECT data FROM session WHERE token = $1 AND expires > $2`, token, k.s.now().UnixMilli()).Scan(&data)
	if notFound(err) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("reading session: %w", err)
	}
	return data, true, nil
}

// CommitCtx implements scs.CtxStore.
func (k sessions) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	return k.s.tx(ctx, "saving session", func(t *tx) error {
		_, err := t.ExecContext(ctx, `INSERT INTO session (token, data, expires) VALUES ($1, $2, $3)
			ON CONFLICT (token) DO UPDATE SET data = excluded.data, expires = excluded.expires`, token, data, expiry.UnixMilli())
		return err
	})
}

// DeleteCtx implements scs.CtxStore.
func (k sessions) DeleteCtx(ctx context.Context, token string) error {
	return k.s.tx(ctx, "ending session", func(t *tx) error {
		_, err := t.ExecContext(ctx, `DELETE FROM session WHERE token = $1`, token)
		return err
	})
}

// Find, Commit and Delete are asked for by scs.Store; the manager calls the
// methods above instead.

func (k sessions) Find(token string) ([]byte, bool, error) {
	return k.FindCtx(context.Background(), token)
}

func (k sessions) Commit(token string, data []byte, expiry time.Time) error {
	return k.CommitCtx(context.Background(), token, data, expiry)
}

func (k sessions) Delete(token string) error { return k.DeleteCtx(context.Background(), token) }
