package account

import "time"

// Tries is what is counted of attempts to sign in under one name: from one
// address, or from everywhere.
type Tries struct {
	Failures    int
	FailedAt    time.Time
	LockedUntil time.Time
	KnownAt     time.Time // somebody signed in under the name from here; of one address only
}

// knownFor is how long an address counts as one the owner of a name uses.
const knownFor = 90 * 24 * time.Hour

// Forgotten returns the times before which a counter's last failure, and its
// last sign-in, have to lie for it to be of no use any more.
func Forgotten(now time.Time) (failed, known time.Time) {
	return now.Add(-DefaultLockout().Window), now.Add(-knownFor)
}

// everywhere bounds guesses at one name that come from many addresses: at most
// 90 an hour. It says nothing to an address the owner uses.
var everywhere = Lockout{MaxFailures: 30, Window: 24 * time.Hour, Base: time.Minute, Max: time.Minute}

// Attempt counts one attempt as failed, before the password is looked at, or
// returns a Limited fault that says how long to wait; then nothing is counted.
//
// Failures lock the name for the address they come from. Those from addresses
// nobody has signed in from also count together. So whoever guesses at a name
// locks himself out, and not the owner where the owner works.
func Attempt(here, all *Tries, now time.Time) error {
	rule := DefaultLockout()
	if err := rule.Check(here.LockedUntil, now); err != nil {
		return err
	}
	stranger := now.Sub(here.KnownAt) > knownFor
	if stranger {
		if err := everywhere.Check(all.LockedUntil, now); err != nil {
			return err
		}
		all.count(everywhere, now)
	}
	here.count(rule, now)
	return nil
}

func (t *Tries) count(rule Lockout, now time.Time) {
	t.Failures = rule.Count(t.Failures, t.FailedAt, now)
	t.FailedAt = now
	t.LockedUntil = rule.After(t.Failures, now)
}

// Passed takes the attempt back: it was the owner.
func Passed(here, all *Tries, now time.Time) {
	if now.Sub(here.KnownAt) > knownFor {
		all.Failures, all.LockedUntil = max(all.Failures-1, 0), time.Time{}
	}
	*here = Tries{KnownAt: now}
}
