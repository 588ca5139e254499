package sqlite_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"zhanqun/internal/sqlite"
)

func TestBackupUnderALiveWriter(t *testing.T) {
	dir := t.TempDir()
	db := open(t, filepath.Join(dir, "live.db"))
	exec(t, db.Write, "CREATE TABLE t (a INTEGER, body TEXT) STRICT")
	exec(t, db.Write, "INSERT INTO t SELECT value, hex(zeroblob(500)) FROM (WITH RECURSIVE c(value) AS (SELECT 1 UNION ALL SELECT value+1 FROM c WHERE value < 2000) SELECT value FROM c)")

	// The writer is in the middle of a transaction: the copy neither waits for
	// it nor holds any of it.
	tx, err := db.Write.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(t.Context(), "DELETE FROM t"); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "备 份.db")
	if err := db.Backup(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if entries, _ := filepath.Glob(filepath.Join(dir, "*.part*")); len(entries) > 0 {
		t.Errorf("left behind: %v", entries)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("the copy can be read by others: %v %v", info.Mode(), err)
	}

	copied := open(t, path)
	var n int
	if err := copied.Read.QueryRowContext(t.Context(), "SELECT count(*) FROM t WHERE a > 0").Scan(&n); err != nil || n != 2000 {
		t.Errorf("rows in the copy: %d (%v)", n, err)
	}
}

func TestBackupNeverOverwrites(t *testing.T) {
	dir := t.TempDir()
	db := open(t, filepath.Join(dir, "live.db"))
	path := filepath.Join(dir, "old.db")
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := db.Backup(t.Context(), path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("err = %v", err)
	}
	if b, _ := os.ReadFile(path); string(b) != "precious" {
		t.Errorf("the old file is now %q", b)
	}
}

func TestCancelledBackupLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	db := open(t, filepath.Join(dir, "live.db"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := db.Backup(ctx, filepath.Join(dir, "copy.db")); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v", err)
	}
	if entries, _ := filepath.Glob(filepath.Join(dir, "copy*")); len(entries) > 0 {
		t.Errorf("left behind: %v", entries)
	}
}

func TestCheckFindsDamage(t *testing.T) {
	dir := t.TempDir()
	db := open(t, filepath.Join(dir, "live.db"))
	exec(t, db.Write, "CREATE TABLE t (a INTEGER PRIMARY KEY, body TEXT) STRICT")
	exec(t, db.Write, "INSERT INTO t SELECT value, hex(randomblob(500)) FROM (WITH RECURSIVE c(value) AS (SELECT 1 UNION ALL SELECT value+1 FROM c WHERE value < 500) SELECT value FROM c)")
	path := filepath.Join(dir, "copy.db")
	if err := db.Backup(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	if err := sqlite.Check(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteAt(make([]byte, 4096), 3*4096); err != nil {
		t.Fatal(err)
	}
	if err := sqlite.Check(t.Context(), path); err == nil {
		t.Error("a page of zeroes passed the check")
	}
}

func TestCheckFindsDanglingReferences(t *testing.T) {
	dir := t.TempDir()
	db := open(t, filepath.Join(dir, "live.db"))
	exec(t, db.Write, "CREATE TABLE parent (id INTEGER PRIMARY KEY) STRICT")
	exec(t, db.Write, "CREATE TABLE child (id INTEGER REFERENCES parent (id)) STRICT")
	exec(t, db.Write, "PRAGMA foreign_keys = 0")
	exec(t, db.Write, "INSERT INTO child VALUES (7)")
	if err := db.Backup(t.Context(), filepath.Join(dir, "copy.db")); err == nil {
		t.Error("a copy with a dangling reference was accepted")
	}
}
