package web

import (
	"net/http"

	"zhanqun/hub/access"
	"zhanqun/hub/health"
	"zhanqun/hub/health/rules"
	"zhanqun/internal/fault"
	"zhanqun/internal/ui"
)

// unitHealthPage is what one unit answers for, over all sites.
type unitHealthPage struct {
	ui.Page
	Code     string
	Line     rules.Line
	Counted  []unitItem // what counts against a site now
	Ahead    []unitItem // what will, if nothing changes
	Findings []health.Finding
	Set      *rules.Set
}

// unitItem is one thing of a unit in a veto of a site.
type unitItem struct {
	Site, SiteName string
	Veto           rules.Veto
	rules.Item
}

func (s *Server) unitHealthPage(w http.ResponseWriter, r *http.Request, _ access.User) error {
	ctx, code := r.Context(), r.PathValue("code")
	board, err := s.Inspect.Cluster(ctx)
	if err != nil {
		return err
	}
	p := &unitHealthPage{Code: code, Set: s.Inspect.Rules()}
	found := false
	for _, l := range board.Units {
		if l.Unit == code {
			p.Line, found = l, true
		}
	}
	if !found {
		return fault.New(fault.NotFound, "这个单位没有登记站点，也没有负责的栏目。")
	}
	for _, site := range board.Sites {
		for _, v := range site.Vetoes {
			for _, o := range v.Owners {
				if o.Unit != code {
					continue
				}
				for _, i := range o.Items {
					p.Counted = append(p.Counted, unitItem{site.Site, site.Name, v, i})
				}
			}
			for _, i := range v.Next {
				if i.Unit == code {
					p.Ahead = append(p.Ahead, unitItem{site.Site, site.Name, v, i})
				}
			}
		}
	}
	if p.Findings, err = s.Health.Store.Findings(ctx, health.FindingQuery{Unit: code, State: health.StateActive, Limit: listSize}); err != nil {
		return err
	}
	lang := s.lang(r)
	p.Title, p.Events = ui.T(lang, "%s的健康情况", p.Line.UnitName), eventsURL
	p.Lead = ui.T(lang, "计入单项否决的 %d 项，即将计入的 %d 项，处理中的预警 %d 条。", len(p.Counted), len(p.Ahead), len(p.Findings))
	return s.show(w, r, "unithealth", p)
}
