package station_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"zhanqun/internal/fault"
	"zhanqun/node/station"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, dir, addr string) (*station.Station, error) {
	t.Helper()
	return station.Open(t.Context(), station.Options{
		Dir: dir, Addr: addr, Reserve: -1, Version: "test", Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
}

// start runs a node and returns how to stop it.
func start(t *testing.T, s *station.Station) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	return func() {
		t.Helper()
		cancel()
		began := time.Now()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("run ended with %v", err)
			}
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("stopping took %v", took)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("run does not end")
		}
	}
}

// get asks on a connection of its own, so that nothing of the client is left.
func get(t *testing.T, url string) int {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	r, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	return closed(t, r)
}

func closed(t *testing.T, r *http.Response) int {
	t.Helper()
	if err := r.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return r.StatusCode
}

// A node serves its pages before it has joined, and can be started again.
func TestStartAndStop(t *testing.T) {
	dir := t.TempDir()
	var first string
	for round := range 2 {
		s, err := open(t, dir, "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		password, err := s.Prepare(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if round == 0 {
			first = password
		} else if password != "" {
			t.Error("a second first account was made")
		}
		stop := start(t, s)
		if code := get(t, s.URL()+"/healthz"); code != http.StatusOK {
			t.Errorf("healthz answers %d", code)
		}
		if a, err := s.Queue.SignIn(t.Context(), station.FirstLogin, first, "192.0.2.10"); err != nil || !a.MustChange || !a.Actor().Township() {
			t.Errorf("the first liaison: %+v, %v", a, err)
		}
		stop()
	}
}

func TestStopWithoutRun(t *testing.T) {
	s, err := open(t, t.TempDir(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// Stopping before it has begun, and at once.
func TestStopEarly(t *testing.T) {
	s, err := open(t, t.TempDir(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Run(ctx); err != nil {
		t.Error(err)
	}
}

func TestSecondServiceIsRefused(t *testing.T) {
	dir := t.TempDir()
	s, err := open(t, dir, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer start(t, s)()
	if _, err := open(t, dir, "127.0.0.1:0"); !fault.Is(err, fault.Conflict) || !strings.Contains(fault.Message(err), dir) {
		t.Errorf("a second service on one folder: %v", err)
	}
	addr := strings.TrimPrefix(s.URL(), "http://")
	if _, err := open(t, t.TempDir(), addr); !fault.Is(err, fault.Unavailable) || !strings.Contains(fault.Message(err), addr) {
		t.Errorf("a taken address: %v", err)
	}
	if code := get(t, s.URL()+"/healthz"); code != http.StatusOK {
		t.Errorf("the first service answers %d", code)
	}
}

// On every address of the machine the pages are shown under its names only.
func TestForeignHostNames(t *testing.T) {
	s, err := open(t, t.TempDir(), "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer start(t, s)()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for host, allowed := range map[string]bool{"127.0.0.1": true, "localhost": true, "rebound.example": false} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+"/healthz", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		answer, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if code := closed(t, answer); (code == http.StatusOK) != allowed {
			t.Errorf("asked as %s: %d", host, code)
		}
	}
}
