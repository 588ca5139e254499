package feed

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"zhanqun/internal/web"
)

// format is one way to write a feed.
type format struct {
	ext   string
	media string
	write func(*document) ([]byte, error)
}

var formats = []format{
	{"atom", "application/atom+xml; charset=utf-8", (*document).atom},
	{"rss", "application/rss+xml; charset=utf-8", (*document).rss},
	{"json", "application/feed+json; charset=utf-8", (*document).json},
}

// rendering is an answer ready to be sent, plain and compressed.
type rendering struct {
	media    string
	plain    []byte
	packed   []byte
	tag      string // without quotes
	modified time.Time
	sole     bool // no other change shares the second of modified
}

func (b *rendering) size() int { return len(b.plain) + len(b.packed) }

func render(media string, body []byte, modified time.Time, sole bool) (*rendering, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(body); err != nil {
		return nil, fmt.Errorf("compressing feed: %w", err)
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("compressing feed: %w", err)
	}
	sum := sha256.Sum256(body)
	return &rendering{
		media: media, plain: body, packed: bytes.Clone(b.Bytes()), tag: base64.RawURLEncoding.EncodeToString(sum[:18]),
		modified: modified, sole: sole,
	}, nil
}

// feed answers for one kind of list in one format.
func (s *Service) feed(f format, list func(*http.Request) (List, error)) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		l, err := list(r)
		if err != nil {
			return err
		}
		q, err := pageOf(r)
		if err != nil {
			return err
		}
		base, err := s.base(r)
		if err != nil {
			return err
		}
		q.List = l
		path := l.path() + f.ext
		body, err := s.cache.get(r.Context(), base+path+q.query(), func(ctx context.Context) (*rendering, error) {
			d, err := s.document(ctx, base, path, q)
			if err != nil {
				return nil, err
			}
			text, err := f.write(d)
			if err != nil {
				return nil, fmt.Errorf("writing feed: %w", err)
			}
			return render(f.media, text, d.modified, d.sole)
		})
		if err != nil {
			return err
		}
		body.serve(w, r)
		return nil
	}
}

// cacheControl lets readers and caches between keep a feed for a minute.
const cacheControl = "public, max-age=60"

// serve sends the rendering, or says that the asker has it.
func (b *rendering) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	body, tag := b.plain, `"`+b.tag+`"`
	zipped := `"` + b.tag + `-gzip"`
	if web.AcceptsGzip(r) {
		body, tag = b.packed, zipped
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("ETag", tag)
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cache-Control", cacheControl)
	if !b.modified.IsZero() {
		h.Set("Last-Modified", b.modified.UTC().Format(http.TimeFormat))
	}
	if b.unchanged(r, tag) {
		h.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", b.media)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {

		_, _ = w.Write(body) // the reader has gone; there is nobody left to tell
	}
}

// unchanged reports whether the asker has this answer, RFC 9110 §13.1.2 and
// §13.1.3: tags decide, the time only without them. Two changes within one
// second make a time worth nothing while they are the latest.
func (b *rendering) unchanged(r *http.Request, tag string) bool {
	if none := r.Header.Values("If-None-Match"); len(none) > 0 {
		return hasTag(strings.Join(none, ","), tag)
	}
	since, err := http.ParseTime(r.Header.Get("If-Modified-Since"))
	if err != nil || b.modified.IsZero() {
		return false
	}
	last := b.modified.Truncate(time.Second)
	return since.After(last) || since.Equal(last) && b.sole
}

// hasTag reports whether a list of entity tags names tag, compared weakly.
func hasTag(list, tag string) bool {
	for t := range strings.SplitSeq(list, ",") {
		if t = strings.TrimSpace(t); t == "*" || strings.TrimPrefix(t, "W/") == tag {
			return true
		}
	}
	return false
}
