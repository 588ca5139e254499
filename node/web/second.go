package web

import (
	"context"
	"net/http"
	"time"

	"zhanqun/internal/signin"
	"zhanqun/internal/ui"
	"zhanqun/node/queue"
)

// newSecond is what answers for second factors.
func newSecond(s *Server) *signin.Second[queue.Account] {
	return &signin.Second[queue.Account]{
		Accounts: s.Queue, Sessions: s.sessions, Tries: s.signins, Pages: s.pages, Log: s.Log, Helper: "镇里的信息员",
		Spent: "用掉了一个恢复码，还剩 %d 个。手机丢了的话，请点右上角的姓名，关闭二次验证，再用新手机重新设置。",
		Login: func(a queue.Account) string { return a.Login },
		Finish: func(ctx context.Context, ref string, _ time.Time, code, from string) (queue.Account, int, error) {
			return s.Queue.FinishSignIn(ctx, ref, code, from) // a change of the account since changes the ref
		},
		Enter: s.enter, Show: s.showSecond, Again: s.again,
	}
}

// enter signs somebody in at this browser and leads him on. There he is told the
// notice, and of his last sign-in and his password.
func (s *Server) enter(w http.ResponseWriter, r *http.Request, a queue.Account, next, notice string) error {
	news := ui.SignInNews{SeenAt: a.SeenAt, SeenFrom: a.SeenFrom, PasswordAt: a.PasswordAt, PasswordBy: a.PasswordBy, PasswordFrom: a.PasswordFrom}
	signin.News(r, s.sessions, s.pages.Lang(r), s.Now(), notice, news)
	if err := s.sessions.SignIn(r, a.Ref()); err != nil {
		return err
	}
	if first := s.first(a); first != "" {
		next = first
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
	return nil
}

// showSecond shows the page of the user's own second factor, once more if err says
// what was wrong.
func (s *Server) showSecond(w http.ResponseWriter, r *http.Request, a queue.Account, err error) error {
	lang := s.pages.Lang(r)
	p := &ui.Second{Action: signin.SecondURL, Back: "/account/password", Demanded: s.Queue.MustSetUpSecond(a), Helper: ui.T(lang, "镇里的信息员")}
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
