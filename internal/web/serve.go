package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Times of a server for slow lines. There is no bound on a whole request or
// answer: 200 MB at 100 KB/s take more than half an hour. What must not last
// is silence, see Idle.
const (
	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute
	shutdownTime  = 4 * time.Second
	silence       = time.Minute
)

// Serve answers on l until ctx ends. Then it stops listening, ends the context
// of running requests that stream (see Stream), gives all others a moment to
// finish, and returns within four seconds. It owns l. The error is nil after
// an orderly end.
func Serve(ctx context.Context, l net.Listener, h http.Handler, log *slog.Logger) error {
	// Requests must not end with ctx at once: a submission on its way should
	// still be answered. Streams listen to stopping instead.
	base, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	base = context.WithValue(base, stoppingKey{}, ctx.Done())
	srv := &http.Server{
		Handler:           Patient(silence)(h),
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    32 << 10,
		BaseContext:       func(net.Listener) context.Context { return base },
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serving %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	last, done := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime-500*time.Millisecond)
	defer done()
	err := srv.Shutdown(last)
	cancel() // whatever still runs shall end now
	if err != nil {
		log.Warn("requests cut off at shutdown", "error", err)
		_ = srv.Close() // connections are cut; there is nothing more to do about an error
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving %s: %w", l.Addr(), err)
	}
	return nil
}

type stoppingKey struct{}

// stopping is closed when the server begins to stop; nil outside Serve.
func stopping(ctx context.Context) <-chan struct{} {
	c, _ := ctx.Value(stoppingKey{}).(<-chan struct{})
	return c
}
