package store

import (
	"context"
	"fmt"
	"time"

	"zhanqun/hub/access"
	"zhanqun/internal/account"
	"zhanqun/internal/fault"
)

const accountRows = `SELECT a.id, a.login, a.name, a.role, a.unit, COALESCE(u.name, ''), a.disabled, a.must_change,
	a.sessions_from, a.password_at, a.created_at, a.seen_at, a.password, f.account IS NOT NULL, a.seen_from, a.password_by, a.password_from
	FROM account a LEFT JOIN unit u ON u.code = a.unit LEFT JOIN second_factor f ON f.account = a.id AND f.confirmed_at > 0 `

// credentials are an account with what only sign-in may see.
type credentials struct {
	access.User
	hash string
}

func scanCredentials(r scanner) (credentials, error) {
	var c credentials
	var from, set, created, seen int64
	err := r.Scan(&c.ID, &c.Login, &c.Name, &c.Role, &c.Unit, &c.UnitName, &c.Disabled, &c.MustChange, &from, &set, &created, &seen, &c.hash, &c.SecondFactor,
		&c.SeenFrom, &c.PasswordBy, &c.PasswordFrom)
	c.SessionsFrom, c.PasswordAt, c.CreatedAt, c.SeenAt = fromMillis(from), fromMillis(set), fromMillis(created), fromMillis(seen)
	return c, err
}

func scanUser(r scanner) (access.User, error) {
	c, err := scanCredentials(r)
	return c.User, err
}

func oneAccount(ctx context.Context, q queryer, where, value string) (credentials, error) {
	c, err := scanCredentials(q.QueryRowContext(ctx, accountRows+where, value))
	if notFound(err) {
		return c, fault.New(fault.NotFound, "没有这个账号。")
	}
	if err != nil {
		return c, fmt.Errorf("reading account: %w", err)
	}
	return c, nil
}

// Account implements access.AccountStore.
func (s *Store) Account(ctx context.Context, id string) (access.User, error) {
	c, err := oneAccount(ctx, s.read, `WHERE a.id = $1`, id)
	return c.User, err
}

// AccountByLogin implements access.AccountStore.
func (s *Store) AccountByLogin(ctx context.Context, login string) (access.User, string, error) {
	c, err := oneAccount(ctx, s.read, `WHERE a.login = $1`, login)
	return c.User, c.hash, err
}

// Accounts implements access.AccountStore.
func (s *Store) Accounts(ctx context.Context, q access.UserQuery) ([]access.User, error) {
	var w where
	w.equal("a.role", string(q.Role))
	list, err := collect(ctx, s.read, scanUser, accountRows+w.page("a.login", q.After, q.Limit), w.args...)
	if err != nil {
		return nil, fmt.Errorf("listing accounts: %w", err)
	}
	return list, nil
}

// AddAccount implements access.AccountStore.
func (s *Store) AddAccount(ctx context.Context, actor string, u access.User, hash string) error {
	return s.tx(ctx, "adding account "+u.Login, func(t *tx) error { return t.addAccount(ctx, actor, u, hash) })
}

