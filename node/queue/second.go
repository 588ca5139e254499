package queue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"zhanqun/internal/account"
	"zhanqun/internal/fault"
)

var errNoSetup = fault.New(fault.Conflict, "这次设置放得太久，或已经办完了。请重新开始。")

// MustSetUpSecond reports whether somebody has to set up a second factor before
// anything else.
func (q *Queue) MustSetUpSecond(a Account) bool {
	return !a.SecondFactor && q.rules.Second.Of(a.Actor().Township())
}

// FinishSignIn is the second half of a sign-in whose first half found an account
// with a second factor, by its Ref: code is what the authenticator shows, or a
// recovery code, of which left says how many remain (-1 if it was none). A wrong
// one counts like a wrong password.
func (q *Queue) FinishSignIn(ctx context.Context, ref, code, from string) (a Account, left int, err error) {
	if a, err = q.AccountByRef(ctx, ref); err != nil {
		return Account{}, 0, err
	}
	if !a.SecondFactor {
		return Account{}, 0, fault.New(fault.Unauthenticated, "请重新登录。")
	}
	if err := q.attempt(ctx, a.Login, from); err != nil {
		return Account{}, 0, err
	}
	err = q.write(ctx, "finishing a sign-in", func(ctx context.Context, t *txn) error {
		if left, err = t.takeCode(ctx, a.ID, code); err != nil {
			return err
		}
		return t.signedIn(ctx, a, from)
	})
	return a, left, err
}

// takeCode uses a code up.
func (t *txn) takeCode(ctx context.Context, id, code string) (left int, err error) {
	if hash := account.Recovery(id, code); hash != "" {
		n, err := t.change(ctx, `DELETE FROM recovery_code WHERE account = $1 AND hash = $2`, id, hash)
		if err == nil && n == 0 {
			err = account.ErrSignInCode
		}
		if err == nil {
			err = t.row(ctx, `SELECT COUNT(*) FROM recovery_code WHERE account = $1`, id).Scan(&left)
		}
		return left, err
	}
	f, err := scanSecond(t.row(ctx, secondRow, id))
	if err != nil {
		return -1, fmt.Errorf("reading second factor: %w", err)
	}
	step, ok, err := t.checkCode(ctx, f, code)
	if err == nil && !ok {
		err = account.ErrSignInCode
	}
	if err != nil {
		return -1, err
	}
	return -1, t.exec(ctx, `UPDATE second_factor SET step = $2 WHERE account = $1`, id, step)
}

// checkCode looks at a code by this machine's clock, and by the county's as it was
// last heard: clocks of old computers are wrong, those of telephones are not.
func (t *txn) checkCode(ctx context.Context, f account.Second, code string) (step uint64, ok bool, err error) {
	now := time.UnixMilli(t.now)
	if step, ok = f.Check(code, now); ok {
		return step, true, nil
	}
	var line string
	if err := t.row(ctx, `SELECT line FROM station`).Scan(&line); err != nil {
		return 0, false, fmt.Errorf("reading line: %w", err)
	}
	l, err := readLine(line)
	if err != nil || l.Skew == 0 {
		return 0, false, err
	}
	step, ok = f.Check(code, now.Add(-l.Skew))
	return step, ok, nil
}

const secondRow = `SELECT secret, made_at, confirmed_at, step, (SELECT COUNT(*) FROM recovery_code WHERE account = $1) FROM second_factor WHERE account = $1`

func scanSecond(row scanner) (f account.Second, err error) {
	var made, confirmed int64
	err = row.Scan(&f.Secret, &made, &confirmed, &f.Step, &f.Codes)
	f.MadeAt = time.UnixMilli(made)
	if confirmed > 0 {
		f.ConfirmedAt = time.UnixMilli(confirmed)
	}
	return f, err
}

// Second returns the second factor of an account, also one that is not on yet; the
// zero value for none. It is for its owner.
func (q *Queue) Second(ctx context.Context, a Account) (account.Second, error) {
	f, err := scanSecond(q.db.Read.QueryRowContext(ctx, secondRow, a.ID))
	if errors.Is(err, sql.ErrNoRows) {
		return account.Second{}, nil
	}
	if err != nil {
		return account.Second{}, fmt.Errorf("reading second factor: %w", err)
	}
	return f, nil
}

