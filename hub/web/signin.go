package web

import (
	"net/http"
	"strings"

	"zhanqun/hub/access"
	"zhanqun/internal/fault"
	"zhanqun/internal/ui"
	"zhanqun/internal/web"
)

type signinPage struct {
	ui.Page
	Login, Next string
}

func (s *Server) signinPage(w http.ResponseWriter, r *http.Request) error {
	next := ui.LocalPath(r.FormValue("next"), "/")
	if _, ok := who(r.Context()); ok {
		http.Redirect(w, r, next, http.StatusSeeOther)
		return nil
	}
	p := &signinPage{Next: next}
	p.Title = ui.T(s.lang(r), "登录")
	return s.show(w, r, "signin", p)
}

// signin checks a name and a password. What is wrong is not told apart, and
// every failure counts towards the lock.
func (s *Server) signin(w http.ResponseWriter, r *http.Request) error {
	p := &signinPage{Login: r.PostFormValue("login"), Next: ui.LocalPath(r.PostFormValue("next"), "/")}
	p.Title = ui.T(s.lang(r), "登录")
	if wait, ok := s.signins.Allow("signin " + web.ByAddress(r)); !ok {
		web.ComeAgain(w, wait)
		return s.again(w, r, "signin", p, &p.Page, fault.New(fault.Limited, "登录太频繁，请稍等几秒再试。"))
	}
	u, err := s.Access.SignIn(r.Context(), p.Login, r.PostFormValue("password"), web.ByAddress(r))
	if err != nil {
		s.Logger.WarnContext(r.Context(), "sign-in refused", "from", web.Address(r), "kind", fault.KindOf(err))
		return s.again(w, r, "signin", p, &p.Page, err)
	}
	if u.SecondFactor {
		return s.second.Ask(w, r, u.ID, p.Next)
	}
	return s.enter(w, r, u, p.Next, "")
}

func (s *Server) signout(w http.ResponseWriter, r *http.Request) error {
	if err := s.sessions.SignOut(r.Context()); err != nil {
		return err
	}
	http.Redirect(w, r, "/signin", http.StatusSeeOther)
	return nil
}

type passwordPage struct {
	ui.Page
	Given bool   // the present one was given by somebody else
	Old   bool   // it is older than the county allows
	Login string // for what keeps passwords: it tells whose they are
}

func (s *Server) newPasswordPage(r *http.Request, u access.User) *passwordPage {
	p := &passwordPage{Given: u.MustChange, Old: !u.MustChange && s.Access.MustChange(u), Login: u.Login}
	p.Title = ui.T(s.lang(r), "修改密码")
	return p
}

func (s *Server) passwordPage(w http.ResponseWriter, r *http.Request, u access.User) error {
	p := s.newPasswordPage(r, u)
	return s.show(w, r, "password", p)
}

func (s *Server) changePassword(w http.ResponseWriter, r *http.Request, u access.User) error {
	p := s.newPasswordPage(r, u)
	next := r.PostFormValue("password")
	if next != r.PostFormValue("again") {
		return s.again(w, r, "password", p, &p.Page, fault.Field("again", "两次输入的新密码不一样。"))
	}
	if err := s.Access.ChangePassword(r.Context(), u, r.PostFormValue("old"), next, web.ByAddress(r)); err != nil {
		return s.again(w, r, "password", p, &p.Page, err)
	}
	// Every session ended with the old password; this browser gets a new one.
	if err := s.sessions.SignIn(r, u.ID); err != nil {
		return err
	}
	return s.done(w, r, "/", ui.T(s.lang(r), "密码已修改，其他地方的登录都已退出。"))
}

// signIns are the places where the owner of an account is signed in.
func (s *Server) signIns(r *http.Request, u access.User, id string) ([]ui.SignIn, error) {
	list, err := s.Access.SignIns(r.Context(), u, id, s.sessions.LiveSince())
	return ui.SignInList(list, s.sessions.SignInID(r.Context())), err
}

// endSignIn ends one sign-in of the user.
func (s *Server) endSignIn(w http.ResponseWriter, r *http.Request, u access.User) error {
	if err := s.Access.EndSignIn(r.Context(), u, u.ID, r.PathValue("id")); err != nil {
		return err
	}
	return s.done(w, r, "/account", ui.T(s.lang(r), "这一处登录已退出。"))
}

// signoutAll ends every session of the user but this one, which begins anew.
func (s *Server) signoutAll(w http.ResponseWriter, r *http.Request, u access.User) error {
	if err := s.Access.SignOutEverywhere(r.Context(), u, u.ID); err != nil {
		return err
	}
	if err := s.sessions.SignIn(r, u.ID); err != nil {
		return err
	}
	return s.done(w, r, "/account", ui.T(s.lang(r), "其他地方的登录都已退出。"))
}

type accountPage struct {
	ui.Page
	Me     access.User
	Tokens []access.Token
	Secret string // of a token just made; shown once
	Name   string // of a token that could not be made

	SignIns []ui.SignIn
}

func (s *Server) accountPage(w http.ResponseWriter, r *http.Request, u access.User) error {
	return s.showAccount(w, r, u, "", nil)
}

func (s *Server) showAccount(w http.ResponseWriter, r *http.Request, u access.User, secret string, err error) error {
	tokens, readErr := s.Access.Tokens(r.Context(), u, u.ID)
	if readErr != nil {
		return readErr
	}
	signIns, readErr := s.signIns(r, u, u.ID)
	if readErr != nil {
		return readErr
	}
	p := &accountPage{Me: u, Tokens: tokens, Secret: secret, SignIns: signIns}
	p.Title = ui.T(s.lang(r), "我的账号")
	if err != nil {
		p.Name = r.PostFormValue("name")
		return s.again(w, r, "account", p, &p.Page, err)
	}
	return s.show(w, r, "account", p)
}

func (s *Server) addToken(w http.ResponseWriter, r *http.Request, u access.User) error {
	secret, _, err := s.Access.NewToken(r.Context(), u, u.Login, strings.TrimSpace(r.PostFormValue("name")), 0)
	return s.showAccount(w, r, u, secret, err)
}

func (s *Server) revokeToken(w http.ResponseWriter, r *http.Request, u access.User) error {
	if err := s.Access.RevokeToken(r.Context(), u, u.ID, r.PathValue("id")); err != nil {
		return err
	}
	return s.done(w, r, "/account", ui.T(s.lang(r), "令牌已作废。"))
}
