package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"zhanqun/internal/sqlite"
)

func TestErrorKinds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "q.db")
	db := open(t, path)
	exec(t, db.Write, "CREATE TABLE u (id TEXT PRIMARY KEY, n INTEGER UNIQUE, m INTEGER CHECK (m > 0), body TEXT) STRICT")
	exec(t, db.Write, "INSERT INTO u VALUES ('a', 1, 1, '')")

	full := func() error {
		var pages int
		if err := db.Write.QueryRowContext(t.Context(), "PRAGMA page_count").Scan(&pages); err != nil {
			t.Fatal(err)
		}
		exec(t, db.Write, fmt.Sprintf("PRAGMA max_page_count = %d", pages+1))
		defer exec(t, db.Write, "PRAGMA max_page_count = 1000000")
		_, err := db.Write.ExecContext(t.Context(), "INSERT INTO u VALUES ('big', 9, 1, hex(zeroblob(100000)))")
		return err
	}
	insert := func(values string) error {
		_, err := db.Write.ExecContext(t.Context(), "INSERT INTO u VALUES ("+values+")")
		return err
	}
	for _, tc := range []struct {
		name                 string
		err                  error
		conflict, full, busy bool
	}{
		{"primary key", insert("'a', 2, 1, ''"), true, false, false},
		{"unique column", insert("'b', 1, 1, ''"), true, false, false},
		{"check", insert("'c', 3, 0, ''"), false, false, false},
		{"syntax", insert("'c',"), false, false, false},
		{"disk full", full(), false, true, false},
		{"none", nil, false, false, false},
		{"foreign", errors.New("UNIQUE constraint failed"), false, false, false},
	} {
		err := tc.err
		if err != nil {
			err = fmt.Errorf("saving: %w", err)
		} else if tc.name != "none" {
			t.Errorf("%s: no error", tc.name)
		}
		if sqlite.IsConflict(err) != tc.conflict || sqlite.IsFull(err) != tc.full || sqlite.IsBusy(err) != tc.busy {
			t.Errorf("%s: conflict %v, full %v, busy %v (%v)", tc.name,
				sqlite.IsConflict(err), sqlite.IsFull(err), sqlite.IsBusy(err), err)
		}
	}
}

// A second program that holds the lock is waited for, and only then reported.
func TestBusyAfterTheTimeout(t *testing.T) {
	path := filepath.Join(t.TempDir(), "q.db")
	a, b := open(t, path), open(t, path)
	tx, err := a.Write.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	exec(t, b.Write, "PRAGMA busy_timeout = 20")
	_, err = b.Write.BeginTx(t.Context(), nil)
	if !sqlite.IsBusy(err) {
		t.Errorf("err = %v", err)
	}
}

func TestCancelStopsALongQuery(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "q.db"))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	var n int
	err := db.Read.QueryRowContext(ctx,
		"WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c) SELECT count(*) FROM c").Scan(&n)
	if err == nil {
		t.Fatal("an endless query ended by itself")
	}
	if err := db.Read.QueryRowContext(t.Context(), "SELECT 1").Scan(&n); err != nil {
		t.Errorf("the pool did not survive: %v", err)
	}
}
