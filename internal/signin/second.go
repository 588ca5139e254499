// Package signin holds the pages of a second factor, which are the same at hub and
// node: it is asked for after the password, set up, and taken away by its owner.
package signin

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"zhanqun/internal/fault"
	"zhanqun/internal/ui"
	"zhanqun/internal/web"
)

// Addresses of the pages.
const (
	StepURL   = "/signin/second"
	SecondURL = "/account/second"
)

// Accounts keep the second factors of people A. Their faults are told on the pages.
type Accounts[A any] interface {
	BeginSecond(ctx context.Context, a A, password, from string) error
	ConfirmSecond(ctx context.Context, a A, code string) (recovery []string, err error)
	RenewRecovery(ctx context.Context, a A, password, from string) (recovery []string, err error)
	DropOwnSecond(ctx context.Context, a A, password, from string) error
}

// Second answers for the second factors of people A. All fields are needed.
type Second[A any] struct {
	Accounts Accounts[A]
	Sessions *web.Sessions
	Tries    *web.Limiter // of sign-ins
	Pages    *ui.Renderer
	Log      *slog.Logger

	Helper string         // who takes a second factor away whose telephone is lost, in Chinese
	Spent  string         // what is said after a recovery code, in Chinese, with how many are left
	Login  func(A) string // for what keeps passwords

	// Finish is the second half of a sign-in that gave the password at since: code is
	// what the authenticator shows, or a recovery code, of which left says how many
	// remain (-1 if it was none).
	Finish func(ctx context.Context, who string, since time.Time, code, from string) (a A, left int, err error)
	// Enter signs somebody in and leads on to next, with a notice.
	Enter func(w http.ResponseWriter, r *http.Request, a A, next, notice string) error
	// Show is the page of somebody's second factor, once more if err says what was
	// wrong.
	Show func(w http.ResponseWriter, r *http.Request, a A, err error) error
	// Again renders a form once more with what is wrong.
	Again func(w http.ResponseWriter, r *http.Request, page string, p ui.Data, base *ui.Page, err error) error
}

// Ask leads somebody who has given the password of who's account to the second half
// of the sign-in.
func (s *Second[A]) Ask(w http.ResponseWriter, r *http.Request, who, next string) error {
	if err := s.Sessions.Await(r, who); err != nil {
		return fmt.Errorf("keeping half a sign-in: %w", err)
	}
	http.Redirect(w, r, StepURL+"?next="+url.QueryEscape(next), http.StatusSeeOther)
	return nil
}

// StepPage asks for the second factor of whoever has given the password.
func (s *Second[A]) StepPage(w http.ResponseWriter, r *http.Request) error {
	next := ui.LocalPath(r.FormValue("next"), "/")
	if who, _ := s.Sessions.Awaited(r.Context()); who == "" {
		http.Redirect(w, r, "/signin?next="+url.QueryEscape(next), http.StatusSeeOther)
		return nil
	}
	return s.Pages.Render(w, r, http.StatusOK, "secondstep", s.step(r, next))
}

func (s *Second[A]) step(r *http.Request, next string) *ui.SecondStep {
	lang := s.Pages.Lang(r)
	p := &ui.SecondStep{Action: StepURL, Next: next, Recovery: r.FormValue("recovery") != "", Helper: ui.T(lang, s.Helper)}
	p.Title = ui.T(lang, "二次验证")
	return p
}

// Step lets somebody in. Every failure counts towards the lock.
func (s *Second[A]) Step(w http.ResponseWriter, r *http.Request) error {
	next := ui.LocalPath(r.PostFormValue("next"), "/")
	p := s.step(r, next)
	if wait, ok := s.Tries.Allow("signin " + web.ByAddress(r)); !ok {
		web.ComeAgain(w, wait)
		return s.Again(w, r, "secondstep", p, &p.Page, fault.New(fault.Limited, "登录太频繁，请稍等几秒再试。"))
	}
	who, since := s.Sessions.Awaited(r.Context())
	if who == "" {
		return fault.New(fault.Unauthenticated, "输入密码后放得太久了，请重新登录。")
	}
	a, left, err := s.Finish(r.Context(), who, since, r.PostFormValue("code"), web.ByAddress(r))
	if err != nil {
		s.Log.WarnContext(r.Context(), "second factor refused", "from", web.Address(r), "kind", fault.KindOf(err))
		return s.Again(w, r, "secondstep", p, &p.Page, err)
	}
	notice := ""
	if left >= 0 {
		notice = ui.T(s.Pages.Lang(r), s.Spent, left)
	}
	return s.Enter(w, r, a, next, notice)
}

// Page is that of a person's own second factor.
func (s *Second[A]) Page(w http.ResponseWriter, r *http.Request, a A) error {
	return s.Show(w, r, a, nil)
}

// Begin makes a secret for the authenticator.
func (s *Second[A]) Begin(w http.ResponseWriter, r *http.Request, a A) error {
	if err := s.Accounts.BeginSecond(r.Context(), a, r.PostFormValue("password"), web.ByAddress(r)); err != nil {
		return s.Show(w, r, a, err)
	}
	http.Redirect(w, r, SecondURL, http.StatusSeeOther)
	return nil
}

// Confirm puts the second factor in force and shows the recovery codes, once.
func (s *Second[A]) Confirm(w http.ResponseWriter, r *http.Request, a A) error {
	codes, err := s.Accounts.ConfirmSecond(r.Context(), a, r.PostFormValue("code"))
	if err != nil {
		return s.Show(w, r, a, err)
	}
	return s.Pages.RecoveryCodes(w, r, &ui.RecoveryCodes{Codes: codes, Login: s.Login(a), Next: "/", First: true})
}

// Codes makes new recovery codes.
func (s *Second[A]) Codes(w http.ResponseWriter, r *http.Request, a A) error {
	codes, err := s.Accounts.RenewRecovery(r.Context(), a, r.PostFormValue("password"), web.ByAddress(r))
	if err != nil {
		return s.Show(w, r, a, err)
	}
	return s.Pages.RecoveryCodes(w, r, &ui.RecoveryCodes{Codes: codes, Login: s.Login(a), Next: SecondURL})
}

// Off takes the second factor away.
func (s *Second[A]) Off(w http.ResponseWriter, r *http.Request, a A) error {
	if err := s.Accounts.DropOwnSecond(r.Context(), a, r.PostFormValue("password"), web.ByAddress(r)); err != nil {
		return s.Show(w, r, a, err)
	}
	s.Sessions.Flash(r.Context(), web.Flash{Tone: string(ui.Good), Text: ui.T(s.Pages.Lang(r), "二次验证已关闭。")})
	http.Redirect(w, r, SecondURL, http.StatusSeeOther)
	return nil
}

// News is told to whoever has just signed in: the notice of the sign-in, if it has
// one, and what happened to the account since.
func News(r *http.Request, s *web.Sessions, lang ui.Lang, now time.Time, notice string, news ui.SignInNews) {
	text, tone := news.Say(lang, now)
	if notice != "" {
		tone = ui.Warn
	}
	if text = notice + text; text != "" {
		s.Flash(r.Context(), web.Flash{Tone: string(tone), Text: text})
	}
}
