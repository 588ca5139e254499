package web

import (
	"context"
	"net/http"

	"zhanqun/internal/web"
)

type routeKey struct{}

// counting tells Count how each request ended, by the route that took it and
// not by its address, of which there are as many as there are items.
func (s *Server) counting() web.Middleware {
	return func(next http.Handler) http.Handler {
		if s.Count == nil {
			return next
		}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			route, rec := new(string), &statusWriter{ResponseWriter: w}
			defer func() { s.Count(*route, rec.answered()) }()
			next.ServeHTTP(rec, r.WithContext(context.WithValue(r.Context(), routeKey{}, route)))
		})
	}
}

// routed notes which route of mux took the request. Of a mux within another the
// inner one knows better, and says so first.
func routed(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if route, ok := r.Context().Value(routeKey{}).(*string); ok && *route == "" {
				*route = r.Pattern
			}
		}()
		mux.ServeHTTP(w, r)
	})
}

// statusWriter remembers the status of the answer.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap keeps what the writer below can do within reach.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// answered is the status; an answer that named none is a 200.
func (w *statusWriter) answered() int {
	if w.status == 0 {
		return http.StatusOK
	}
	return w.status
}
