package web

import (
	"fmt"
	"net/http"
	"runtime/debug"
)

// Recover answers a panicking handler like any other fault of ours and logs
// the stack. When the answer has already begun, the connection is cut so that
// the asker cannot take half a page for a whole one.
func Recover(errs Errors) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rec := record(w)
			defer func() {
				if v := recover(); v != nil {
					errs.panicked(rec, r, v)
				}
			}()
			next.ServeHTTP(rec, r)
		})
	}
}

// panicked logs what a handler panicked with and answers for it.
func (e Errors) panicked(rec *recorder, r *http.Request, v any) {
	if v == http.ErrAbortHandler { //nolint:errorlint // a sentinel passed to panic, never wrapped
		panic(v)
	}
	ctx := r.Context()
	e.logger().ErrorContext(ctx, "handler panicked", "request", RequestIDFrom(ctx),
		"path", r.URL.Path, "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
	if rec.status != 0 {
		panic(http.ErrAbortHandler)
	}
	e.Answer(rec, r, fmt.Errorf("panic: %v", v))
}
