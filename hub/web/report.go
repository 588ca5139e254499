package web

import (
	"net/http"
	"time"

	"zhanqun/hub/access"
	"zhanqun/hub/health"
	"zhanqun/hub/health/uptime"
	"zhanqun/hub/health/verdict"
	"zhanqun/hub/ranking"
	"zhanqun/internal/ui"
)

// reportPage is one sheet about a site and a quarter, for the file.
type reportPage struct {
	ui.Page
	Heading       string
	Site          health.Site
	Period        ranking.Period
	Verdict       verdictView
	Now           bool // the quarter is not over: the verdict stands in it
	Share         uptime.Share
	Part          string
	Months        []monthLine
	Incidents     []uptime.Incident
	Counts        verdict.FindingCounts
	Before, After string // addresses
	XLSX          string
	Made          time.Time
}

// monthLine is a month of the quarter.
type monthLine struct {
	Name                string
	Valid, Failed, Lost int
	Part                string
	Short               int // days with too small a sample
	Mean                time.Duration
}

func (s *Server) reportPage(w http.ResponseWriter, r *http.Request, _ access.User) error {
	ctx, now := r.Context(), s.Now()
	site, err := s.Health.Store.Site(ctx, r.PathValue("id"))
	if err != nil {
		return err
	}
	period := ranking.MonthOf(now).Quarter()
	if id := r.FormValue("period"); id != "" {
		if period, err = ranking.ParsePeriod(id); err != nil {
			return err
		}
		period = period.Quarter()
	}
	days, incidents, err := s.Uptime.Between(ctx, site.ID, period.From, period.Until)
	if err != nil {
		return err
	}
	counts, err := s.Inspect.Store.CountFindings(ctx, site.ID, period.From, period.Until)
	if err != nil {
		return err
	}
	result, err := s.Inspect.Site(ctx, site.ID)
	if err != nil {
		return err
	}
	lang := s.lang(r)
	p := &reportPage{Site: site, Period: period, Verdict: verdictView{result, lang, s.Inspect.Sleep}, Now: now.Before(period.Until), Incidents: incidents, Counts: counts, Made: now}
	p.Months, p.Share = months(days, begun(site, days, period.From), period.Until, now)
	p.Part = percent(p.Share)
	p.Title, p.Heading = ui.T(lang, "季度报告"), ui.T(lang, "%s %s健康报告", site.Name, ui.T(lang, period.Name))
	at := "/sites/" + site.ID + "/report?period="
	p.Before = at + period.Shift(-1).ID
	if period.Until.Before(now) {
		p.After = at + period.Shift(1).ID
	}
	p.Paper, p.Lang = true, lang
	p.XLSX = at + period.ID + "&format=xlsx"
	if r.FormValue("format") == "xlsx" {
		return p.workbook(w)
	}
	return s.show(w, r, "report", p)
}

// mostOnPaper is how many incidents the sheet has room for; the workbook has all.
const mostOnPaper = 8

// Latest are the incidents the sheet shows.
func (p *reportPage) Latest() []uptime.Incident {
	return p.Incidents[:min(len(p.Incidents), mostOnPaper)]
}

// Earlier is how many it leaves out.
func (p *reportPage) Earlier() int { return max(len(p.Incidents)-mostOnPaper, 0) }

// begun is the day from which a site was watched in a period that begins at from:
// what was before it was registered is no lack of data.
func begun(site health.Site, days []uptime.Day, from time.Time) time.Time {
	first := uptime.Day0(site.CreatedAt)
	for _, d := range days {
		if d.Day.Before(first) {
			first = d.Day
		}
	}
	if first.After(from) {
		return first
	}
	return from
}

// months sums the days of a quarter up, month by month; days to come are left out.
func months(days []uptime.Day, from, until, now time.Time) (lines []monthLine, all uptime.Share) {
	known := map[int64]uptime.Day{}
	for _, d := range days {
		known[d.Day.Unix()] = d
	}
	var good time.Duration
	n := 0
	last := uptime.Day0(now)
	all.From, all.To = uptime.Day0(from), uptime.Day0(until)
	for day := all.From; day.Before(all.To) && day.Before(last); day = day.AddDate(0, 0, 1) {
		if len(lines) == 0 || day.Day() == 1 {
			lines, good, n = append(lines, monthLine{Name: day.Format("2006-01")}), 0, 0
		}
		d, l := known[day.Unix()], &lines[len(lines)-1]
		l.Valid, l.Failed, l.Lost = l.Valid+d.Valid(), l.Failed+d.Failed, l.Lost+d.Lost()
		if d.Valid() < uptime.Official.MinPerDay {
			l.Short++
			all.Short = append(all.Short, day)
		}
		if good, n = good+d.Total, n+d.OK; n > 0 {
			l.Mean = good / time.Duration(n)
		}
		l.Part = percent(uptime.Share{Valid: l.Valid, Failed: l.Failed})
		all.Valid, all.Failed, all.Lost = all.Valid+d.Valid(), all.Failed+d.Failed, all.Lost+d.Lost()
	}
	return lines, all
}
