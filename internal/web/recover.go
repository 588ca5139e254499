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
				v := recover()
				if v == nil {
					return
				}
				if v == http.ErrAbortHandler { //nolint:errorlint // a sentinel passed to panic, never wrapped
					panic(v)
				}
				errs.logger().ErrorContext(r.Context(), "handler panicked", "request", RequestIDFrom(r.Context()),
					"path", r.URL.Path, "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
				if rec.status != 0 {
					panic(http.ErrAbortHandler)
				}
				errs.Answer(rec, r, fmt.Errorf("panic: %v", v))
			}()
			next.ServeHTTP(rec, r)
		})
	}
}
