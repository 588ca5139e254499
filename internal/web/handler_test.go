package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhanqun/internal/fault"
)

// testErrors answers in plain text and logs nowhere.
func testErrors() Errors {
	return Errors{Log: slog.New(slog.DiscardHandler)}
}

// ok is a handler that answers 200.
var ok = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") })

func TestErrorsOfEachKind(t *testing.T) {
	secret := errors.New("pq: password authentication failed for user zhanqun")
	tests := []struct {
		name   string
		err    error
		status int
		detail string
	}{
		{"invalid", fault.Field("title", "请填写标题。"), 422, "请填写标题。"},
		{"not found", fmt.Errorf("reading item: %w", fault.New(fault.NotFound, "没有这篇稿件。")), 404, "没有这篇稿件。"},
		{"conflict with a cause", fault.Wrap(fault.Conflict, "已有新稿。", secret), 409, "已有新稿。"},
		{"ours", fmt.Errorf("reading item: %w", secret), 500, fault.Message(secret)},
		{"body too large", fmt.Errorf("reading: %w", &http.MaxBytesError{Limit: 3}), 413, "发来的内容超过了上限，请减小后再试。"},
		{"took too long", fmt.Errorf("reading: %w", context.DeadlineExceeded), 503, "处理超时，请稍后再试。"},
		{"full", fault.New(fault.Full, "磁盘已满。"), 507, "磁盘已满。"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var log bytes.Buffer
			errs := Errors{Log: slog.New(slog.NewTextHandler(&log, nil))}
			h := Chain(errs.Wrap(func(w http.ResponseWriter, _ *http.Request) error {
				w.Header().Set("ETag", `"of the item"`)
				return tt.err
			}), RequestID())
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/api/v1/items/1", nil))
			var p Problem
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
				t.Fatalf("%q: %v", w.Body, err)
			}
			want := Problem{Type: "about:blank", Title: http.StatusText(tt.status), Status: tt.status, Detail: tt.detail,
				Instance: "/api/v1/items/1", RequestID: w.Header().Get("X-Request-Id"), Errors: fault.Fields(tt.err)}
			if diff := cmp.Diff(want, p); diff != "" {
				t.Error(diff)
			}
			if w.Code != tt.status || w.Header().Get("Content-Type") != "application/problem+json; charset=utf-8" || w.Header().Get("ETag") != "" {
				t.Errorf("%d %v", w.Code, w.Header())
			}
			if strings.Contains(w.Body.String(), "password") {
				t.Error("the cause was told")
			}
			logged := strings.Contains(log.String(), p.RequestID) && strings.Contains(log.String(), "password")
			if logged != (tt.status == 500) {
				t.Errorf("log: %q", log.String())
			}
		})
	}
}

func TestErrorPage(t *testing.T) {
	var got Problem
	errs := testErrors()
	errs.RenderError = func(w http.ResponseWriter, _ *http.Request, p Problem) error {
		got = p
		w.WriteHeader(p.Status)
		return nil
	}
	ask := func(accept string) *httptest.ResponseRecorder {
		got = Problem{}
		r := httptest.NewRequest(http.MethodGet, "/items/1", nil)
		r.Header.Set("Accept", accept)
		w := httptest.NewRecorder()
		errs.Wrap(func(http.ResponseWriter, *http.Request) error { return fault.New(fault.Gone, "已撤回。") }).ServeHTTP(w, r)
		return w
	}
	if w := ask("text/html,application/xhtml+xml,*/*"); w.Code != 410 || got.Detail != "已撤回。" || !fault.Is(got.Err, fault.Gone) {
		t.Errorf("for a browser: %d, %+v", w.Code, got)
	}
	if w := ask("application/json"); got.Status != 0 || !strings.Contains(w.Header().Get("Content-Type"), "problem+json") {
		t.Errorf("for a program: %v", w.Header())
	}
	errs.RenderError = func(http.ResponseWriter, *http.Request, Problem) error { return errors.New("template broken") }
	if w := ask("text/html"); w.Code != 410 || !strings.Contains(w.Body.String(), "已撤回。") {
		t.Errorf("with a broken page: %d %q", w.Code, w.Body)
	}
}

func TestRetryAfter(t *testing.T) {
	w := httptest.NewRecorder()
	testErrors().Answer(w, httptest.NewRequest(http.MethodGet, "/", nil), RetryAfter(fault.New(fault.Limited, "慢一点。"), 1500*time.Millisecond))
	if w.Code != 429 || w.Header().Get("Retry-After") != "2" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

func TestAskerGone(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := httptest.NewRecorder()
	testErrors().Answer(w, httptest.NewRequest(http.MethodGet, "/", nil).WithContext(ctx), fmt.Errorf("reading: %w", context.Canceled))
	if w.Body.Len() != 0 {
		t.Errorf("answered %q to nobody", w.Body)
	}
	// The same error without the asker leaving is ours.
	w = httptest.NewRecorder()
	testErrors().Answer(w, httptest.NewRequest(http.MethodGet, "/", nil), context.Canceled)
	if w.Code != 500 {
		t.Errorf("status %d, want 500", w.Code)
	}
}
