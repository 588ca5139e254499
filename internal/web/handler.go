package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"zhanqun/internal/fault"
)

// Handler answers a request or says why it cannot. A handler that returns an
// error must not have written anything.
type Handler func(w http.ResponseWriter, r *http.Request) error

// Errors answers for every error a Handler returns.
type Errors struct {
	Log *slog.Logger
	// RenderError writes the page a person sees. It must use p.Status. When it
	// is nil or fails, the sentence goes out as plain text.
	RenderError func(w http.ResponseWriter, r *http.Request, p Problem) error
	// Explain gives failures of the parts behind, such as a database without
	// disk, their kind and words; nil explains none.
	Explain func(error) error
}

// Wrap makes an http.Handler of h.
func (e Errors) Wrap(h Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			e.Answer(w, r, err)
		}
	})
}

// Func is Wrap for mux.HandleFunc.
func (e Errors) Func(h Handler) http.HandlerFunc { return e.Wrap(h).ServeHTTP }

// retryError carries how long a caller should wait.
type retryError struct {
	error
	after time.Duration
}

func (e retryError) Unwrap() error { return e.error }

// RetryAfter adds to err the time after which trying again makes sense; it
// goes out as the Retry-After header.
func RetryAfter(err error, after time.Duration) error {
	return retryError{err, after}
}

// ComeAgain says in the Retry-After header when trying again makes sense. Who
// writes a page himself calls it before that.
func ComeAgain(w http.ResponseWriter, after time.Duration) {
	w.Header().Set("Retry-After", strconv.Itoa(max(1, int((after+time.Second-1)/time.Second))))
}

// Answer writes the answer to a failed request. What is not the asker's fault is
// logged with the request id; our own mistakes are told in general words only.
func (e Errors) Answer(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return // the asker has gone
	}
	err = e.classify(err)
	p := newProblem(r, err)
	if p.Status >= http.StatusInternalServerError {
		e.logger().ErrorContext(r.Context(), "request failed", "request", p.RequestID,
			"method", r.Method, "path", r.URL.Path, "error", err)
	}
	var retry retryError
	if errors.As(err, &retry) {
		ComeAgain(w, retry.after)
	}
	if p.Status == http.StatusUnauthorized && wantsJSON(r) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="zhanqun"`)
	}
	for _, name := range []string{"Content-Length", "Content-Encoding", "Content-Disposition", "ETag", "Last-Modified"} {
		w.Header().Del(name) // meant for the answer that did not come about
	}
	w.Header().Set("Cache-Control", "no-store")
	if wantsJSON(r) {
		writeProblem(w, p)
		return
	}
	if e.RenderError != nil {
		rerr := e.RenderError(w, r, p)
		if rerr == nil {
			return
		}
		e.logger().ErrorContext(r.Context(), "error page failed", "request", p.RequestID, "error", rerr)
	}
	http.Error(w, p.Detail, p.Status)
}

// classify gives errors of the standard library that mean something to a
// person their kind.
func (e Errors) classify(err error) error {
	if e.Explain != nil {
		err = e.Explain(err)
	}
	var tooLarge *http.MaxBytesError
	switch {
	case fault.KindOf(err) != fault.Internal:
		return err
	case errors.As(err, &tooLarge):
		return fault.Wrap(fault.TooLarge, "发来的内容超过了上限，请减小后再试。", err)
	case errors.Is(err, context.DeadlineExceeded):
		return RetryAfter(fault.Wrap(fault.Unavailable, "处理超时，请稍后再试。", err), 10*time.Second)
	}
	return err
}

func (e Errors) logger() *slog.Logger {
	if e.Log == nil {
		return slog.Default()
	}
	return e.Log
}

// IsAPI reports whether the request is for the programs' interface, which
// speaks JSON whatever the caller accepts.
func IsAPI(r *http.Request) bool {
	return r.URL.Path == "/api" || strings.HasPrefix(r.URL.Path, "/api/")
}

// wantsJSON reports whether the caller is a program.
func wantsJSON(r *http.Request) bool {
	if IsAPI(r) {
		return true
	}
	accept := r.Header.Get("Accept")
	return strings.Contains(accept, "json") && !strings.Contains(accept, "text/html")
}
