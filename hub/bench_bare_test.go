package main

import (
	"database/sql"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"zhanqun/hub/store"
	"zhanqun/internal/sqlite"
)

// The figures are ratios to what this machine can do at all, measured in the
// same run by what stands here: a broker, a database and a web server that do
// one thing each and nothing else, as durably as ours.

// bareBroker is a NATS server with one stream that syncs every write.
func bareBroker(b *testing.B, options ...jetstream.JetStreamOpt) (*nats.Conn, jetstream.JetStream) {
	b.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true, JetStream: true, StoreDir: b.TempDir(), SyncAlways: true})
	if err != nil {
		b.Fatal(err)
	}
	s.Start()
	b.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	if !s.ReadyForConnections(10 * time.Second) {
		b.Fatal("no broker")
	}
	nc, err := nats.Connect(s.ClientURL())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(nc.Close)
	js, err := jetstream.New(nc, options...)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := js.CreateStream(b.Context(), jetstream.StreamConfig{Name: "BARE", Subjects: []string{"bare"}}); err != nil {
		b.Fatal(err)
	}
	return nc, js
}

// rawDatabase opens the database that a store made.
func rawDatabase(b *testing.B, o store.Options) *sql.DB {
	b.Helper()
	if o.URL == "" {
		db, err := sqlite.Open(b.Context(), filepath.Join(o.Dir, "hub.db"))
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { db.Close() })
		return db.Write
	}
	db, err := sql.Open("postgres", o.URL)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	return db
}

// bareInsert returns a function that inserts one row with a body, durably.
func bareInsert(b *testing.B, o store.Options) func(body []byte) {
	b.Helper()
	db := rawDatabase(b, o)
	kind := map[bool]string{true: "BYTEA", false: "BLOB"}[o.URL != ""]
	if _, err := db.ExecContext(b.Context(), "CREATE TABLE bare (at BIGINT NOT NULL, body "+kind+" NOT NULL)"); err != nil {
		b.Fatal(err)
	}
	insert, err := db.PrepareContext(b.Context(), "INSERT INTO bare (at, body) VALUES ($1, $2)")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { insert.Close() })
	return func(body []byte) {
		if _, err := insert.ExecContext(b.Context(), time.Now().UnixMilli(), body); err != nil {
			b.Fatal(err)
		}
	}
}

// bareWeb returns a function that sends body to a web server and reads an
// answer of about the same size.
func bareWeb(b *testing.B) func(body []byte) {
	b.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) }))
	b.Cleanup(s.Close)
	c := &caller{b: b, base: s.URL, client: s.Client()}
	return func(body []byte) { c.call(http.MethodPost, "/", body) }
}

// quantile returns the value below which a share of the list lies.
func quantile(list []float64, share float64) float64 {
	list = slices.Sorted(slices.Values(list))
	return list[min(int(share*float64(len(list))), len(list)-1)]
}

func median(list []float64) float64 { return quantile(list, 0.5) }
