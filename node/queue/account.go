package queue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"zhanqun/internal/account"
	"zhanqun/internal/content"
	"zhanqun/internal/fault"
	"zhanqun/internal/sqlite"
)

// Account is a person who may sign in at this node.
type Account struct {
	ID         string       `json:"id"`
	Login      string       `json:"login"`
	Name       string       `json:"name"`
	Role       account.Role `json:"role"` // RoleLiaison or RoleVillage
	Village    string       `json:"village,omitempty"`
	Disabled   bool         `json:"disabled,omitempty"`
	MustChange bool         `json:"mustChange,omitempty"` // the password was set by somebody else
	// SecondFactor says that the password alone does not let in.
	SecondFactor bool      `json:"secondFactor,omitempty"`
	CreatedAt    time.Time `json:"createdAt"`
	SeenAt       time.Time `json:"seenAt,omitzero"` // last sign-in
	PasswordAt   time.Time `json:"-"`               // when the password was set

	PasswordBy   string `json:"-"` // login of who set it; empty for the owner
	PasswordFrom string `json:"-"` // address it was set from; empty for a command
	SeenFrom     string `json:"-"` // address of the last sign-in

	generation int64
	password   string
}

// Actor returns the account as the person who acts.
func (a Account) Actor() Actor {
	return Actor{Login: a.Login, Name: a.Name, Role: a.Role, Village: a.Village}
}

// Ref is what a session keeps to find the account again. It dies with a new
// password, so that sessions begun with the old one end.
func (a Account) Ref() string { return a.ID + "." + strconv.FormatInt(a.generation, 10) }

const accountColumns = `id, login, name, role, village, password, generation, disabled, must_change, created_at, seen_at, password_at`

// accountRows selects accounts with what is kept of them elsewhere.
const accountRows = `SELECT ` + accountColumns + `, EXISTS (SELECT 1 FROM second_factor f WHERE f.account = account.id AND f.confirmed_at > 0),
	seen_from, password_by, password_from FROM account `

func scanAccount(row scanner) (a Account, err error) {
	var created, seen, set int64
	err = row.Scan(&a.ID, &a.Login, &a.Name, &a.Role, &a.Village, &a.password, &a.generation, &a.Disabled, &a.MustChange,
		&created, &seen, &set, &a.SecondFactor,
		&a.SeenFrom, &a.PasswordBy, &a.PasswordFrom)
	a.PasswordAt = time.UnixMilli(set)
	a.CreatedAt = time.UnixMilli(created)
	if seen > 0 {
		a.SeenAt = time.UnixMilli(seen)
	}
	return a, err
}

// foldLogin returns the form under which a login is kept and looked up.
func foldLogin(typed string) string { return strings.ToLower(content.CleanLine(typed)) }

func validLogin(login string) bool {
	return login != "" && len(login) <= 60 && !strings.ContainsAny(login, " \n")
}

// AddAccount makes an account. Login is what is typed at sign-in; a village
// liaison needs the code of a village. The password is set by somebody else, so
// it has to be changed at the first sign-in unless mustChange is false.
func (q *Queue) AddAccount(ctx context.Context, a Account, password string, mustChange bool) (Account, error) {
	a.Login, a.Name = foldLogin(a.Login), content.CleanLine(a.Name)
	switch {
	case !validLogin(a.Login):
		return Account{}, fault.Field("login", "登录名不能为空，不能有空格，最长 60 字节。")
	case a.Name == "" || len(a.Name) > 200:
		return Account{}, fault.Field("name", "姓名不能为空，最长 200 字节。")
	case a.Role != account.RoleLiaison && a.Role != account.RoleVillage:
		return Account{}, fault.Field("role", "本机账号只有两种：liaison（信息员）和 village（村信息员）。")
	case a.Role == account.RoleVillage && a.Village == "":
		return Account{}, fault.Field("village", "村信息员要写明所在村的代码。")
	}
	if a.Role == account.RoleLiaison {
		a.Village = ""
	} else if s, err := q.Settings(ctx); err != nil {
		return Account{}, err
	} else if _, ok := s.Village(a.Village); s.Known && !ok {
		return Account{}, fault.Field("village", "本镇没有代码为 "+a.Village+" 的村，请核对。")
	}
	hash, err := newPassword(ctx, a.Login, password)
	if err != nil {
		return Account{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Account{}, fmt.Errorf("making account id: %w", err)
	}
	a.ID, a.MustChange = id.String(), mustChange
	err = q.write(ctx, "adding account", func(ctx context.Context, t *txn) error {
		a.CreatedAt = time.UnixMilli(t.now)
		err := t.exec(ctx, `INSERT INTO account (`+accountColumns+`) VALUES ($1, $2, $3, $4, $5, $6, 1, 0, $7, $8, 0, $8)`,
			a.ID, a.Login, a.Name, string(a.Role), a.Village, hash, a.MustChange, t.now)
		if sqlite.IsConflict(err) {
			return fault.Field("login", "登录名“"+a.Login+"”已经有人用了，请换一个。")
		}
		return err
	})
	return a, err
}

func newPassword(ctx context.Context, login, password string) (string, error) {
	if err := account.CheckPassword(login, password); err != nil {
		return "", err
	}
	return account.Hash(ctx, password)
}

// Accounts returns all accounts by login.
func (q *Queue) Accounts(ctx context.Context) ([]Account, error) {
	rows, err := q.db.Read.QueryContext(ctx, accountRows+`ORDER BY login LIMIT 10000`)
	if err != nil {
		return nil, fmt.Errorf("reading accounts: %w", err)
	}
	return collect(rows, scanAccount)
}

var errNoAccount = fault.New(fault.NotFound, "没有这个账号。")

// AccountByLogin returns an account.
func (q *Queue) AccountByLogin(ctx context.Context, login string) (Account, error) {
	a, err := scanAccount(q.db.Read.QueryRowContext(ctx, accountRows+`WHERE login = $1`, foldLogin(login)))
	if errors.Is(err, sql.ErrNoRows) {
		return Account{}, errNoAccount
	}
	if err != nil {
		return Account{}, fmt.Errorf("reading account: %w", err)
	}
	return a, nil
}

// AccountByRef returns the account a session belongs to, or a fault of kind
// Unauthenticated when it was disabled or its password changed.
func (q *Queue) AccountByRef(ctx context.Context, ref string) (Account, error) {
	id, gen, _ := strings.Cut(ref, ".")
	a, err := scanAccount(q.db.Read.QueryRowContext(ctx, accountRows+`WHERE id = $1`, id))
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return Account{}, fmt.Errorf("reading account: %w", err)
	}
	if err != nil || a.Disabled || strconv.FormatInt(a.generation, 10) != gen {
		return Account{}, fault.New(fault.Unauthenticated, "请重新登录。")
	}
	return a, nil
}

