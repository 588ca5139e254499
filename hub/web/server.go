// Package web shows the county's pages and answers its HTTP interface.
//
// It promises that a page and the interface under /api/v1 call the same
// methods of the areas and obey the same rules, that a person sees only what
// his role may see, that every change asks for a session with a form token or
// for a bearer token, and that no page needs script to do its job. It decides
// nothing itself: rules are in the areas, states in the store.
package web

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/hub/health"
	"zhanqun/hub/intake"
	"zhanqun/hub/review"
	"zhanqun/internal/ui"
	"zhanqun/internal/web"
)

// Options are the parts the pages show. All are needed, but Metrics.
type Options struct {
	Access   *access.Service
	Review   *review.Service
	Health   *health.Service
	Intake   *intake.Service
	Feed     Feed
	Files    Files
	Log      Journal
	Sessions scs.Store
	Ready    func(context.Context) error // nil while everything the hub needs answers
	Metrics  http.Handler
	Base     func(r *http.Request) string // address of the hub as nodes and readers reach it, no slash at the end
	Hosts    []string                     // host names answered; "*" for any
	Secure   bool                         // pages are served over HTTPS
	Version  string
	Now      func() time.Time
	Logger   *slog.Logger
}

// Journal is what the hub remembers of people's acts.
type Journal interface {
	// Audits returns up to limit acts after a number, in order.
	Audits(ctx context.Context, after uint64, limit int) ([]catalog.Audit, error)
}

// Feed is what readers get: feeds, entries and their files.
type Feed interface {
	Routes(mux *http.ServeMux)
}

// Server answers for the hub.
type Server struct {
	Options
	pages    *ui.Renderer
	errs     web.Errors
	sessions *web.Sessions
	signins  *web.Limiter
	live     *broadcast
}

// New builds the server. It fails when a page does not parse.
func New(o Options) (*Server, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	s := &Server{Options: o, live: newBroadcast()}
	pages, err := newPages(s)
	if err != nil {
		return nil, err
	}
	s.pages = pages
	s.errs = web.Errors{Log: o.Logger, RenderError: s.renderError}
	s.sessions = web.NewSessions(o.Sessions, o.Now, o.Secure)
	s.signins = web.NewLimiter(2*time.Second, 10, 10_000, o.Now)
	return s, nil
}

// maxUpload bounds a request of a page or the interface; the hub takes no files
// from browsers but the unit list.
const maxUpload = 4 << 20

// Handler returns the whole of the hub's HTTP side.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	s.routes(mux)
	private := web.Chain(mux,
		s.sessions.Load(s.errs), web.Forgery(s.errs, s.sessions), s.identify())
	outer := http.NewServeMux()
	s.publicRoutes(outer)
	outer.Handle("/", private)
	return web.Chain(outer,
		web.RequestID(), web.AccessLog(s.Logger), web.Recover(s.errs), web.SecurityHeaders(),
		web.Hosts(s.errs, s.Hosts...), web.Gzip(), web.MaxBytes(web.Bytes(maxUpload)))
}
