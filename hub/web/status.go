package web

import (
	"net/http"

	"zhanqun/hub/health"
	"zhanqun/hub/health/uptime"
	"zhanqun/internal/ui"
)

// statusPage tells everybody which sites open. It says nothing that a visitor of
// the sites could not find out.
type statusPage struct {
	ui.Page
	Sites []siteStatus
}

type siteStatus struct {
	Name, URL, Unit string
	Down            bool
	Known           bool // it was asked at all
	Part            string
	Strip           daysStrip
}

// statusSites bounds the page.
const statusSites = 200

func (s *Server) statusPage(w http.ResponseWriter, r *http.Request) error {
	ctx, now := r.Context(), s.Now()
	list, err := s.Uptime.Store.Sites(ctx, "", statusSites)
	if err != nil {
		return err
	}
	today := uptime.Day0(now)
	days, err := s.Uptime.Store.AllDays(ctx, today.AddDate(0, 0, 1-stripDays), now)
	if err != nil {
		return err
	}
	open, err := s.Uptime.Store.OpenIncidents(ctx)
	if err != nil {
		return err
	}
	down := map[string]bool{}
	for _, i := range open {
		down[i.Site] = true
	}
	lang, n, known := s.lang(r), 0, 0
	p := &statusPage{}
	for _, site := range list {
		if site.Line || site.Closed() {
			continue
		}
		st := statusOf(site, days[site.ID])
		if st.Known {
			known++
		}
		if st.Down = down[site.ID]; st.Down {
			n++
		}
		st.Part = percent(uptime.Complete(days[site.ID], now, s.Inspect.Window()))
		st.Strip = newStrip(days[site.ID], site.CreatedAt, now, stripDays, ui.T(lang, "%s最近 30 天能不能打开", site.Name), lang)
		p.Sites = append(p.Sites, st)
	}
	p.Title = ui.T(lang, "站点状态")
	switch {
	case n > 0:
		p.Lead = ui.T(lang, "%d 个站点中有 %d 个打不开。", known, n)
	case known > 0:
		p.Lead = ui.T(lang, "%d 个站点都能打开。", known)
	}
	w.Header().Set("Cache-Control", "public, max-age=60")
	return s.show(w, r, "status", p)
}

func statusOf(site health.Site, days []uptime.Day) siteStatus {
	return siteStatus{Name: site.Name, URL: site.URL, Unit: site.UnitName, Known: len(days) > 0}
}