// SetPassword gives an account a new password, ends its sessions and lifts a
// lock on its name. mustChange says that its owner has to choose another one at the
// next sign-in. by is the login of who sets it, and from the address he does it at,
// empty for a command.
func (q *Queue) SetPassword(ctx context.Context, login, password string, mustChange bool, by, from string) error {
	a, err := q.AccountByLogin(ctx, login)
	if err != nil {
		return err
	}
	past := []string{}
	if !mustChange { // who chooses his own may not take one he had
		if past, err = q.pastPasswords(ctx, a); err != nil {
			return err
		}
	}
	if err := q.rules.CheckNew(ctx, a.Login, password, past); err != nil {
		return err
	}
	hash, err := account.Hash(ctx, password)
	if err != nil {
		return err
	}
	if by == a.Login {
		by = ""
	}
	return q.write(ctx, "setting password", func(ctx context.Context, t *txn) error {
		err := t.exec(ctx, `INSERT INTO password_past (account, n, password)
			SELECT $1, COALESCE(MAX(n), 0) + 1, $2 FROM password_past WHERE account = $1`, a.ID, a.password)
		if err != nil {
			return fmt.Errorf("keeping the former password: %w", err)
		}
		err = t.exec(ctx, `DELETE FROM password_past WHERE account = $1 AND n <= (SELECT MAX(n) FROM password_past WHERE account = $1) - $2`, a.ID, maxPast)
		if err != nil {
			return fmt.Errorf("forgetting former passwords: %w", err)
		}
		err = t.exec(ctx, `UPDATE account SET password = $2, generation = generation + 1, must_change = $3, password_at = $4, password_by = $5, password_from = $6 WHERE id = $1`,
			a.ID, hash, mustChange, t.now, by, from)
		if err != nil {
			return err
		}
		return t.exec(ctx, `DELETE FROM lockout WHERE login = $1 OR substr(login, 1, length($2)) = $2`, a.Login, lockoutKey(a.Login, ""))
	})
}

// maxPast is how many passwords of an account are kept, whatever the rules are
// today.
const maxPast = 24

// pastPasswords are the stored forms of the present password and the latest
// before it, as many as must not come back.
func (q *Queue) pastPasswords(ctx context.Context, a Account) ([]string, error) {
	if q.rules.Past == 0 {
		return nil, nil
	}
	rows, err := q.db.Read.QueryContext(ctx, `SELECT password FROM password_past WHERE account = $1 ORDER BY n DESC LIMIT $2`, a.ID, q.rules.Past-1)
	if err != nil {
		return nil, fmt.Errorf("reading former passwords: %w", err)
	}
	list, err := collect(rows, func(row scanner) (s string, err error) {
		err = row.Scan(&s)
		return s, err
	})
	return append(list, a.password), err
}

// MustChange reports whether somebody has to choose a new password before
// anything else: the present one was given by somebody else, or is too old.
func (q *Queue) MustChange(a Account) bool {
	return a.MustChange || q.rules.Expired(a.PasswordAt, q.now())
}

// SignOutEverywhere ends all sessions of an account.
func (q *Queue) SignOutEverywhere(ctx context.Context, login string) error {
	a, err := q.AccountByLogin(ctx, login)
	if err != nil {
		return err
	}
	return q.write(ctx, "ending sessions", func(ctx context.Context, t *txn) error {
		return t.exec(ctx, `UPDATE account SET generation = generation + 1 WHERE id = $1`, a.ID)
	})
}

// SetDisabled shuts or opens an account and ends its sessions.
func (q *Queue) SetDisabled(ctx context.Context, login string, disabled bool) error {
	a, err := q.AccountByLogin(ctx, login)
	if err != nil {
		return err
	}
	return q.write(ctx, "disabling account", func(ctx context.Context, t *txn) error {
		return t.exec(ctx, `UPDATE account SET disabled = $2, generation = generation + 1 WHERE id = $1`, a.ID, disabled)
	})
}
