package rules

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"zhanqun/internal/chinatime"
)

// Period is a length of time in days, months or years; the zero value is none.
type Period struct{ Days, Months int }

// Days returns a period of n days.
func Days(n int) Period { return Period{Days: n} }

// Months returns a period of n months of the calendar.
func Months(n int) Period { return Period{Months: n} }

// Years returns a period of n years of the calendar.
func Years(n int) Period { return Period{Months: 12 * n} }

// ParsePeriod reads 14d, 6m or 1y.
func ParsePeriod(text string) (Period, error) {
	if len(text) > 1 {
		n, err := strconv.Atoi(strings.TrimSpace(text[:len(text)-1]))
		if err == nil && n > 0 && n <= 10_000 {
			switch text[len(text)-1] {
			case 'd':
				return Days(n), nil
			case 'm':
				return Months(n), nil
			case 'y':
				return Years(n), nil
			}
		}
	}
	return Period{}, fmt.Errorf("时长 %q 应写成 14d、6m 或 1y", text)
}

// UnmarshalTOML reads a period.
func (p *Period) UnmarshalTOML(value any) error {
	text, ok := value.(string)
	if !ok {
		return fmt.Errorf("时长应写成文字，例如 \"14d\"")
	}
	var err error
	*p, err = ParsePeriod(text)
	return err
}

// String writes a period as ParsePeriod reads it.
func (p Period) String() string {
	switch {
	case p.Days > 0:
		return fmt.Sprintf("%dd", p.Days)
	case p.Months > 0 && p.Months%12 == 0:
		return fmt.Sprintf("%dy", p.Months/12)
	case p.Months > 0:
		return fmt.Sprintf("%dm", p.Months)
	}
	return ""
}

// MarshalText writes a period as ParsePeriod reads it.
func (p Period) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads a period.
func (p *Period) UnmarshalText(text []byte) (err error) {
	if len(text) == 0 {
		*p = Period{}
		return nil
	}
	*p, err = ParsePeriod(string(text))
	return err
}

// IsZero reports whether there is no period.
func (p Period) IsZero() bool { return p == Period{} }

// label says a period in Chinese.
func (p Period) label() string {
	switch {
	case p.Days > 0:
		return fmt.Sprintf("%d 天", p.Days)
	case p.Months > 0 && p.Months%12 == 0:
		return fmt.Sprintf("%d 年", p.Months/12)
	}
	return fmt.Sprintf("%d 个月", p.Months)
}

// inDays turns months into days as a vendor's program counts them.
func (p Period) inDays() Period {
	switch {
	case p.Months > 0 && p.Months%12 == 0:
		return Days(365 * (p.Months / 12))
	case p.Months > 0:
		return Days(30 * p.Months)
	}
	return p
}

// back returns the first day of a window of this length that ends with day: what
// was published on it still counts.
func (p Period) back(day time.Time) time.Time {
	if p.Months == 0 {
		return day.AddDate(0, 0, -p.Days)
	}
	return addMonths(day, -p.Months)
}

// expires returns the first day on which something of a day is older than the
// period.
func (p Period) expires(day time.Time) time.Time {
	d := day.AddDate(0, 0, p.Days)
	if p.Months > 0 {
		d = addMonths(day, p.Months)
	}
	for p.back(d).After(day) { // never more than a step: months differ in length
		d = d.AddDate(0, 0, -1)
	}
	for !p.back(d).After(day) {
		d = d.AddDate(0, 0, 1)
	}
	return d
}

// addMonths moves a day by whole months and stays in the month it reaches.
func addMonths(day time.Time, n int) time.Time {
	y, m, d := day.Date()
	first := time.Date(y, m+time.Month(n), 1, 0, 0, 0, 0, day.Location())
	return first.AddDate(0, 0, min(d, first.AddDate(0, 1, -1).Day())-1)
}

// date returns the midnight in Beijing with which the day of t begins there.
func date(t time.Time) time.Time {
	y, m, d := t.In(chinatime.Zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, chinatime.Zone)
}
