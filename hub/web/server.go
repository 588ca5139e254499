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
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/alexedwards/scs/v2"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/hub/health"
	"zhanqun/hub/health/prober"
	"zhanqun/hub/health/verdict"
	"zhanqun/hub/intake"
	"zhanqun/hub/ranking"
	"zhanqun/hub/review"
	"zhanqun/hub/webhook"
	"zhanqun/internal/signin"
	"zhanqun/internal/ui"
	"zhanqun/internal/web"
	"zhanqun/protocol"
)

// Options are the parts the pages show. All are needed but those that may be nil.
type Options struct {
	Access   *access.Service
	Review   *review.Service
	Health   *health.Service
	Uptime   *prober.Service
	Inspect  *verdict.Service
	Intake   *intake.Service
	Ranking  *ranking.Service
	Hooks    *webhook.Service
	Feed     Feed
	Files    Files
	Log      Journal
	Sessions scs.Store
	Ready    func(context.Context) error    // nil while everything the hub needs answers
	Explain  func(error) error              // gives failures of the store kind and words; may be nil
	Metrics  http.Handler                   // may be nil
	Count    func(route string, status int) // told of every answer; may be nil
	Base     func(r *http.Request) string   // address of the hub as nodes and readers reach it, no slash at the end
	Hosts    []string                       // host names answered; "*" for any
	Secure   bool                           // pages are served over HTTPS
	Strict   func() bool                    // browsers may be told to use nothing else; nil for no
	Idle     time.Duration                  // a sign-in ends after that long without a click; 0 for web.SessionIdle
	Proxies  []netip.Prefix                 // whose X-Forwarded-For is believed
	// PublicStatus shows a page about all sites to everybody.
	PublicStatus bool
	Version      string
	Now          func() time.Time
	Logger       *slog.Logger
}

// Journal is what the hub remembers of people's acts.
type Journal interface {
	// Audits returns up to limit acts after a number, in order.
	Audits(ctx context.Context, after uint64, limit int) ([]catalog.Audit, error)
	// AuditsBefore returns up to limit acts before a number, newest first; 0 is
	// the end.
	AuditsBefore(ctx context.Context, before uint64, limit int) ([]catalog.Audit, error)
	// AuditAnchors returns the newest anchors, newest first.
	AuditAnchors(ctx context.Context, limit int) ([]catalog.Audit, error)
	// NoteAudit records an act that changes nothing but has to be known.
	NoteAudit(ctx context.Context, actor, act, ref string, detail any) error
}

// Files hands out files that have arrived at the hub; the feed does.
type Files interface {
	// ServeFile writes the file, with headers that keep a browser from running it.
	ServeFile(w http.ResponseWriter, r *http.Request, a protocol.Attachment) error
	// ServeImage writes an image in one of content.Sizes.
	ServeImage(w http.ResponseWriter, r *http.Request, a protocol.Attachment, size string) error
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
	second   *signin.Second[access.User]
	enrols   *web.Limiter
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
	s.errs = web.Errors{Log: o.Logger, RenderError: s.renderError, Explain: o.Explain}
	s.sessions = web.NewSessions(o.Sessions, o.Now, o.Secure, o.Idle)
	s.signins = web.NewLimiter(2*time.Second, 10, 10_000, o.Now)
	// A county's townships join within a morning, often from behind one address.
	// A secret of 256 bits is not guessed; what is limited is the work.
	s.enrols = web.NewLimiter(time.Second, 100, 10_000, o.Now)
	s.second = newSecond(s)
	return s, nil
}

// maxUpload bounds a request of a page or the interface; the hub takes no files
// from browsers but the unit list.
const maxUpload = 4 << 20

// Handler returns the whole of the hub's HTTP side.
func (s *Server) Handler() http.Handler {
	return web.Chain(s.handler(),
		web.Behind(s.Proxies), s.counting(), web.RequestID(), web.AccessLog(s.Logger), web.Recover(s.errs), web.SecurityHeaders(), web.Strict(s.Strict),
		web.Hosts(s.errs, s.Hosts...), web.Gzip(), web.MaxBytes(web.Bytes(maxUpload)), web.Readable(s.errs))
}

// plainText answers a probe.
func plainText(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text+"\n") // a probe that has gone needs no answer
}

// readyz tells a balancer whether this hub can work. What exactly is missing
// stands in the log: the address is open to everybody.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	if err := s.Ready(r.Context()); err != nil {
		s.Logger.WarnContext(r.Context(), "not ready", "error", err)
		plainText(w, http.StatusServiceUnavailable, "not ready")
		return
	}
	plainText(w, http.StatusOK, "ready")
}
