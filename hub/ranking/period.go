package ranking

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"zhanqun/internal/chinatime"
	"zhanqun/internal/fault"
)

// Period is a month, a quarter or a year of the calendar.
type Period struct {
	ID    string    `json:"id"`    // 2026-11, 2026-Q4, 2026
	Name  string    `json:"name"`  // 2026年11月, 2026年四季度, 2026年
	From  time.Time `json:"from"`  // inclusive
	Until time.Time `json:"until"` // exclusive
}

// Kinds of periods, by how many months they have.
const (
	month   = 1
	quarter = 3
	year    = 12
)

// ParsePeriod reads "2026-11", "2026-Q4" or "2026". The years are 2000 to 2100.
func ParsePeriod(s string) (Period, error) {
	wrong := fault.Field("period", "时段请写成 2026-11（月）、2026-Q4（季度）或 2026（年）。")
	head, tail, parted := strings.Cut(s, "-")
	y, err := strconv.Atoi(head)
	if err != nil || len(head) != 4 || y < 2000 || y > 2100 || strings.Contains(s, "+") {
		return Period{}, wrong
	}
	if !parted {
		return period(y, 1, year), nil
	}
	digits, isQuarter := strings.CutPrefix(strings.ToUpper(tail), "Q")
	n, err := strconv.Atoi(digits)
	switch {
	case err != nil || n < 1:
	case isQuarter && len(digits) == 1 && n <= 4:
		return period(y, 3*n-2, quarter), nil
	case !isQuarter && len(digits) == 2 && n <= 12:
		return period(y, n, month), nil
	}
	return Period{}, wrong
}

// MonthOf returns the month a time lies in.
func MonthOf(at time.Time) Period {
	at = at.In(chinatime.Zone)
	return period(at.Year(), int(at.Month()), month)
}

// Shift returns the period of the same kind n periods later; earlier if n is
// negative.
func (p Period) Shift(n int) Period {
	from := p.From.In(chinatime.Zone)
	months := p.months()
	at := from.AddDate(0, n*months, 0)
	return period(at.Year(), int(at.Month()), months)
}

func (p Period) months() int {
	switch len(p.ID) {
	case len("2026"):
		return year
	default:
		if strings.Contains(p.ID, "Q") {
			return quarter
		}
		return month
	}
}

// Month returns the month p begins in.
func (p Period) Month() Period { return MonthOf(p.From) }

// Quarter returns the quarter p begins in.
func (p Period) Quarter() Period {
	from := p.From.In(chinatime.Zone)
	return period(from.Year(), (int(from.Month())-1)/quarter*quarter+1, quarter)
}

// Year returns the year p begins in.
func (p Period) Year() Period { return period(p.From.In(chinatime.Zone).Year(), 1, year) }

func period(y, m, months int) Period {
	from := time.Date(y, time.Month(m), 1, 0, 0, 0, 0, chinatime.Zone)
	p := Period{From: from, Until: from.AddDate(0, months, 0)}
	switch months {
	case year:
		p.ID, p.Name = fmt.Sprintf("%04d", y), fmt.Sprintf("%d年", y)
	case quarter:
		q := (m-1)/quarter + 1
		p.ID, p.Name = fmt.Sprintf("%04d-Q%d", y, q), fmt.Sprintf("%d年%s季度", y, []string{"一", "二", "三", "四"}[q-1])
	default:
		p.ID, p.Name = fmt.Sprintf("%04d-%02d", y, m), fmt.Sprintf("%d年%d月", y, m)
	}
	return p
}
