package web

import (
	"net/http"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/hub/review"
	"zhanqun/internal/fault"
	"zhanqun/internal/ui"
	"zhanqun/internal/web"
)

// deskSize is how many items the desk shows; the rest comes up as these go.
const deskSize = 30

type deskPage struct {
	ui.Page
	Items   []catalog.Item
	Counts  review.Counts
	Due     int // steps this person can decide
	Columns map[string]string
}

// home is the first page of whoever is signed in: what to decide next, or the
// list that belongs to the role.
func (s *Server) home(w http.ResponseWriter, r *http.Request, u access.User) error {
	switch {
	case u.May(access.Review):
		return s.desk(w, r, u)
	case u.May(access.Manage):
		http.Redirect(w, r, "/nodes", http.StatusSeeOther)
	default:
		http.Redirect(w, r, "/items", http.StatusSeeOther)
	}
	return nil
}

func (s *Server) desk(w http.ResponseWriter, r *http.Request, u access.User) error {
	ctx := r.Context()
	items, err := s.Review.Next(ctx, u, review.Position{}, deskSize)
	if err != nil {
		return err
	}
	counts, err := s.Review.Counts(ctx, u)
	if err != nil {
		return err
	}
	columns, err := s.Access.Columns(ctx)
	if err != nil {
		return err
	}
	p := &deskPage{Items: items, Counts: counts, Columns: columnNames(columns), Due: counts.Due[string(u.Role)]}
	lang := s.pages.Lang(r)
	p.Title = ui.T(lang, "审稿台")
	p.Lead = ui.T(lang, "没有等您审的信息。")
	if p.Due > 0 {
		p.Lead = ui.T(lang, "有 %d 条等您审，最早的排在最前。", p.Due)
	}
	p.Events = "/events"
	return s.pages.Render(w, r, http.StatusOK, "desk", p)
}

// liveEvents tells an open page that something changed.
func (s *Server) liveEvents(w http.ResponseWriter, r *http.Request, _ access.User) error {
	changes, leave, ok := s.live.join()
	if !ok {
		return fault.New(fault.Unavailable, "打开的页面太多，本页不再自动更新，请手动刷新。")
	}
	defer leave()
	events := make(chan web.Event)
	go func() {
		defer close(events)
		for {
			select {
			case <-r.Context().Done():
				return
			case <-changes:
			}
			select {
			case <-r.Context().Done():
				return
			case events <- web.Event{Name: "change", Data: "list counts"}:
			}
		}
	}()
	return web.Stream(w, r, events)
}
