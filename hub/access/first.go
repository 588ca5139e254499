package access

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"zhanqun/hub/catalog"
	"zhanqun/internal/account"
)

// FirstLogin is the login of the administrator that a new hub begins with.
const FirstLogin = "admin"

// Prepare makes what a new hub begins with: the columns, and one administrator
// if there is none. password is the administrator's one-time
// password, to be shown once; it is empty when nothing was made.
func (s *Service) Prepare(ctx context.Context) (password string, err error) {
	if err := s.Store.PutFirstColumns(ctx, catalog.FirstColumns()); err != nil {
		return "", fmt.Errorf("making the first columns: %w", err)
	}
	admins, err := s.Store.Accounts(ctx, UserQuery{Role: account.RoleAdmin, Limit: 1})
	if err != nil || len(admins) > 0 {
		return "", err
	}
	password = account.GeneratePassword()
	hash, err := account.Hash(ctx, password)
	if err != nil {
		return "", err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("making the first administrator: %w", err)
	}
	now := s.Now()
	made, err := s.Store.AddFirstAdmin(ctx, User{
		ID: id.String(), Login: FirstLogin, Name: "管理员", Role: account.RoleAdmin,
		MustChange: true, CreatedAt: now, SessionsFrom: now,
	}, hash)
	if err != nil || !made {
		return "", err
	}
	return password, nil
}
