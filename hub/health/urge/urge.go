// Package urge keeps the county's rhythm of getting faults mended: a deadline in
// working days, a reminder before it, and then, ever wider, the daily check, the
// weekly exposure, the monthly supervision and the quarterly bulletin
// (一日一检查、一周一曝光、一月一督办、一季一通报).
//
// Everything is a pure function of a finding's two dates and the calendar, so
// that a report of a past period comes out the same whenever it is asked for.
// The lengths are the county's own: no national text fixes them.
package urge

import (
	"time"

	"zhanqun/hub/health/workday"
	"zhanqun/internal/chinatime"
	"zhanqun/protocol"
)

// Rules are how long units have.
type Rules struct {
	Days       int // working days to deal with a finding
	UrgentDays int // the same for what can fail a whole site by itself
	RemindDays int // working days before the last one on which the unit is reminded
	// Add returns the n-th working day after day, or before it for a negative n.
	// Nil means by the holidays known when the program was made.
	Add func(day time.Time, n int) time.Time
}

// Defaults are what is used where the county has set nothing.
var Defaults = Rules{Days: 10, UrgentDays: 2, RemindDays: 2}

// urgent are the classes of finding that can fail a whole site by themselves.
var urgent = map[string]bool{"外链变异": true, "暗链": true, "挂马": true, "站点打不开": true}

// Urgent reports whether findings of a class can fail a whole site by themselves.
func Urgent(class string) bool { return urgent[class] }

// Deadline is the last moment of the last day a unit has that was told at told.
// Day one is the working day after.
func (r Rules) Deadline(told time.Time, class string) time.Time {
	days := r.Days
	if Urgent(class) {
		days = r.UrgentDays
	}
	return endOf(r.add(dayOf(told), max(days, 1)))
}

func (r Rules) add(day time.Time, n int) time.Time {
	if r.Add == nil {
		return Workdays(known)(day, n)
	}
	return r.Add(day, n)
}

// known are the holidays known when the program was made.
var known = workday.Default()

// Workdays is Rules.Add by a calendar. A year the calendar lacks is counted
// Monday to Friday.
func Workdays(c *workday.Calendar) func(day time.Time, n int) time.Time {
	return func(day time.Time, n int) time.Time {
		day, _ = c.Add(day, n)
		return day
	}
}

// Term is the time a unit has for one finding.
type Term struct {
	From time.Time // when it was told
	Due  time.Time // its deadline
}

// Stages are the steps of urging, in their order.
func Stages() []string {
	return []string{protocol.StageReminded, protocol.StageOverdue, protocol.StageExposed, protocol.StageSupervised, protocol.StageCirculated}
}

// Rank is the place of a stage among Stages, from 1; 0 for none.
func Rank(stage string) int {
	for i, s := range Stages() {
		if s == stage {
			return i + 1
		}
	}
	return 0
}

// At is when a stage begins for t; the zero time where there is no such stage.
func (r Rules) At(stage string, t Term) time.Time {
	if t.Due.IsZero() {
		return time.Time{}
	}
	over := dayOf(t.Due).AddDate(0, 0, 1)
	exposed := nextWeek(over)
	supervised := nextMonth(exposed)
	switch stage {
	case protocol.StageReminded:
		return r.reminder(t)
	case protocol.StageOverdue:
		return over
	case protocol.StageExposed:
		return exposed
	case protocol.StageSupervised:
		return supervised
	case protocol.StageCirculated:
		return nextQuarter(supervised)
	}
	return time.Time{}
}

// morning is when people are reminded.
const morning = 8 * time.Hour

// reminder is the morning RemindDays working days before the last day, later for
// a short term, and never on the day on which the unit was told.
func (r Rules) reminder(t Term) time.Time {
	due, told := dayOf(t.Due), dayOf(t.From)
	for n := r.RemindDays; n >= 0 && r.RemindDays > 0; n-- {
		if day := r.add(due, -n); day.After(told) {
			return day.Add(morning)
		}
	}
	return time.Time{}
}

// Reached is the last stage that has begun at now, or "".
func (r Rules) Reached(t Term, now time.Time) string {
	reached := ""
	for _, s := range Stages() {
		if at := r.At(s, t); !at.IsZero() && !now.Before(at) {
			reached = s
		}
	}
	return reached
}

// Next is when the stage after the one reached at now begins; the zero time when
// there is none.
func (r Rules) Next(t Term, now time.Time) time.Time {
	for _, s := range Stages() {
		if at := r.At(s, t); at.After(now) {
			return at
		}
	}
	return time.Time{}
}

// DaysLeft is how many days of the calendar are left of the last day's date: 0 on
// the last day itself, negative afterwards.
func DaysLeft(due, now time.Time) int {
	return int(dayOf(due).Sub(dayOf(now)) / (24 * time.Hour))
}

func dayOf(at time.Time) time.Time {
	y, m, d := at.In(chinatime.Zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, chinatime.Zone)
}

func endOf(day time.Time) time.Time { return dayOf(day).Add(24*time.Hour - time.Second) }

// nextWeek is the first Monday behind a day.
func nextWeek(day time.Time) time.Time { return periodOf(Week, day).Until }

func nextMonth(day time.Time) time.Time { return periodOf(Month, day).Until }

func nextQuarter(day time.Time) time.Time { return periodOf(Quarter, day).Until }
