package web

import (
	"net/http"
	"net/url"

	"zhanqun/internal/fault"
	"zhanqun/internal/ui"
	"zhanqun/internal/web"
	"zhanqun/node/queue"
)

// Addresses of the second half of a sign-in, and of a person's second factor.
const (
	secondStepURL = "/signin/second"
	secondURL     = "/account/second"
)

// secondStepPage asks for the second factor of whoever has given the password.
func (s *Server) secondStepPage(w http.ResponseWriter, r *http.Request) error {
	next := ui.LocalPath(r.FormValue("next"), "/")
	if ref, _ := s.sessions.Awaited(r.Context()); ref == "" {
		http.Redirect(w, r, "/signin?next="+url.QueryEscape(next), http.StatusSeeOther)
		return nil
	}
	return s.pages.Render(w, r, http.StatusOK, "secondstep", s.newSecondStep(r, next))
}

func (s *Server) newSecondStep(r *http.Request, next string) *ui.SecondStep {
	lang := s.pages.Lang(r)
	p := &ui.SecondStep{Action: secondStepURL, Next: next, Recovery: r.FormValue("recovery") != "", Helper: ui.T(lang, "镇里的信息员")}
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
	ref, _ := s.sessions.Awaited(r.Context())
	if ref == "" {
		return fault.New(fault.Unauthenticated, "输入密码后放得太久了，请重新登录。")
	}
	a, left, err := s.Queue.FinishSignIn(r.Context(), ref, r.PostFormValue("code"), web.ByAddress(r))
	if err != nil {
		s.Log.WarnContext(r.Context(), "second factor refused", "from", web.Address(r), "kind", fault.KindOf(err))
		return s.again(w, r, "secondstep", p, &p.Page, err)
	}
	notice := ""
	if left >= 0 {
		notice = ui.T(s.pages.Lang(r), "用掉了一个恢复码，还剩 %d 个。手机丢了的话，请点右上角的姓名，关闭二次验证，再用新手机重新设置。", left)
	}
	return s.enter(w, r, a, next, notice)
}

// enter signs somebody in at this browser and leads him on. There he is told the
// notice, and of his last sign-in and his password.
func (s *Server) enter(w http.ResponseWriter, r *http.Request, a queue.Account, next, notice string) error {
	news := ui.SignInNews{SeenAt: a.SeenAt, SeenFrom: a.SeenFrom, PasswordAt: a.PasswordAt, PasswordBy: a.PasswordBy, PasswordFrom: a.PasswordFrom}
	text, tone := news.Say(s.pages.Lang(r), s.Now())
	if notice != "" {
		tone = ui.Warn
	}
	if text = notice + text; text != "" {
		s.sessions.Flash(r.Context(), web.Flash{Tone: string(tone), Text: text})
	}
	if err := s.sessions.SignIn(r, a.Ref()); err != nil {
		return err
	}
	if first := s.first(a); first != "" {
		next = first
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
	return nil
}

func (s *Server) secondPage(w http.ResponseWriter, r *http.Request, a queue.Account) error {
	return s.showSecond(w, r, a, nil)
}

// showSecond shows the page of the user's own second factor, once more if err says
// what was wrong.
func (s *Server) showSecond(w http.ResponseWriter, r *http.Request, a queue.Account, err error) error {
	lang := s.pages.Lang(r)
	p := &ui.Second{Action: secondURL, Back: "/account/password", Demanded: s.Queue.MustSetUpSecond(a), Helper: ui.T(lang, "镇里的信息员")}
	if a.Actor().Township() {
		p.Helper = ui.T(lang, "另一位镇里的信息员（没有的话，在本机运行 node user second-off）")
	}
	p.Title = ui.T(lang, "二次验证")
	f, readErr := s.Queue.Second(r.Context(), a)
	if readErr != nil {
		return readErr
	}
	settings, readErr := s.Queue.Settings(r.Context())
	if readErr != nil {
		return readErr
	}
	if putErr := p.Put(f, ui.T(lang, "站群 · %s", settings.Unit.Name), a.Login, s.Now()); putErr != nil {
		return putErr
	}
	if err != nil {
		return s.again(w, r, "second", p, &p.Page, err)
	}
	return s.pages.Render(w, r, http.StatusOK, "second", p)
}

func (s *Server) beginSecond(w http.ResponseWriter, r *http.Request, a queue.Account) error {
	if err := s.Queue.BeginSecond(r.Context(), a, r.PostFormValue("password"), web.ByAddress(r)); err != nil {
		return s.showSecond(w, r, a, err)
	}
	http.Redirect(w, r, secondURL, http.StatusSeeOther)
	return nil
}

func (s *Server) confirmSecond(w http.ResponseWriter, r *http.Request, a queue.Account) error {
	codes, err := s.Queue.ConfirmSecond(r.Context(), a, r.PostFormValue("code"))
	if err != nil {
		return s.showSecond(w, r, a, err)
	}
	return s.pages.RecoveryCodes(w, r, &ui.RecoveryCodes{Codes: codes, Login: a.Login, Next: "/", First: true})
}

func (s *Server) renewRecovery(w http.ResponseWriter, r *http.Request, a queue.Account) error {
	codes, err := s.Queue.RenewRecovery(r.Context(), a, r.PostFormValue("password"), web.ByAddress(r))
	if err != nil {
		return s.showSecond(w, r, a, err)
	}
	return s.pages.RecoveryCodes(w, r, &ui.RecoveryCodes{Codes: codes, Login: a.Login, Next: secondURL})
}

func (s *Server) dropOwnSecond(w http.ResponseWriter, r *http.Request, a queue.Account) error {
	if err := s.Queue.DropOwnSecond(r.Context(), a, r.PostFormValue("password"), web.ByAddress(r)); err != nil {
		return s.showSecond(w, r, a, err)
	}
	return s.done(w, r, "二次验证已关闭。", secondURL)
}