// AddFirstAdmin implements access.AccountStore.
func (s *Store) AddFirstAdmin(ctx context.Context, u access.User, hash string) (made bool, err error) {
	err = s.tx(ctx, "adding the first administrator", func(t *tx) error {
		var any bool
		if err := t.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM account WHERE role = $1)`, string(account.RoleAdmin)).Scan(&any); err != nil || any {
			return err
		}
		made = true
		return t.addAccount(ctx, "local", u, hash)
	})
	// Two programs starting at once: the other one made it.
	if fault.Is(err, fault.Conflict) {
		return false, nil
	}
	return made, err
}

func (t *tx) addAccount(ctx context.Context, actor string, u access.User, hash string) error {
	_, err := t.ExecContext(ctx, `INSERT INTO account (id, login, name, role, unit, password, disabled, must_change, sessions_from, password_at, created_at, seen_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0)`,
		u.ID, u.Login, u.Name, string(u.Role), u.Unit, hash, u.Disabled, u.MustChange, millis(u.SessionsFrom), t.at.UnixMilli(), millis(u.CreatedAt))
	if t.s.d.conflict(err) {
		return fault.Wrap(fault.Conflict, "用户名 "+u.Login+" 已经有人用了，请换一个。", err).With("login", "已经有人用了")
	}
	if err != nil {
		return err
	}
	return t.audit(actor, "user.add", u.ID, change{after: u, detail: u})
}

// EditAccount implements access.AccountStore.
func (s *Store) EditAccount(ctx context.Context, actor, act, id string, edit func(*access.User, int) error) (u access.User, err error) {
	err = s.tx(ctx, "editing account "+id, func(t *tx) error {
		// All administrators are locked, in one order, so that two of them cannot
		// each disable the other.
		admins, err := collect(ctx, t, scanUser, accountRows+`WHERE a.role = $1 ORDER BY a.id`+s.d.lock("a"), string(account.RoleAdmin))
		if err != nil {
			return err
		}
		c, err := oneAccount(ctx, t, `WHERE a.id = $1`+s.d.lock("a"), id)
		if err != nil {
			return err
		}
		u = c.User
		others := 0
		for _, a := range admins {
			if a.ID != id && !a.Disabled {
				others++
			}
		}
		if err := edit(&u, others); err != nil {
			return err
		}
		_, err = t.ExecContext(ctx, `UPDATE account SET name = $2, role = $3, unit = $4, disabled = $5, must_change = $6, sessions_from = $7 WHERE id = $1`,
			id, u.Name, string(u.Role), u.Unit, u.Disabled, u.MustChange, millis(u.SessionsFrom))
		if err != nil {
			return err
		}
		if u.Disabled {
			if err := t.revokeTokens(ctx, id); err != nil {
				return err
			}
		}
		return t.audit(actor, act, id, change{before: c.User, after: u, detail: u})
	})
	return u, err
}

// SetPassword implements access.AccountStore.
func (s *Store) SetPassword(ctx context.Context, actor, from, id, hash string, mustChange, endTokens bool) error {
	return s.tx(ctx, "setting a password", func(t *tx) error {
		c, err := oneAccount(ctx, t, `WHERE a.id = $1`+s.d.lock("a"), id)
		if err != nil {
			return err
		}
		if err := t.keepPast(ctx, id, c.hash); err != nil {
			return err
		}
		by := actor
		if by == c.Login {
			by = ""
		}
		if _, err := t.ExecContext(ctx, `UPDATE account SET password = $2, must_change = $3, sessions_from = $4, password_at = $4, password_by = $5, password_from = $6 WHERE id = $1`,
			id, hash, mustChange, t.at.UnixMilli(), by, from); err != nil {
			return err
		}
		if _, err := t.ExecContext(ctx, `DELETE FROM lockout WHERE login = $1 OR substr(login, 1, length($2)) = $2`, c.Login, lockoutKey(c.Login, "")); err != nil {
			return err
		}
		if endTokens {
			if err := t.revokeTokens(ctx, id); err != nil {
				return err
			}
		}
		how := change{}
		if from != "" {
			how.detail = map[string]string{"from": from}
		}
		return t.audit(actor, "user.password", id, how)
	})
}

// maxPast is how many passwords of an account are kept, whatever the county's
// rules are today.
const maxPast = 24

// keepPast puts the password an account had so far among its past ones.
func (t *tx) keepPast(ctx context.Context, id, hash string) error {
	if _, err := t.ExecContext(ctx, `INSERT INTO password_past (account, n, password)
		SELECT $1, COALESCE(MAX(n), 0) + 1, $2 FROM password_past WHERE account = $1`, id, hash); err != nil {
		return fmt.Errorf("keeping the former password: %w", err)
	}
	if _, err := t.ExecContext(ctx, `DELETE FROM password_past WHERE account = $1 AND n <= (SELECT MAX(n) FROM password_past WHERE account = $1) - $2`, id, maxPast); err != nil {
		return fmt.Errorf("forgetting former passwords: %w", err)
	}
	return nil
}

// PastPasswords implements access.AccountStore.
func (s *Store) PastPasswords(ctx context.Context, id string, n int) ([]string, error) {
	list, err := collect(ctx, s.read, scanText, `SELECT password FROM (SELECT password, 1 AS present, 0 AS n FROM account WHERE id = $1
		UNION ALL SELECT password, 0, n FROM password_past WHERE account = $1) AS p ORDER BY present DESC, n DESC LIMIT $2`, id, n)
	if err != nil {
		return nil, fmt.Errorf("reading former passwords: %w", err)
	}
	return list, nil
}

// Rehash implements access.AccountStore.
func (s *Store) Rehash(ctx context.Context, id, old, hash string) error {
	return s.tx(ctx, "storing a password at today's cost", func(t *tx) error {
		_, err := t.ExecContext(ctx, `UPDATE account SET password = $3 WHERE id = $1 AND password = $2`, id, old, hash)
		return err
	})
}

// lockoutKey is the row of attempts under a name from one address. No login has
// a blank in it.
func lockoutKey(login, from string) string { return login + " " + from }

// Attempt implements access.AccountStore.
func (s *Store) Attempt(ctx context.Context, login, from string, count func(here, all *account.Tries) error) error {
	return s.tx(ctx, "counting a sign-in", func(t *tx) error {
		here, all, err := t.tries(ctx, login, from)
		if err != nil {
			return err
		}
		was := here.LockedUntil
		if err := count(&here, &all); err != nil {
			return err
		}
		if here.LockedUntil.After(was) {
			if err := t.locked(ctx, login, from, here); err != nil {
				return err
			}
		}
		return t.putTries(ctx, login, from, here, all)
	})
}

// tries reads and locks both counters, the name's own first.
func (t *tx) tries(ctx context.Context, login, from string) (here, all account.Tries, err error) {
	for _, row := range []struct {
		key  string
		into *account.Tries
	}{{login, &all}, {lockoutKey(login, from), &here}} {
		// A row of zeros first, so that there is one to lock.
		if _, err := t.ExecContext(ctx, `INSERT INTO lockout (login, failures, failed_at, locked_until, known_at) VALUES ($1, 0, 0, 0, 0) ON CONFLICT (login) DO NOTHING`, row.key); err != nil {
			return here, all, err
		}
		var failed, locked, known int64
		err := t.QueryRowContext(ctx, `SELECT failures, failed_at, locked_until, known_at FROM lockout WHERE login = $1`+t.s.d.forUpdate, row.key).
			Scan(&row.into.Failures, &failed, &locked, &known)
		if err != nil {
			return here, all, err
		}
		row.into.FailedAt, row.into.LockedUntil, row.into.KnownAt = fromMillis(failed), fromMillis(locked), fromMillis(known)
	}
	return here, all, nil
}

func (t *tx) putTries(ctx context.Context, login, from string, here, all account.Tries) error {
	for key, v := range map[string]account.Tries{login: all, lockoutKey(login, from): here} {
		_, err := t.ExecContext(ctx, `UPDATE lockout SET failures = $2, failed_at = $3, locked_until = $4, known_at = $5 WHERE login = $1`,
			key, v.Failures, millis(v.FailedAt), millis(v.LockedUntil), millis(v.KnownAt))
		if err != nil {
			return err
		}
	}
	return nil
}

// locked audits a lock that begins. What was typed for a name that does not exist
// may be a password, and is kept nowhere but in the counter.
func (t *tx) locked(ctx context.Context, login, from string, here account.Tries) error {
	c, err := oneAccount(ctx, t, `WHERE a.login = $1`, login)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return t.audit(c.Login, "user.locked", c.ID, change{detail: map[string]any{"from": from, "failures": here.Failures}})
}

// Passed implements access.AccountStore.
func (s *Store) Passed(ctx context.Context, login, from string) error {
	return s.tx(ctx, "taking an attempt back", func(t *tx) error { return t.passed(ctx, login, from) })
}

func (t *tx) passed(ctx context.Context, login, from string) error {
	here, all, err := t.tries(ctx, login, from)
	if err != nil {
		return err
	}
	account.Passed(&here, &all, t.at)
	return t.putTries(ctx, login, from, here, all)
}

// SignedIn implements access.AccountStore.
func (s *Store) SignedIn(ctx context.Context, id, login, from string) error {
	return s.tx(ctx, "noting a sign-in", func(t *tx) error {
		if err := t.passed(ctx, login, from); err != nil {
			return err
		}
		if _, err := t.ExecContext(ctx, `UPDATE account SET seen_at = $2, seen_from = $3 WHERE id = $1`, id, t.at.UnixMilli(), from); err != nil {
			return err
		}
		return t.audit(login, "user.signin", id, change{detail: map[string]string{"from": from}})
	})
}

// PruneAccess implements access.AccountStore.
func (s *Store) PruneAccess(ctx context.Context, failedBefore, knownBefore time.Time) error {
	return s.tx(ctx, "tidying sessions and lock-outs", func(t *tx) error {
		if _, err := t.ExecContext(ctx, `DELETE FROM session WHERE expires < $1`, t.at.UnixMilli()); err != nil {
			return err
		}
		_, err := t.ExecContext(ctx, `DELETE FROM lockout WHERE failed_at < $1 AND locked_until < $2 AND known_at < $3`,
			millis(failedBefore), t.at.UnixMilli(), millis(knownBefore))
		return err
	})
}
