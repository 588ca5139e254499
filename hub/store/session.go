package store

import (
	"context"
	"fmt"
	"time"

	"github.com/alexedwards/scs/v2"

	"zhanqun/internal/account"
)

// Sessions keeps the sessions of signed-in browsers, for the session manager of
// both servers. The tokens it gets are digests already. It is a web.SignInStore.
func (s *Store) Sessions() scs.Store { return sessions{s} }

type sessions struct{ s *Store }

var _ scs.CtxStore = sessions{}

// FindCtx implements scs.CtxStore.
func (k sessions) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	var data []byte
	err := k.s.read.QueryRowContext(ctx, `SELECT data FROM session WHERE token = $1 AND expires > $2 AND ended_at = 0`, token, k.s.now().UnixMilli()).Scan(&data)
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
	return k.KeepSignIn(ctx, token, data, expiry, account.SignIn{})
}

// KeepSignIn implements web.SignInStore.
func (k sessions) KeepSignIn(ctx context.Context, token string, data []byte, expiry time.Time, in account.SignIn) error {
	return k.s.tx(ctx, "saving session", func(t *tx) error {
		_, err := t.ExecContext(ctx, `INSERT INTO session (token, data, expires, id, account, at, seen_at, address, browser, ended_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0)
			ON CONFLICT (token) DO UPDATE SET data = excluded.data, expires = excluded.expires, id = excluded.id, account = excluded.account,
			at = excluded.at, seen_at = excluded.seen_at, address = excluded.address, browser = excluded.browser`,
			token, data, expiry.UnixMilli(), in.ID, in.Account, millis(in.At), millis(in.SeenAt), in.From, in.Browser)
		if err != nil || in.Account == "" || !in.SeenAt.Equal(in.At) {
			return err
		}
		// One that begins: those beyond the bound end.
		_, err = t.ExecContext(ctx, `UPDATE session SET ended_at = $2 WHERE account = $1 AND ended_at = 0 AND token <> $3 AND token NOT IN
			(SELECT token FROM session WHERE account = $1 AND ended_at = 0 AND token <> $3 ORDER BY seen_at DESC, token LIMIT $4)`,
			in.Account, t.at.UnixMilli(), token, account.MaxSignIns-1)
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

const signInRows = `SELECT s.id, s.account, s.at, s.seen_at, s.address, s.browser FROM session s JOIN account a ON a.id = s.account
	WHERE s.account = $1 AND s.expires > $2 AND s.ended_at = 0 AND s.at >= a.sessions_from AND NOT a.disabled `

func scanSignIn(r scanner) (in account.SignIn, err error) {
	var at, seen int64
	err = r.Scan(&in.ID, &in.Account, &at, &seen, &in.From, &in.Browser)
	in.At, in.SeenAt = fromMillis(at), fromMillis(seen)
	return in, err
}

// SignIns implements access.AccountStore.
func (s *Store) SignIns(ctx context.Context, id string, seen time.Time) ([]account.SignIn, error) {
	list, err := collect(ctx, s.read, scanSignIn, signInRows+`AND s.seen_at >= $3 ORDER BY s.seen_at DESC, s.id LIMIT $4`,
		id, s.now().UnixMilli(), millis(seen), account.MaxSignIns)
	if err != nil {
		return nil, fmt.Errorf("listing sign-ins: %w", err)
	}
	return list, nil
}

// EndSignIn implements access.AccountStore.
func (s *Store) EndSignIn(ctx context.Context, actor, id, signIn string) error {
	return s.tx(ctx, "ending a sign-in", func(t *tx) error {
		in, err := scanSignIn(t.QueryRowContext(ctx, signInRows+`AND s.id = $3`+s.d.lock("s"), id, t.at.UnixMilli(), signIn))
		if notFound(err) {
			return nil // it is over already
		}
		if err != nil {
			return fmt.Errorf("reading sign-in: %w", err)
		}
		if _, err := t.ExecContext(ctx, `UPDATE session SET ended_at = $3 WHERE account = $1 AND id = $2`, id, signIn, t.at.UnixMilli()); err != nil {
			return err
		}
		return t.audit(actor, "user.signout.one", id, change{detail: map[string]any{"from": in.From, "browser": in.Browser, "at": in.At}})
	})
}
