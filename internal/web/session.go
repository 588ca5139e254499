package web

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"
)

// How long a sign-in lasts: half an hour without a click, unless the operator says
// otherwise, and a working day in all (OWASP ASVS 4.0.3, 3.3.2).
const (
	SessionIdle = 30 * time.Minute
	SessionLife = 12 * time.Hour
)

// sessionTouch is how exactly the idle time is kept. The time of the last click
// is stored no more often, because each storing is a durable write.
const sessionTouch = time.Minute

const (
	keyUser    = "user"
	keyID      = "id"      // names the sign-in, see account.SignIn
	keySince   = "since"   // Unix milliseconds of the sign-in
	keySeen    = "seen"    // Unix milliseconds of the last click, within sessionTouch
	keyFrom    = "from"    // address of the sign-in
	keyBrowser = "browser" // of the sign-in, in words
	keyToken   = "token"
	keyFlash   = "flash"
)

// Sessions remembers who signed in on which browser. The cookie holds a random
// token, the store only its hash, so that a copy of the database opens nothing.
type Sessions struct {
	scs    *scs.SessionManager
	now    func() time.Time
	secure bool
	idle   time.Duration
}

// NewSessions keeps sessions in store. A cookie that is given over HTTPS is never
// sent in clear; secure says that all are, because something in front speaks HTTPS.
// A sign-in ends after idle without a click; 0 is SessionIdle. A store that is a
// SignInStore is told whose sessions it keeps.
func NewSessions(store scs.Store, now func() time.Time, secure bool, idle time.Duration) *Sessions {
	if idle <= 0 {
		idle = SessionIdle
	}
	// Not made by scs.New, which starts a store in memory with a cleaner that
	// nobody could stop. The idle limit is kept here and not by scs, which would
	// write to the store on every single request.
	if k, ok := store.(SignInStore); ok {
		store = signInStore{k}
	}
	m := &scs.SessionManager{
		Store: store, Codec: scs.GobCodec{}, Lifetime: SessionLife, HashTokenInStore: true,
		Cookie: scs.SessionCookie{
			Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
			Persist: false, // on a shared PC, closing the browser forgets the sign-in
		},
	}
	return &Sessions{scs: m, now: now, secure: secure, idle: idle}
}

// securely reports whether the answer to r goes over HTTPS. This very machine may
// be served plainly where others are not.
func (s *Sessions) securely(r *http.Request) bool { return s.secure || r.TLS != nil }

// cookieName is the name of a cookie in the answer to r. Browsers send the
// cookies of a host to all its ports (RFC 6265 §8.5), so the port belongs to the
// name: a node and its hub on one machine would sign each other's people out.
// Over HTTPS the prefix makes browsers refuse the cookie unless it came so, from
// this very host.
func (s *Sessions) cookieName(r *http.Request, name string) string {
	if _, port, err := net.SplitHostPort(r.Host); err == nil && port != "" {
		name += "-" + port
	}
	if s.securely(r) {
		return "__Host-" + name
	}
	return name
}

// writeCookie hands the session's token to the browser; an empty one takes it
// away.
func (s *Sessions) writeCookie(ctx context.Context, w http.ResponseWriter, r *http.Request, token string, expiry time.Time) {
	m := *s.scs
	m.Cookie.Name, m.Cookie.Secure = s.cookieName(r, "session"), s.securely(r)
	m.WriteSessionCookie(ctx, w, token, expiry)
}

type sessionKey struct{}

// Load reads the session of each request and saves what changed before the
// answer begins. A session store that fails is answered as our own fault.
func (s *Sessions) Load(errs Errors) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Add("Vary", "Cookie")
			token := ""
			if c, err := r.Cookie(s.cookieName(r, "session")); err == nil {
				token = c.Value
			}
			ctx, err := s.scs.Load(r.Context(), token)
			if err != nil {
				errs.Answer(w, r, fmt.Errorf("loading session: %w", err))
				return
			}
			ctx = context.WithValue(ctx, sessionKey{}, s)
			s.touch(ctx, byItself(r))
			r = r.WithContext(ctx)
			sw := &sessionWriter{ResponseWriter: w, r: r, sessions: s, errs: errs}
			next.ServeHTTP(sw, r)
			sw.save(ctx)
		})
	}
}

