// Package feed publishes what was adopted: as Atom, RSS and JSON Feed, as pages
// for readers, and as files.
//
// It promises:
//   - newest change first, in one order that never ties; a walk from the first
//     page along "next" meets every live entry exactly once;
//   - the id of an entry (urn:uuid) depends neither on host nor title nor
//     column. A correction comes under the same id with a later time;
//   - a withdrawal comes as a correction first: for StubFor the entry's place is
//     taken by a note, under the same id, that says when and what kind of reason,
//     because readers do not act on tombstones. Beside it, and for TombstoneFor,
//     Atom carries at:deleted-entry (RFC 6721) and JSON Feed its like, for
//     machines. The withdrawn words, title included, are in none of them;
//   - only entries move anything here: what is received, returned or rejected
//     changes no page border, no ETag and no Last-Modified;
//   - ETags are strong and of the bytes sent, gzip has its own. Last-Modified
//     counts seconds; where two changes share the last one, an answer to
//     If-Modified-Since alone is sent again rather than called unchanged;
//   - a file is given out only while a live entry has it, with headers that keep
//     a browser from running it.
//
// Answers are rendered once and kept, also compressed, until an entry changes;
// the memory for them is bounded.
package feed

import (
	"context"
	"embed"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"time"

	"zhanqun/hub/catalog"
	"zhanqun/internal/chinatime"
	"zhanqun/internal/ui"
	"zhanqun/internal/web"
	"zhanqun/protocol"
)

// How long a withdrawn entry is still told of.
const (
	StubFor      = 30 * 24 * time.Hour  // as a note in the entry's place
	TombstoneFor = 400 * 24 * time.Hour // for machines that come by once a year
)

// Store reads what was published. Each method is one transaction.
type Store interface {
	// FeedIdentity returns the random id of this hub's feeds, made once and kept
	// in backups, and when it was made.
	FeedIdentity(ctx context.Context) (id string, since time.Time, err error)
	// FeedHead returns a number that grows with every change of an entry.
	FeedHead(ctx context.Context) (int64, error)
	// FeedPage returns entries by the time of their last change, newest first:
	// live ones, and those withdrawn since q.WithdrawnSince.
	FeedPage(ctx context.Context, q Query) ([]catalog.Entry, error)
	// FeedChanges returns the times of the latest changes of a list, newest
	// first, at most two; and for each of limits the time of the latest
	// withdrawal that is not later, or the zero time.
	FeedChanges(ctx context.Context, l List, limits ...time.Time) (changes, withdrawals []time.Time, err error)
	// Pinned returns up to limit live entries of a list that stand on top of it
	// at a time, those pinned longest first.
	Pinned(ctx context.Context, l List, now time.Time, limit int) ([]catalog.Entry, error)
	// Entry returns an entry in any state, or a NotFound.
	Entry(ctx context.Context, id string) (catalog.Entry, error)
	// PublicFile returns a file as a live entry names it; a Gone if readers could
	// have it once, and a NotFound otherwise.
	PublicFile(ctx context.Context, sha256 string) (protocol.Attachment, error)
	Columns(ctx context.Context) ([]catalog.Column, error)
	Unit(ctx context.Context, code string) (catalog.Unit, error)
}

// Files holds the bytes of files by their digests. A missing one is
// fs.ErrNotExist.
type Files interface {
	Get(sha256 string) (*os.File, int64, error)
}

// Options set up a Service.
type Options struct {
	Store    Store
	Files    Files
	Title    string                       // of the feed
	Author   string                       // of the feed: who answers for the portal
	PageSize int                          // entries on a page; 0 for 50
	Base     func(r *http.Request) string // address of the portal, no slash at the end; nil or "" for that of the request
	Now      func() time.Time             // nil for time.Now
	Log      *slog.Logger                 // nil for slog.Default
	Explain  func(error) error            // gives failures of the store kind and words; may be nil
}

// Service answers readers.
type Service struct {
	Options
	pages *ui.Renderer
	errs  web.Errors
	cache *cache
}

//go:embed templates
var templates embed.FS

// Templates returns the pages for readers, for the program and its tests.
func Templates() fs.FS {
	sub, err := fs.Sub(templates, "templates")
	if err != nil { // the folder is embedded above
		panic(err)
	}
	return sub
}

// Funcs are the functions its pages use beside those of every page.
func Funcs() template.FuncMap {
	return template.FuncMap{
		// The form official pages state their time in, also in the tag PubDate.
		"fullTime": func(at time.Time) string { return at.In(chinatime.Zone).Format("2006-01-02 15:04") },
	}
}

// New returns a service. It fails when a page does not parse.
func New(o Options) (*Service, error) {
	if o.PageSize <= 0 {
		o.PageSize = 50
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	s := &Service{Options: o, cache: newCache(o.Store.FeedHead, o.Now)}
	var err error
	s.pages, err = ui.New(ui.Options{Templates: Templates(), Brand: o.Title, Home: "/entries", Now: o.Now, Funcs: Funcs()})
	if err != nil {
		return nil, err
	}
	s.errs = web.Errors{Log: o.Log, Explain: o.Explain, RenderError: func(w http.ResponseWriter, r *http.Request, p web.Problem) error {
		return s.pages.Fail(w, r, &ui.Failure{Status: p.Status, Text: p.Detail, RequestID: p.RequestID, Back: "/entries"})
	}}
	return s, nil
}

// Changed tells the service that something was committed, so that it looks
// before its next answer. It does not block. Without it, as for changes made by
// another program, answers are at most a second old.
func (s *Service) Changed() { s.cache.changed() }

// Routes mounts everything readers get.
func (s *Service) Routes(mux *http.ServeMux) {
	for _, f := range formats {
		mux.Handle("GET /feed."+f.ext, s.errs.Wrap(s.feed(f, all)))
		mux.Handle("GET /columns/{slug}/feed."+f.ext, s.errs.Wrap(s.feed(f, ofColumn)))
		mux.Handle("GET /units/{code}/feed."+f.ext, s.errs.Wrap(s.feed(f, ofUnit)))
	}
	mux.Handle("GET /entries", s.errs.Wrap(s.listPage))
	mux.Handle("GET /entries/{id}", s.errs.Wrap(s.entryPage))
	mux.Handle("GET /files/{sha256}/{name}", s.errs.Wrap(s.publicFile))
}
