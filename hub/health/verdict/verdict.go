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
	"zhanqun/hub/health/rules"
	"zhanqun/hub/health/uptime"
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
	// Columns and Home read the columns and the new items of the home page of a
	// site; nil, or a nil answer, for not checked.
	Columns func(ctx context.Context, site health.Site) (*[]rules.Column, error)
	Home    func(ctx context.Context, site health.Site) (*rules.Home, error)
	Now     func() time.Time
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

// Site judges a site as it stands now.
func (s *Service) Site(ctx context.Context, id string) (rules.Result, error) {
	site, err := s.Store.Site(ctx, id)
	if err != nil {
		return rules.Result{}, err
	}
	now := s.Now()
	window := s.window()
	days, err := s.Store.Days(ctx, id, uptime.Day0(now).AddDate(0, 0, -window.Days), now)
	if err != nil {
		return rules.Result{}, err
	}
	links, err := s.Store.DeadLinks(ctx, id)
	if err != nil {
		return rules.Result{}, err
	}
	return s.judge(ctx, site, now, days, links[id])
}

// Cluster judges all sites as they stand now, worst first.
func (s *Service) Cluster(ctx context.Context) (rules.Board, error) {
	now := s.Now()
	window := s.window()
	days, err := s.Store.AllDays(ctx, uptime.Day0(now).AddDate(0, 0, -window.Days), now)
	if err != nil {
		return rules.Board{}, err
	}
	links, err := s.Store.DeadLinks(ctx, "")
	if err != nil {
		return rules.Board{}, err
	}
	var results []rules.Result
	for after := ""; ; {
		list, err := s.Store.Sites(ctx, after, page)
		if err != nil {
			return rules.Board{}, err
		}
		for _, site := range list {
			r, err := s.judge(ctx, site, now, days[site.ID], links[site.ID])
			if err != nil {
				return rules.Board{}, err
			}
			results = append(results, r)
		}
		if len(list) < page {
			return rules.Cluster(results), nil
		}
		after = list[len(list)-1].ID
	}
}

const page = 500

func (s *Service) judge(ctx context.Context, site health.Site, now time.Time, days []uptime.Day, links []rules.DeadLinks) (rules.Result, error) {
	f := rules.Facts{Site: site.ID, Name: site.Name, Unit: site.Unit, UnitName: site.UnitName, At: now, Portal: sameHome(site.URL, s.Portal)}
	if s.Watched {
		f.Availability = availability(days, now, s.window())
	}
	if s.Links && site.State == health.SiteOpen {
		counted, signs := split(links)
		f.Links = &counted
		if len(signs) > 0 {
			f.Serious = &rules.Serious{Faults: signs}
		}
	}
	var err error
	if s.Columns != nil {
		if f.Columns, err = s.Columns(ctx, site); err != nil {
			return rules.Result{}, err
		}
	}
	if s.Home != nil {
		if f.Home, err = s.Home(ctx, site); err != nil {
			return rules.Result{}, err
		}
	}
	return rules.Judge(s.Rules(), f), nil
}

// window returns the numbers the set counts visits by.
func (s *Service) window() uptime.Rule {
	for _, c := range s.Rules().Clauses {
		if c.Veto && c.Kind == rules.KindAvailability {
			return uptime.Rule{Days: c.Period.Days, MinPerDay: c.PerDay, Fail: int(c.Share), Warn: int(c.NearTo)}
		}
	}
	return uptime.Official
}

// Window returns the numbers by which the set judges availability.
func (s *Service) Window() uptime.Rule { return s.window() }

func availability(days []uptime.Day, now time.Time, r uptime.Rule) *rules.Availability {
	share := uptime.Complete(days, now, r)
	return &rules.Availability{From: share.From, To: share.To, Of: r.Days, Days: r.Days - len(share.Short),
		Valid: share.Valid, Failed: share.Failed, Lost: share.Lost}
}

// Classes of findings that are signs of a grave fault, and of which kind.
var graves = map[string]string{"外链变异": rules.SeriousContent, "暗链": rules.SeriousAttack}

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
