package web

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestGzip(t *testing.T) {
	long := strings.Repeat("站群同步 ", 1000)
	answer := func(status int, header map[string]string, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			for k, v := range header {
				w.Header().Set(k, v)
			}
			w.WriteHeader(status)
			for len(body) > 0 { // in pieces, as templates do
				n := min(700, len(body))
				_, _ = io.WriteString(w, body[:n])
				body = body[n:]
			}
		}
	}
	html := map[string]string{"Content-Type": "text/html; charset=utf-8"}
	tests := []struct {
		name   string
		h      http.HandlerFunc
		accept string
		rng    string
		zipped bool
		body   string
	}{
		{"page", answer(200, html, long), "gzip, br", "", true, long},
		{"json", answer(200, map[string]string{"Content-Type": "application/problem+json"}, long), "gzip", "", true, long},
		{"feed", answer(200, map[string]string{"Content-Type": "application/atom+xml"}, long), "gzip", "", true, long},
		{"error page", answer(500, html, long), "gzip", "", true, long},
		{"not asked for", answer(200, html, long), "", "", false, long},
		{"refused", answer(200, html, long), "gzip;q=0, br", "", false, long},
		{"weighted", answer(200, html, long), "br, GZIP; q=0.5", "", true, long},
		{"short", answer(200, html, "短"), "gzip", "", false, "短"},
		{"empty", answer(200, html, ""), "gzip", "", false, ""},
		{"photo", answer(200, map[string]string{"Content-Type": "image/jpeg"}, long), "gzip", "", false, long},
		{"range", answer(206, map[string]string{"Content-Type": "text/plain", "Content-Range": "bytes 0-9/100"}, long), "gzip", "", false, long},
		{"range asked", answer(200, html, long), "gzip", "bytes=0-", false, long},
		{"already encoded", answer(200, map[string]string{"Content-Type": "text/css", "Content-Encoding": "br"}, long), "gzip", "", false, long},
		{"not modified", answer(304, html, ""), "gzip", "", false, ""},
		{"type by content", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<!DOCTYPE html>"+long) }, "gzip", "", true, "<!DOCTYPE html>" + long},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header.Set("Accept-Encoding", tt.accept)
			if tt.rng != "" {
				r.Header.Set("Range", tt.rng)
			}
			w := httptest.NewRecorder()
			Gzip()(tt.h).ServeHTTP(w, r)
			if got := w.Header().Get("Content-Encoding") == "gzip"; got != tt.zipped {
				t.Fatalf("compressed: %v, want %v (%v)", got, tt.zipped, w.Header())
			}
			if w.Header().Get("Vary") != "Accept-Encoding" {
				t.Errorf("Vary = %q", w.Header().Get("Vary"))
			}
			body := w.Body.Bytes()
			if tt.zipped {
				zr, err := gzip.NewReader(bytes.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				if body, err = io.ReadAll(zr); err != nil {
					t.Fatal(err)
				}
			}
			if string(body) != tt.body {
				t.Errorf("%d bytes came, want %d", len(body), len(tt.body))
			}
		})
	}
}

func TestGzipHeaders(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Accept-Encoding", "gzip")
	w := httptest.NewRecorder()
	Gzip()(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.Header().Set("Content-Length", "2048")
		w.Header().Set("ETag", `"v1"`)
		_, _ = w.Write(make([]byte, 2048))
	})).ServeHTTP(w, r)
	if w.Header().Get("ETag") != `W/"v1"` || w.Header().Get("Content-Length") != "" {
		t.Errorf("header %v", w.Header())
	}
}

// A handler that flushes wants its bytes seen, through compression too.
func TestGzipFlush(t *testing.T) {
	step := make(chan bool)
	srv := httptest.NewServer(Gzip()(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = io.WriteString(w, "first")
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
		<-step
		_, _ = io.WriteString(w, " second")
	})))
	defer srv.Close()
	res, err := srv.Client().Get(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	first := make([]byte, 5)
	if _, err := io.ReadFull(res.Body, first); err != nil || string(first) != "first" {
		t.Fatalf("%q, %v", first, err)
	}
	close(step)
	rest, err := io.ReadAll(res.Body)
	if err != nil || string(rest) != " second" || !res.Uncompressed {
		t.Errorf("%q, %v, compressed %v", rest, err, res.Uncompressed)
	}
}
