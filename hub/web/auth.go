package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"zhanqun/hub/access"
	"zhanqun/hub/review"
	"zhanqun/internal/fault"
	"zhanqun/internal/signin"
	"zhanqun/internal/web"
)

type userKey struct{}

// who returns the person behind a request; false when nobody is signed in.
func who(ctx context.Context) (access.User, bool) {
	u, ok := ctx.Value(userKey{}).(access.User)
	return u, ok
}

// introduced tells a program that came without token and session to bring one,
// before it is told what forms lack.
func (s *Server) introduced() web.Middleware {
	return func(next http.Handler) http.Handler {
		return s.errs.Wrap(func(w http.ResponseWriter, r *http.Request) error {
			if web.IsAPI(r) && web.BearerToken(r) == "" && s.sessions.UserID(r.Context()) == "" {
				return errSignIn
			}
			next.ServeHTTP(w, r)
			return nil
		})
	}
}

var errSignIn = fault.New(fault.Unauthenticated, "请先登录。")

// identify finds out who asks: by bearer token where there is one, otherwise by
// session. A token never falls back to a session, since requests with a token
// are not held against forgery.
func (s *Server) identify() web.Middleware {
	return func(next http.Handler) http.Handler {
		return s.errs.Wrap(func(w http.ResponseWriter, r *http.Request) error {
			u, ok, err := s.asker(r)
			if err != nil {
				return err
			}
			if ok {
				r = r.WithContext(context.WithValue(r.Context(), userKey{}, u))
			}
			next.ServeHTTP(w, r)
			return nil
		})
	}
}

func (s *Server) asker(r *http.Request) (access.User, bool, error) {
	ctx := r.Context()
	if token := web.BearerToken(r); token != "" {
		u, err := s.Access.UserByToken(ctx, token)
		return u, err == nil, err
	}
	id := s.sessions.UserID(ctx)
	if id == "" {
		return access.User{}, false, nil
	}
	u, err := s.Access.User(ctx, id)
	if fault.Is(err, fault.NotFound) || err == nil && !u.Valid(s.sessions.SignedInAt(ctx)) {
		return access.User{}, false, s.sessions.SignOut(ctx)
	}
	return u, err == nil, err
}

// person is a handler for somebody who is signed in.
type person func(w http.ResponseWriter, r *http.Request, u access.User) error

// signedIn lets only people with an account through. What has to come first does,
// except for programs: a token was made by somebody who had done it.
func (s *Server) signedIn(h person) http.HandlerFunc {
	return s.errs.Func(func(w http.ResponseWriter, r *http.Request) error {
		u, ok := who(r.Context())
		switch {
		case !ok && !web.IsAPI(r) && (r.Method == http.MethodGet || r.Method == http.MethodHead):
			http.Redirect(w, r, "/signin?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
			return nil
		case !ok:
			return errSignIn
		}
		switch first := s.first(u); {
		case first == "" || web.BearerToken(r) != "" || r.URL.Path == first || strings.HasPrefix(r.URL.Path, first+"/"):
			return h(w, r, u)
		case web.IsAPI(r):
			return fault.New(fault.Forbidden, "请先在页面上设置自己的密码和二次验证。")
		default:
			http.Redirect(w, r, first, http.StatusSeeOther)
			return nil
		}
	})
}

// first is where somebody has to go before anywhere else, "" for nowhere: a
// password of his own comes first, and then the second factor the county demands.
func (s *Server) first(u access.User) string {
	switch {
	case s.Access.MustChange(u):
		return "/account/password"
	case s.Access.MustSetUpSecond(u):
		return signin.SecondURL
	}
	return ""
}

// allowed lets only people through who may do a; an empty a is for everybody
// signed in.
func (s *Server) allowed(a access.Action, h person) http.HandlerFunc {
	return s.signedIn(func(w http.ResponseWriter, r *http.Request, u access.User) error {
		if a != "" {
			if err := u.Need(a); err != nil {
				return err
			}
		}
		return h(w, r, u)
	})
}

// isStale returns the texts of a decision on a revision that is not the latest.
func isStale(err error) (*review.Stale, bool) {
	var stale *review.Stale
	ok := errors.As(err, &stale)
	return stale, ok
}
