package web

import (
	"net/http"
	"time"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/hub/review"
	"zhanqun/internal/ui"
	"zhanqun/protocol"
)

// deskSize is how many items the desk shows; the rest comes up as these go.
const deskSize = 30

type deskPage struct {
	ui.Page
	Items   []catalog.Item
	Counts  review.Counts
	Due     int // steps this person can decide
	Tiles   []stateTile
	Columns map[string]string
}

// stateTile is how many items are in one state.
type stateTile struct {
	State protocol.State
	Word  string
	N     int
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
	lang := s.lang(r)
	p.Title = ui.T(lang, "审稿台")
	p.Lead = deskLead(p, s.Now(), lang)
	for _, st := range []protocol.State{protocol.StateReceived, protocol.StateInReview, protocol.StateReturned} {
		p.Tiles = append(p.Tiles, stateTile{st, ui.T(lang, chips[string(st)].Word), counts.States[st]})
	}
	p.Events = eventsURL
	return s.show(w, r, "desk", p)
}

// deskLead answers what to decide next, and whether it has waited too long.
func deskLead(p *deskPage, now time.Time, lang ui.Lang) string {
	if len(p.Items) == 0 {
		return ui.T(lang, "没有等您审的信息。")
	}
	waited := ui.Span(lang, now.Sub(p.Items[0].ReceivedAt))
	return ui.T(lang, "最早的一条已经等了 %s。按 n 开始，审完一条自动到下一条。", waited)
}
