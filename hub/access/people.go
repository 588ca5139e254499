package access

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"zhanqun/internal/account"
	"zhanqun/internal/fault"
)

// NewUser is what an administrator says of a new account.
type NewUser struct {
	Login, Name string
	Role        account.Role
	Unit        string // required for liaisons
	// Password is set by those who make accounts for programs and samples. When
	// it is empty a one-time password is made, which has to be changed.
	Password string
}

// User returns an account by its id.
func (s *Service) User(ctx context.Context, id string) (User, error) {
	return s.Store.Account(ctx, id)
}

// UserByLogin returns an account by its login, however typed.
func (s *Service) UserByLogin(ctx context.Context, login string) (User, error) {
	u, _, err := s.Store.AccountByLogin(ctx, FoldLogin(login))
	return u, err
}

// Users returns one page of accounts; Limit is kept between 1 and 500.
func (s *Service) Users(ctx context.Context, actor User, q UserQuery) ([]User, error) {
	if err := actor.Need(Manage); err != nil {
		return nil, err
	}
	q.Limit = page(q.Limit)
	return s.Store.Accounts(ctx, q)
}

// AddUser makes an account and returns its password if one was made up.
func (s *Service) AddUser(ctx context.Context, actor User, n NewUser) (u User, password string, err error) {
	if err := actor.Need(Manage); err != nil {
		return User{}, "", err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return User{}, "", fmt.Errorf("adding a user: %w", err)
	}
	now := s.Now()
	u = User{ID: id.String(), Login: FoldLogin(n.Login), CreatedAt: now, SessionsFrom: now, MustChange: n.Password == ""}
	if err := checkLogin(u.Login); err != nil {
		return User{}, "", err
	}
	if err := s.describe(ctx, &u, n.Name, n.Role, n.Unit); err != nil {
		return User{}, "", err
	}
	password = n.Password
	if password == "" {
		password = account.GeneratePassword()
	} else if err := account.CheckPassword(u.Login, password); err != nil {
		return User{}, "", err
	}
	hash, err := account.Hash(ctx, password)
	if err != nil {
		return User{}, "", err
	}
	if err := s.Store.AddAccount(ctx, actor.Login, u, hash); err != nil {
		return User{}, "", err
	}
	return u, password, nil
}

// describe checks and sets what may be edited later.
func (s *Service) describe(ctx context.Context, u *User, name string, role account.Role, unit string) error {
	u.Name, u.Role, u.Unit = strings.TrimSpace(name), role, strings.TrimSpace(unit)
	if u.Name == "" {
		u.Name = u.Login
	}
	if err := checkLine("name", "姓名", u.Name, 40); err != nil {
		return err
	}
	if !role.Valid() {
		return fault.Field("role", "请选择角色：信息员、村信息员、审核员、分管领导、管理员或查看者。")
	}
	if u.Unit == "" {
		if role == account.RoleLiaison || role == account.RoleVillage {
			return fault.Field("unit", "信息员必须属于一个单位，请填写单位代码。")
		}
		return nil
	}
	known, err := s.Store.Unit(ctx, u.Unit)
	if fault.Is(err, fault.NotFound) {
		return fault.Field("unit", "没有代码为 "+u.Unit+" 的单位，请先导入单位。")
	}
	u.UnitName = known.Name
	return err
}

// EditUser changes the name, role and unit of an account.
func (s *Service) EditUser(ctx context.Context, actor User, id, name string, role account.Role, unit string) (User, error) {
	if err := actor.Need(Manage); err != nil {
		return User{}, err
	}
	old, err := s.Store.Account(ctx, id)
	if err != nil {
		return User{}, err
	}
	edited := old
	if err := s.describe(ctx, &edited, name, role, unit); err != nil {
		return User{}, err
	}
	return s.Store.EditAccount(ctx, actor.Login, "user.edit", id, func(u *User, others int) error {
		before := *u
		u.Name, u.Role, u.Unit = edited.Name, edited.Role, edited.Unit
		return keepAdmin(before, *u, others)
	})
}

// DisableUser shuts an account: its sessions and tokens end at once.
func (s *Service) DisableUser(ctx context.Context, actor User, id string) (User, error) {
	if err := actor.Need(Manage); err != nil {
		return User{}, err
	}
	if id == actor.ID {
		return User{}, fault.New(fault.Conflict, "不能停用自己的账号，请由另一位管理员来做。")
	}
	return s.Store.EditAccount(ctx, actor.Login, "user.disable", id, func(u *User, others int) error {
		before := *u
		u.Disabled = true
		u.SessionsFrom = s.Now()
		return keepAdmin(before, *u, others)
	})
}

// EnableUser opens a disabled account again. Old sessions stay ended.
func (s *Service) EnableUser(ctx context.Context, actor User, id string) (User, error) {
	if err := actor.Need(Manage); err != nil {
		return User{}, err
	}
	return s.Store.EditAccount(ctx, actor.Login, "user.enable", id, func(u *User, _ int) error {
		u.Disabled = false
		return nil
	})
}

// keepAdmin refuses an edit that would leave nobody to administer the hub.
// others counts the other administrators.
func keepAdmin(before, after User, others int) error {
	if before.May(Manage) && !after.May(Manage) && others == 0 {
		return fault.New(fault.Conflict, "这是最后一位管理员，不能停用或改作他用。请先添加另一位管理员。")
	}
	return nil
}

// ResetPassword gives an account a one-time password. Its sessions and tokens
// end at once, and a lock on its name is lifted. from is as in SignIn, empty for a
// command.
func (s *Service) ResetPassword(ctx context.Context, actor User, id, from string) (password string, err error) {
	if err := actor.Need(Manage); err != nil {
		return "", err
	}
	if _, err := s.Store.Account(ctx, id); err != nil {
		return "", err
	}
	password = account.GeneratePassword()
	hash, err := account.Hash(ctx, password)
	if err != nil {
		return "", err
	}
	return password, s.Store.SetPassword(ctx, actor.Login, from, id, hash, true, true)
}
