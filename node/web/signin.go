package web

import (
	"net/http"

	"zhanqun/internal/fault"
	"zhanqun/internal/ui"
	"zhanqun/internal/web"
	"zhanqun/node/queue"
)

type signinPage struct {
	ui.Page
	Login, Next string
	Own         bool // this node's own CA made the certificate
}

func (s *Server) signinPage(w http.ResponseWriter, r *http.Request) error {
	next := ui.LocalPath(r.FormValue("next"), "/")
	if _, ok := who(r.Context()); ok {
		http.Redirect(w, r, next, http.StatusSeeOther)
		return nil
	}
	p := &signinPage{Next: next, Own: s.Certificate().CA != nil && r.TLS != nil}
	p.Title = ui.T(s.pages.Lang(r), "登录")
	return s.pages.Render(w, r, http.StatusOK, "signin", p)
}

// signin checks a name and a password. What is wrong is not told apart, and
// every failure counts towards the lock.
func (s *Server) signin(w http.ResponseWriter, r *http.Request) error {
	p := &signinPage{Login: r.PostFormValue("login"), Next: ui.LocalPath(r.PostFormValue("next"), "/")}
	p.Title = ui.T(s.pages.Lang(r), "登录")
	if wait, ok := s.signins.Allow("signin " + web.ByAddress(r)); !ok {
		web.ComeAgain(w, wait)
		return s.again(w, r, "signin", p, &p.Page, fault.New(fault.Limited, "登录太频繁，请稍等几秒再试。"))
	}
	a, err := s.Queue.SignIn(r.Context(), p.Login, r.PostFormValue("password"), web.ByAddress(r))
	if err != nil {
		s.Log.WarnContext(r.Context(), "sign-in refused", "from", web.Address(r), "kind", fault.KindOf(err))
		return s.again(w, r, "signin", p, &p.Page, err)
	}
	if a.SecondFactor {
		return s.second.Ask(w, r, a.Ref(), p.Next)
	}
	return s.enter(w, r, a, p.Next, "")
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
	Login string // for what keeps passwords

	SecondFactor bool
	SignIns      []ui.SignIn
}

func (s *Server) newPasswordPage(r *http.Request, a queue.Account) (p *passwordPage, err error) {
	p = &passwordPage{Given: a.MustChange, Old: !a.MustChange && s.Queue.MustChange(a), Login: a.Login, SecondFactor: a.SecondFactor}
	p.Title = ui.T(s.pages.Lang(r), "修改密码")
	p.SignIns, err = s.signIns(r, a)
	return p, err
}

// signIns are the places where the owner of an account is signed in.
func (s *Server) signIns(r *http.Request, a queue.Account) ([]ui.SignIn, error) {
	list, err := s.Queue.SignIns(r.Context(), a, s.sessions.LiveSince())
	return ui.SignInList(list, s.sessions.SignInID(r.Context())), err
}

func (s *Server) passwordPage(w http.ResponseWriter, r *http.Request, a queue.Account) error {
	p, err := s.newPasswordPage(r, a)
	if err != nil {
		return err
	}
	return s.pages.Render(w, r, http.StatusOK, "password", p)
}

func (s *Server) changePassword(w http.ResponseWriter, r *http.Request, a queue.Account) error {
	ctx := r.Context()
	if err := s.setPassword(r, a); err != nil {
		p, pageErr := s.newPasswordPage(r, a)
		if pageErr != nil {
			return pageErr
		}
		return s.again(w, r, "password", p, &p.Page, err)
	}
	// Every session ended with the old password; this browser gets a new one.
	a, err := s.Queue.AccountByLogin(ctx, a.Login)
	if err != nil {
		return err
	}
	if err := s.sessions.SignIn(r, a.Ref()); err != nil {
		return err
	}
	return s.done(w, r, "密码已修改，其他地方的登录都已退出。", "/")
}

// endSignIn ends one sign-in of the account.
func (s *Server) endSignIn(w http.ResponseWriter, r *http.Request, a queue.Account) error {
	return s.endOne(w, r, a, a, r.PathValue("id"), "/account/password")
}

// endOne ends a sign-in of an account for somebody and goes to a page.
func (s *Server) endOne(w http.ResponseWriter, r *http.Request, by, a queue.Account, id, to string) error {
	if err := s.Queue.EndSignIn(r.Context(), a, id); err != nil {
		return err
	}
	s.Log.InfoContext(r.Context(), "sign-in ended", "account", a.ID, "by", by.ID)
	return s.done(w, r, "这一处登录已退出。", to)
}

// signoutAll ends every session of the account but this one, which begins anew.
func (s *Server) signoutAll(w http.ResponseWriter, r *http.Request, a queue.Account) error {
	ctx := r.Context()
	if err := s.Queue.SignOutEverywhere(ctx, a.Login); err != nil {
		return err
	}
	a, err := s.Queue.AccountByLogin(ctx, a.Login)
	if err != nil {
		return err
	}
	if err := s.sessions.SignIn(r, a.Ref()); err != nil {
		return err
	}
	s.Log.InfoContext(ctx, "signed out everywhere", "account", a.ID)
	return s.done(w, r, "其他地方的登录都已退出。", "/account/password")
}

func (s *Server) setPassword(r *http.Request, a queue.Account) error {
	old, next := r.PostFormValue("old"), r.PostFormValue("password")
	switch {
	case next != r.PostFormValue("again"):
		return fault.Field("again", "两次输入的新密码不一样。")
	case next == old:
		return fault.Field("password", "新密码不能和现在的一样。")
	}
	if err := s.Queue.ConfirmPassword(r.Context(), a, "old", old, web.ByAddress(r)); err != nil {
		return err
	}
	return s.Queue.SetPassword(r.Context(), a.Login, next, false, a.Login, web.ByAddress(r))
}
