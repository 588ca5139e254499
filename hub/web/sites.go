package web

import (
	"net/http"

	"zhanqun/hub/access"
	"zhanqun/hub/health"
	"zhanqun/internal/ui"
	"zhanqun/internal/web"
)

type sitesPage struct {
	ui.Page
	Sites  []health.Site
	Form   health.Site
	Older  string
	Manage bool
}

func (s *Server) sitesPage(w http.ResponseWriter, r *http.Request, u access.User) error {
	p, err := s.newSitesPage(r, u)
	if err != nil {
		return err
	}
	return s.pages.Render(w, r, http.StatusOK, "sites", p)
}

func (s *Server) newSitesPage(r *http.Request, u access.User) (*sitesPage, error) {
	const size = 100
	list, err := s.Health.Store.Sites(r.Context(), r.FormValue("cursor"), size)
	if err != nil {
		return nil, err
	}
	p := &sitesPage{Sites: list, Manage: u.May(access.Manage)}
	lang := s.pages.Lang(r)
	p.Title = ui.T(lang, "站点")
	p.Lead = ui.T(lang, "每天读一遍首页和下一层，检查上面的链接。")
	if next := nextAfter(list, size, func(site health.Site) string { return site.ID }); next != "" {
		p.Older = withParam(r, "cursor", next)
	}
	return p, nil
}

func (s *Server) addSite(w http.ResponseWriter, r *http.Request, u access.User) error {
	site := health.Site{Unit: r.PostFormValue("unit"), Name: r.PostFormValue("name"), URL: r.PostFormValue("url"), Code: r.PostFormValue("code")}
	if err := s.Health.SaveSite(r.Context(), u, site); err != nil {
		p, pageErr := s.newSitesPage(r, u)
		if pageErr != nil {
			return pageErr
		}
		p.Form = site
		return s.again(w, r, "sites", p, &p.Page, err)
	}
	return s.done(w, r, "站点已登记，马上开始检查。", "/sites")
}

type sitePage struct {
	ui.Page
	Site     health.Site
	Findings []health.Finding
	Inspect  bool
}

func (s *Server) sitePage(w http.ResponseWriter, r *http.Request, u access.User) error {
	ctx := r.Context()
	site, err := s.Health.Store.Site(ctx, r.PathValue("id"))
	if err != nil {
		return err
	}
	findings, err := s.Health.Store.Findings(ctx, health.FindingQuery{Site: site.ID, Limit: 100})
	if err != nil {
		return err
	}
	p := &sitePage{Site: site, Findings: findings, Inspect: u.May(access.Inspect)}
	p.Title, p.Events = site.Name, "/events"
	return s.pages.Render(w, r, http.StatusOK, "site", p)
}

func (s *Server) checkSite(w http.ResponseWriter, r *http.Request, u access.User) error {
	id := r.PathValue("id")
	if err := s.Health.CheckNow(r.Context(), u, id); err != nil {
		return err
	}
	return s.done(w, r, "已开始检查，结果会自动出现在这里。", "/sites/"+id)
}

type findingsPage struct {
	ui.Page
	Findings []health.Finding
	State    string
	Older    string
}

// findingsPage lists findings; without a state those that are not closed.
func (s *Server) findingsPage(w http.ResponseWriter, r *http.Request, u access.User) error {
	if !r.URL.Query().Has("state") {
		q := r.URL.Query()
		q.Set("state", health.StateActive)
		r.URL.RawQuery = q.Encode()
	}
	list, next, err := s.findings(r, u, 50)
	if err != nil {
		return err
	}
	p := &findingsPage{Findings: list, State: r.FormValue("state")}
	lang := s.pages.Lang(r)
	p.Title, p.Events = ui.T(lang, "链接预警"), "/events"
	p.Lead = ui.T(lang, "隔时两次以上确认打不开的链接，已通知责任单位。")
	if next != "" {
		p.Older = withParam(r, "cursor", next)
	}
	return s.pages.Render(w, r, http.StatusOK, "findings", p)
}

type findingPage struct {
	ui.Page
	F       health.Finding
	Steps   []ui.Event
	Inspect bool
	Note    string
}

func (s *Server) findingPage(w http.ResponseWriter, r *http.Request, u access.User) error {
	p, err := s.newFindingPage(r, u)
	if err != nil {
		return err
	}
	return s.pages.Render(w, r, http.StatusOK, "finding", p)
}

func (s *Server) newFindingPage(r *http.Request, u access.User) (*findingPage, error) {
	f, steps, err := s.finding(r, u)
	if err != nil {
		return nil, err
	}
	p := &findingPage{F: f, Inspect: u.May(access.Inspect)}
	lang := s.pages.Lang(r)
	for _, step := range steps {
		p.Steps = append(p.Steps, ui.Event{At: step.At, Title: ui.T(lang, "预警"), Who: step.Who, State: step.Kind, Text: step.Note})
	}
	p.Title, p.Events = ui.T(lang, "%s：%s", ui.T(lang, f.Class), f.URL), "/events"
	return p, nil
}

// settle decides a dispute or strikes a false alarm off.
func (s *Server) settle(w http.ResponseWriter, r *http.Request, u access.User) error {
	id, note := r.PathValue("id"), r.PostFormValue("note")
	strike := r.PostFormValue("act") == "strike"
	if _, err := s.Health.Settle(r.Context(), u, id, strike, note); err != nil {
		p, pageErr := s.newFindingPage(r, u)
		if pageErr != nil {
			return pageErr
		}
		p.Note = note
		return s.again(w, r, "finding", p, &p.Page, err)
	}
	text := "已退回责任单位继续处理。"
	if strike {
		text = "已核减，目标不变就不再预警。"
	}
	s.sessions.Flash(r.Context(), web.Flash{Tone: string(ui.Good), Text: text})
	http.Redirect(w, r, "/findings/"+id, http.StatusSeeOther)
	return nil
}