// byItself reports whether a page made the request without anybody clicking: one
// that stays open must not keep its sign-in alive.
func byItself(r *http.Request) bool {
	return r.Header.Get("X-Live") != "" || strings.Contains(r.Header.Get("Accept"), "text/event-stream")
}

// touch notes the click, if it was one, and ends a sign-in that lay idle for too
// long.
func (s *Sessions) touch(ctx context.Context, byItself bool) {
	if s.scs.GetString(ctx, keyUser) == "" {
		return
	}
	now := s.now()
	idle := now.Sub(time.UnixMilli(s.scs.GetInt64(ctx, keySeen)))
	switch {
	case idle > s.idle, now.Sub(time.UnixMilli(s.scs.GetInt64(ctx, keySince))) > SessionLife:
		s.scs.Remove(ctx, keyUser)
	case byItself:
	case idle > sessionTouch, idle < -sessionTouch: // behind: the clock was set back
		s.scs.Put(ctx, keySeen, now.UnixMilli())
	}
}

// SignIn starts a session for the user under a new token, so that a token
// planted before the sign-in is worth nothing. A flash set before stays.
func (s *Sessions) SignIn(r *http.Request, userID string) error {
	ctx := r.Context()
	flash := s.scs.GetString(ctx, keyFlash)
	if err := s.scs.Clear(ctx); err != nil {
		return fmt.Errorf("clearing session: %w", err)
	}
	if err := s.scs.RenewToken(ctx); err != nil {
		return fmt.Errorf("renewing session token: %w", err)
	}
	now := s.now()
	s.scs.SetDeadline(ctx, now.Add(SessionLife))
	s.scs.Put(ctx, keyUser, userID)
	s.scs.Put(ctx, keyID, randomToken()[:signInIDLen])
	s.scs.Put(ctx, keyFrom, Address(r))
	s.scs.Put(ctx, keyBrowser, Browser(r))
	s.scs.Put(ctx, keySince, now.UnixMilli())
	s.scs.Put(ctx, keySeen, now.UnixMilli())
	s.scs.Put(ctx, keyToken, randomToken())
	if flash != "" {
		s.scs.Put(ctx, keyFlash, flash)
	}
	return nil
}

// SignOut ends the session.
func (s *Sessions) SignOut(ctx context.Context) error {
	if err := s.scs.Destroy(ctx); err != nil {
		return fmt.Errorf("ending session: %w", err)
	}
	return nil
}

// UserID is the signed-in user, or "" when nobody is, and outside Load.
func (s *Sessions) UserID(ctx context.Context) string {
	if ctx.Value(sessionKey{}) != s {
		return ""
	}
	return s.scs.GetString(ctx, keyUser)
}

// SignedInAt is when the user of this session signed in, so that sessions
// older than a change of password can be refused. Zero when nobody is.
func (s *Sessions) SignedInAt(ctx context.Context) time.Time {
	if s.UserID(ctx) == "" {
		return time.Time{}
	}
	return time.UnixMilli(s.scs.GetInt64(ctx, keySince))
}

// sessionWriter saves the session before the first byte of the answer, because
// the cookie is a header.
type sessionWriter struct {
	http.ResponseWriter
	r        *http.Request
	sessions *Sessions
	errs     Errors
	saved    bool
	failed   bool // the store failed and the answer has been given
}

func (w *sessionWriter) save(ctx context.Context) {
	if w.saved {
		return
	}
	w.saved = true
	m := w.sessions.scs
	switch m.Status(ctx) {
	case scs.Modified:
		token, expiry, err := m.Commit(ctx)
		if err != nil {
			w.failed = true
			w.errs.Answer(w.ResponseWriter, w.r, fmt.Errorf("saving session: %w", err))
			return
		}
		w.sessions.writeCookie(ctx, w.ResponseWriter, w.r, token, expiry)
	case scs.Destroyed:
		w.sessions.writeCookie(ctx, w.ResponseWriter, w.r, "", time.Time{})
	}
}

func (w *sessionWriter) WriteHeader(status int) {
	if status >= 200 {
		w.save(w.r.Context())
	}
	if !w.failed {
		w.ResponseWriter.WriteHeader(status)
	}
}

func (w *sessionWriter) Write(p []byte) (int, error) {
	w.save(w.r.Context())
	if w.failed {
		return len(p), nil
	}
	return w.ResponseWriter.Write(p)
}

func (w *sessionWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
