package ui

import (
	"time"

	"zhanqun/internal/chinatime"
)

// When says a time the way people do: 今天 14:05, 昨天 09:30, 明天 08:00,
// 11月3日, 2025年3月2日.
func When(l Lang, at, now time.Time) string {
	at, now = at.In(chinatime.Zone), now.In(chinatime.Zone)
	switch days(at, now) {
	case 0:
		return T(l, "今天 %s", at.Format("15:04"))
	case -1:
		return T(l, "昨天 %s", at.Format("15:04"))
	case 1:
		return T(l, "明天 %s", at.Format("15:04"))
	}
	return Day(l, at, now)
}

// Day is the date alone: 今天, 昨天, 明天, 11月3日, 2025年3月2日.
func Day(l Lang, at, now time.Time) string {
	at, now = at.In(chinatime.Zone), now.In(chinatime.Zone)
	switch days(at, now) {
	case 0:
		return T(l, "今天")
	case -1:
		return T(l, "昨天")
	case 1:
		return T(l, "明天")
	}
	// The order of year, month and day differs, so the whole form is per language.
	if at.Year() == now.Year() {
		if l.Code() == "zh" {
			return at.Format("1月2日")
		}
		return at.Format("2 Jan")
	}
	if l.Code() == "zh" {
		return at.Format("2006年1月2日")
	}
	return at.Format("2 Jan 2006")
}

// Full is the exact time, shown on hover and in print.
func Full(at time.Time) string { return at.In(chinatime.Zone).Format("2006-01-02 15:04:05") }

// Ago says how long ago at was: 刚刚, 5 分钟前, 3 小时前, 2 天前. A time still to
// come is told like When, because clocks differ.
func Ago(l Lang, at, now time.Time) string {
	d := now.Sub(at)
	switch {
	case d < -time.Minute:
		return When(l, at, now)
	case d < time.Minute:
		return T(l, "刚刚")
	}
	return T(l, "%s前", Span(l, d))
}

// Span says a duration in its largest whole unit: 40 秒, 5 分钟, 3 小时, 2 天.
func Span(l Lang, d time.Duration) string {
	d = max(d, 0)
	switch {
	case d < time.Minute:
		return T(l, "%d 秒", int(d/time.Second))
	case d < time.Hour:
		return T(l, "%d 分钟", int(d/time.Minute))
	case d < 48*time.Hour:
		return T(l, "%d 小时", int(d/time.Hour))
	}
	return T(l, "%d 天", int(d/(24*time.Hour)))
}

// days counts calendar days from now to at.
func days(at, now time.Time) int {
	day := func(t time.Time) time.Time {
		y, m, d := t.Date()
		return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	}
	return int(day(at).Sub(day(now)) / (24 * time.Hour))
}