// BeginSecond makes a secret that waits for its first code; see ConfirmSecond. It
// asks for the password again: whoever finds a browser signed in could otherwise
// lock its owner out.
func (q *Queue) BeginSecond(ctx context.Context, a Account, password, from string) error {
	if err := q.ConfirmPassword(ctx, a, "password", password, from); err != nil {
		return err
	}
	f, err := account.NewSecond(q.now())
	if err != nil {
		return err
	}
	return q.write(ctx, "keeping a second factor", func(ctx context.Context, t *txn) error {
		n, err := t.change(ctx, `INSERT INTO second_factor (account, secret, made_at, confirmed_at, step) VALUES ($1, $2, $3, 0, 0)
			ON CONFLICT (account) DO UPDATE SET secret = excluded.secret, made_at = excluded.made_at, step = 0 WHERE confirmed_at = 0`, a.ID, f.Secret, t.now)
		if err == nil && n == 0 {
			err = fault.New(fault.Conflict, "二次验证已经开着，先关闭才能重新设置。")
		}
		return err
	})
}

// ConfirmSecond puts the second factor in force with a first code, and returns the
// recovery codes, which are kept nowhere.
func (q *Queue) ConfirmSecond(ctx context.Context, a Account, code string) ([]string, error) {
	codes, hashes := account.NewRecovery(a.ID)
	err := q.write(ctx, "putting a second factor in force", func(ctx context.Context, t *txn) error {
		f, err := scanSecond(t.row(ctx, secondRow, a.ID))
		if errors.Is(err, sql.ErrNoRows) || err == nil && !f.Waits(time.UnixMilli(t.now)) {
			return errNoSetup
		}
		if err != nil {
			return fmt.Errorf("reading second factor: %w", err)
		}
		step, ok, err := t.checkCode(ctx, f, code)
		if err == nil && !ok {
			err = account.ErrFirstCode
		}
		if err != nil {
			return err
		}
		if err := t.exec(ctx, `UPDATE second_factor SET confirmed_at = $2, step = $3 WHERE account = $1`, a.ID, t.now, step); err != nil {
			return err
		}
		return t.putRecovery(ctx, a.ID, hashes)
	})
	return codes, err
}

// RenewRecovery replaces the recovery codes of an account.
func (q *Queue) RenewRecovery(ctx context.Context, a Account, password, from string) ([]string, error) {
	if err := q.ConfirmPassword(ctx, a, "password", password, from); err != nil {
		return nil, err
	}
	codes, hashes := account.NewRecovery(a.ID)
	return codes, q.write(ctx, "keeping recovery codes", func(ctx context.Context, t *txn) error { return t.putRecovery(ctx, a.ID, hashes) })
}

func (t *txn) putRecovery(ctx context.Context, id string, hashes []string) error {
	if err := t.exec(ctx, `DELETE FROM recovery_code WHERE account = $1`, id); err != nil {
		return err
	}
	for _, h := range hashes {
		if err := t.exec(ctx, `INSERT INTO recovery_code (account, hash) VALUES ($1, $2)`, id, h); err != nil {
			return err
		}
	}
	return nil
}

// DropOwnSecond takes an account's second factor away for its owner.
func (q *Queue) DropOwnSecond(ctx context.Context, a Account, password, from string) error {
	if err := q.ConfirmPassword(ctx, a, "password", password, from); err != nil {
		return err
	}
	return q.dropSecond(ctx, a, false)
}

// DropSecond takes the second factor of an account away whose owner has lost the
// telephone, and ends its sessions. The password alone lets in then, or sets up
// another one where it is demanded.
func (q *Queue) DropSecond(ctx context.Context, login string) error {
	a, err := q.AccountByLogin(ctx, login)
	if err != nil {
		return err
	}
	return q.dropSecond(ctx, a, true)
}

func (q *Queue) dropSecond(ctx context.Context, a Account, end bool) error {
	return q.write(ctx, "taking a second factor away", func(ctx context.Context, t *txn) error {
		n, err := t.change(ctx, `DELETE FROM second_factor WHERE account = $1`, a.ID)
		if err == nil && n == 0 {
			err = fault.New(fault.Conflict, "这个账号没有二次验证。")
		}
		if err == nil {
			err = t.exec(ctx, `DELETE FROM recovery_code WHERE account = $1`, a.ID)
		}
		if err == nil && end {
			err = t.exec(ctx, `UPDATE account SET generation = generation + 1 WHERE id = $1`, a.ID)
		}
		return err
	})
}
