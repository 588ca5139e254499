package main

import (
	"database/sql"
	"errors"
	"path/filepath"

	_ "github.com/lib/pq" // the driver "postgres"

	"zhanqun/internal/testenv"
)

// holdDatabase keeps the hub from writing into its database.
func (s *supply) holdDatabase() (letGo func()) {
	s.t.Helper()
	driver, name, lock := "sqlite", "file:"+filepath.Join(s.disk.Dir, "hub", "hub.db")+"?_txlock=immediate&_pragma=busy_timeout(30000)", "SELECT 1"
	if s.db != nil {
		driver, name, lock = "postgres", s.db.URL, "LOCK TABLE node IN EXCLUSIVE MODE"
	}
	db, err := sql.Open(driver, name)
	if err != nil {
		s.t.Fatal(err)
	}
	tx, err := db.BeginTx(s.t.Context(), nil)
	if err == nil {
		_, err = tx.ExecContext(s.t.Context(), lock)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return func() {
		if err := errors.Join(tx.Rollback(), db.Close()); err != nil {
			s.t.Error(err)
		}
	}
}

// revived is the hub's database after a cut.
type revived struct {
	*sql.DB
	url string // of PostgreSQL, else empty
	end func()
}

// revive opens the database there is after a cut, as whoever switches the machine
// on again does.
func (s *supply) revive(after string) *revived {
	s.t.Helper()
	if s.db == nil {
		db := s.database(filepath.Join(after, "hub", "hub.db"))
		return &revived{DB: db, end: func() { s.closed(db) }}
	}
	server := testenv.NewPostgresServerIn(s.t, filepath.Join(after, clusterDir))
	db, err := sql.Open("postgres", server.URL)
	if err != nil {
		s.t.Fatal(err)
	}
	return &revived{DB: db, url: server.URL, end: func() {
		s.closed(db)
		server.Stop(s.t)
	}}
}

func (s *supply) closed(db *sql.DB) {
	s.t.Helper()
	if err := db.Close(); err != nil {
		s.t.Error(err)
	}
}

// carelessTries is how many cuts may find the server just after it has synced.
const carelessTries = 4

// careless shows that this test can fail: a server that confirms what it has not
// synced yet loses decisions.
func (s *supply) careless() {
	s.t.Helper()
	db, err := sql.Open("postgres", s.db.URL)
	if err != nil {
		s.t.Fatal(err)
	}
	defer s.closed(db)
	for _, setting := range []string{"synchronous_commit = off", "wal_writer_delay = '10s'", "wal_writer_flush_after = '1GB'"} {
		if _, err := db.ExecContext(s.t.Context(), "ALTER SYSTEM SET "+setting); err != nil {
			s.t.Fatal(err)
		}
	}
	if _, err := db.ExecContext(s.t.Context(), "SELECT pg_reload_conf()"); err != nil {
		s.t.Fatal(err)
	}
	eventually(s.t, "the server is careless", func() (bool, error) {
		var now string
		err := db.QueryRowContext(s.t.Context(), "SHOW synchronous_commit").Scan(&now)
		return now == "off", err
	})
	for n := range carelessTries {
		s.busily()
		after, p := s.cut(false)
		revived := s.revive(after)
		lost := s.lost(revived, p)
		revived.end()
		if lost != nil {
			s.t.Logf("with synchronous_commit off %d of %d decisions were lost in cut %d", len(lost), len(p.ruled), n+1)
			return
		}
	}
	s.t.Error("with synchronous_commit off nothing is lost either: this test proves nothing")
}
