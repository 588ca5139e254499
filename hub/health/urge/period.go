package urge

import (
	"fmt"
	"time"

	"zhanqun/internal/chinatime"
	"zhanqun/internal/fault"
)

// Kind is one of the four reports.
type Kind string

// The reports.
const (
	Day     Kind = "day"     // 一日一检查
	Week    Kind = "week"    // 一周一曝光
	Month   Kind = "month"   // 一月一督办
	Quarter Kind = "quarter" // 一季一通报
)

// Kinds are the reports in the order of their periods.
func Kinds() []Kind { return []Kind{Day, Week, Month, Quarter} }

// Label is the name of the report.
func (k Kind) Label() string {
	return map[Kind]string{Day: "每日检查", Week: "每周曝光", Month: "每月督办", Quarter: "每季通报"}[k]
}

// Period is the time a report is about.
type Period struct {
	Kind  Kind      `json:"kind"`
	ID    string    `json:"id"`    // its first day: 2026-11-23
	Name  string    `json:"name"`  // 2026年11月23日至29日
	From  time.Time `json:"from"`  // inclusive
	Until time.Time `json:"until"` // exclusive
}

// ParsePeriod returns the period of a kind in which a day lies, written
// 2026-11-23. Without a day it is the one at now; without a kind, the day.
func ParsePeriod(kind, day string, now time.Time) (Period, error) {
	k := Kind(kind)
	switch k {
	case "":
		k = Day
	case Day, Week, Month, Quarter:
	default:
		return Period{}, fault.Field("kind", "通报只有 day（日）、week（周）、month（月）、quarter（季）四种。")
	}
	at := now
	if day != "" {
		var err error
		at, err = time.ParseInLocation(time.DateOnly, day, chinatime.Zone)
		if err != nil || at.Year() < 2000 || at.Year() > 2100 {
			return Period{}, fault.Field("day", "日期请写成 2026-11-23。")
		}
	}
	return periodOf(k, at), nil
}

// Shift returns the period n later, or earlier for a negative n.
func (p Period) Shift(n int) Period {
	switch p.Kind {
	case Week:
		return periodOf(Week, p.From.AddDate(0, 0, 7*n))
	case Month:
		return periodOf(Month, p.From.AddDate(0, n, 0))
	case Quarter:
		return periodOf(Quarter, p.From.AddDate(0, 3*n, 0))
	case Day:
	}
	return periodOf(Day, p.From.AddDate(0, 0, n))
}

func periodOf(k Kind, at time.Time) Period {
	day := dayOf(at)
	y, m, _ := day.Date()
	p := Period{Kind: k}
	switch k {
	case Week: // Monday to Sunday
		p.From = day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
		p.Until = p.From.AddDate(0, 0, 7)
		last := p.Until.AddDate(0, 0, -1)
		p.Name = fmt.Sprintf("%s至%d月%d日", p.From.Format("2006年1月2日"), last.Month(), last.Day())
	case Month:
		p.From = time.Date(y, m, 1, 0, 0, 0, 0, chinatime.Zone)
		p.Until = p.From.AddDate(0, 1, 0)
		p.Name = p.From.Format("2006年1月")
	case Quarter:
		p.From = time.Date(y, (m-1)/3*3+1, 1, 0, 0, 0, 0, chinatime.Zone)
		p.Until = p.From.AddDate(0, 3, 0)
		p.Name = fmt.Sprintf("%d年%s季度", y, []string{"一", "二", "三", "四"}[(m-1)/3])
	case Day:
		p.From, p.Until = day, day.AddDate(0, 0, 1)
		p.Name = fmt.Sprintf("%d年%d月%d日", day.Year(), day.Month(), day.Day())
	}
	p.ID = p.From.Format(time.DateOnly)
	return p
}
