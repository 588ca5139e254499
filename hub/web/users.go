package web

import (
	"net/http"

	"zhanqun/hub/access"
	"zhanqun/internal/account"
	"zhanqun/internal/ui"
	"zhanqun/internal/web"
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
	return s.show(w, r, "users", p)
}

func (s *Server) newUsersPage(r *http.Request, u access.User) (*usersPage, error) {
	users, err := s.Access.Users(r.Context(), u, access.UserQuery{After: r.URL.Query().Get("cursor"), Limit: listSize})
	if err != nil {
		return nil, err
	}
	lang := s.lang(r)
	p := &usersPage{Users: users, Roles: roleOptions(lang)}
	p.Title = ui.T(lang, "人员")
	p.Lead = ui.T(lang, "县级平台的账号。乡镇信息员的账号建在各自的节点上。")
	p.Older = older(r, "cursor", users, func(u access.User) string { return u.Login })
	return p, nil
}

// roleOptions begin with the role that is given most.
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
	return s.show(w, r, "users", p)
}

type userPage struct {
	ui.Page
	Account  access.User
	Form     access.NewUser
	Roles    []ui.Option
	Self     bool
	Password string // one-time password; shown once
	SignIns  []ui.SignIn
}

func (s *Server) userPage(w http.ResponseWriter, r *http.Request, u access.User) error {
	p, err := s.newUserPage(r, u, r.PathValue("id"))
	if err != nil {
		return err
	}
	return s.show(w, r, "user", p)
}

// newUserPage shows u the account with an id.
func (s *Server) newUserPage(r *http.Request, u access.User, id string) (*userPage, error) {
	a, err := s.Access.User(r.Context(), id)
	if err != nil {
		return nil, err
	}
	p := &userPage{Account: a, Form: access.NewUser{Name: a.Name, Role: a.Role, Unit: a.Unit}, Roles: roleOptions(s.lang(r)), Self: u.ID == a.ID}
	p.Title = a.Name
	p.SignIns, err = s.signIns(r, u, id)
	return p, err
}

func (s *Server) editUser(w http.ResponseWriter, r *http.Request, u access.User) error {
	id := r.PathValue("id")
	form := access.NewUser{Name: r.PostFormValue("name"), Role: account.Role(r.PostFormValue("role")), Unit: r.PostFormValue("unit")}
	if _, err := s.Access.EditUser(r.Context(), u, id, form.Name, form.Role, form.Unit); err != nil {
		p, pageErr := s.newUserPage(r, u, id)
		if pageErr != nil {
			return pageErr
		}
		p.Form = form
		return s.again(w, r, "user", p, &p.Page, err)
	}
	return s.done(w, r, "/users/"+id, ui.T(s.lang(r), "账号已保存。"))
}

func (s *Server) disableUser(w http.ResponseWriter, r *http.Request, u access.User) error {
	lang := s.lang(r)
	c := &ui.Confirm{Action: ui.T(lang, "停用"), Danger: true, Text: ui.T(lang, "停用后立即退出登录，令牌同时失效。以后可以再启用，操作记录不受影响。")}
	c.Title = ui.T(lang, "停用账号")
	return s.changeUser(w, r, c, func(a access.User) error {
		if _, err := s.Access.DisableUser(r.Context(), u, a.ID); err != nil {
			return err
		}
		return s.done(w, r, c.Back, ui.T(lang, "账号已停用。"))
	})
}

func (s *Server) enableUser(w http.ResponseWriter, r *http.Request, u access.User) error {
	to := "/users/" + r.PathValue("id")
	if _, err := s.Access.EnableUser(r.Context(), u, r.PathValue("id")); err != nil {
		return s.undone(w, r, to, err)
	}
	return s.done(w, r, to, ui.T(s.lang(r), "账号已启用。"))
}

// resetPassword gives a one-time password and shows it, once.
func (s *Server) resetPassword(w http.ResponseWriter, r *http.Request, u access.User) error {
	lang := s.lang(r)
	c := &ui.Confirm{Action: ui.T(lang, "重置密码"), Text: ui.T(lang, "原来的密码和令牌立即失效，已登录的地方都会退出。新的一次性密码只显示一次。")}
	c.Title = ui.T(lang, "重置密码")
	return s.changeUser(w, r, c, func(a access.User) error {
		password, err := s.Access.ResetPassword(r.Context(), u, a.ID, web.ByAddress(r))
		if err != nil {
			return err
		}
		p, err := s.newUserPage(r, u, a.ID)
		if err != nil {
			return err
		}
		p.Password = password
		return s.show(w, r, "user", p)
	})
}

// signoutUser ends every sign-in of somebody.
func (s *Server) signoutUser(w http.ResponseWriter, r *http.Request, u access.User) error {
	id := r.PathValue("id")
	if err := s.Access.SignOutEverywhere(r.Context(), u, id); err != nil {
		return err
	}
	return s.done(w, r, "/users/"+id, ui.T(s.lang(r), "这个账号的登录都已退出。"))
}

// endUserSignIn ends one sign-in of somebody.
func (s *Server) endUserSignIn(w http.ResponseWriter, r *http.Request, u access.User) error {
	to := "/users/" + r.PathValue("id")
	if err := s.Access.EndSignIn(r.Context(), u, r.PathValue("id"), r.PathValue("signin")); err != nil {
		return err
	}
	return s.done(w, r, to, ui.T(s.lang(r), "这一处登录已退出。"))
}
