package web

import (
	"net/http"
	"net/url"

	"zhanqun/internal/ui"
	"zhanqun/node/queue"
)

// personPage is what the township sees of one account: where its owner is signed in.
type personPage struct {
	ui.Page
	Account queue.Account
	Self    bool
	SignIns []ui.SignIn
}

func (s *Server) personPage(w http.ResponseWriter, r *http.Request, a queue.Account) error {
	person, err := s.Queue.AccountByLogin(r.Context(), r.PathValue("login"))
	if err != nil {
		return err
	}
	p := &personPage{Account: person, Self: person.ID == a.ID}
	p.Title = person.Name
	if p.SignIns, err = s.signIns(r, person); err != nil {
		return err
	}
	return s.pages.Render(w, r, http.StatusOK, "person", p)
}

// endPersonSignIn ends one sign-in of somebody.
func (s *Server) endPersonSignIn(w http.ResponseWriter, r *http.Request, a queue.Account) error {
	person, err := s.Queue.AccountByLogin(r.Context(), r.PathValue("login"))
	if err != nil {
		return err
	}
	return s.endOne(w, r, a, person, r.PathValue("id"), personURL(person))
}

func personURL(a queue.Account) string { return "/people/" + url.PathEscape(a.Login) }
