package station_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"zhanqun/config"
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
		if err := <-done; err != nil {
			t.Errorf("run ended with %v", err)
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

// What other machines reach is encrypted, with a CA of the node's own that lasts;
// this machine's own browsers go on as before.
func TestPagesForOtherMachines(t *testing.T) {
	dir := t.TempDir()
	secured := func(addr, mode string) *station.Station {
		t.Helper()
		s, err := station.Open(t.Context(), station.Options{Dir: dir, Addr: addr, TLS: config.TLS{Mode: mode}, Reserve: -1, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := secured("0.0.0.0:0", config.TLSAuto)
	stop := start(t, s)
	before := s.Certificate()
	if before.CA == nil || !strings.HasPrefix(s.URL(), "http://127.0.0.1:") {
		t.Errorf("%v at %s", before.CA, s.URL())
	}
	for _, u := range s.Others() {
		if !strings.HasPrefix(u, "https://") {
			t.Errorf("other machines are told %s", u)
		}
	}
	if code := get(t, s.URL()+"/trust"); code != http.StatusOK {
		t.Errorf("how to trust it: %d", code)
	}
	stop()

	s = secured("127.0.0.1:0", config.TLSOn)
	defer start(t, s)()
	roots := x509.NewCertPool()
	roots.AddCert(before.CA)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}}
	plain := "http" + strings.TrimPrefix(s.URL(), "https")
	answer, err := client.Get(plain + "/signin")
	if err != nil {
		t.Fatal(err)
	}
	if code := closed(t, answer); code != http.StatusOK || answer.Request.URL.Scheme != "https" || answer.Header.Get("Strict-Transport-Security") != "" {
		t.Errorf("%d by %s, %v", code, answer.Request.URL, answer.Header)
	}
	for _, c := range answer.Cookies() {
		if !c.Secure {
			t.Errorf("cookie %v", c)
		}
	}
	if answer, err = client.Get(s.URL() + "/ca.crt"); err != nil {
		t.Fatal(err)
	}
	der, err := io.ReadAll(answer.Body)
	if closed(t, answer); err != nil || !bytes.Equal(der, before.CA.Raw) {
		t.Errorf("%d bytes, %v", len(der), err)
	}
}

// With something in front that encrypts, nothing is made and nobody sent elsewhere.
func TestSomethingInFront(t *testing.T) {
	s, err := station.Open(t.Context(), station.Options{Dir: t.TempDir(), Addr: "0.0.0.0:0", TLS: config.TLS{Mode: config.TLSOff}, Secure: true, Reserve: -1, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer start(t, s)()
	if s.Certificate().CA != nil || len(s.Others()) > 0 || s.URL()[:7] != "http://" {
		t.Errorf("%v %v %s", s.Certificate().CA, s.Others(), s.URL())
	}
	if code := get(t, s.URL()+"/ca.crt"); code != http.StatusNotFound {
		t.Errorf("a CA that is not there: %d", code)
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
