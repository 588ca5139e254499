package prober

import (
	"context"

	"zhanqun/hub/health"
	"zhanqun/hub/health/linkcheck"
	"zhanqun/hub/health/uptime"
)

// doubt is what else was found out of visits that failed, before they count.
type doubt struct {
	lost   map[*visit]bool   // only our own line is down
	behind map[*visit]bool   // the line the site is said to hang on does not answer either
	opens  map[*visit]string // it opens from another line: what was seen there
	waits  map[*visit]bool   // others were asked and have not answered
}

// doubts finds out what else may explain the visits that failed.
func (s *Service) doubts(ctx context.Context, sites []health.Site, due []*visit) (doubt, error) {
	d := doubt{lost: s.lineLost(ctx, sites, due), behind: map[*visit]bool{}, opens: map[*visit]string{}, waits: map[*visit]bool{}}
	known := map[string]health.Site{}
	for _, site := range sites {
		known[site.ID] = site
	}
	results := map[string]linkcheck.Result{}
	for _, v := range due {
		results[v.site.ID] = v.result
	}
	for _, v := range due {
		if outcome, _ := judge(v); outcome != uptime.Failed || d.lost[v] {
			continue
		}
		if d.behind[v] = s.parentSilent(ctx, known, results, v.site); d.behind[v] || s.Elsewhere == nil || v.site.Line {
			continue
		}
		w, err := s.Elsewhere(ctx, v.site, v.at)
		if err != nil {
			return d, err
		}
		if w.Opens {
			d.opens[v] = w.Words
		}
		d.waits[v] = w.Waits && !v.extra // an extra one counts in no share
	}
	return d, ctx.Err()
}

// parentSilent reports whether one of those a site is said to hang on gives no
// answer at all. It is asked for that, and once more soon, so that its own fault
// is settled.
func (s *Service) parentSilent(ctx context.Context, known map[string]health.Site, results map[string]linkcheck.Result, site health.Site) bool {
	seen := map[string]bool{site.ID: true}
	for at := site.Parent; at != "" && !seen[at]; at = known[at].Parent {
		seen[at] = true
		parent, is := known[at]
		if !is {
			return false
		}
		r, asked := results[at]
		if !asked {
			r = s.Checker.Check(ctx, parent.URL)
			results[at] = r
		}
		if uptime.NeedsControl(r) {
			s.mu.Lock()
			if _, waits := s.again[at]; !waits && !asked {
				s.again[at] = s.Now()
			}
			s.mu.Unlock()
			return true
		}
	}
	return false
}

// judge says what a visit counts as by itself. A line is well when anything
// answers.
func judge(v *visit) (uptime.Outcome, uptime.Cause) {
	if v.site.Line && v.result.Status != 0 {
		return uptime.OK, ""
	}
	return uptime.Judge(v.result)
}
