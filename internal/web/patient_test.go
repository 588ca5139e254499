package web

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

// A sender who falls silent is cut off; the handler learns it as an error.
func TestPatientEndsSilence(t *testing.T) {
	failed := make(chan error, 1)
	srv := httptest.NewServer(Patient(50 * time.Millisecond)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, err := io.Copy(io.Discard, r.Body)
		failed <- err
	})))
	defer srv.Close()
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf"); err != nil {
		t.Fatal(err)
	}
	err = <-failed
	if !os.IsTimeout(err) {
		t.Errorf("error %v, want a timeout", err)
	}
}

// A line that is slow but alive may take longer than the silence allowed, and
// the connection can be used again.
func TestPatientWaitsForSlowLines(t *testing.T) {
	const patience = 400 * time.Millisecond
	srv := httptest.NewServer(Patient(patience)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		_, _ = w.Write(body)
	})))
	defer srv.Close()
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	answers := bufio.NewReader(conn)
	tick := time.NewTicker(patience / 4)
	defer tick.Stop()
	for range 2 {
		if _, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		for range 8 { // twice as long as the patience, byte by byte
			<-tick.C
			if _, err := io.WriteString(conn, "x"); err != nil {
				t.Fatal(err)
			}
		}
		res, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		if err != nil || string(body) != "xxxxxxxx" {
			t.Errorf("%q, %v", body, err)
		}
	}
}

// A reader who takes nothing is cut off too.
func TestPatientEndsBlockedWriting(t *testing.T) {
	failed := make(chan error, 1)
	srv := httptest.NewServer(Patient(50 * time.Millisecond)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		chunk := strings.Repeat("x", 1<<20)
		for {
			if _, err := io.WriteString(w, chunk); err != nil {
				failed <- err
				return
			}
		}
	})))
	defer srv.Close()
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := <-failed; !os.IsTimeout(err) {
		t.Errorf("error %v, want a timeout", err)
	}
}
