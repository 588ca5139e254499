package access

import (
	"context"
	"time"

	"zhanqun/internal/account"
	"zhanqun/internal/fault"
)

// MustSetUpSecond reports whether a user has to set up a second factor before
// anything else.
func (s *Service) MustSetUpSecond(u User) bool {
	return !u.SecondFactor && s.Rules.Second.Of(u.May(Manage))
}

// FinishSignIn is the second half of a sign-in whose first half, at the time began,
// found a user with a second factor: code is what the authenticator shows, or one
// of the recovery codes, of which left says how many remain (-1 if it was none). A
// wrong one counts like a wrong password.
func (s *Service) FinishSignIn(ctx context.Context, id string, began time.Time, code, from string) (u User, left int, err error) {
	if u, err = s.Store.Account(ctx, id); err != nil {
		return User{}, 0, err
	}
	if !u.Valid(began) || !u.SecondFactor {
		return User{}, 0, fault.New(fault.Unauthenticated, "请重新登录。")
	}
	if err := s.attempt(ctx, u.Login, from); err != nil {
		return User{}, 0, err
	}
	left, err = s.takeCode(ctx, u, code)
	if err != nil {
		return User{}, 0, err
	}
	return u, left, s.Store.SignedIn(ctx, u.ID, u.Login, from)
}

// takeCode uses a code up.
func (s *Service) takeCode(ctx context.Context, u User, code string) (left int, err error) {
	if hash := account.Recovery(u.ID, code); hash != "" {
		left, ok, err := s.Store.UseRecovery(ctx, u.ID, hash)
		if err == nil && !ok {
			err = account.ErrSignInCode
		}
		return left, err
	}
	f, err := s.Store.Second(ctx, u.ID)
	if err != nil {
		return -1, err
	}
	step, ok := f.Check(code, s.Now())
	if ok {
		// Of two who bring the same code at once one is too late.
		ok, err = s.Store.UseStep(ctx, u.ID, step)
	}
	if err == nil && !ok {
		err = account.ErrSignInCode
	}
	return -1, err
}

// Second returns a user's second factor as it is, also one that is not on yet; the
// zero value for none. It is for its owner.
func (s *Service) Second(ctx context.Context, u User) (account.Second, error) {
	f, err := s.Store.Second(ctx, u.ID)
	if fault.Is(err, fault.NotFound) {
		return account.Second{}, nil
	}
	return f, err
}

// BeginSecond makes a secret that waits for its first code; see ConfirmSecond. It
// asks for the password again: whoever finds a browser signed in could otherwise
// lock its owner out.
func (s *Service) BeginSecond(ctx context.Context, u User, password, from string) error {
	if err := s.confirm(ctx, u, "password", password, from); err != nil {
		return err
	}
	f, err := account.NewSecond(s.Now())
	if err != nil {
		return err
	}
	return s.Store.PutSecond(ctx, u.ID, f)
}

// ConfirmSecond puts the second factor in force with a first code, and returns the
// recovery codes, which are kept nowhere.
func (s *Service) ConfirmSecond(ctx context.Context, u User, code string) ([]string, error) {
	f, err := s.Second(ctx, u)
	if err != nil {
		return nil, err
	}
	if !f.Waits(s.Now()) {
		return nil, fault.New(fault.Conflict, "这次设置放得太久，或已经办完了。请重新开始。")
	}
	step, ok := f.Check(code, s.Now())
	if !ok {
		return nil, account.ErrFirstCode
	}
	codes, hashes := account.NewRecovery(u.ID)
	return codes, s.Store.ConfirmSecond(ctx, u.Login, u.ID, step, hashes)
}

// RenewRecovery replaces the recovery codes of a user's own second factor.
func (s *Service) RenewRecovery(ctx context.Context, u User, password, from string) ([]string, error) {
	if err := s.confirm(ctx, u, "password", password, from); err != nil {
		return nil, err
	}
	codes, hashes := account.NewRecovery(u.ID)
	return codes, s.Store.PutRecovery(ctx, u.Login, u.ID, hashes)
}

// DropOwnSecond takes a user's own second factor away.
func (s *Service) DropOwnSecond(ctx context.Context, u User, password, from string) error {
	if err := s.confirm(ctx, u, "password", password, from); err != nil {
		return err
	}
	return s.Store.DropSecond(ctx, u.Login, u.ID)
}

// DropSecond takes somebody's second factor away, whose telephone is lost. The
// password alone lets in then, or sets up another one where it is demanded. The
// sign-ins end.
func (s *Service) DropSecond(ctx context.Context, actor User, id string) error {
	if err := actor.Need(Manage); err != nil {
		return err
	}
	if id == actor.ID {
		return fault.New(fault.Conflict, "自己的二次验证请在“我的账号”里关闭，要输入密码。")
	}
	return s.Store.DropSecond(ctx, actor.Login, id)
}
