package verdict

import (
	"time"

	"zhanqun/hub/health"
	"zhanqun/hub/health/fresh"
	"zhanqun/hub/health/prober"
)

// condition says how a site is kept up, by the columns that have to be and by its
// home page, and the newest day of an update. One that does not open is not
// judged. The home page can only speak for a site: it may show less than there is.
func (s *Service) condition(site health.Site, columns []health.Column, home prober.HomePage, now time.Time) (condition, updated string) {
	if site.State == health.SiteShut {
		return "", ""
	}
	var list []fresh.Standing
	newest := fresh.Day("")
	for _, c := range columns {
		if !c.Exempt() {
			list = append(list, fresh.Standing{State: c.State, Last: c.LastUpdate})
			newest = max(newest, c.LastUpdate)
		}
	}
	if day := fresh.DayOf(home.Latest); home.Told && !home.Latest.IsZero() && now.Sub(home.ReadAt) <= homeFor && day > newest {
		newest = day
		if len(list) > 0 {
			list = append(list, fresh.Standing{State: fresh.Fresh, Last: day})
		}
	}
	if len(list) == 0 {
		return "", string(newest)
	}
	return string(fresh.SiteCondition(list, now, s.Sleep)), string(newest)
}
