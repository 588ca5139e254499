package store

import (
	"context"
	"database/sql"
	"fmt"

	"zhanqun/internal/account"
	"zhanqun/internal/fault"
)

// changedOne turns a change that found nothing to change into a Conflict.
func changedOne(done sql.Result, err error, why string) error {
	if err != nil {
		return err
	}
	n, err := done.RowsAffected()
	if err == nil && n == 0 {
		err = fault.New(fault.Conflict, why)
	}
	return err
}

// openSecret opens the secret of an account. Whose it is was sealed with it: a row
// moved to another account does not open.
func (s *Store) openSecret(sealed []byte, whose string) ([]byte, error) {
	secret, err := s.openBytes(sealed, []byte("second factor of "+whose))
	if err != nil {
		return nil, fault.Wrap(fault.Conflict, "平台原来的密钥不在 hub.seed 里了，原来的验证器用不了了。请用恢复码登录后重新设置，或请管理员重置二次验证。", err)
	}
	return secret, nil
}

// Second implements access.AccountStore.
func (s *Store) Second(ctx context.Context, id string) (f account.Second, err error) {
	var sealed []byte
	var made, confirmed int64
	err = s.read.QueryRowContext(ctx, `SELECT secret, made_at, confirmed_at, step, (SELECT COUNT(*) FROM recovery_code WHERE account = $1)
		FROM second_factor WHERE account = $1`, id).Scan(&sealed, &made, &confirmed, &f.Step, &f.Codes)
	if notFound(err) {
		return f, fault.New(fault.NotFound, "这个账号没有二次验证。")
	}
	if err != nil {
		return f, fmt.Errorf("reading second factor: %w", err)
	}
	f.MadeAt, f.ConfirmedAt = fromMillis(made), fromMillis(confirmed)
	f.Secret, err = s.openSecret(sealed, id)
	return f, err
}

// PutSecond implements access.AccountStore.
func (s *Store) PutSecond(ctx context.Context, id string, f account.Second) error {
	sealed, err := s.sealBytes(f.Secret, []byte("second factor of "+id))
	if err != nil {
		return fmt.Errorf("sealing a second factor: %w", err)
	}
	return s.tx(ctx, "keeping a second factor", func(t *tx) error {
		done, err := t.ExecContext(ctx, `INSERT INTO second_factor (account, secret, made_at, confirmed_at, step) VALUES ($1, $2, $3, 0, 0)
			ON CONFLICT (account) DO UPDATE SET secret = excluded.secret, made_at = excluded.made_at, step = 0 WHERE second_factor.confirmed_at = 0`,
			id, sealed, millis(f.MadeAt))
		return changedOne(done, err, "二次验证已经开着，先关闭才能重新设置。")
	})
}

// ConfirmSecond implements access.AccountStore.
func (s *Store) ConfirmSecond(ctx context.Context, actor, id string, step uint64, hashes []string) error {
	return s.tx(ctx, "putting a second factor in force", func(t *tx) error {
		done, err := t.ExecContext(ctx, `UPDATE second_factor SET confirmed_at = $2, step = $3 WHERE account = $1 AND confirmed_at = 0`, id, t.at.UnixMilli(), step)
		if err := changedOne(done, err, "这次设置放得太久，或已经办完了。请重新开始。"); err != nil {
			return err
		}
		if err := t.putRecovery(ctx, id, hashes); err != nil {
			return err
		}
		return t.audit(actor, "user.second.on", id, change{})
	})
}

// PutRecovery implements access.AccountStore.
func (s *Store) PutRecovery(ctx context.Context, actor, id string, hashes []string) error {
	return s.tx(ctx, "keeping recovery codes", func(t *tx) error {
		if err := t.putRecovery(ctx, id, hashes); err != nil {
			return err
		}
		return t.audit(actor, "user.second.codes", id, change{})
	})
}

func (t *tx) putRecovery(ctx context.Context, id string, hashes []string) error {
	if _, err := t.ExecContext(ctx, `DELETE FROM recovery_code WHERE account = $1`, id); err != nil {
		return err
	}
	for _, h := range hashes {
		if _, err := t.ExecContext(ctx, `INSERT INTO recovery_code (account, hash) VALUES ($1, $2)`, id, h); err != nil {
			return err
		}
	}
	return nil
}

// UseStep implements access.AccountStore.
func (s *Store) UseStep(ctx context.Context, id string, step uint64) (ok bool, err error) {
	err = s.tx(ctx, "using a code up", func(t *tx) error {
		done, err := t.ExecContext(ctx, `UPDATE second_factor SET step = $2 WHERE account = $1 AND step < $2 AND confirmed_at > 0`, id, step)
		if err != nil {
			return err
		}
		n, err := done.RowsAffected()
		ok = n == 1
		return err
	})
	return ok, err
}

// UseRecovery implements access.AccountStore.
func (s *Store) UseRecovery(ctx context.Context, id, hash string) (left int, ok bool, err error) {
	err = s.tx(ctx, "using a recovery code up", func(t *tx) error {
		done, err := t.ExecContext(ctx, `DELETE FROM recovery_code WHERE account = $1 AND hash = $2`, id, hash)
		if err != nil {
			return err
		}
		n, err := done.RowsAffected()
		if ok = n == 1; err != nil || !ok {
			return err
		}
		c, err := oneAccount(ctx, t, `WHERE a.id = $1`, id)
		if err != nil {
			return err
		}
		if err := t.QueryRowContext(ctx, `SELECT COUNT(*) FROM recovery_code WHERE account = $1`, id).Scan(&left); err != nil {
			return err
		}
		return t.audit(c.Login, "user.second.recovery", id, change{detail: map[string]int{"left": left}})
	})
	return left, ok, err
}

// DropSecond implements access.AccountStore.
func (s *Store) DropSecond(ctx context.Context, actor, id string) error {
	return s.tx(ctx, "taking a second factor away", func(t *tx) error {
		c, err := oneAccount(ctx, t, `WHERE a.id = $1`+s.d.lock("a"), id)
		if err != nil {
			return err
		}
		done, err := t.ExecContext(ctx, `DELETE FROM second_factor WHERE account = $1`, id)
		if err := changedOne(done, err, "这个账号没有二次验证。"); err != nil {
			return err
		}
		if _, err := t.ExecContext(ctx, `DELETE FROM recovery_code WHERE account = $1`, id); err != nil {
			return err
		}
		if actor != c.Login { // who does it himself has just given his password
			if _, err := t.ExecContext(ctx, `UPDATE account SET sessions_from = $2 WHERE id = $1`, id, t.at.UnixMilli()); err != nil {
				return err
			}
		}
		return t.audit(actor, "user.second.off", id, change{})
	})
}
