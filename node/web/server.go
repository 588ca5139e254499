// Package web lets a clerk write, correct and follow items on the township's
// own machine, and programs do the same under /api/v1.
//
// It promises that the page says "safe" only of what is on disk, "received"
// only of what the county has confirmed, that every fault stands at its field
// with what to do, and that everything works without script. It decides
// nothing itself: rules and states are those of node/queue.
package web

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"zhanqun/internal/fault"
	"zhanqun/internal/signin"
	"zhanqun/internal/ui"
	"zhanqun/internal/web"
	"zhanqun/node/queue"
)

// Options are what the pages show.
type Options struct {
	Queue  *queue.Queue
	Hosts  []string    // host names answered beside this machine's own; "*" for any
	Push   func()      // asks the line to try now; nil where there is none
	Secure bool        // something in front serves the pages over HTTPS
	Strict func() bool // browsers may be told to come by HTTPS only; nil for no
	// Certificate is how other machines reach the pages and what they have to trust
	// for it; nil where none can.
	Certificate func() Certificate
	Idle        time.Duration // a sign-in ends after that long without a click; 0 for web.SessionIdle
	Max         int64         // bytes of one attached file; 0 for the limit of the wire
	Version     string        // of the program
	Now         func() time.Time
	Log         *slog.Logger
}

// Server answers for the node.
type Server struct {
	Options
	pages    *ui.Renderer
	errs     web.Errors
	sessions *web.Sessions
	signins  *web.Limiter
	second   *signin.Second[queue.Account]
	run      string       // tells this run of the program from others
	live     atomic.Int64 // open event streams
	pace     pace
}

// New builds the server. It fails when a page does not parse.
func New(o Options) (*Server, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Push == nil {
		o.Push = func() {}
	}
	if o.Certificate == nil {
		o.Certificate = func() Certificate { return Certificate{} }
	}
	if o.Max <= 0 || o.Max > maxFile {
		o.Max = maxFile
	}
	s := &Server{Options: o, run: rand.Text()}
	pages, err := newPages(s)
	if err != nil {
		return nil, err
	}
	s.pages = pages
	s.errs = web.Errors{Log: o.Log, RenderError: s.renderError}
	s.sessions = web.NewSessions(o.Queue.Sessions(), o.Now, o.Secure, o.Idle)
	s.signins = web.NewLimiter(2*time.Second, 10, 1000, o.Now)
	s.second = newSecond(s)
	return s, nil
}

// Handler returns the whole of the node's HTTP side.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	s.routes(mux)
	private := web.Chain(mux, s.sessions.Load(s.errs), web.Forgery(s.errs, s.sessions), s.identify())
	outer := http.NewServeMux()
	outer.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	outer.Handle("GET /static/", ui.Static())
	outer.Handle("/", private)
	return web.Chain(outer,
		web.RequestID(), web.AccessLog(s.Log), web.Recover(s.errs), web.SecurityHeaders(), web.Strict(s.Strict),
		web.Hosts(s.errs, s.Hosts...), web.Gzip(), web.Patient(patience), web.MaxBytes(s.maxBody))
}

// patience is how long a request may stand still: rural lines stall.
const patience = 2 * time.Minute

// maxBody lets forms with files be large and everything else not.
func (s *Server) maxBody(r *http.Request) int64 {
	if r.Method == http.MethodPost && takesFiles(r.URL.Path) {
		return maxForm
	}
	return 4 << 20
}

type accountKey struct{}

// who returns the person behind a request; false when nobody is signed in.
func who(ctx context.Context) (queue.Account, bool) {
	a, ok := ctx.Value(accountKey{}).(queue.Account)
	return a, ok
}

// identify finds out who asks: by bearer token where there is one, otherwise by
// session. A token never falls back to a session, since requests with a token
// are not held against forgery.
func (s *Server) identify() web.Middleware {
	return func(next http.Handler) http.Handler {
		return s.errs.Wrap(func(w http.ResponseWriter, r *http.Request) error {
			a, ok, err := s.asker(r)
			if err != nil {
				return err
			}
			if ok {
				r = r.WithContext(context.WithValue(r.Context(), accountKey{}, a))
			}
			next.ServeHTTP(w, r)
			return nil
		})
	}
}

func (s *Server) asker(r *http.Request) (queue.Account, bool, error) {
	ctx := r.Context()
	if token := web.BearerToken(r); token != "" {
		a, err := s.Queue.AccountByToken(ctx, token)
		return a, err == nil, err
	}
	ref := s.sessions.UserID(ctx)
	if ref == "" {
		return queue.Account{}, false, nil
	}
	a, err := s.Queue.AccountByRef(ctx, ref)
	if fault.Is(err, fault.Unauthenticated) {
		return queue.Account{}, false, s.sessions.SignOut(ctx)
	}
	return a, err == nil, err
}
