package config

import "time"

// Accounts says what is demanded of people who sign in.
type Accounts struct {
	PasswordDays int `toml:"password_days" env:"PASSWORD_DAYS"` // a password has to be changed after that many; 0 for never
	PasswordPast int `toml:"password_past" env:"PASSWORD_PAST"` // how many former ones must not come back
	IdleMinutes  int `toml:"idle_minutes" env:"IDLE_MINUTES"`   // a sign-in ends after that long without a click
}

// Idle returns after how long without a click a sign-in ends.
func (a Accounts) Idle() time.Duration { return time.Duration(a.IdleMinutes) * time.Minute }

func defaultAccounts() Accounts { return Accounts{PasswordPast: 5, IdleMinutes: 30} }

func (c *checker) accounts(a Accounts) {
	c.between("accounts.password_days", int64(a.PasswordDays), 0, 3650)
	c.between("accounts.password_past", int64(a.PasswordPast), 0, 24)
	c.between("accounts.idle_minutes", int64(a.IdleMinutes), 5, 8*60)
}
