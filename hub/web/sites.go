package web

import (
	"io"
	"net/http"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/hub/health"
	"zhanqun/hub/health/crawl"
	"zhanqun/internal/ui"
)

type sitesPage struct {
	ui.Page
	Sites  []health.Site
	Form   health.Site
	Units  []ui.Option
	Older  string
	Manage bool
	Kinds  []ui.Option // site or line
	Kind   string
}

func (s *Server) sitesPage(w http.ResponseWriter, r *http.Request, u access.User) error {
	p, err := s.newSitesPage(r, u)
	if err != nil {
		return err
	}
	return s.show(w, r, "sites", p)
}

func (s *Server) newSitesPage(r *http.Request, u access.User) (*sitesPage, error) {
	list, err := s.Health.Store.Sites(r.Context(), r.URL.Query().Get("cursor"), listSize)
	if err != nil {
		return nil, err
	}
	p := &sitesPage{Sites: list, Manage: u.May(access.Manage)}
	lang := s.lang(r)
	p.Title, p.Events = ui.T(lang, "站点"), eventsURL
	p.Lead = sitesLead(list, lang)
	p.Older = older(r, "cursor", list, func(site health.Site) string { return site.ID })
	p.Kinds = []ui.Option{{Label: ui.T(lang, "网站")}, {Value: "line", Label: ui.T(lang, "线路")}}
	if p.Manage {
		if p.Units, err = s.unitOptions(r, ui.T(lang, "请选择"), catalog.LevelCounty, catalog.LevelDepartment, catalog.LevelTownship); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// sitesLead answers what would fail an inspection, as far as this page goes.
func sitesLead(list []health.Site, lang ui.Lang) string {
	shut, open := 0, 0
	for _, site := range list {
		if site.State == health.SiteShut {
			shut++
		}
		open += site.Findings
	}
	switch {
	case len(list) == 0:
		return ui.T(lang, "定期把每个站点从头到尾读一遍，检查所有的链接。")
	case shut > 0:
		return ui.T(lang, "本页有 %d 个站点打不开，%d 条预警待处理。", shut, open)
	case open > 0:
		return ui.T(lang, "本页的站点都能打开，有 %d 条预警待处理。", open)
	}
	return ui.T(lang, "本页的站点都能打开，没有待处理的预警。")
}

func (s *Server) addSite(w http.ResponseWriter, r *http.Request, u access.User) error {
	site := health.Site{Unit: r.PostFormValue("unit"), Name: r.PostFormValue("name"), URL: r.PostFormValue("url"), Code: r.PostFormValue("code"),
		Line: r.PostFormValue("kind") == "line", Above: r.PostFormValue("parent")}
	if err := s.Health.SaveSite(r.Context(), u, site); err != nil {
		return s.sitesAgain(w, r, u, site, err)
	}
	return s.done(w, r, "/sites", ui.T(s.lang(r), "站点已登记，马上开始检查。"))
}

func (s *Server) importSites(w http.ResponseWriter, r *http.Request, u access.User) error {
	var total, added int
	err := readList(r, func(f io.Reader) (err error) {
		total, added, err = s.Health.ImportSites(r.Context(), u, f)
		return err
	})
	if err != nil {
		return s.sitesAgain(w, r, u, health.Site{}, err)
	}
	return s.done(w, r, "/sites", ui.T(s.lang(r), "清单已导入：%d 个站点，%d 个是新的。", total, added))
}

func (s *Server) sitesAgain(w http.ResponseWriter, r *http.Request, u access.User, form health.Site, err error) error {
	p, pageErr := s.newSitesPage(r, u)
	if pageErr != nil {
		return pageErr
	}
	if p.Form = form; form.Line {
		p.Kind = "line"
	}
	return s.again(w, r, "sites", p, &p.Page, err)
}

type sitePage struct {
	ui.Page
	Site     health.Site
	Findings []health.Finding
	Columns  []health.Column
	Form     columnForm
	Classes  []ui.Option
	Units    []ui.Option
	Inspect  bool
	Manage   bool
	Uptime   *uptimeView
	Verdict  verdictView
	Reading  bool // at this moment
	Recent   []alarmView
	Below    []health.Site // what hangs on it
	Above    string        // what it hangs on, as the form has it
	Closing  string        // why it is closed, as the form has it
}

// Checked is the share of the addresses met in the pass under way that were
// asked, in per cent.
func (p *sitePage) Checked() int { return 100 * p.Site.PassAsked / max(p.Site.PassKnown, 1) }

// Left is how many addresses are known that were not asked yet.
func (p *sitePage) Left() int { return p.Site.PassKnown - p.Site.PassAsked }

func (s *Server) sitePage(w http.ResponseWriter, r *http.Request, u access.User) error {
	p, err := s.newSitePage(r, u)
	if err != nil {
		return err
	}
	return s.show(w, r, "site", p)
}

func (s *Server) newSitePage(r *http.Request, u access.User) (*sitePage, error) {
	ctx := r.Context()
	site, err := s.Health.Store.Site(ctx, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	p := &sitePage{Site: site, Inspect: u.May(access.Inspect), Manage: u.May(access.Manage)}
	if now, ok := s.Health.Progress(site.ID); ok {
		p.Reading, p.Site.PassPages, p.Site.PassKnown, p.Site.PassAsked = true, now.Pages, now.Known, now.Asked
	}
	if p.Findings, err = s.Health.Store.Findings(ctx, health.FindingQuery{Site: site.ID, Limit: listSize}); err != nil {
		return nil, err
	}
	if p.Columns, err = s.Health.Columns(ctx, site.ID); err != nil {
		return nil, err
	}
	if p.Uptime, err = s.uptimeView(r, site); err != nil {
		return nil, err
	}
	result, err := s.Inspect.Site(ctx, site.ID)
	if err != nil {
		return nil, err
	}
	if p.Recent, err = s.recent(r, site.ID); err != nil {
		return nil, err
	}
	if p.Below, err = s.Health.Store.SitesBelow(ctx, site.ID, mostBelow); err != nil {
		return nil, err
	}
	p.Above = site.ParentName
	lang := s.lang(r)
	p.Verdict = verdictView{result, lang, s.Inspect.Sleep}
	if p.Manage {
		p.Classes = append([]ui.Option{{Label: ui.T(lang, "按名称判断")}}, classOptions(lang)...)
		if p.Units, err = s.unitOptions(r, ui.T(lang, "站点的责任单位"), catalog.LevelCounty, catalog.LevelDepartment, catalog.LevelTownship); err != nil {
			return nil, err
		}
	}
	p.Title, p.Events = site.Name, eventsURL
	return p, nil
}

// cutWord says at which bound the last pass over a site left pages aside.
func cutWord(cut string) string {
	return map[string]string{
		crawl.CutPages:   "上次没有读全：到了页数上限（设置 links.max_pages）。",
		crawl.CutTargets: "上次没有读全：到了网址数量上限（设置 links.max_addresses）。",
		crawl.CutFile:    "上次没有读全：到了磁盘占用上限（设置 links.max_site_mb）。",
	}[cut]
}

// mostBelow bounds what is named of a line.
const mostBelow = 100

// hangSite says what a site hangs on.
func (s *Server) hangSite(w http.ResponseWriter, r *http.Request, u access.User) error {
	id, above := r.PathValue("id"), r.PostFormValue("parent")
	if err := s.Health.HangSite(r.Context(), u, id, above); err != nil {
		p, pageErr := s.newSitePage(r, u)
		if pageErr != nil {
			return pageErr
		}
		p.Above = above
		return s.again(w, r, "site", p, &p.Page, err)
	}
	return s.done(w, r, "/sites/"+id, ui.T(s.lang(r), "已保存。"))
}

// closeSite says that a site was closed for good, or is to be looked at again.
func (s *Server) closeSite(w http.ResponseWriter, r *http.Request, u access.User) error {
	id, note, open := r.PathValue("id"), r.PostFormValue("closing"), r.PostFormValue("act") == "open"
	if err := s.Health.CloseSite(r.Context(), u, id, note, open); err != nil {
		p, pageErr := s.newSitePage(r, u)
		if pageErr != nil {
			return pageErr
		}
		p.Closing = note
		return s.again(w, r, "site", p, &p.Page, err)
	}
	if open {
		return s.done(w, r, "/sites/"+id, ui.T(s.lang(r), "已恢复检查，马上开始。"))
	}
	return s.done(w, r, "/sites/"+id, ui.T(s.lang(r), "站点已关停，不再检查；理由记入操作记录。"))
}

func (s *Server) siteAgain(w http.ResponseWriter, r *http.Request, u access.User, form columnForm, err error) error {
	p, pageErr := s.newSitePage(r, u)
	if pageErr != nil {
		return pageErr
	}
	p.Form = form
	return s.again(w, r, "site", p, &p.Page, err)
}

func (s *Server) checkSite(w http.ResponseWriter, r *http.Request, u access.User) error {
	id := r.PathValue("id")
	if err := s.Health.CheckNow(r.Context(), u, id); err != nil {
		return err
	}
	s.Uptime.Ask(id)
	return s.done(w, r, "/sites/"+id, ui.T(s.lang(r), "已开始检查，结果会自动出现在这里。"))
}
