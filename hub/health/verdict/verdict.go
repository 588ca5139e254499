// Package verdict gathers what is known of a site and has it judged by a rule
// set.
//
// It promises that a fact nobody found out is handed on as not checked, so that
// nothing passes for lack of looking; and that a result names the set, the check
// point and the sample it rests on.
package verdict

import (
	"context"
	"fmt"
	"strings"
	"time"

	"zhanqun/hub/health"
	"zhanqun/hub/health/fresh"
	"zhanqun/hub/health/prober"
	"zhanqun/hub/health/rules"
	"zhanqun/hub/health/uptime"
	"zhanqun/protocol"
)

// Store is what is read.
type Store interface {
	Site(ctx context.Context, id string) (health.Site, error)
	Sites(ctx context.Context, after string, limit int) ([]health.Site, error)
	Days(ctx context.Context, site string, from, to time.Time) ([]uptime.Day, error)
	// AllDays returns the days of all sites, by site.
	AllDays(ctx context.Context, from, to time.Time) (map[string][]uptime.Day, error)
	// DeadLinks counts the open findings of a site, or of all for "", by site,
	// unit, class and whether they stand on the home page.
	DeadLinks(ctx context.Context, site string) (map[string][]rules.DeadLinks, error)
	// SiteColumns returns the columns of a site, or, with site empty, those of all
	// sites after an id; at most health.MaxColumns.
	SiteColumns(ctx context.Context, site, after string) ([]health.Column, error)
	// HomePages returns what the home pages showed when they were last read, by
	// site.
	HomePages(ctx context.Context) (map[string]prober.HomePage, error)
	// Sheets returns what people looked at, of a site, or of all for "", by site.
	Sheets(ctx context.Context, site string) (map[string]Sheet, error)
	SaveSheet(ctx context.Context, site string, sheet Sheet) error
	// VetoStandings returns how vetoes stand for those who are told of them, by site and
	// clause.
	VetoStandings(ctx context.Context) (map[[2]string]Standing, error)
	// SaveStandings writes those that changed and the alarms that follow, tells of
	// these, and forgets alarms from before a time.
	SaveStandings(ctx context.Context, list []Standing, alarms []Alarm, before time.Time) error
	// TellVetoes tells the nodes of units how the vetoes stand in which these have a
	// part: each whose unit's is not what it was told last.
	TellVetoes(ctx context.Context, units map[string][]protocol.Veto) error
	// Alarms returns the latest alarms, of a site, or of all for "", latest first.
	Alarms(ctx context.Context, site string, limit int) ([]Alarm, error)
	// CountFindings counts a site's findings in a time.
	CountFindings(ctx context.Context, site string, from, to time.Time) (FindingCounts, error)
}

// FindingCounts is what became of findings in a time.
type FindingCounts struct {
	Opened int // found in it
	Closed int // closed or struck off in it
	Left   int // not closed at its end
}

// Options set up a Service.
type Options struct {
	Store  Store
	Sets   rules.Sets
	Set    string // id of the set that is used
	Portal string // address of the portal's home page; empty for none
	// Watched and Links say whether availability and links are looked at at all.
	Watched, Links bool
	Sleep          fresh.Limits // when neglect is called sleep
	Now            func() time.Time
}

// Service judges sites.
type Service struct{ Options }

