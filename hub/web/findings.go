package web

import (
	"net/http"

	"zhanqun/hub/access"
	"zhanqun/hub/health"
	"zhanqun/internal/fault"
	"zhanqun/internal/ui"
	"zhanqun/internal/web"
	"zhanqun/protocol"
)

type findingsPage struct {
	ui.Page
	Findings []health.Finding
	Reports  bool // he may see what the county sees
	State    string
	Site     string
	Older    string
}

// findingsPage lists findings; without a state those that are not closed.
func (s *Server) findingsPage(w http.ResponseWriter, r *http.Request, u access.User) error {
	q, err := s.findingQuery(r, u, 50)
	if err != nil {
		return err
	}
	if !r.URL.Query().Has("state") {
		q.State = health.StateActive
	}
	list, next, err := s.findings(r.Context(), q)
	if err != nil {
		return err
	}
	p := &findingsPage{Findings: list, State: q.State, Site: q.Site, Reports: u.May(access.ReadAll)}
	lang := s.lang(r)
	p.Title, p.Events = ui.T(lang, "预警"), eventsURL
	p.Lead = ui.T(lang, "隔时两次以上确认的问题：打不开的链接、打不开的站点、不更新和空白的栏目。责任单位限期整改。")
	if next != "" {
		p.Older = web.WithParam(r, "cursor", next)
	}
	return s.show(w, r, "findings", p)
}

type findingPage struct {
	ui.Page
	F       health.Finding
	Steps   []ui.Event
	Dispute *health.Step // what the unit objects, while that is to be decided
	Inspect bool
	Note    string
	Ending  string // why it is closed, in words
	Advice  string // what the unit is told to do
}

// endingNames are the reasons why a finding is closed.
var endingNames = map[string]string{protocol.EndingRecovered: "目标恢复访问", protocol.EndingRemoved: "链接已从页面移除", protocol.EndingStruck: "误报，核减", protocol.EndingWaived: "不必再整改"}

func (s *Server) findingPage(w http.ResponseWriter, r *http.Request, u access.User) error {
	p, err := s.newFindingPage(r, u)
	if err != nil {
		return err
	}
	return s.show(w, r, "finding", p)
}

func (s *Server) newFindingPage(r *http.Request, u access.User) (*findingPage, error) {
	f, steps, err := s.finding(r, u)
	if err != nil {
		return nil, err
	}
	lang := s.lang(r)
	p := &findingPage{F: f, Inspect: u.May(access.Inspect), Ending: ui.T(lang, endingNames[f.Ending]), Advice: ui.T(lang, health.Advice(f))}
	if f.Kind == health.AboutColumn && f.Ending == protocol.EndingRecovered {
		p.Ending = ui.T(lang, "栏目有更新")
	}
	for i, step := range steps {
		c := s.chip(step.Kind)
		p.Steps = append(p.Steps, ui.Event{At: step.At, Title: ui.T(lang, c.Word), Who: ui.T(lang, step.Who), Tone: c.Tone, Text: ui.T(lang, step.Note)})
		if f.State == protocol.FindingDisputed && step.Kind == f.State && p.Dispute == nil {
			p.Dispute = &steps[i]
		}
	}
	p.Title, p.Lead, p.Events = ui.T(lang, f.Shown()), ui.T(lang, f.Class), eventsURL
	return p, nil
}

// settle decides a dispute or strikes a false alarm off.
func (s *Server) settle(w http.ResponseWriter, r *http.Request, u access.User) error {
	to, note := "/findings/"+r.PathValue("id"), r.PostFormValue("note")
	var strike bool
	switch r.PostFormValue("act") {
	case "strike":
		strike = true
	case "keep":
	default:
		return fault.New(fault.Invalid, "请选择核减，或退回处理。")
	}
	before, _, err := s.Health.Store.Finding(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	if _, err := s.Health.Settle(r.Context(), u, r.PathValue("id"), strike, note); err != nil {
		p, pageErr := s.newFindingPage(r, u)
		if pageErr != nil {
			return pageErr
		}
		p.Note = note
		return s.again(w, r, "finding", p, &p.Page, err)
	}
	switch {
	case strike:
		return s.done(w, r, to, ui.T(s.lang(r), "已核减，目标不变就不再预警。"))
	case before.State == health.FindingFound:
		return s.done(w, r, to, ui.T(s.lang(r), "已确认，责任单位马上收到通知。"))
	}
	return s.done(w, r, to, ui.T(s.lang(r), "已退回责任单位继续处理。"))
}

// askOpinion asks townships' nodes to look as well.
func (s *Server) askOpinion(w http.ResponseWriter, r *http.Request, u access.User) error {
	to := "/findings/" + r.PathValue("id")
	n, err := s.Health.AskOpinion(r.Context(), u, r.PathValue("id"))
	if err != nil {
		return s.undone(w, r, to, err)
	}
	return s.done(w, r, to, ui.T(s.lang(r), "已请 %d 个乡镇节点从各自的线路看一次，结果会写进经过。", n))
}
