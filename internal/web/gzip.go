package web

import (
	"compress/gzip"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// gzipLeast is the size below which compressing saves nothing on the wire.
const gzipLeast = 1024

var gzipPool = sync.Pool{New: func() any { return gzip.NewWriter(io.Discard) }}

// Gzip compresses text answers for those who accept it; rural lines are slow.
// Event streams, ranges, and what a handler encoded itself pass unchanged. A
// strong entity tag is made weak, because the bytes are no longer the same.
func Gzip() Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Add("Vary", "Accept-Encoding")
			if !AcceptsGzip(r) || r.Header.Get("Range") != "" {
				next.ServeHTTP(w, r)
				return
			}
			gw := &gzipWriter{ResponseWriter: w}
			next.ServeHTTP(gw, r)
			gw.finish() // not deferred: what a panicking handler left must not go out as whole
		})
	}
}

// AcceptsGzip reads Accept-Encoding; q=0 refuses.
func AcceptsGzip(r *http.Request) bool {
	for _, part := range strings.Split(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		coding, params, _ := strings.Cut(part, ";")
		if !strings.EqualFold(strings.TrimSpace(coding), "gzip") {
			continue
		}
		name, q, ok := strings.Cut(strings.ReplaceAll(params, " ", ""), "=")
		if !ok || !strings.EqualFold(name, "q") {
			return true
		}
		weight, err := strconv.ParseFloat(q, 64)
		return err == nil && weight > 0
	}
	return false
}

// gzipWriter decides at the first bytes. Until gzipLeast bytes are there it
// holds them back, so that short answers go out as they are.
type gzipWriter struct {
	http.ResponseWriter
	status  int
	held    []byte
	decided bool
	gz      *gzip.Writer
}

func (w *gzipWriter) WriteHeader(status int) {
	if status < 200 {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	if w.status != 0 {
		return
	}
	w.status = status
	if !w.wanted() {
		w.decide(false)
	}
}

func (w *gzipWriter) Write(p []byte) (int, error) {
	if w.status == 0 {
		if w.Header().Get("Content-Type") == "" {
			w.Header().Set("Content-Type", http.DetectContentType(p))
		}
		w.WriteHeader(http.StatusOK)
	}
	if !w.decided {
		if len(w.held)+len(p) < gzipLeast {
			w.held = append(w.held, p...)
			return len(p), nil
		}
		w.decide(true)
		if err := w.release(); err != nil {
			return 0, err
		}
	}
	if w.gz != nil {
		return w.gz.Write(p)
	}
	return w.ResponseWriter.Write(p)
}

// wanted tells by the header whether the body may be compressed.
func (w *gzipWriter) wanted() bool {
	h := w.Header()
	if w.status == http.StatusNoContent || w.status == http.StatusNotModified || w.status == http.StatusPartialContent {
		return false
	}
	if h.Get("Content-Encoding") != "" || h.Get("Content-Range") != "" {
		return false
	}
	kind, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil || kind == "text/event-stream" {
		return false
	}
	return strings.HasPrefix(kind, "text/") || strings.HasSuffix(kind, "json") || strings.HasSuffix(kind, "xml") ||
		kind == "application/javascript"
}

func (w *gzipWriter) decide(compress bool) {
	w.decided = true
	h := w.Header()
	if compress {
		h.Set("Content-Encoding", "gzip")
		h.Del("Content-Length")
		if tag := h.Get("ETag"); strings.HasPrefix(tag, `"`) {
			h.Set("ETag", "W/"+tag)
		}
		w.gz = gzipPool.Get().(*gzip.Writer) // the pool holds nothing else
		w.gz.Reset(w.ResponseWriter)
	}
	w.ResponseWriter.WriteHeader(w.status)
}

// release writes what was held back.
func (w *gzipWriter) release() error {
	held := w.held
	w.held = nil
	if len(held) == 0 {
		return nil
	}
	if w.gz != nil {
		_, err := w.gz.Write(held)
		return err
	}
	_, err := w.ResponseWriter.Write(held)
	return err
}

// Flush sends what there is; a handler that flushes wants it seen now.
func (w *gzipWriter) Flush() { _ = w.FlushError() }

// FlushError is Flush for http.ResponseController.
func (w *gzipWriter) FlushError() error {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if !w.decided {
		w.decide(len(w.held) > 0)
		if err := w.release(); err != nil {
			return err
		}
	}
	if w.gz != nil {
		if err := w.gz.Flush(); err != nil {
			return err
		}
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// finish ends the answer after the handler.
func (w *gzipWriter) finish() {
	if w.status != 0 && !w.decided {
		w.decide(false)
	}
	_ = w.release() // the reader has gone; there is nobody left to tell
	if w.gz != nil {
		_ = w.gz.Close()
		w.gz.Reset(io.Discard)
		gzipPool.Put(w.gz)
	}
}

func (w *gzipWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
