package station

import (
	"context"

	"zhanqun/internal/account"
	"zhanqun/node/queue"
)

// FirstLogin is the login of the liaison a new node begins with.
const FirstLogin = "admin"

// Prepare makes the one account a new node begins with: a liaison of the
// township, who makes the others. password is her one-time password, to be
// shown once; it is empty when there was an account already.
func (s *Station) Prepare(ctx context.Context) (password string, err error) {
	list, err := s.Queue.Accounts(ctx)
	if err != nil || len(list) > 0 {
		return "", err
	}
	password = account.GeneratePassword()
	_, err = s.Queue.AddAccount(ctx, queue.Account{Login: FirstLogin, Name: "信息员", Role: account.RoleLiaison}, password, true)
	if err != nil {
		return "", err
	}
	return password, nil
}
