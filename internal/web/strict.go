package web

import "net/http"

// strictFor is how long a browser remembers to come by HTTPS only.
const strictFor = "max-age=31536000"

// Strict tells browsers to come by HTTPS only from now on (RFC 6797), while
// allowed says they may be told. nil never does.
func Strict(allowed func() bool) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.TLS != nil && allowed != nil && allowed() {
				w.Header().Set("Strict-Transport-Security", strictFor)
			}
			next.ServeHTTP(w, r)
		})
	}
}
