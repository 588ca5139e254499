package web

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// client gives up by itself, should a server hang.
var client = &http.Client{Timeout: 30 * time.Second}

// start serves h until the test ends or stop is called; done gives the result.
func start(t *testing.T, h http.Handler) (addr string, stop context.CancelFunc, done <-chan error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error, 1)
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		result <- Serve(ctx, l, h, slog.New(slog.DiscardHandler))
	}()
	t.Cleanup(func() {
		cancel()
		<-finished
	})
	return l.Addr().String(), cancel, result
}

func TestServeFinishesWhatRuns(t *testing.T) {
	entered, leave := make(chan bool), make(chan bool)
	addr, stop, done := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(entered)
		<-leave
		if err := r.Context().Err(); err != nil {
			t.Errorf("the request was ended by the shutdown: %v", err)
		}
		_, _ = io.WriteString(w, "safe")
	}))
	answer := make(chan string, 1)
	go func() {
		res, err := client.Get("http://" + addr)
		if err != nil {
			answer <- err.Error()
			return
		}
		body, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		answer <- string(body)
	}()
	<-entered
	stop()
	close(leave)
	if got := <-answer; got != "safe" {
		t.Errorf("answer %q", got)
	}
	if err := <-done; err != nil {
		t.Errorf("Serve: %v", err)
	}
	if _, err := net.Dial("tcp", addr); err == nil {
		t.Error("still listening")
	}
}

// A request that hangs does not keep the program.
func TestServeCutsOffWhatHangs(t *testing.T) {
	entered := make(chan bool)
	addr, stop, done := start(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(entered)
		<-r.Context().Done()
	}))
	gone := make(chan error, 1)
	go func() {
		res, err := client.Get("http://" + addr)
		if err == nil {
			_ = res.Body.Close()
		}
		gone <- err
	}()
	<-entered
	stop()
	if err := <-done; err != nil {
		t.Errorf("Serve: %v", err)
	}
	if err := <-gone; err == nil {
		t.Error("what hung was answered")
	}
}

func TestServeEndsStreams(t *testing.T) {
	events := make(chan Event, 1)
	events <- Event{Name: "change", Data: "line"}
	returned := make(chan bool)
	addr, stop, done := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(returned)
		if err := Stream(w, r, events); err != nil {
			t.Error(err)
		}
	}))
	res, err := client.Get("http://" + addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() && lines.Text() != "data: line" {
	}
	if lines.Text() != "data: line" {
		t.Fatalf("the event did not come: %v", lines.Err())
	}
	stop()
	<-returned
	if err := <-done; err != nil {
		t.Errorf("Serve: %v", err)
	}
	for lines.Scan() {
	}
	if err := lines.Err(); err != nil {
		t.Errorf("the stream was cut off, and held the program up to then: %v", err)
	}
}

func TestServeTellsWhyItCannot(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := Serve(t.Context(), l, ok, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), l.Addr().String()) {
		t.Errorf("error %v", err)
	}
}
