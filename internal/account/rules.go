package account

import (
	"context"
	"time"

	"zhanqun/internal/fault"
)

// Rules are what a county demands of how people sign in beside CheckPassword. The
// zero value demands nothing more.
type Rules struct {
	Days int // a password has to be changed after that many; 0 for never
	Past int // how many earlier ones must not come back
	// Second says whose accounts need a second factor.
	Second Demand
}

// Expired reports whether a password set at that time has to be changed now. A
// clock set back makes none expire.
func (r Rules) Expired(set, now time.Time) bool {
	return r.Days > 0 && now.Sub(set) >= time.Duration(r.Days)*24*time.Hour
}

// OneTimeLife is how long a password that somebody was given lets in. After that
// another one has to be given: paper lies about.
const OneTimeLife = 7 * 24 * time.Hour

// Lapsed reports whether a password that somebody was given at a time lets in no
// more. A clock set back ends none.
func Lapsed(given, now time.Time) bool { return now.Sub(given) >= OneTimeLife }

// CheckNew returns a fault at the field "password" when pw is no acceptable new
// password for login, or one of the stored earlier ones.
func (r Rules) CheckNew(ctx context.Context, login, pw string, past []string) error {
	if err := CheckPassword(login, pw); err != nil {
		return err
	}
	for _, stored := range past {
		used, _, err := Verify(ctx, stored, pw)
		if err != nil {
			return err
		}
		if used {
			return fault.Field("password", "这个密码最近用过，请换一个没有用过的。")
		}
	}
	return nil
}
