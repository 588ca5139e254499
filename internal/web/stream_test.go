package web

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestStream(t *testing.T) {
	events := make(chan Event, 3)
	events <- Event{ID: "7", Name: "change", Data: "line items"}
	events <- Event{Data: "one\r\ntwo\rthree"}
	events <- Event{ID: "8\nevent: fake", Name: "a\rdata: b"}
	close(events)
	w := httptest.NewRecorder()
	if err := Stream(w, httptest.NewRequest(http.MethodGet, "/events", nil), events); err != nil {
		t.Fatal(err)
	}
	want := "retry: 3000\n\n" +
		"id: 7\nevent: change\ndata: line items\n\n" +
		"data: one\ndata: two\ndata: three\n\n" +
		"id: 8 event: fake\nevent: a data: b\ndata: \n\n"
	if w.Body.String() != want {
		t.Errorf("sent %q, want %q", w.Body, want)
	}
	if !strings.HasPrefix(w.Header().Get("Content-Type"), "text/event-stream") || !w.Flushed {
		t.Errorf("header %v, flushed %v", w.Header(), w.Flushed)
	}
}

func TestStreamKeepsAliveAndEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		w := httptest.NewRecorder()
		if err := Stream(w, httptest.NewRequest(http.MethodGet, "/events", nil), make(chan Event)); err != nil {
			t.Fatal(err)
		}
		if lived := time.Since(begin); lived != streamLife {
			t.Errorf("lived %v, want %v", lived, streamLife)
		}
		if beats := strings.Count(w.Body.String(), ": alive\n\n"); beats < int(streamLife/streamBeat)-1 {
			t.Errorf("%d signs of life in %v", beats, streamLife)
		}
	})
}

func TestStreamEndsWithTheReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			done <- Stream(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/events", nil).WithContext(ctx), make(chan Event))
		}()
		synctest.Wait()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
