package uptime

import "time"

// Rule holds the numbers a share is judged by. Shares are in hundredths of a
// per cent.
type Rule struct {
	Days      int // length of the window
	MinPerDay int // valid visits a day needs
	Fail      int // a share of this size or more fails
	Warn      int // a share of this size or more is warned of
}

// Official is the rule of 2015 and 2019: at least 20 visits a day over 7 days,
// 5 % or more fail. The warning at 3 % is a vendor's.
var Official = Rule{Days: 7, MinPerDay: 20, Fail: 500, Warn: 300}

// Share is what a window of days comes to.
type Share struct {
	From    time.Time   `json:"from"` // first day
	To      time.Time   `json:"to"`   // day after the last
	Valid   int         `json:"valid"`
	Failed  int         `json:"failed"`
	Lost    int         `json:"lost"`    // no data, or never asked
	Planned int         `json:"planned"` // during an announced time off line
	Short   []time.Time `json:"short,omitempty"`
}

// Verdict is what a share means.
type Verdict string

// The verdicts of a share.
const (
	Pass         Verdict = "pass"
	Warn         Verdict = "warn"
	Fail         Verdict = "fail"
	Insufficient Verdict = "insufficient" // 样本不足: it may be well, but that is not shown
)

// Complete returns the share of the whole days before the day of at.
func Complete(days []Day, at time.Time, r Rule) Share {
	to := Day0(at)
	return window(days, to.AddDate(0, 0, -r.Days), to, r)
}

// Running returns the share of as many days with the day of at as the last one.
// It is incomplete until that day ends and serves to warn.
func Running(days []Day, at time.Time, r Rule) Share {
	to := Day0(at).AddDate(0, 0, 1)
	return window(days, to.AddDate(0, 0, -r.Days), to, r)
}

func window(days []Day, from, to time.Time, r Rule) Share {
	s := Share{From: from, To: to}
	known := map[int64]Day{}
	for _, d := range days {
		known[d.Day.Unix()] = d
	}
	for day := from; day.Before(to); day = day.AddDate(0, 0, 1) {
		d := known[day.Unix()]
		s.Valid += d.Valid()
		s.Failed += d.Failed
		s.Lost += d.Lost()
		s.Planned += d.Planned
		if d.Valid() < r.MinPerDay {
			s.Short = append(s.Short, day)
		}
	}
	return s
}

// Part returns the failed share in hundredths of a per cent, rounded down; 0
// when nothing is valid.
func (s Share) Part() int {
	if s.Valid == 0 {
		return 0
	}
	return s.Failed * 10_000 / s.Valid
}

// reaches reports whether failed of all is at least a share, the limit itself
// included.
func reaches(failed, all, limit int) bool { return all > 0 && failed*10_000 >= limit*all }

// Verdict judges a share. A sample that is too small can fail, when no result of
// what is lacking could save it, but it never passes.
func (s Share) Verdict(r Rule) Verdict {
	short := len(s.Short) > 0 || s.Valid == 0
	switch {
	case !short && reaches(s.Failed, s.Valid, r.Fail), short && reaches(s.Failed, s.Valid+s.Lost, r.Fail):
		return Fail
	case short:
		return Insufficient
	case reaches(s.Failed, s.Valid, r.Warn):
		return Warn
	}
	return Pass
}

// Allowed is the number of failed visits at which this many valid ones fail.
func (s Share) Allowed(r Rule) int { return (r.Fail*s.Valid + 9_999) / 10_000 }
