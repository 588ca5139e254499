package web

import (
	"net/http"

	"zhanqun/hub/access"
	"zhanqun/internal/fault"
	"zhanqun/internal/signin"
	"zhanqun/internal/ui"
)

// newSecond is what answers for second factors.
func newSecond(s *Server) *signin.Second[access.User] {
	return &signin.Second[access.User]{
		Accounts: s.Access, Sessions: s.sessions, Tries: s.signins, Pages: s.pages, Log: s.Logger, Helper: "县级管理员",
		Spent:  "用掉了一个恢复码，还剩 %d 个。手机丢了的话，请在“我的账号”里关闭二次验证，再用新手机重新设置。",
		Login:  func(u access.User) string { return u.Login },
		Finish: s.Access.FinishSignIn, Enter: s.enter, Show: s.showSecond, Again: s.again,
	}
}

// enter signs somebody in at this browser and leads him on. There he is told the
// notice, and of his last sign-in and his password.
func (s *Server) enter(w http.ResponseWriter, r *http.Request, u access.User, next, notice string) error {
	news := ui.SignInNews{SeenAt: u.SeenAt, SeenFrom: u.SeenFrom, PasswordAt: u.PasswordAt, PasswordFrom: u.PasswordFrom}
	if u.PasswordBy != "" {
		news.PasswordBy = actorName(u.PasswordBy)
	}
	signin.News(r, s.sessions, s.lang(r), s.Now(), notice, news)
	if err := s.sessions.SignIn(r, u.ID); err != nil {
		return err
	}
	if first := s.first(u); first != "" {
		next = first
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
	return nil
}

// showSecond shows the page of the user's own second factor, once more if err says
// what was wrong.
func (s *Server) showSecond(w http.ResponseWriter, r *http.Request, u access.User, err error) error {
	lang := s.lang(r)
	p := &ui.Second{Action: signin.SecondURL, Back: "/account", Demanded: s.Access.MustSetUpSecond(u), Helper: ui.T(lang, "县级管理员")}
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