// New returns a service, or an error if there is no such set.
func New(o Options) (*Service, error) {
	if o.Sets[o.Set] == nil {
		return nil, fmt.Errorf("没有编号为 %s 的检查指标", o.Set)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Service{o}, nil
}

// Rules returns the set that is used.
func (s *Service) Rules() *rules.Set { return s.Sets[s.Set] }

// known is what is on file about sites, by site.
type known struct {
	days    map[string][]uptime.Day
	links   map[string][]rules.DeadLinks
	columns map[string][]health.Column
	homes   map[string]prober.HomePage
	sheets  map[string]Sheet
}

// Site judges a site as it stands now.
func (s *Service) Site(ctx context.Context, id string) (rules.Result, error) {
	site, err := s.Store.Site(ctx, id)
	if err != nil {
		return rules.Result{}, err
	}
	now := s.Now()
	days, err := s.Store.Days(ctx, id, uptime.Day0(now).AddDate(0, 0, -s.Window().Days), now)
	if err != nil {
		return rules.Result{}, err
	}
	columns, err := s.Store.SiteColumns(ctx, id, "")
	if err != nil {
		return rules.Result{}, err
	}
	k, err := s.read(ctx, id)
	if err != nil {
		return rules.Result{}, err
	}
	k.days, k.columns = map[string][]uptime.Day{id: days}, map[string][]health.Column{id: columns}
	return s.judge(site, now, k), nil
}

// read reads what is read alike for one site and, with an empty id, for all.
func (s *Service) read(ctx context.Context, id string) (k known, err error) {
	if k.links, err = s.Store.DeadLinks(ctx, id); err != nil {
		return k, err
	}
	if k.homes, err = s.Store.HomePages(ctx); err != nil {
		return k, err
	}
	k.sheets, err = s.Store.Sheets(ctx, id)
	return k, err
}

// Cluster judges all sites as they stand now, worst first.
func (s *Service) Cluster(ctx context.Context) (rules.Board, error) {
	now := s.Now()
	k, err := s.read(ctx, "")
	if err != nil {
		return rules.Board{}, err
	}
	if k.days, err = s.Store.AllDays(ctx, uptime.Day0(now).AddDate(0, 0, -s.Window().Days), now); err != nil {
		return rules.Board{}, err
	}
	k.columns = map[string][]health.Column{}
	for after := ""; ; {
		list, err := s.Store.SiteColumns(ctx, "", after)
		if err != nil {
			return rules.Board{}, err
		}
		for _, c := range list {
			k.columns[c.Site] = append(k.columns[c.Site], c)
		}
		if len(list) < health.MaxColumns {
			break
		}
		after = list[len(list)-1].ID
	}
	var results []rules.Result
	for after := ""; ; {
		list, err := s.Store.Sites(ctx, after, page)
		if err != nil {
			return rules.Board{}, err
		}
		for _, site := range list {
			if !site.Line && !site.Closed() {
				results = append(results, s.judge(site, now, k))
			}
		}
		if len(list) < page {
			return rules.Cluster(results), nil
		}
		after = list[len(list)-1].ID
	}
}

const page = 500

func (s *Service) judge(site health.Site, now time.Time, k known) rules.Result {
	f := rules.Facts{Site: site.ID, Name: site.Name, Unit: site.Unit, UnitName: site.UnitName, At: now, Portal: sameHome(site.URL, s.Portal)}
	if s.Watched {
		f.Availability = availability(k.days[site.ID], now, s.Window())
	}
	signs := doubts(k.columns[site.ID])
	if s.Links && site.State == health.SiteOpen {
		counted, grave := split(k.links[site.ID])
		f.Links, signs = &counted, append(signs, grave...)
	}
	if len(signs) > 0 {
		f.Serious = &rules.Serious{Faults: signs}
	}
	k.sheets[site.ID].apply(&f, s.Rules())
	f.Columns = columnFacts(k.columns[site.ID])
	f.Home = homeFacts(k.homes[site.ID], k.columns[site.ID], now, s.homeDays())
	f.Condition, f.Updated = s.condition(site, k.columns[site.ID], k.homes[site.ID], now)
	return rules.Judge(s.Rules(), f)
}

// Window returns the numbers by which the set judges availability.
func (s *Service) Window() uptime.Rule {
	for _, c := range s.Rules().Clauses {
		if c.Veto && c.Kind == rules.KindAvailability {
			return uptime.Rule{Days: c.Period.Days, MinPerDay: c.PerDay, Fail: int(c.Share), Warn: int(c.NearTo)}
		}
	}
	return uptime.Official
}

// homeDays is the window of the home page, in days.
func (s *Service) homeDays() int {
	for _, c := range s.Rules().Clauses {
		if c.Veto && c.Kind == rules.KindHome {
			return c.Period.Days + 31*c.Period.Months
		}
	}
	return 14
}

func availability(days []uptime.Day, now time.Time, r uptime.Rule) *rules.Availability {
	share := uptime.Complete(days, now, r)
	a := &rules.Availability{From: share.From, To: share.To, Of: r.Days, Days: r.Days - len(share.Short),
		Valid: share.Valid, Failed: share.Failed, Lost: share.Lost}
	known := map[int64]uptime.Day{}
	for _, d := range days {
		known[d.Day.Unix()] = d
	}
	for day := share.From; day.Before(share.To); day = day.AddDate(0, 0, 1) {
		d := known[day.Unix()]
		a.Daily = append(a.Daily, rules.Visits{Valid: d.Valid(), Failed: d.Failed})
	}
	today := known[share.To.Unix()]
	a.Today = rules.Visits{Valid: today.Valid(), Failed: today.Failed}
	return a
}

// Classes of findings that are signs of a grave fault, and of which kind.
var graves = map[string]string{"外链变异": rules.SeriousContent, "暗链": rules.SeriousAttack, "挂马": rules.SeriousAttack}

// split parts what counts as faulty links from what is a sign of worse.
func split(links []rules.DeadLinks) (counted []rules.DeadLinks, signs []rules.SeriousFault) {
	counted = []rules.DeadLinks{}
	for _, l := range links {
		if kind := graves[l.Class]; kind != "" {
			signs = append(signs, rules.SeriousFault{Kind: kind, What: fmt.Sprintf("%s %d 条", l.Class, l.Count), Unit: l.Unit, UnitName: l.UnitName})
		}
		counted = append(counted, l)
	}
	return counted, signs
}

// sameHome reports whether two addresses are the same home page, written with or
// without the last slash.
func sameHome(a, b string) bool {
	return b != "" && strings.EqualFold(strings.TrimSuffix(a, "/"), strings.TrimSuffix(b, "/"))
}
