package access

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"zhanqun/internal/account"
	"zhanqun/internal/fault"
)

// User is a person with an account at the county.
type User struct {
	ID         string       `json:"id"`
	Login      string       `json:"login"` // folded; see FoldLogin
	Name       string       `json:"name"`
	Role       account.Role `json:"role"`
	Unit       string       `json:"unit,omitempty"` // code; whose items a liaison may read
	UnitName   string       `json:"unitName,omitempty"`
	Disabled   bool         `json:"disabled"`
	MustChange bool         `json:"mustChange"` // the password was given by someone else
	// SecondFactor says that the password alone does not let in.
	SecondFactor bool `json:"secondFactor"`
	// SessionsFrom is the earliest sign-in whose session still counts. It moves
	// with each change of password and when the account is disabled.
	SessionsFrom time.Time `json:"-"`
	PasswordAt   time.Time `json:"-"` // when the password was set
	PasswordBy   string    `json:"-"` // login of who set it; empty for the owner
	PasswordFrom string    `json:"-"` // address it was set from; empty for a command
	CreatedAt    time.Time `json:"createdAt"`
	SeenAt       time.Time `json:"seenAt,omitzero"` // last sign-in
	SeenFrom     string    `json:"-"`               // address of it
}

// Valid reports whether a session begun at signedIn still lets u in.
func (u User) Valid(signedIn time.Time) bool {
	return !u.Disabled && !signedIn.Before(u.SessionsFrom)
}

// UserQuery selects accounts, ordered by login.
type UserQuery struct {
	Role  account.Role // empty for all
	After string       // the last login of the page before
	Limit int
}

// localID is the actor of commands given on the hub's own machine.
const localID = "local"

// Local is who gives commands on the hub's own machine: whoever can open the
// data folder may administer it. who is the name of the system's user.
func Local(who string) User {
	if who == "" {
		who = localID
	}
	return User{ID: localID, Login: localID + ":" + who, Name: "本机 " + who, Role: account.RoleAdmin}
}

// FoldLogin returns the form under which a login is kept and looked up: no
// blanks around, full-width characters as plain ones, lower case.
func FoldLogin(typed string) string {
	return strings.ToLower(strings.TrimSpace(norm.NFKC.String(typed)))
}

func checkLogin(login string) error {
	n := utf8.RuneCountInString(login)
	odd := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._-@", r)
	}
	if n < 2 || n > 40 || strings.ContainsFunc(login, odd) {
		return fault.Field("login", "用户名要 2 到 40 个字，只能用文字、数字和 . _ - @。")
	}
	return nil
}

// checkLine wants one line of visible text of at most max characters.
func checkLine(field, what, s string, max int) error {
	switch n := utf8.RuneCountInString(s); {
	case strings.TrimSpace(s) == "":
		return fault.Field(field, what+"不能为空。")
	case n > max:
		return fault.Field(field, what+"太长。")
	case !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl):
		return fault.Field(field, what+"里不能有换行和控制字符。")
	}
	return nil
}
