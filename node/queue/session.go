package queue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"zhanqun/internal/account"
)

// Sessions is where web sessions live; it is a store for the session manager.
type Sessions struct{ q *Queue }

// Sessions returns the session store.
func (q *Queue) Sessions() Sessions { return Sessions{q} }

// FindCtx returns the data of a session that has not expired.
func (s Sessions) FindCtx(ctx context.Context, token string) (data []byte, found bool, err error) {
	err = s.q.db.Read.QueryRowContext(ctx, `SELECT data FROM session WHERE token = $1 AND expires > $2 AND ended_at = 0`, token, s.q.now().UnixMilli()).Scan(&data)
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
	return s.KeepSignIn(ctx, token, data, expiry, account.SignIn{})
}

// KeepSignIn keeps the session of somebody who is signed in. What names the
// account is its Ref.
func (s Sessions) KeepSignIn(ctx context.Context, token string, data []byte, expiry time.Time, in account.SignIn) error {
	return s.q.write(ctx, "keeping session", func(ctx context.Context, t *txn) error {
		err := t.exec(ctx, `INSERT INTO session (token, data, expires, id, account, at, seen_at, address, browser, ended_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0)
			ON CONFLICT (token) DO UPDATE SET data = excluded.data, expires = excluded.expires, id = excluded.id, account = excluded.account,
			at = excluded.at, seen_at = excluded.seen_at, address = excluded.address, browser = excluded.browser`,
			token, data, expiry.UnixMilli(), in.ID, in.Account, in.At.UnixMilli(), in.SeenAt.UnixMilli(), in.From, in.Browser)
		if err != nil || in.Account == "" || !in.SeenAt.Equal(in.At) {
			return err
		}
		// One that begins: those beyond the bound end.
		return t.exec(ctx, `UPDATE session SET ended_at = $2 WHERE account = $1 AND ended_at = 0 AND token <> $3 AND token NOT IN
			(SELECT token FROM session WHERE account = $1 AND ended_at = 0 AND token <> $3 ORDER BY seen_at DESC, token LIMIT $4)`,
			in.Account, t.now, token, account.MaxSignIns-1)
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

// SignIns returns the sign-ins of an account that let somebody in and have been
// used since a time, the one used last first.
func (q *Queue) SignIns(ctx context.Context, a Account, seen time.Time) ([]account.SignIn, error) {
	if a.Disabled {
		return nil, nil
	}
	rows, err := q.db.Read.QueryContext(ctx, `SELECT id, account, at, seen_at, address, browser FROM session
		WHERE account = $1 AND seen_at >= $2 AND expires > $3 AND ended_at = 0 ORDER BY seen_at DESC, id LIMIT $4`,
		a.Ref(), seen.UnixMilli(), q.now().UnixMilli(), account.MaxSignIns)
	if err != nil {
		return nil, fmt.Errorf("reading sign-ins: %w", err)
	}
	return collect(rows, func(row scanner) (in account.SignIn, err error) {
		var at, used int64
		err = row.Scan(&in.ID, &in.Account, &at, &used, &in.From, &in.Browser)
		in.At, in.SeenAt = time.UnixMilli(at), time.UnixMilli(used)
		return in, err
	})
}

// EndSignIn ends one sign-in of an account at once; one that is over stays so.
func (q *Queue) EndSignIn(ctx context.Context, a Account, id string) error {
	return q.write(ctx, "ending a sign-in", func(ctx context.Context, t *txn) error {
		return t.exec(ctx, `UPDATE session SET ended_at = $3 WHERE account = $1 AND id = $2 AND ended_at = 0`, a.Ref(), id, t.now)
	})
}
