package config

import (
	"slices"
	"time"
)

// Accounts says what is demanded of people who sign in.
type Accounts struct {
	PasswordDays int `toml:"password_days" env:"PASSWORD_DAYS"` // a password has to be changed after that many; 0 for never
	PasswordPast int `toml:"password_past" env:"PASSWORD_PAST"` // how many former ones must not come back
	IdleMinutes  int `toml:"idle_minutes" env:"IDLE_MINUTES"`   // a sign-in ends after that long without a click
	// SecondFactor says whose accounts need one: optional for nobody's, admins for
	// those who give others their accounts, or all.
	SecondFactor string `toml:"second_factor" env:"SECOND_FACTOR"`
}

// Idle returns after how long without a click a sign-in ends.
func (a Accounts) Idle() time.Duration { return time.Duration(a.IdleMinutes) * time.Minute }

func defaultAccounts() Accounts {
	return Accounts{PasswordPast: 5, IdleMinutes: 30, SecondFactor: "optional"}
}

func (c *checker) accounts(a Accounts) {
	c.between("accounts.password_days", int64(a.PasswordDays), 0, 3650)
	c.between("accounts.password_past", int64(a.PasswordPast), 0, 24)
	c.between("accounts.idle_minutes", int64(a.IdleMinutes), 5, 8*60)
	if !slices.Contains([]string{"optional", "admins", "all"}, a.SecondFactor) {
		c.add("accounts.second_factor", "只能是 optional、admins、all 之一")
	}
}
