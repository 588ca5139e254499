package web

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestRecover(t *testing.T) {
	var log bytes.Buffer
	errs := Errors{Log: slog.New(slog.NewTextHandler(&log, nil))}
	h := Chain(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("index out of range") }), Recover(errs), Gzip())
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/api/v1/items", nil))
	if w.Code != 500 || strings.Contains(w.Body.String(), "index") {
		t.Errorf("%d %q", w.Code, w.Body)
	}
	if !strings.Contains(log.String(), "index out of range") || !strings.Contains(log.String(), "recover_test.go") {
		t.Errorf("log lacks the panic or its stack: %s", log.String())
	}
}

// Half a page must not look like a whole one: the connection is cut.
func TestRecoverAfterTheAnswerBegan(t *testing.T) {
	for name, chain := range map[string][]Middleware{
		"plain": {Recover(testErrors())}, "gzip inside": {Recover(testErrors()), Gzip()}, "gzip outside": {Gzip(), Recover(testErrors())},
	} {
		srv := httptest.NewServer(Chain(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			_, _ = io.WriteString(w, strings.Repeat("half a page ", 1000))
			panic("torn")
		}), chain...))
		srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
		res, err := srv.Client().Get(srv.URL)
		if err == nil {
			_, err = io.ReadAll(res.Body)
			_ = res.Body.Close()
		}
		if err == nil {
			t.Errorf("%s: the answer looked complete", name)
		}
		srv.Close()
	}
}
