package queue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"zhanqun/internal/account"
	"zhanqun/internal/content"
	"zhanqun/internal/fault"
)

var errWrongPassword = fault.New(fault.Unauthenticated, "登录名或密码不对。")

// SignIn checks a password somebody gave at an address. A wrong one, an unknown
// login and a disabled account look the same from outside and take the same time.
// Repeated failures lock a name for a while, whether or not there is such an
// account, and not where its owner works (see account.Attempt). With a second
// factor the owner is not let in by this: FinishSignIn does that. The account is as
// before this sign-in: SeenAt and SeenFrom are of the last one.
func (q *Queue) SignIn(ctx context.Context, login, password, from string) (Account, error) {
	if login = foldLogin(login); !validLogin(login) {
		return Account{}, errWrongPassword
	}
	// The attempt is counted before the password is looked at, so that a
	// thousand guesses sent at once are not all made before the first one fails.
	if err := q.attempt(ctx, login, from); err != nil {
		return Account{}, err
	}
	a, err := q.AccountByLogin(ctx, login)
	if fault.Is(err, fault.NotFound) {
		if err := account.VerifyNobody(ctx, password); err != nil {
			return Account{}, fmt.Errorf("signing in: %w", err)
		}
		return Account{}, errWrongPassword
	}
	if err != nil {
		return Account{}, err
	}
	ok, rehash, err := account.Verify(ctx, a.password, password)
	if err != nil {
		return Account{}, fmt.Errorf("signing in: %w", err)
	}
	if !ok || a.Disabled {
		return Account{}, errWrongPassword
	}
	if a.MustChange && account.Lapsed(a.PasswordAt, q.now()) {
		return Account{}, fault.New(fault.Unauthenticated, "这个一次性密码已超过 7 天，不能再用。请联系管理员重新给一个。")
	}
	hash := a.password
	if rehash {
		if hash, err = account.Hash(ctx, password); err != nil {
			return Account{}, fmt.Errorf("signing in: %w", err)
		}
	}
	return a, q.write(ctx, "noting sign-in", func(ctx context.Context, t *txn) error {
		if err := t.exec(ctx, `UPDATE account SET password = $2 WHERE id = $1 AND password = $3`, a.ID, hash, a.password); err != nil || a.SecondFactor {
			return err // half of it: the attempt counts until FinishSignIn
		}
		return t.signedIn(ctx, a, from)
	})
}

// signedIn takes the attempt back and notes the time.
func (t *txn) signedIn(ctx context.Context, a Account, from string) error {
	if err := t.passed(ctx, a.Login, from); err != nil {
		return err
	}
	return t.exec(ctx, `UPDATE account SET seen_at = $2, seen_from = $3 WHERE id = $1`, a.ID, t.now, from)
}

// ConfirmPassword asks for the present password again, before an act that changes
// how an account gets in. A wrong one stands at the field and counts as at sign-in.
func (q *Queue) ConfirmPassword(ctx context.Context, a Account, field, password, from string) error {
	if err := q.attempt(ctx, a.Login, from); err != nil {
		return err
	}
	ok, _, err := account.Verify(ctx, a.password, password)
	if err != nil {
		return fmt.Errorf("checking a password: %w", err)
	}
	if !ok {
		return fault.Field(field, "现在的密码不对。")
	}
	return q.write(ctx, "taking an attempt back", func(ctx context.Context, t *txn) error { return t.passed(ctx, a.Login, from) })
}

// lockoutKey is the row of attempts under a name from one address. No login has
// a blank in it.
func lockoutKey(login, from string) string { return login + " " + from }

// attempt counts one attempt as failed until SignIn takes it back, or says why
// there may be none now.
func (q *Queue) attempt(ctx context.Context, login, from string) error {
	return q.write(ctx, "counting a sign-in", func(ctx context.Context, t *txn) error {
		here, all, err := t.tries(ctx, login, from)
		if err != nil {
			return err
		}
		was := here.LockedUntil
		if err := account.Attempt(&here, &all, time.UnixMilli(t.now)); err != nil {
			return err
		}
		if here.LockedUntil.After(was) {
			q.log.WarnContext(ctx, "sign-in locked", "from", from, "failures", here.Failures)
		}
		return t.putTries(ctx, login, from, here, all)
	})
}

// passed takes an attempt back.
func (t *txn) passed(ctx context.Context, login, from string) error {
	here, all, err := t.tries(ctx, login, from)
	if err != nil {
		return err
	}
	account.Passed(&here, &all, time.UnixMilli(t.now))
	return t.putTries(ctx, login, from, here, all)
}

func (t *txn) tries(ctx context.Context, login, from string) (here, all account.Tries, err error) {
	for key, into := range map[string]*account.Tries{login: &all, lockoutKey(login, from): &here} {
		var failed, locked, known int64
		err := t.row(ctx, `SELECT failures, failed_at, locked_until, known_at FROM lockout WHERE login = $1`, key).Scan(&into.Failures, &failed, &locked, &known)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return here, all, err
		}
		into.FailedAt, into.LockedUntil, into.KnownAt = time.UnixMilli(failed), time.UnixMilli(locked), time.UnixMilli(known)
	}
	return here, all, nil
}

