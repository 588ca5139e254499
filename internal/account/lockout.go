package account

import (
	"fmt"
	"time"

	"zhanqun/internal/fault"
)

// Lockout is the rule for failed sign-ins, as numbers in and times out. Counters
// live with the caller, in a database, so that neither a restart nor a second
// replica resets them.
type Lockout struct {
	MaxFailures int           // the failure that locks for the first time
	Window      time.Duration // a failure older than this no longer counts
	Base        time.Duration // length of the first lock; doubles with each further failure
	Max         time.Duration // longest lock
}

// DefaultLockout locks at the fifth failure for one minute, then two, four …
// up to thirty. That stops guessing and still lets a clerk in the same morning.
func DefaultLockout() Lockout {
	return Lockout{MaxFailures: 5, Window: 24 * time.Hour, Base: time.Minute, Max: 30 * time.Minute}
}

// Count returns the number of failures to store when one more happens now, given
// the stored number and the time of the last one. A clock set back does not
// forgive anything.
func (l Lockout) Count(failures int, last, now time.Time) int {
	if now.Sub(last) > l.Window {
		return 1
	}
	return failures + 1
}

// After returns until when sign-in is locked after this many failures, the
// latest of them now; the zero time means not locked.
func (l Lockout) After(failures int, now time.Time) (lockedUntil time.Time) {
	if failures < l.MaxFailures {
		return time.Time{}
	}
	wait := l.Base
	for i := l.MaxFailures; i < failures && wait < l.Max; i++ {
		wait *= 2
	}
	return now.Add(min(wait, l.Max))
}

// Check returns a Limited fault that says how long to wait while now is before
// lockedUntil, and nil otherwise. A lock that would last longer than Max was
// set by a clock since put right, and is over: a PC that believed in 2099 for a
// minute must not stay shut until then.
func (l Lockout) Check(lockedUntil, now time.Time) error {
	left := lockedUntil.Sub(now)
	if left <= 0 || left > l.Max {
		return nil
	}
	// Seconds are rounded up: told to wait 10, nobody is refused after 10.
	seconds := int((left + time.Second - 1) / time.Second)
	wait := fmt.Sprintf("%d 秒", seconds)
	if seconds > 60 {
		wait = fmt.Sprintf("%d 分钟", (seconds+59)/60)
	}
	return fault.New(fault.Limited, "连续输错次数太多，请等 "+wait+"后再试。忘记密码请联系管理员重设。")
}
