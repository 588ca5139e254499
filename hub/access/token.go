package access

import (
	"context"
	"time"

	"github.com/google/uuid"

	"zhanqun/internal/account"
	"zhanqun/internal/fault"
)

// TokenLife is how long a token lasts unless said otherwise.
const TokenLife = 365 * 24 * time.Hour

const maxTokenLife = 10 * 365 * 24 * time.Hour

// tokenTouch is how exactly the last use of a token is kept: each note of it is
// a durable write.
const tokenTouch = 5 * time.Minute

// Token lets a program act as a user. Its secret is shown once and not kept.
type Token struct {
	ID        string    `json:"id"`
	Account   string    `json:"account"`
	Name      string    `json:"name"` // what it is for
	CreatedAt time.Time `json:"createdAt"`
	ExpiresAt time.Time `json:"expiresAt"`
	UsedAt    time.Time `json:"usedAt,omitzero"`
	RevokedAt time.Time `json:"revokedAt,omitzero"`
}

// Usable reports whether the token still lets anyone in.
func (t Token) Usable(now time.Time) bool { return t.RevokedAt.IsZero() && now.Before(t.ExpiresAt) }

// NewToken makes a token of the account with the given login, for life or
// TokenLife when that is 0. Everyone makes his own; the administrator all.
func (s *Service) NewToken(ctx context.Context, actor User, login, name string, life time.Duration) (secret string, t Token, err error) {
	u, _, err := s.Store.AccountByLogin(ctx, FoldLogin(login))
	if err != nil {
		return "", t, err
	}
	if err := actor.over(u.ID); err != nil {
		return "", t, err
	}
	if u.Disabled {
		return "", t, fault.New(fault.Conflict, "账号 "+u.Login+" 已经停用，不能生成令牌。")
	}
	if life == 0 {
		life = TokenLife
	}
	if life < time.Minute || life > maxTokenLife {
		return "", t, fault.Field("life", "令牌的有效期要在 1 分钟到 10 年之间。")
	}
	if err := checkLine("name", "令牌名称", name, 60); err != nil {
		return "", t, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return "", t, err
	}
	now := s.Now()
	t = Token{ID: id.String(), Account: u.ID, Name: name, CreatedAt: now, ExpiresAt: now.Add(life)}
	secret, hash := account.NewToken("zqt")
	if err := s.Store.AddToken(ctx, actor.Login, t, hash); err != nil {
		return "", t, err
	}
	return secret, t, nil
}

// UserByToken returns whom a program acts for.
func (s *Service) UserByToken(ctx context.Context, secret string) (User, error) {
	bad := fault.New(fault.Unauthenticated, "令牌无效或已过期，请换一个。")
	if len(secret) > 200 {
		return User{}, bad
	}
	t, u, err := s.Store.TokenByHash(ctx, account.HashToken(secret))
	if fault.Is(err, fault.NotFound) {
		return User{}, bad
	}
	if err != nil {
		return User{}, err
	}
	now := s.Now()
	if !t.Usable(now) || u.Disabled {
		return User{}, bad
	}
	if now.Sub(t.UsedAt) > tokenTouch {
		if err := s.Store.TouchToken(ctx, t.ID); err != nil {
			return User{}, err
		}
	}
	return u, nil
}

// Tokens lists the tokens of an account, newest first.
func (s *Service) Tokens(ctx context.Context, actor User, accountID string) ([]Token, error) {
	if err := actor.over(accountID); err != nil {
		return nil, err
	}
	return s.Store.Tokens(ctx, accountID)
}

// RevokeToken ends one token of an account.
func (s *Service) RevokeToken(ctx context.Context, actor User, accountID, id string) error {
	list, err := s.Tokens(ctx, actor, accountID)
	if err != nil {
		return err
	}
	for _, t := range list {
		if t.ID == id {
			return s.Store.RevokeToken(ctx, actor.Login, id)
		}
	}
	return fault.New(fault.NotFound, "没有这个令牌。")
}
