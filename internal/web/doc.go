// Package web is what the HTTP servers of both programs share.
//
// It promises that a handler only says what happened, by returning an error,
// and that exactly one place answers for it: a page for people, problem details
// (RFC 9457) for programs, details of our own faults in the log alone. Around
// the handlers stand small wrappers, one file each: request id and access log,
// recovery from panics, security headers, limits on body, time and rate,
// protection against forged requests and foreign host names, compression, and
// sign-in sessions.
//
// A server is put together from the outside in:
//
//	sessions := web.NewSessions(store, time.Now, secure)
//	errs := web.Errors{Log: log, RenderError: …}
//	mux.Handle("POST /items", errs.Wrap(s.createItem))
//	h := web.Chain(mux,
//		web.RequestID(), web.AccessLog(log), web.Recover(errs), web.SecurityHeaders(), web.Gzip(),
//		web.MaxBytes(1<<20), sessions.Load(errs), web.Forgery(errs, sessions))
//	err := web.Serve(ctx, listener, h, log)
//
// Chain applies its first wrapper outermost.
package web
