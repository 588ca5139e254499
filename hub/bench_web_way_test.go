package main

import (
	"bytes"
	"context"
	"database/sql"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"zhanqun/hub/store"
	"zhanqun/internal/sqlite"
	"zhanqun/internal/testenv"
)

// webWay is an endpoint that commits each request to a database, and a program
// that tries each again until it is answered.
type webWay struct {
	postgres bool
	n        int
	in       store.Options
}

const (
	benchWeb    = "zhanqun-bench-web"
	benchPoster = "zhanqun-bench-poster"
	posters     = 16
)

func (w *webWay) prepare(_ *testing.B, n int) { w.n = n }

func (w *webWay) receiver(b *testing.B) *child {
	b.Helper()
	w.in = store.Options{Dir: freshDir(b, "web")}
	if w.postgres {
		w.in.URL = testenv.PostgresDurable(b)
	}
	db := openPlain(b.Context(), w.in)
	body := "BLOB"
	if w.postgres {
		body = "BYTEA"
	}
	if _, err := db.ExecContext(b.Context(), "CREATE TABLE message (name TEXT NOT NULL, at BIGINT NOT NULL, body "+body+" NOT NULL)"); err != nil {
		b.Fatal(err)
	}
	if err := db.Close(); err != nil {
		b.Fatal(err)
	}
	addr := testenv.Port(b)
	return &child{b: b, name: benchWeb, args: []string{addr, w.in.URL, w.in.Dir}, addr: addr}
}

func (w *webWay) sender(b *testing.B, addr string, _ time.Duration) *child {
	return &child{b: b, name: benchPoster, args: []string{addr, strconv.Itoa(w.n)}}
}

func (w *webWay) stored(b *testing.B) (rows, different int) {
	b.Helper()
	db := openPlain(b.Context(), w.in)
	defer db.Close()
	if err := db.QueryRowContext(b.Context(), "SELECT count(*), count(DISTINCT name) FROM message").Scan(&rows, &different); err != nil {
		b.Fatal(err)
	}
	return rows, different
}

func openPlain(ctx context.Context, o store.Options) *sql.DB {
	if o.URL == "" {
		db, err := sqlite.Open(ctx, filepath.Join(o.Dir, "hub.db"))
		must(err)
		return db.Write
	}
	db, err := sql.Open("postgres", o.URL)
	must(err)
	db.SetMaxIdleConns(posters)
	return db
}

func plainWeb() {
	addr, o := os.Args[1], store.Options{URL: os.Args[2], Dir: os.Args[3]}
	db := openPlain(context.Background(), o)
	insert, err := db.PrepareContext(context.Background(), "INSERT INTO message (name, at, body) VALUES ($1, $2, $3)")
	must(err)
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", addr)
	must(err)
	s := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err == nil {
			_, err = insert.ExecContext(r.Context(), r.URL.Query().Get("name"), time.Now().UnixMilli(), body)
		}
		if err != nil {
			http.Error(w, "not stored", http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusCreated)
	})}
	go func() { _ = s.Serve(l) }()
	tell("ready")
	untilEnd()
	must(s.Shutdown(context.Background()))
	must(db.Close())
}

func plainPoster() {
	url, n := "http://"+os.Args[1]+"/?name=", number(os.Args[2])
	untilTold()
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: posters}}
	work := make(chan int)
	var mu sync.Mutex
	var hands sync.WaitGroup
	done := 0
	for range posters {
		hands.Go(func() {
			for i := range work {
				for !posted(client, url+strconv.Itoa(i), moved(i)) {
					wait(50 * time.Millisecond)
				}
				mu.Lock()
				if done++; done%50 == 0 || done == n {
					tellDone(done)
				}
				mu.Unlock()
			}
		})
	}
	for i := range n {
		work <- i
	}
	close(work)
	hands.Wait()
	untilEnd()
}

func posted(client *http.Client, url string, body []byte) bool {
	r, err := client.Post(url, "application/octet-stream", bytes.NewReader(body))
	if err != nil {
		return false
	}
	_, _ = io.Copy(io.Discard, r.Body)
	return r.Body.Close() == nil && r.StatusCode == http.StatusCreated
}
