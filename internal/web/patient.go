package web

import (
	"io"
	"net/http"
	"time"
)

// Patient ends a request when nothing moves for d, however long it lasts as a
// whole: each read of the body and each write of the answer moves the deadline.
func Patient(d time.Duration) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rc := http.NewResponseController(w)
			if r.Body != nil && r.Body != http.NoBody {
				r.Body = &patientBody{ReadCloser: r.Body, rc: rc, d: d}
			}
			next.ServeHTTP(&patientWriter{ResponseWriter: w, rc: rc, d: d}, r)
			// What the server does after the handler, draining the body and
			// sending the rest, is bounded too. It then sets both anew itself.
			_ = rc.SetReadDeadline(time.Now().Add(d))
			_ = rc.SetWriteDeadline(time.Now().Add(d))
		})
	}
}

type patientBody struct {
	io.ReadCloser
	rc *http.ResponseController
	d  time.Duration
}

func (b *patientBody) Read(p []byte) (int, error) {
	_ = b.rc.SetReadDeadline(time.Now().Add(b.d)) // a writer without deadlines (tests) needs none
	n, err := b.ReadCloser.Read(p)
	_ = b.rc.SetReadDeadline(time.Time{})
	return n, err
}

type patientWriter struct {
	http.ResponseWriter
	rc *http.ResponseController
	d  time.Duration
}

func (w *patientWriter) Write(p []byte) (int, error) {
	_ = w.rc.SetWriteDeadline(time.Now().Add(w.d)) // as above
	return w.ResponseWriter.Write(p)
}

func (w *patientWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
