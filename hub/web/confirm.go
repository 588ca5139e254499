package web

import (
	"context"
	"net/http"

	"zhanqun/hub/access"
	"zhanqun/internal/fault"
	"zhanqun/internal/ui"
)

// sure is the field by which a person confirms an act that was asked about.
const sure = "sure"

// ask shows the page that asks before an act, or asks again because of err. The
// form posts to the address of the act itself, with what was filled in.
func (s *Server) ask(w http.ResponseWriter, r *http.Request, c *ui.Confirm, err error) error {
	c.Hidden = map[string]string{sure: "1"}
	for i := range c.Fields {
		c.Fields[i].Value, c.Fields[i].Error = r.PostFormValue(c.Fields[i].Name), fault.Fields(err)[c.Fields[i].Name]
	}
	if err != nil {
		return s.again(w, r, "confirm", c, &c.Page, err)
	}
	return s.pages.Confirm(w, r, c)
}

// changeNode asks, with the reason, and then does something to a node.
func (s *Server) changeNode(w http.ResponseWriter, r *http.Request, u access.User, c *ui.Confirm,
	act func(ctx context.Context, actor access.User, id, reason string) (access.Node, error), done string) error {
	n, err := s.Access.NodeByID(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	to := "/nodes/" + n.ID
	c.Thing, c.Back = nodeName(n), to
	c.Fields = []ui.Field{{Name: "reason", Label: ui.T(s.lang(r), "原因"), Required: true, MaxLength: 200}}
	if r.PostFormValue(sure) == "" {
		return s.ask(w, r, c, nil)
	}
	if _, err := act(r.Context(), u, n.ID, r.PostFormValue("reason")); err != nil {
		return s.ask(w, r, c, err)
	}
	return s.done(w, r, to, done)
}

// changeUser asks, and then does something to an account.
func (s *Server) changeUser(w http.ResponseWriter, r *http.Request, c *ui.Confirm, act func(access.User) error) error {
	u, err := s.Access.User(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	c.Thing, c.Back = u.Name+"（"+u.Login+"）", "/users/"+u.ID
	if r.PostFormValue(sure) == "" {
		return s.ask(w, r, c, nil)
	}
	if err := act(u); err != nil {
		return s.undone(w, r, c.Back, err)
	}
	return nil
}
