package web

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2/memstore"
)

// testErrors answers in plain text and logs nowhere.
func testErrors() Errors {
	return Errors{Log: slog.New(slog.DiscardHandler)}
}

func TestSignInAndOut(t *testing.T) {
	now := time.Date(2026, 11, 3, 9, 0, 0, 0, time.UTC)
	errs := testErrors()
	s := NewSessions(memstore.NewWithCleanupInterval(0), func() time.Time { return now }, false)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /in", errs.Func(func(_ http.ResponseWriter, r *http.Request) error {
		return s.SignIn(r.Context(), "wang")
	}))
	mux.HandleFunc("POST /out", errs.Func(func(_ http.ResponseWriter, r *http.Request) error {
		return s.SignOut(r.Context())
	}))
	mux.HandleFunc("GET /who", func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(s.UserID(r.Context())))
	})
	h := Chain(mux, s.Load(errs))
	var cookie *http.Cookie
	do := func(method, path string) string {
		t.Helper()
		r := httptest.NewRequest(method, path, nil)
		if cookie != nil {
			r.AddCookie(cookie)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		for _, c := range w.Result().Cookies() {
			cookie = c
		}
		return w.Body.String()
	}
	if got := do("GET", "/who"); got != "" {
		t.Fatalf("before sign-in: %q", got)
	}
	do("POST", "/in")
	if cookie == nil || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.MaxAge != 0 {
		t.Fatalf("cookie = %+v", cookie)
	}
	if got := do("GET", "/who"); got != "wang" {
		t.Fatalf("after sign-in: %q", got)
	}
	now = now.Add(SessionIdle - time.Minute)
	if got := do("GET", "/who"); got != "wang" {
		t.Fatalf("within the idle time: %q", got)
	}
	now = now.Add(SessionIdle - time.Minute)
	if got := do("GET", "/who"); got != "wang" {
		t.Fatal("a click did not renew the idle time")
	}
	now = now.Add(SessionIdle + time.Minute)
	if got := do("GET", "/who"); got != "" {
		t.Fatalf("after the idle time: %q", got)
	}
	do("POST", "/in")
	do("POST", "/out")
	if got := do("GET", "/who"); got != "" {
		t.Fatalf("after sign-out: %q", got)
	}
}
