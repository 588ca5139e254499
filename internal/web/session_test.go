package web

import (
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/alexedwards/scs/v2/memstore"
	"github.com/google/go-cmp/cmp"
)

// countingStore counts writes and can be made to fail.
type countingStore struct {
	scs.Store
	commits int
	tokens  []string
	err     error
}

func (c *countingStore) Commit(token string, b []byte, _ time.Time) error {
	c.commits++
	c.tokens = append(c.tokens, token)
	if c.err != nil {
		return c.err
	}
	return c.Store.Commit(token, b, time.Now().Add(time.Hour)) // it has a clock of its own
}

func (c *countingStore) Find(token string) ([]byte, bool, error) {
	if c.err != nil {
		return nil, false, c.err
	}
	return c.Store.Find(token)
}

// desk is a small server with sign-in, and its clock.
type desk struct {
	*browser
	sessions *Sessions
	store    *countingStore
	now      time.Time
}

func newDesk(t *testing.T, secure bool) *desk {
	d := &desk{now: time.Date(2026, 11, 3, 9, 0, 0, 0, time.UTC), store: &countingStore{Store: memstore.NewWithCleanupInterval(0)}}
	d.sessions = NewSessions(d.store, func() time.Time { return d.now }, secure, 0)
	errs := testErrors()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /in", errs.Func(func(w http.ResponseWriter, r *http.Request) error {
		if err := d.sessions.SignIn(r, "wang"); err != nil {
			return err
		}
		_, err := io.WriteString(w, "welcome")
		return err
	}))
	mux.HandleFunc("POST /out", errs.Func(func(_ http.ResponseWriter, r *http.Request) error {
		return d.sessions.SignOut(r.Context())
	}))
	mux.HandleFunc("GET /who", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, d.sessions.UserID(r.Context()))
	})
	mux.HandleFunc("POST /save", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = w.Write(body)
	})
	mux.HandleFunc("GET /form", func(w http.ResponseWriter, r *http.Request) {
		first := FormToken(r.Context())
		if again := FormToken(r.Context()); again != first {
			t.Errorf("two tokens in one page: %q and %q", first, again)
		}
		_, _ = io.WriteString(w, first)
	})
	d.browser = newBrowser(t, Chain(mux, d.sessions.Load(errs), Forgery(errs, d.sessions)))
	return d
}

// signIn signs in the way a modern browser does.
func (d *desk) signIn() {
	d.t.Helper()
	if w := d.do("POST", "/in", nil, "Sec-Fetch-Site", "same-origin"); w.Code != 200 {
		d.t.Fatalf("sign-in: %d %s", w.Code, w.Body)
	}
}

func (d *desk) who() string { return d.do("GET", "/who", nil).Body.String() }

// A hub and a node on one machine, opened in one browser: browsers send the
// cookies of a host to all its ports.
func TestTwoProgramsOnOneHost(t *testing.T) {
	d := newDesk(t, false)
	do := func(port, method, path string) string {
		return d.do(method, "http://127.0.0.1:"+port+path, nil, "Sec-Fetch-Site", "same-origin").Body.String()
	}
	do("8080", "POST", "/in")
	if who := do("8081", "GET", "/who"); who != "" {
		t.Errorf("signed in at the other program as %q", who)
	}
	do("8081", "POST", "/in")
	do("8081", "POST", "/out")
	if who := do("8080", "GET", "/who"); who != "wang" {
		t.Errorf("signing out at the other program left %q", who)
	}
	if do("8080", "GET", "/form") == "" || d.cookies["session-8080"] == nil {
		t.Errorf("cookies %v", d.cookies)
	}
}

func TestSignInAndOut(t *testing.T) {
	d := newDesk(t, false)
	if d.who() != "" {
		t.Fatal("signed in before signing in")
	}
	d.signIn()
	c := d.cookies["session"]
	if c == nil || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Secure || c.MaxAge != 0 || !c.Expires.IsZero() {
		t.Fatalf("cookie %+v", c)
	}
	for _, token := range d.store.tokens {
		if token == c.Value {
			t.Error("the store knows the token itself")
		}
	}
	if d.who() != "wang" {
		t.Fatal("not signed in after signing in")
	}
	d.do("POST", "/out", nil, "Sec-Fetch-Site", "same-origin")
	if d.who() != "" || d.cookies["session"] != nil {
		t.Error("still signed in after signing out")
	}
	d.cookies["session"] = c // a copy of the old cookie opens nothing
	if d.who() != "" {
		t.Error("the old cookie still opens the session")
	}
}

func TestSessionEnds(t *testing.T) {
	d := newDesk(t, false)
	d.signIn()
	for range 24 { // a click every half hour, for nearly twelve hours
		d.now = d.now.Add(SessionIdle - time.Minute)
		if d.who() != "wang" {
			t.Fatalf("signed out after %v of work", d.now)
		}
	}
	d.now = d.now.Add(time.Hour)
	if d.who() != "" {
		t.Error("signed in for more than a working day")
	}
	d.signIn()
	d.now = d.now.Add(SessionIdle + time.Minute)
	if d.who() != "" {
		t.Error("signed in after lying idle")
	}
	d.now = d.now.Add(-SessionIdle)
	if d.who() != "" {
		t.Error("a clock set back revived the session")
	}
}

