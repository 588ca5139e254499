package web

import (
	"net/http"
	"net/url"

	"zhanqun/hub/access"
	"zhanqun/internal/fault"
	"zhanqun/internal/ui"
	"zhanqun/internal/web"
)

// Addresses of the second half of a sign-in, and of a person's second factor.
const (
	secondStepURL = "/signin/second"
	secondURL     = "/account/second"
)

// secondStepPage asks for the second factor of whoever has given the password.
func (s *Server) secondStepPage(w http.ResponseWriter, r *http.Request) error {
	next := ui.LocalPath(r.FormValue("next"), "/")
	if id, _ := s.sessions.Awaited(r.Context()); id == "" {
		http.Redirect(w, r, "/signin?next="+url.QueryEscape(next), http.StatusSeeOther)
		return nil
	}
	return s.show(w, r, "secondstep", s.newSecondStep(r, next))
}

func (s *Server) newSecondStep(r *http.Request, next string) *ui.SecondStep {
	lang := s.lang(r)
	p := &ui.SecondStep{Action: secondStepURL, Next: next, Recovery: r.FormValue("recovery") != "", Helper: ui.T(lang, "县级管理员")}
	p.Title = ui.T(lang, "二次验证")
	return p
}

// secondStep lets somebody in. Every failure counts towards the lock.
func (s *Server) secondStep(w http.ResponseWriter, r *http.Request) error {
	next := ui.LocalPath(r.PostFormValue("next"), "/")
	p := s.newSecondStep(r, next)
	if wait, ok := s.signins.Allow("signin " + web.ByAddress(r)); !ok {
		web.ComeAgain(w, wait)
		return s.again(w, r, "secondstep", p, &p.Page, fault.New(fault.Limited, "登录太频繁，请稍等几秒再试。"))
	}
	id, since := s.sessions.Awaited(r.Context())
	if id == "" {
		return fault.New(fault.Unauthenticated, "输入密码后放得太久了，请重新登录。")
	}
	u, left, err := s.Access.FinishSignIn(r.Context(), id, since, r.PostFormValue("code"), web.ByAddress(r))
	if err != nil {
		s.Logger.WarnContext(r.Context(), "second factor refused", "from", web.Address(r), "kind", fault.KindOf(err))
		return s.again(w, r, "secondstep", p, &p.Page, err)
	}
	notice := ""
	if left >= 0 {
		notice = ui.T(s.lang(r), "用掉了一个恢复码，还剩 %d 个。手机丢了的话，请在“我的账号”里关闭二次验证，再用新手机重新设置。", left)
	}
	return s.enter(w, r, u, next, notice)
}

// enter signs somebody in at this browser and leads him on. There he is told the
// notice, and of his last sign-in and his password.
func (s *Server) enter(w http.ResponseWriter, r *http.Request, u access.User, next, notice string) error {
	news := ui.SignInNews{SeenAt: u.SeenAt, SeenFrom: u.SeenFrom, PasswordAt: u.PasswordAt, PasswordFrom: u.PasswordFrom}
	if u.PasswordBy != "" {
		news.PasswordBy = actorName(u.PasswordBy)
	}
	text, tone := news.Say(s.lang(r), s.Now())
	if notice != "" {
		tone = ui.Warn
	}
	if text = notice + text; text != "" {
		s.sessions.Flash(r.Context(), web.Flash{Tone: string(tone), Text: text})
	}
	if err := s.sessions.SignIn(r, u.ID); err != nil {
		return err
	}
	if first := s.first(u); first != "" {
		next = first
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
	return nil
}

func (s *Server) secondPage(w http.ResponseWriter, r *http.Request, u access.User) error {
	return s.showSecond(w, r, u, nil)
}

// showSecond shows the page of the user's own second factor, once more if err says
// what was wrong.
func (s *Server) showSecond(w http.ResponseWriter, r *http.Request, u access.User, err error) error {
	lang := s.lang(r)
	p := &ui.Second{Action: secondURL, Back: "/account", Demanded: s.Access.MustSetUpSecond(u), Helper: ui.T(lang, "县级管理员")}
	if u.May(access.Manage) {
		p.Helper = ui.T(lang, "另一位管理员（没有的话，在平台所在的机器上运行 hub user second-off）")
	}
	p.Title = ui.T(lang, "二次验证")
	f, readErr := s.Access.Second(r.Context(), u)
	if readErr != nil && !fault.Is(readErr, fault.Conflict) {
		return readErr
	}
	if putErr := p.Put(f, ui.T(lang, "站群县级平台"), u.Login, s.Now()); putErr != nil {
		return putErr
	}
	if err == nil {
		err = readErr // the secret cannot be read any more: it can still be taken away
	}
	if err != nil {
		return s.again(w, r, "second", p, &p.Page, err)
	}
	return s.show(w, r, "second", p)
}

func (s *Server) beginSecond(w http.ResponseWriter, r *http.Request, u access.User) error {
	if err := s.Access.BeginSecond(r.Context(), u, r.PostFormValue("password"), web.ByAddress(r)); err != nil {
		return s.showSecond(w, r, u, err)
	}
	http.Redirect(w, r, secondURL, http.StatusSeeOther)
	return nil
}

func (s *Server) confirmSecond(w http.ResponseWriter, r *http.Request, u access.User) error {
	codes, err := s.Access.ConfirmSecond(r.Context(), u, r.PostFormValue("code"))
	if err != nil {
		return s.showSecond(w, r, u, err)
	}
	return s.pages.RecoveryCodes(w, r, &ui.RecoveryCodes{Codes: codes, Login: u.Login, Next: "/", First: true})
}

func (s *Server) renewRecovery(w http.ResponseWriter, r *http.Request, u access.User) error {
	codes, err := s.Access.RenewRecovery(r.Context(), u, r.PostFormValue("password"), web.ByAddress(r))
	if err != nil {
		return s.showSecond(w, r, u, err)
	}
	return s.pages.RecoveryCodes(w, r, &ui.RecoveryCodes{Codes: codes, Login: u.Login, Next: secondURL})
}

func (s *Server) dropOwnSecond(w http.ResponseWriter, r *http.Request, u access.User) error {
	if err := s.Access.DropOwnSecond(r.Context(), u, r.PostFormValue("password"), web.ByAddress(r)); err != nil {
		return s.showSecond(w, r, u, err)
	}
	return s.done(w, r, secondURL, ui.T(s.lang(r), "二次验证已关闭。"))
}

// dropSecond takes somebody's second factor away.
func (s *Server) dropSecond(w http.ResponseWriter, r *http.Request, u access.User) error {
	lang := s.lang(r)
	c := &ui.Confirm{Action: ui.T(lang, "重置"), Text: ui.T(lang, "请先核实是本人。重置后只用密码就能登录，已登录的地方都会退出；规定要有二次验证的，登录后先重新设置。")}
	c.Title = ui.T(lang, "重置二次验证")
	return s.changeUser(w, r, c, func(a access.User) error {
		if err := s.Access.DropSecond(r.Context(), u, a.ID); err != nil {
			return err
		}
		return s.done(w, r, c.Back, ui.T(lang, "二次验证已重置。"))
	})
}
