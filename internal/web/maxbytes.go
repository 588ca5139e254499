package web

import (
	"net/http"
)

// MaxBytes bounds the body of requests. limit chooses the bound per request,
// so that the routes taking files can have a larger one; it must not read the
// body. Reading beyond the bound fails, and Errors answers 413.
func MaxBytes(limit func(r *http.Request) int64) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Body != nil {
				r.Body = http.MaxBytesReader(w, r.Body, limit(r))
			}
			next.ServeHTTP(w, r)
		})
	}
}

// Bytes is a bound that is the same for every request.
func Bytes(n int64) func(*http.Request) int64 {
	return func(*http.Request) int64 { return n }
}