// A page that stays open asks for changes by itself; that is no click.
func TestOpenPageDoesNotKeepTheSignIn(t *testing.T) {
	d := newDesk(t, false)
	d.signIn()
	for range 10 {
		d.now = d.now.Add(SessionIdle / 8)
		d.do("GET", "/who", nil, "X-Live", "1")
		d.do("GET", "/who", nil, "Accept", "text/event-stream")
	}
	if d.who() != "" {
		t.Error("an open page kept the sign-in alive")
	}
}

func TestReadingPagesDoesNotWrite(t *testing.T) {
	d := newDesk(t, false)
	d.who()
	if d.store.commits != 0 {
		t.Error("a visitor cost a row")
	}
	d.signIn()
	before := d.store.commits
	for range 10 {
		d.now = d.now.Add(5 * time.Second)
		d.who()
	}
	if d.store.commits != before {
		t.Errorf("ten clicks wrote %d times", d.store.commits-before)
	}
}

// A token somebody planted in a browser before the sign-in is worth nothing.
func TestSignInRenewsTheToken(t *testing.T) {
	d := newDesk(t, false)
	d.signIn()
	planted := d.cookies["session"]
	d.signIn()
	if d.cookies["session"].Value == planted.Value {
		t.Error("the token stayed")
	}
	d.cookies["session"] = planted
	if d.who() != "" {
		t.Error("the old token is still signed in")
	}
}

func TestSecureCookies(t *testing.T) {
	d := newDesk(t, true)
	d.signIn()
	if c := d.cookies["__Host-session"]; c == nil || !c.Secure || c.Path != "/" || c.Domain != "" {
		t.Errorf("cookie %+v", c)
	}
}

// Where some requests come over HTTPS and others from this very machine, each gets
// the cookie that suits it.
func TestCookieSuitsTheRequest(t *testing.T) {
	d := newDesk(t, false)
	for _, encrypted := range []bool{true, false} {
		r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:8081/in", nil)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		if encrypted {
			r.TLS = &tls.ConnectionState{}
		}
		w := httptest.NewRecorder()
		d.h.ServeHTTP(w, r)
		found := false
		for _, c := range w.Result().Cookies() {
			if strings.Contains(c.Name, "session") {
				found = true
				if c.Secure != encrypted || strings.HasPrefix(c.Name, "__Host-") != encrypted {
					t.Errorf("encrypted %v: %+v", encrypted, c)
				}
			}
		}
		if !found {
			t.Errorf("encrypted %v: no cookie: %v", encrypted, w.Result().Status)
		}
	}
}

func TestSessionStoreFails(t *testing.T) {
	d := newDesk(t, false)
	d.store.err = errors.New("disk gone")
	w := d.do("POST", "/in", nil, "Sec-Fetch-Site", "same-origin")
	if w.Code != 500 || strings.Contains(w.Body.String(), "welcome") || strings.Contains(w.Body.String(), "disk") {
		t.Errorf("saving fails: %d %q", w.Code, w.Body)
	}
	d.store.err = nil
	d.signIn()
	d.store.err = errors.New("disk gone")
	if w := d.do("GET", "/who", nil); w.Code != 500 || strings.Contains(w.Body.String(), "wang") {
		t.Errorf("loading fails: %d %q", w.Code, w.Body)
	}
}

func TestFlash(t *testing.T) {
	d := newDesk(t, false)
	errs := testErrors()
	want := Flash{Tone: "good", Text: "已通过。", Undo: "/undo", Until: d.now.Add(10 * time.Second), Fields: map[string]string{"id": "1"}}
	var got *Flash
	mux := http.NewServeMux()
	mux.HandleFunc("GET /act", func(_ http.ResponseWriter, r *http.Request) { d.sessions.Flash(r.Context(), want) })
	mux.HandleFunc("GET /in", errs.Func(func(_ http.ResponseWriter, r *http.Request) error { return d.sessions.SignIn(r, "wang") }))
	mux.HandleFunc("GET /next", func(_ http.ResponseWriter, r *http.Request) { got = d.sessions.TakeFlash(r.Context()) })
	b := newBrowser(t, d.sessions.Load(errs)(mux))
	b.do("GET", "/act", nil)
	b.do("GET", "/in", nil) // a sign-in in between keeps it
	b.do("GET", "/next", nil)
	if diff := cmp.Diff(&want, got); diff != "" {
		t.Error(diff)
	}
	if b.do("GET", "/next", nil); got != nil {
		t.Errorf("shown twice: %+v", got)
	}
	if d.sessions.TakeFlash(t.Context()) != nil || d.sessions.UserID(t.Context()) != "" || !d.sessions.SignedInAt(t.Context()).IsZero() {
		t.Error("a context without a session has one")
	}
}
