package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestMaxBytes(t *testing.T) {
	limit := func(r *http.Request) int64 {
		if r.URL.Path == "/upload" {
			return 20
		}
		return 10
	}
	h := MaxBytes(limit)(testErrors().Wrap(func(w http.ResponseWriter, r *http.Request) error {
		n, err := io.Copy(io.Discard, r.Body)
		if err != nil {
			return err
		}
		return WriteJSON(w, 200, n)
	}))
	for _, tt := range []struct {
		path string
		size int
		want int
	}{{"/", 10, 200}, {"/", 11, 413}, {"/upload", 20, 200}, {"/upload", 21, 413}} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, tt.path, strings.NewReader(strings.Repeat("x", tt.size))))
		if w.Code != tt.want {
			t.Errorf("%s with %d bytes: %d, want %d", tt.path, tt.size, w.Code, tt.want)
		}
	}
	if Bytes(7)(nil) != 7 {
		t.Error("Bytes(7) is not 7")
	}
}

func TestTimeout(t *testing.T) {
	h := Timeout(time.Millisecond)(testErrors().Wrap(func(_ http.ResponseWriter, r *http.Request) error {
		<-r.Context().Done()
		if !errors.Is(r.Context().Err(), context.DeadlineExceeded) {
			t.Errorf("ended by %v", r.Context().Err())
		}
		return r.Context().Err()
	}))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if w.Code != 503 || w.Header().Get("Retry-After") == "" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}
