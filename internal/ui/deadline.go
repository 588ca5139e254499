package ui

import (
	"html/template"
	"time"

	"zhanqun/internal/chinatime"
)

// soonDays is from how many days before its end on a deadline is near.
const soonDays = 3

// Deadline says how much is left until a deadline, in days of the calendar:
// 还有 5 天, 明天到期, 今天到期, 已逾期 2 天. The tone says how near it is.
func Deadline(l Lang, due, now time.Time) (string, Tone) {
	left := days(due.In(chinatime.Zone), now.In(chinatime.Zone))
	switch {
	case left < 0:
		return T(l, "已逾期 %d 天", -left), Bad
	case left == 0:
		return T(l, "今天到期"), Warn
	case left == 1:
		return T(l, "明天到期"), Warn
	case left <= soonDays:
		return T(l, "还有 %d 天", left), Warn
	}
	return T(l, "还有 %d 天", left), Neutral
}

// deadline writes how much is left until v; nothing when there is no deadline.
func (s *set) deadline(v any) (template.HTML, error) {
	due, err := toTime(v)
	if err != nil || due.IsZero() {
		return "", err
	}
	word, tone := Deadline(s.lang, due, s.opt.Now())
	shape := "ring"
	if tone != Neutral {
		shape = toneShape(tone)
	}
	return s.part("chip", Chip{Word: word, Shape: shape, Tone: tone})
}
