package web

import (
	"net/http"
	"strconv"
	"strings"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/internal/account"
	"zhanqun/internal/ui"
)

type usersPage struct {
	ui.Page
	Users    []access.User
	Form     access.NewUser
	Roles    []ui.Option
	Older    string
	Login    string // of the account whose password is shown
	Password string // one-time password; shown once
}

func (s *Server) usersPage(w http.ResponseWriter, r *http.Request, u access.User) error {
	p, err := s.newUsersPage(r, u)
	if err != nil {
		return err
	}
	return s.pages.Render(w, r, http.StatusOK, "users", p)
}

func (s *Server) newUsersPage(r *http.Request, u access.User) (*usersPage, error) {
	users, err := s.Access.Users(r.Context(), u, access.UserQuery{After: r.URL.Query().Get("cursor"), Limit: listSize})
	if err != nil {
		return nil, err
	}
	lang := s.pages.Lang(r)
	p := &usersPage{Users: users, Roles: roleOptions(lang)}
	p.Title = ui.T(lang, "人员")
	p.Lead = ui.T(lang, "县级平台的账号。乡镇信息员的账号建在各自的节点上。")
	if next := nextAfter(users, listSize, func(u access.User) string { return u.Login }); next != "" {
		p.Older = withParam(r, "cursor", next)
	}
	return p, nil
}

func roleOptions(lang ui.Lang) []ui.Option {
	var list []ui.Option
	for _, role := range []account.Role{account.RoleReviewer, account.RoleChief, account.RoleViewer, account.RoleAdmin, account.RoleLiaison, account.RoleVillage} {
		list = append(list, ui.Option{Value: string(role), Label: ui.T(lang, role.Name())})
	}
	return list
}

func (s *Server) addUser(w http.ResponseWriter, r *http.Request, u access.User) error {
	form := access.NewUser{Login: r.PostFormValue("login"), Name: r.PostFormValue("name"),
		Role: account.Role(r.PostFormValue("role")), Unit: r.PostFormValue("unit")}
	added, password, err := s.Access.AddUser(r.Context(), u, form)
	p, pageErr := s.newUsersPage(r, u)
	if pageErr != nil {
		return pageErr
	}
	if err != nil {
		p.Form = form
		return s.again(w, r, "users", p, &p.Page, err)
	}
	p.Login, p.Password = added.Login, password
	return s.pages.Render(w, r, http.StatusOK, "users", p)
}

type userPage struct {
	ui.Page
	Account  access.User
	Roles    []ui.Option
	Tokens   []access.Token
	Password string
}

func (s *Server) userPage(w http.ResponseWriter, r *http.Request, u access.User) error {
	return s.showUser(w, r, u, "", nil)
}

func (s *Server) showUser(w http.ResponseWriter, r *http.Request, u access.User, password string, failed error) error {
	who, err := s.Access.User(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	tokens, err := s.Access.Tokens(r.Context(), u, who.ID)
	if err != nil {
		return err
	}
	p := &userPage{Account: who, Roles: roleOptions(s.pages.Lang(r)), Tokens: tokens, Password: password}
	p.Title = who.Name
	if failed != nil {
		return s.again(w, r, "user", p, &p.Page, failed)
	}
	return s.pages.Render(w, r, http.StatusOK, "user", p)
}

func (s *Server) editUser(w http.ResponseWriter, r *http.Request, u access.User) error {
	id := r.PathValue("id")
	_, err := s.Access.EditUser(r.Context(), u, id, r.PostFormValue("name"), account.Role(r.PostFormValue("role")), r.PostFormValue("unit"))
	if err != nil {
		return s.showUser(w, r, u, "", err)
	}
	return s.done(w, r, "账号已保存。", "/users/"+id)
}

func (s *Server) changeUser(w http.ResponseWriter, r *http.Request, u access.User) error {
	ctx, id := r.Context(), r.PathValue("id")
	var err error
	switch r.PathValue("act") {
	case "disable":
		_, err = s.Access.DisableUser(ctx, u, id)
	case "enable":
		_, err = s.Access.EnableUser(ctx, u, id)
	case "reset":
		password, err := s.Access.ResetPassword(ctx, u, id)
		return s.showUser(w, r, u, password, err)
	default:
		return errNotFound
	}
	if err != nil {
		return s.showUser(w, r, u, "", err)
	}
	return s.done(w, r, "账号状态已更改。", "/users/"+id)
}

type columnsPage struct {
	ui.Page
	Columns []catalog.Column
	Manage  bool
}

func (s *Server) columnsPage(w http.ResponseWriter, r *http.Request, u access.User) error {
	list, err := s.Access.Columns(r.Context())
	if err != nil {
		return err
	}
	p := &columnsPage{Columns: list, Manage: u.May(access.Manage)}
	lang := s.pages.Lang(r)
	p.Title = ui.T(lang, "栏目")
	p.Lead = ui.T(lang, "每个栏目的审核步骤。改动只影响以后的审核。")
	return s.pages.Render(w, r, http.StatusOK, "columns", p)
}

// columnSteps is how many steps the form of a column offers.
const columnSteps = 4

type columnPage struct {
	ui.Page
	Column catalog.Column
	Steps  [columnSteps]catalog.Step
	Roles  []ui.Option
	New    bool
}

func (s *Server) columnPage(w http.ResponseWriter, r *http.Request, _ access.User) error {
	c := catalog.Column{}
	if slug := r.PathValue("slug"); slug != "new" {
		var err error
		if c, err = s.Access.Column(r.Context(), slug); err != nil {
			return err
		}
	}
	return s.pages.Render(w, r, http.StatusOK, "column", s.newColumnPage(r, c))
}

func (s *Server) newColumnPage(r *http.Request, c catalog.Column) *columnPage {
	lang := s.pages.Lang(r)
	p := &columnPage{Column: c, New: r.PathValue("slug") == "new"}
	copy(p.Steps[:], c.Steps)
	p.Roles = []ui.Option{{Value: string(account.RoleReviewer), Label: ui.T(lang, account.RoleReviewer.Name())},
		{Value: string(account.RoleChief), Label: ui.T(lang, account.RoleChief.Name())}}
	p.Title = c.Name
	if p.New {
		p.Title = ui.T(lang, "新栏目")
	}
	return p
}

func (s *Server) saveColumn(w http.ResponseWriter, r *http.Request, u access.User) error {
	c := catalog.Column{Slug: r.PathValue("slug"), Name: strings.TrimSpace(r.PostFormValue("name")), Closed: r.PostFormValue("closed") != ""}
	if c.Slug == "new" {
		c.Slug = strings.TrimSpace(r.PostFormValue("slug"))
	}
	c.Position, _ = strconv.Atoi(r.PostFormValue("position"))
	for i := range columnSteps {
		n := strconv.Itoa(i)
		if name := strings.TrimSpace(r.PostFormValue("step" + n)); name != "" {
			c.Steps = append(c.Steps, catalog.Step{Name: name, Role: r.PostFormValue("role" + n)})
		}
	}
	if err := s.Access.SaveColumn(r.Context(), u, c); err != nil {
		p := s.newColumnPage(r, c)
		return s.again(w, r, "column", p, &p.Page, err)
	}
	return s.done(w, r, "栏目已保存，并通知各节点。", "/columns")
}
