package web

import (
	"context"
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
			defer logAnswer(r.Context(), log, r, rec, start)
			next.ServeHTTP(rec, r)
		})
	}
}

func logAnswer(ctx context.Context, log *slog.Logger, r *http.Request, rec *recorder, start time.Time) {
	if quiet(r.URL.Path) && rec.status < 400 {
		return
	}
	status := rec.status
	if status == 0 {
		status = http.StatusOK
	}
	log.LogAttrs(ctx, slog.LevelInfo, "request answered",
		slog.String("request", RequestIDFrom(ctx)),
		slog.String("method", r.Method), slog.String("path", r.URL.Path),
		slog.Int("status", status), slog.Int64("bytes", rec.bytes),
		slog.Duration("took", time.Since(start)), slog.String("from", Address(r)))
}

func quiet(path string) bool {
	return strings.HasPrefix(path, "/static/") || path == "/healthz" || path == "/readyz" || path == "/metrics"
}
