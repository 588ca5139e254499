package web

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"zhanqun/hub/access"
	"zhanqun/hub/health"
	"zhanqun/hub/health/prober"
	"zhanqun/hub/health/uptime"
	"zhanqun/internal/chinatime"
	"zhanqun/internal/fault"
	"zhanqun/internal/ui"
)

// Spans of the drawings, in days.
const (
	stripDays = 30
	trendDays = 90
)

// dayColumn is a day of the strip: what part of it was well, failed, or unknown.
type dayColumn struct {
	uptime.Day
	X                      int
	Good, Bad, Lost, Above int // heights, and where the bad part begins
	Label                  string
}

// Marked reports whether the day's date is written below it.
func (c dayColumn) Marked(i int) bool { return i%5 == 0 }

// Measures of the strip, in units of its drawing.
const (
	columnWidth  = 20
	columnHeight = 48
)

// daysStrip is the availability of a site day by day, drawn and as a table.
type daysStrip struct {
	Title, Desc string
	Columns     []dayColumn
}

// Width is the width of the drawing.
func (s daysStrip) Width() int { return len(s.Columns) * columnWidth }

// newStrip draws the days up to the one of now; days without a record are empty,
// and no lack of data before the site was registered.
func newStrip(days []uptime.Day, since, now time.Time, n int, title string, lang ui.Lang) daysStrip {
	known := map[int64]uptime.Day{}
	for _, d := range days {
		known[d.Day.Unix()] = d
	}
	s := daysStrip{Title: title}
	valid, failed, short := 0, 0, 0
	first := uptime.Day0(now).AddDate(0, 0, 1-n)
	for i := range n {
		day := first.AddDate(0, 0, i)
		d, ok := known[day.Unix()]
		if !ok {
			d = uptime.NewDay("", day)
		}
		part := func(count int) int {
			if count == 0 {
				return 0
			}
			return max(count*columnHeight/uptime.PerDay, 3)
		}
		c := dayColumn{Day: d, X: i * columnWidth, Bad: part(d.Failed), Label: fmt.Sprintf("%d-%d", day.Month(), day.Day())}
		c.Good = min(part(d.OK), columnHeight-c.Bad)
		c.Above = columnHeight - c.Bad
		c.Lost = columnHeight - c.Bad - c.Good
		s.Columns = append(s.Columns, c)
		valid, failed = valid+d.Valid(), failed+d.Failed
		if d.Valid() < uptime.Official.MinPerDay && (ok || !day.Before(uptime.Day0(since))) {
			short++
		}
	}
	s.Desc = ui.T(lang, "%d 天里 %d 次有效访问，%d 次失败，%d 天样本不足。", n, valid, failed, short)
	return s
}

// trendLine is how long good visits took, day by day.
type trendLine struct {
	Title, Desc string
	Lines       []string // points of each unbroken run of days
	Top         string   // what the upper edge stands for
	First, Last string   // days at both ends
	Empty       bool
}

const (
	trendWidth  = 600
	trendHeight = 100
)

func newTrend(days []uptime.Day, now time.Time, title string, lang ui.Lang) trendLine {
	t := trendLine{Title: title, Empty: true}
	first := uptime.Day0(now).AddDate(0, 0, 1-trendDays)
	known := map[int64]uptime.Day{}
	top := 3 * time.Second
	var sum time.Duration
	n := 0
	for _, d := range days {
		if d.OK == 0 || d.Day.Before(first) {
			continue
		}
		known[d.Day.Unix()] = d
		top = max(top, d.Mean())
		sum += d.Total
		n += d.OK
		t.Empty = false
	}
	top = top.Round(time.Second) + time.Duration(map[bool]int{true: 1}[top.Round(time.Second) < top])*time.Second
	var points []string
	flush := func() {
		if len(points) == 1 { // a day alone is a short dash
			points = append(points, points[0])
		}
		if len(points) > 0 {
			t.Lines = append(t.Lines, strings.Join(points, " "))
		}
		points = nil
	}
	for i := range trendDays {
		day := first.AddDate(0, 0, i)
		d, ok := known[day.Unix()]
		if !ok {
			flush()
			continue
		}
		x := i * trendWidth / (trendDays - 1)
		points = append(points, fmt.Sprintf("%d,%d", x, trendHeight-int(d.Mean()*trendHeight/top)))
	}
	flush()
	t.Top = ui.T(lang, "%d 秒", int(top/time.Second))
	t.First, t.Last = ui.Day(lang, first, now), ui.Day(lang, now, now)
	if n > 0 {
		t.Desc = ui.T(lang, "平均 %s 秒", fmt.Sprintf("%.1f", (sum/time.Duration(n)).Seconds()))
	}
	return t
}

// uptimeView is the part of a site's page about its availability.
type uptimeView struct {
	prober.State
	Strip daysStrip
	Trend trendLine
	Part  string // failed share of the week in per cent
	Days7 int
	Form  offlineForm
}

type offlineForm struct{ From, To, Why string }

func (s *Server) uptimeView(r *http.Request, site health.Site) (*uptimeView, error) {
	rule := s.Inspect.Window()
	state, err := s.Uptime.State(r.Context(), site.ID, rule, trendDays)
	if err != nil {
		return nil, err
	}
	lang := s.lang(r)
	return &uptimeView{State: state, Days7: rule.Days, Part: percent(state.Week),
		Strip: newStrip(state.Days, site.CreatedAt, s.Now(), stripDays, ui.T(lang, "最近 30 天能不能打开"), lang),
		Trend: newTrend(state.Days, s.Now(), ui.T(lang, "最近 90 天打开首页的平均用时"), lang)}, nil
}

func percent(s uptime.Share) string {
	if s.Valid == 0 {
		return "—"
	}
	return fmt.Sprintf("%.2f%%", float64(s.Failed)*100/float64(s.Valid))
}

// announceOffline puts down that a site will be off line.
func (s *Server) announceOffline(w http.ResponseWriter, r *http.Request, u access.User) error {
	id := r.PathValue("id")
	form := offlineForm{From: r.PostFormValue("from"), To: r.PostFormValue("to"), Why: r.PostFormValue("why")}
	o := uptime.Offline{Site: id, Why: form.Why}
	var err error
	if o.From, err = localTime("from", form.From); err == nil {
		o.To, err = localTime("to", form.To)
	}
	if err == nil {
		err = s.Uptime.Announce(r.Context(), u, o)
	}
	if err != nil {
		p, pageErr := s.newSitePage(r, u)
		if pageErr != nil {
			return pageErr
		}
		p.Uptime.Form = form
		return s.again(w, r, "site", p, &p.Page, err)
	}
	return s.done(w, r, "/sites/"+id, ui.T(s.lang(r), "已登记临时下线，这段时间不计入可用性。"))
}

func localTime(field, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, fault.Field(field, "请填写起止时间。")
	}
	at, err := time.ParseInLocation("2006-01-02T15:04", text, chinatime.Zone)
	if err != nil {
		return at, fault.Field(field, "时间应写成 2026-11-03T09:00。")
	}
	return at, nil
}

func (s *Server) endOffline(w http.ResponseWriter, r *http.Request, u access.User) error {
	to := "/sites/" + r.PathValue("id")
	if err := s.Uptime.BackOnline(r.Context(), u, r.PostFormValue("offline")); err != nil {
		return s.undone(w, r, to, err)
	}
	return s.done(w, r, to, ui.T(s.lang(r), "临时下线已结束，从现在起照常监测。"))
}
