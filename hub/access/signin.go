package access

import (
	"context"
	"fmt"
	"time"
	"unicode/utf8"

	"zhanqun/internal/account"
	"zhanqun/internal/fault"
)

// Attempts is the counter of failed sign-ins under one name.
type Attempts struct {
	Failures    int
	FailedAt    time.Time
	LockedUntil time.Time
}

// errSignIn is the one answer to a wrong name, a wrong password, and both.
var errSignIn = fault.New(fault.Unauthenticated, "用户名或密码不对。")

// SignIn returns the user with this login and password. A name that is not
// there gets the same answers, locks and time as one that is.
func (s *Service) SignIn(ctx context.Context, login, password string) (User, error) {
	login = FoldLogin(login)
	if err := checkLogin(login); err != nil || utf8.RuneCountInString(password) > account.MaxPassword {
		return User{}, errSignIn
	}
	// The attempt is counted before the password is looked at, so that a
	// thousand guesses sent at once are not all made before the first one fails.
	if err := s.attempt(ctx, login); err != nil {
		return User{}, err
	}
	u, stored, err := s.Store.AccountByLogin(ctx, login)
	if fault.Is(err, fault.NotFound) {
		if err := account.VerifyNobody(ctx, password); err != nil {
			return User{}, err
		}
		return User{}, errSignIn
	}
	if err != nil {
		return User{}, err
	}
	ok, outdated, err := account.Verify(ctx, stored, password)
	if err != nil {
		return User{}, fmt.Errorf("checking the password of %s: %w", u.ID, err)
	}
	if !ok {
		return User{}, errSignIn
	}
	if u.Disabled {
		return User{}, fault.New(fault.Forbidden, "这个账号已经停用，请联系管理员。")
	}
	if outdated {
		hash, err := account.Hash(ctx, password)
		if err != nil {
			return User{}, err
		}
		if err := s.Store.Rehash(ctx, u.ID, stored, hash); err != nil {
			return User{}, err
		}
	}
	if err := s.Store.SignedIn(ctx, u.ID, login); err != nil {
		return User{}, err
	}
	return u, nil
}

// attempt counts one attempt as failed until SignedIn forgets it.
func (s *Service) attempt(ctx context.Context, login string) error {
	return s.Store.Attempt(ctx, login, func(a Attempts) (Attempts, error) {
		now := s.Now()
		if err := s.lockout.Check(a.LockedUntil, now); err != nil {
			return a, err
		}
		a.Failures = s.lockout.Count(a.Failures, a.FailedAt, now)
		a.FailedAt = now
		a.LockedUntil = s.lockout.After(a.Failures, now)
		return a, nil
	})
}

// ChangePassword replaces the user's own password. Every session ends with it,
// also the one it was asked for in: sign in again.
func (s *Service) ChangePassword(ctx context.Context, u User, old, password string) error {
	if err := s.attempt(ctx, u.Login); err != nil {
		return err
	}
	now, stored, err := s.Store.AccountByLogin(ctx, u.Login)
	if err != nil {
		return err
	}
	ok, _, err := account.Verify(ctx, stored, old)
	if err != nil {
		return fmt.Errorf("checking the password of %s: %w", u.ID, err)
	}
	if !ok || now.ID != u.ID {
		return fault.Field("old", "原密码不对。")
	}
	if err := account.CheckPassword(u.Login, password); err != nil {
		return err
	}
	if old == password {
		return fault.Field("password", "新密码不能和原密码相同。")
	}
	hash, err := account.Hash(ctx, password)
	if err != nil {
		return err
	}
	if err := s.Store.SetPassword(ctx, u.Login, u.ID, hash, false, false); err != nil {
		return err
	}
	return s.Store.SignedIn(ctx, u.ID, u.Login)
}

// Prune deletes expired sessions and lock-outs nobody needs any more. Call it
// now and then.
func (s *Service) Prune(ctx context.Context) error {
	if err := s.Store.PruneAccess(ctx, s.Now().Add(-s.lockout.Window)); err != nil {
		return fmt.Errorf("tidying sessions: %w", err)
	}
	return nil
}
