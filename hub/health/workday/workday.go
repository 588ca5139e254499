// Package workday counts the working days of Chinese offices: Monday to Friday
// without the holidays, and with the weekend days that are worked in exchange,
// as the State Council's office announces them for each year.
//
// It promises that
//
//   - the days are data, one file a year, each naming the notice it follows;
//   - an answer that touches a year without a file says so (known is false)
//     and is then counted by Monday to Friday; Missing names the years;
//   - days are days in Beijing, whatever zone a time comes in, and every day
//     returned is its midnight there;
//   - the day an event happens on is day 0: the first working day counted is
//     the next one, as offices count their deadlines.
//
// A year's notice comes in the autumn before it, so late in each year the next
// one is still missing; a file in the folder named by the settings adds it.
package workday

import (
	"slices"
	"time"

	"zhanqun/internal/chinatime"
)

// Calendar knows the holidays and working weekends of some years. It does not
// change once made and is safe for use by many goroutines.
type Calendar struct {
	years map[int]Year
	off   map[int]string // holidays by date, 20261001, with their names
	work  map[int]bool   // worked in exchange
}

// Year is what is known of one year.
type Year struct {
	Year   int
	Source string // the notice it follows
}

// Years returns the years the calendar knows, oldest first.
func (c *Calendar) Years() []Year {
	list := make([]Year, 0, len(c.years))
	for _, y := range c.years {
		list = append(list, y)
	}
	slices.SortFunc(list, func(a, b Year) int { return a.Year - b.Year })
	return list
}

// Date returns the midnight in Beijing with which the day of t begins there.
func Date(t time.Time) time.Time {
	y, m, d := t.In(chinatime.Zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, chinatime.Zone)
}

// Is reports whether offices work on the day of t, and whether the year of that
// day is known.
func (c *Calendar) Is(t time.Time) (working, known bool) {
	day := Date(t)
	_, known = c.years[day.Year()]
	key := dateKey(day)
	switch _, off := c.off[key]; {
	case c.work[key]:
		return true, known
	case off:
		return false, known
	}
	return day.Weekday() != time.Saturday && day.Weekday() != time.Sunday, known
}

// Holiday returns the name of the holiday the day of t belongs to, or "".
func (c *Calendar) Holiday(t time.Time) string { return c.off[dateKey(Date(t))] }

// most bounds what is walked, in days: more than any deadline and any report.
const most = 100_000

// Add returns the n-th working day after the day of from, or before it for a
// negative n; for 0 the day itself, working or not. known is false when a day
// on the way lies in a year without data.
func (c *Calendar) Add(from time.Time, n int) (day time.Time, known bool) {
	day = Date(from)
	_, known = c.years[day.Year()]
	step := 1
	if n < 0 {
		step, n = -1, -n
	}
	for walked := 0; n > 0 && walked < most; walked++ {
		day = day.AddDate(0, 0, step)
		working, sure := c.Is(day)
		known = known && sure
		if working {
			n--
		}
	}
	return day, known
}

// Between counts the working days after the day of from up to and with the day
// of to; negative when to comes first.
func (c *Calendar) Between(from, to time.Time) (n int, known bool) {
	a, b, sign := Date(from), Date(to), 1
	if b.Before(a) {
		a, b, sign = b, a, -1
	}
	_, known = c.years[a.Year()]
	for walked := 0; a.Before(b) && walked < most; walked++ {
		a = a.AddDate(0, 0, 1)
		working, sure := c.Is(a)
		known = known && sure
		if working {
			n += sign
		}
	}
	return n, known
}

// Missing returns the years without data between the days of from and to, both
// included, oldest first.
func (c *Calendar) Missing(from, to time.Time) []int {
	a, b := Date(from).Year(), Date(to).Year()
	if b < a {
		a, b = b, a
	}
	var list []int
	for y := a; y <= b && len(list) < 100; y++ {
		if _, ok := c.years[y]; !ok {
			list = append(list, y)
		}
	}
	return list
}

func dateKey(day time.Time) int {
	y, m, d := day.Date()
	return y*10_000 + int(m)*100 + d
}
