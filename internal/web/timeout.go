package web

import (
	"context"
	"net/http"
	"time"
)

// Timeout ends the context of a request after d; Errors then answers 503. It
// does not buffer, so a handler that streams must be left out of it.
func Timeout(d time.Duration) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx, cancel := context.WithTimeout(r.Context(), d)
			defer cancel()
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	}
}
