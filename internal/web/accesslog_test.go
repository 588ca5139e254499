package web

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestAccessLog(t *testing.T) {
	var log bytes.Buffer
	h := Chain(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/static/missing" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = w.Write([]byte("hello"))
	}), RequestID(), AccessLog(slog.New(slog.NewTextHandler(&log, nil))))
	ask := func(path string) string {
		log.Reset()
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil))
		return log.String()
	}
	line := ask("/items?q=%E7%8E%8B%E6%95%8F")
	for _, want := range []string{"request answered", "method=GET", "path=/items", "status=200", "bytes=5", "request=0", "from=192.0.2.1"} {
		if !strings.Contains(line, want) {
			t.Errorf("%q lacks %q", line, want)
		}
	}
	if strings.Contains(line, "q=") {
		t.Errorf("the query was logged: %q", line)
	}
	if line := ask("/static/app.css"); line != "" {
		t.Errorf("a static file was logged: %q", line)
	}
	if line := ask("/static/missing"); !strings.Contains(line, "status=404") {
		t.Errorf("a missing file was not logged: %q", line)
	}
	if line := ask("/a%0Alevel=ERROR"); strings.Count(line, "\n") != 1 {
		t.Errorf("a path wrote a line of its own: %q", line)
	}
}

func TestRequestID(t *testing.T) {
	seen := map[string]bool{}
	h := Chain(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if RequestIDFrom(r.Context()) != w.Header().Get("X-Request-Id") {
			t.Error("context and header differ")
		}
	}), RequestID())
	for range 3 {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("X-Request-Id", "chosen by a stranger")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		seen[w.Header().Get("X-Request-Id")] = true
	}
	if len(seen) != 3 || seen["chosen by a stranger"] || seen[""] {
		t.Errorf("ids %v", seen)
	}
}
