package store

import (
	"context"
	"fmt"

	"zhanqun/hub/access"
	"zhanqun/internal/fault"
)

const tokenColumns = `id, account, name, created_at, expires_at, used_at, revoked_at`

func scanToken(r scanner) (access.Token, error) {
	var t access.Token
	var created, expires, used, revoked int64
	err := r.Scan(&t.ID, &t.Account, &t.Name, &created, &expires, &used, &revoked)
	t.CreatedAt, t.ExpiresAt, t.UsedAt, t.RevokedAt = fromMillis(created), fromMillis(expires), fromMillis(used), fromMillis(revoked)
	return t, err
}

// AddToken implements access.AccountStore.
func (s *Store) AddToken(ctx context.Context, actor string, k access.Token, hash string) error {
	return s.tx(ctx, "adding token", func(t *tx) error {
		_, err := t.ExecContext(ctx, `INSERT INTO api_token (id, hash, account, name, created_at, expires_at, used_at, revoked_at) VALUES ($1, $2, $3, $4, $5, $6, 0, 0)`,
			k.ID, hash, k.Account, k.Name, millis(k.CreatedAt), millis(k.ExpiresAt))
		if err != nil {
			return err
		}
		return t.audit(actor, "token.add", k.Account, change{after: k, detail: k})
	})
}

// Tokens implements access.AccountStore.
func (s *Store) Tokens(ctx context.Context, account string) ([]access.Token, error) {
	list, err := collect(ctx, s.read, scanToken, `SELECT `+tokenColumns+` FROM api_token WHERE account = $1 ORDER BY created_at DESC, id DESC LIMIT 500`, account)
	if err != nil {
		return nil, fmt.Errorf("listing tokens: %w", err)
	}
	return list, nil
}

// TokenByHash implements access.AccountStore.
func (s *Store) TokenByHash(ctx context.Context, hash string) (access.Token, access.User, error) {
	t, err := scanToken(s.read.QueryRowContext(ctx, `SELECT `+tokenColumns+` FROM api_token WHERE hash = $1`, hash))
	if notFound(err) {
		return t, access.User{}, fault.New(fault.NotFound, "没有这个令牌。")
	}
	if err != nil {
		return t, access.User{}, fmt.Errorf("reading token: %w", err)
	}
	u, err := s.Account(ctx, t.Account)
	return t, u, err
}

// TouchToken implements access.AccountStore.
func (s *Store) TouchToken(ctx context.Context, id string) error {
	return s.tx(ctx, "noting the use of a token", func(t *tx) error {
		_, err := t.ExecContext(ctx, `UPDATE api_token SET used_at = $2 WHERE id = $1`, id, t.at.UnixMilli())
		return err
	})
}

// RevokeToken implements access.AccountStore.
func (s *Store) RevokeToken(ctx context.Context, actor, id string) error {
	return s.tx(ctx, "revoking token", func(t *tx) error {
		_, err := t.ExecContext(ctx, `UPDATE api_token SET revoked_at = $2 WHERE id = $1 AND revoked_at = 0`, id, t.at.UnixMilli())
		if err != nil {
			return err
		}
		return t.audit(actor, "token.revoke", id, change{})
	})
}

// revokeTokens ends every token of an account.
func (t *tx) revokeTokens(ctx context.Context, account string) error {
	_, err := t.ExecContext(ctx, `UPDATE api_token SET revoked_at = $2 WHERE account = $1 AND revoked_at = 0`, account, t.at.UnixMilli())
	return err
}
