package web

import (
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// AccessLog writes one line per answered request: what, how it ended, how long
// it took. Never the query (it may hold a search for a person), a header or a
// body. Static files and health probes are left out unless they fail.
func AccessLog(log *slog.Logger) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			start := time.Now()
			rec := record(w)
			defer func() {
				if quiet(r.URL.Path) && rec.status < 400 {
					return
				}
				status := rec.status
				if status == 0 {
					status = http.StatusOK
				}
				log.LogAttrs(r.Context(), slog.LevelInfo, "request answered",
					slog.String("request", RequestIDFrom(r.Context())),
					slog.String("method", r.Method), slog.String("path", r.URL.Path),
					slog.Int("status", status), slog.Int64("bytes", rec.bytes),
					slog.Duration("took", time.Since(start)), slog.String("from", Address(r)))
			}()
			next.ServeHTTP(rec, r)
		})
	}
}

func quiet(path string) bool {
	return strings.HasPrefix(path, "/static/") || path == "/healthz" || path == "/readyz" || path == "/metrics"
}
