package web

import (
	"net/http"

	"zhanqun/hub/access"
	"zhanqun/hub/review"
	"zhanqun/internal/account"
	"zhanqun/internal/ui"
	"zhanqun/protocol"
)

// deskSize is how many items the desk shows; the rest comes up as these go.
const deskSize = 30

type deskPage struct {
	ui.Page
	Items []itemRow
	Tiles []deskTile // the first is what waits for this person
	Most  int        // numbers stop here
}

// deskTile is how many items wait for somebody or something.
type deskTile struct {
	N    int
	Word string
	URL  string // list of them
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
	lang := s.lang(r)
	p := &deskPage{Items: s.rows(items, columns, lang, true), Tiles: deskTiles(u, counts, lang), Most: counts.Most}
	p.Title = ui.T(lang, "审稿台")
	p.Lead = deskLead(p, lang)
	p.Events = eventsURL
	return s.show(w, r, "desk", p)
}

// deskTiles begin with what waits for this person, then tell where the rest is.
func deskTiles(u access.User, counts review.Counts, lang ui.Lang) []deskTile {
	mine, theirs := account.RoleReviewer, account.RoleChief
	if u.May(access.Final) {
		mine, theirs = theirs, mine
	}
	due := func(role account.Role, word string) deskTile {
		return deskTile{counts.Due[string(role)], word, "/items?order=oldest&due=" + string(role)}
	}
	state := func(st protocol.State, word string) deskTile {
		return deskTile{counts.States[st], word, "/items?state=" + string(st)}
	}
	return []deskTile{due(mine, ui.T(lang, "等您审")), due(theirs, ui.T(lang, "等%s审", ui.T(lang, theirs.Name()))),
		state(protocol.StateReturned, ui.T(lang, "已退回，等新稿")), state(protocol.StateApproved, ui.T(lang, "已通过，待发布"))}
}

// deskLead answers what to decide next, and whether it has waited too long.
func deskLead(p *deskPage, lang ui.Lang) string {
	if len(p.Items) == 0 {
		return ui.T(lang, "没有等您审的信息。")
	}
	return ui.T(lang, "最早的一条已经等了 %s。审完一条自动到下一条。", ui.Span(lang, p.Items[0].Waited))
}