func (t *txn) putTries(ctx context.Context, login, from string, here, all account.Tries) error {
	millis := func(at time.Time) int64 { return max(at.UnixMilli(), 0) } // the zero time is long before 1970
	for key, v := range map[string]account.Tries{login: all, lockoutKey(login, from): here} {
		err := t.exec(ctx, `INSERT INTO lockout (login, failures, failed_at, locked_until, known_at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (login) DO UPDATE SET failures = excluded.failures, failed_at = excluded.failed_at, locked_until = excluded.locked_until, known_at = excluded.known_at`,
			key, v.Failures, millis(v.FailedAt), millis(v.LockedUntil), millis(v.KnownAt))
		if err != nil {
			return err
		}
	}
	return nil
}

// TokenPrefix begins every API token of a node.
const TokenPrefix = "zqn"

// Token is an API token as lists show it; the secret itself is shown once.
type Token struct {
	ID        string    `json:"id"`
	Account   string    `json:"account"` // login
	Name      string    `json:"name"`
	CreatedAt time.Time `json:"createdAt"`
	ExpiresAt time.Time `json:"expiresAt,omitzero"` // zero: never
	UsedAt    time.Time `json:"usedAt,omitzero"`    // by the day
	Revoked   bool      `json:"revoked,omitempty"`
}

// CreateToken makes an API token that acts for an account, and returns it in
// plain, which cannot be done again. life 0 means that it does not expire.
func (q *Queue) CreateToken(ctx context.Context, login, name string, life time.Duration) (string, error) {
	a, err := q.AccountByLogin(ctx, login)
	if err != nil {
		return "", err
	}
	if name = content.CleanLine(name); name == "" || len(name) > 200 {
		return "", fault.Field("name", "请给令牌起个名字，写明给谁用，最长 200 字节。")
	}
	plain, hash := account.NewToken(TokenPrefix)
	return plain, q.write(ctx, "creating token", func(ctx context.Context, t *txn) error {
		expires := int64(0)
		if life > 0 {
			expires = t.now + life.Milliseconds()
		}
		return t.exec(ctx, `INSERT INTO api_token (hash, id, account, name, created_at, expires_at, used_at, revoked_at) VALUES ($1, $2, $3, $4, $5, $6, 0, 0)`,
			hash, hash[:12], a.ID, name, t.now, expires)
	})
}

// AccountByToken returns the account an API token acts for, or a fault of kind
// Unauthenticated.
func (q *Queue) AccountByToken(ctx context.Context, plain string) (Account, error) {
	hash := account.HashToken(plain)
	now := q.now().UnixMilli()
	var id string
	var used int64
	err := q.db.Read.QueryRowContext(ctx, `SELECT account, used_at FROM api_token WHERE hash = $1 AND revoked_at = 0 AND (expires_at = 0 OR expires_at > $2)`,
		hash, now).Scan(&id, &used)
	bad := fault.New(fault.Unauthenticated, "令牌无效、已过期或已停用。")
	if errors.Is(err, sql.ErrNoRows) {
		return Account{}, bad
	}
	if err != nil {
		return Account{}, fmt.Errorf("reading token: %w", err)
	}
	a, err := scanAccount(q.db.Read.QueryRowContext(ctx, accountRows+`WHERE id = $1`, id))
	if err != nil {
		return Account{}, fmt.Errorf("reading account: %w", err)
	}
	if a.Disabled {
		return Account{}, bad
	}
	// Once a day is enough to see which tokens are in use, and spares a write
	// to disk with every request.
	const day = int64(24 * time.Hour / time.Millisecond)
	if used/day == now/day {
		return a, nil
	}
	return a, q.write(ctx, "noting token use", func(ctx context.Context, t *txn) error {
		return t.exec(ctx, `UPDATE api_token SET used_at = $2 WHERE hash = $1`, hash, t.now)
	})
}

// Tokens returns all API tokens, newest first.
func (q *Queue) Tokens(ctx context.Context) ([]Token, error) {
	rows, err := q.db.Read.QueryContext(ctx, `SELECT t.id, a.login, t.name, t.created_at, t.expires_at, t.used_at, t.revoked_at > 0
		FROM api_token t JOIN account a ON a.id = t.account ORDER BY t.created_at DESC, t.id LIMIT 1000`)
	if err != nil {
		return nil, fmt.Errorf("reading tokens: %w", err)
	}
	return collect(rows, func(row scanner) (t Token, err error) {
		var created, expires, used int64
		err = row.Scan(&t.ID, &t.Account, &t.Name, &created, &expires, &used, &t.Revoked)
		t.CreatedAt = time.UnixMilli(created)
		if expires > 0 {
			t.ExpiresAt = time.UnixMilli(expires)
		}
		if used > 0 {
			t.UsedAt = time.UnixMilli(used)
		}
		return t, err
	})
}

// RevokeToken ends an API token.
func (q *Queue) RevokeToken(ctx context.Context, id string) error {
	return q.write(ctx, "revoking token", func(ctx context.Context, t *txn) error {
		n, err := t.change(ctx, `UPDATE api_token SET revoked_at = $2 WHERE id = $1 AND revoked_at = 0`, id, t.now)
		if err == nil && n == 0 {
			err = fault.New(fault.NotFound, "没有这个令牌，或它已经停用。")
		}
		return err
	})
}
