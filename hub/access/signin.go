package access

import (
	"context"
	"fmt"
	"time"
	"unicode/utf8"

	"zhanqun/internal/account"
	"zhanqun/internal/fault"
)

// errSignIn is the one answer to a wrong name, a wrong password, and both.
var errSignIn = fault.New(fault.Unauthenticated, "用户名或密码不对。")

// SignIn returns the user with this login and password, who asks from an address
// (of an office, without the port). A name that is not there gets the same
// answers, locks and time as one that is. With a second factor the user is not let
// in by this: FinishSignIn does that. The user is as before this sign-in: SeenAt and
// SeenFrom are of the last one.
func (s *Service) SignIn(ctx context.Context, login, password, from string) (User, error) {
	login = FoldLogin(login)
	if err := checkLogin(login); err != nil || utf8.RuneCountInString(password) > account.MaxPassword {
		return User{}, errSignIn
	}
	// The attempt is counted before the password is looked at, so that a
	// thousand guesses sent at once are not all made before the first one fails.
	if err := s.attempt(ctx, login, from); err != nil {
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
	if u.MustChange && account.Lapsed(u.PasswordAt, s.Now()) {
		return User{}, fault.New(fault.Unauthenticated, "这个一次性密码已超过 7 天，不能再用。请联系管理员重新给一个。")
	}
	if u.SecondFactor {
		return u, nil // half of it: the attempt counts until FinishSignIn
	}
	if err := s.Store.SignedIn(ctx, u.ID, login, from); err != nil {
		return User{}, err
	}
	return u, nil
}

// attempt counts one attempt as failed until SignedIn takes it back.
func (s *Service) attempt(ctx context.Context, login, from string) error {
	return s.Store.Attempt(ctx, login, from, func(here, all *account.Tries) error { return account.Attempt(here, all, s.Now()) })
}

// MustChange reports whether a user has to choose a new password before anything
// else: the present one was given by somebody else, or is too old.
func (s *Service) MustChange(u User) bool {
	return u.MustChange || s.Rules.Expired(u.PasswordAt, s.Now())
}

// ChangePassword replaces the user's own password. Every session ends with it,
// also the one it was asked for in: sign in again. from is as in SignIn.
func (s *Service) ChangePassword(ctx context.Context, u User, old, password, from string) error {
	if err := s.confirm(ctx, u, "old", old, from); err != nil {
		return err
	}
	if old == password {
		return fault.Field("password", "新密码不能和原密码相同。")
	}
	past, err := s.Store.PastPasswords(ctx, u.ID, s.Rules.Past)
	if err != nil {
		return err
	}
	if err := s.Rules.CheckNew(ctx, u.Login, password, past); err != nil {
		return err
	}
	hash, err := account.Hash(ctx, password)
	if err != nil {
		return err
	}
	return s.Store.SetPassword(ctx, u.Login, from, u.ID, hash, false, false)
}

// confirm asks for the present password again, before an act that changes how an
// account gets in. A wrong one stands at the field and counts as at sign-in.
func (s *Service) confirm(ctx context.Context, u User, field, password, from string) error {
	if err := s.attempt(ctx, u.Login, from); err != nil {
		return err
	}
	now, stored, err := s.Store.AccountByLogin(ctx, u.Login)
	if err != nil {
		return err
	}
	ok, _, err := account.Verify(ctx, stored, password)
	if err != nil {
		return fmt.Errorf("checking the password of %s: %w", u.ID, err)
	}
	if !ok || now.ID != u.ID {
		return fault.Field(field, "原密码不对。")
	}
	return s.Store.Passed(ctx, u.Login, from)
}

// SignIns returns the sign-ins of an account that let somebody in and have been
// used since a time, the one used last first. Everyone sees his own; the
// administrator all.
func (s *Service) SignIns(ctx context.Context, actor User, id string, seen time.Time) ([]account.SignIn, error) {
	if err := actor.over(id); err != nil {
		return nil, err
	}
	return s.Store.SignIns(ctx, id, seen)
}

// EndSignIn ends one sign-in of an account at once.
func (s *Service) EndSignIn(ctx context.Context, actor User, id, signIn string) error {
	if err := actor.over(id); err != nil {
		return err
	}
	return s.Store.EndSignIn(ctx, actor.Login, id, signIn)
}

// SignOutEverywhere ends every sign-in of an account that was begun before now, in
// whatever browser. Tokens of programs stay.
func (s *Service) SignOutEverywhere(ctx context.Context, actor User, id string) error {
	if err := actor.over(id); err != nil {
		return err
	}
	_, err := s.Store.EditAccount(ctx, actor.Login, "user.signout", id, func(u *User, _ int) error {
		u.SessionsFrom = s.Now()
		return nil
	})
	return err
}

// over returns nil if u may do something to how the account gets in: it is his own,
// or he is an administrator.
func (u User) over(id string) error {
	if u.ID == id {
		return nil
	}
	return u.Need(Manage)
}

// Prune deletes expired sessions and lock-outs nobody needs any more. Call it
// now and then.
func (s *Service) Prune(ctx context.Context) error {
	failed, known := account.Forgotten(s.Now())
	if err := s.Store.PruneAccess(ctx, failed, known); err != nil {
		return fmt.Errorf("tidying sessions: %w", err)
	}
	return nil
}
