package web

import (
	"context"
	"net/http"

	"github.com/google/uuid"
)

type requestIDKey struct{}

// RequestID gives each request an id, told to the asker in X-Request-Id. An id
// that came with the request is not taken over: it would let a stranger write
// into our log.
func RequestID() Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			id, err := uuid.NewV7()
			if err != nil {
				next.ServeHTTP(w, r) // no randomness: the request matters more than its number
				return
			}
			w.Header().Set("X-Request-Id", id.String())
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestIDKey{}, id.String())))
		})
	}
}

// RequestIDFrom returns the id of the request, or "".
func RequestIDFrom(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}
