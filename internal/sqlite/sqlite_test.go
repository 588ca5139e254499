package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"zhanqun/internal/fault"
	"zhanqun/internal/sqlite"
)

func open(t *testing.T, path string) *sqlite.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func exec(t *testing.T, db *sql.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// Every connection a pool ever makes must have the settings, not only the
// first: all of them are held at once here.
func TestSettingsOnEveryConnection(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "q.db"))
	want := map[string]string{
		"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "5000",
		"journal_size_limit": "33554432", "wal_autocheckpoint": "1000",
	}
	for _, pool := range []struct {
		db        *sql.DB
		n         int
		queryOnly string
	}{{db.Write, 1, "0"}, {db.Read, max(4, runtime.NumCPU()), "1"}} {
		if got := pool.db.Stats().MaxOpenConnections; got != pool.n {
			t.Errorf("pool of %d connections, want %d", got, pool.n)
		}
		want["query_only"] = pool.queryOnly
		for range pool.n {
			conn, err := pool.db.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			for name, value := range want {
				var got string
				if err := conn.QueryRowContext(t.Context(), "PRAGMA "+name).Scan(&got); err != nil || got != value {
					t.Errorf("%s = %q (%v), want %q", name, got, err, value)
				}
			}
		}
	}
}

func TestOddPaths(t *testing.T) {
	for _, name := range []string{"普通.db", "有 空格/数据 库.db", "50%?a=b&c#d.db", "q'uote;.db"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			db := open(t, path)
			exec(t, db.Write, "CREATE TABLE t (a INTEGER) STRICT")
			info, err := os.Stat(path)
			if err != nil || info.Size() == 0 && !exists(path+"-wal") {
				t.Fatalf("nothing was written at %s: %v", path, err)
			}
			if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
				t.Errorf("file mode %v, want only the owner", info.Mode())
			}
			if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) > 3 {
				t.Errorf("more files than the database, its log and its memory: %v", entries)
			}
		})
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func TestReadersCannotWrite(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "q.db"))
	exec(t, db.Write, "CREATE TABLE t (a INTEGER) STRICT")
	if _, err := db.Read.ExecContext(t.Context(), "INSERT INTO t VALUES (1)"); err == nil {
		t.Fatal("a reading connection wrote")
	}
	var n int
	if err := db.Read.QueryRowContext(t.Context(), "SELECT count(*) FROM t").Scan(&n); err != nil || n != 0 {
		t.Errorf("count = %d, %v", n, err)
	}
}

func TestReadersDoNotWaitForTheWriter(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "q.db"))
	exec(t, db.Write, "CREATE TABLE t (a INTEGER) STRICT")
	tx, err := db.Write.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(t.Context(), "INSERT INTO t VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
	defer cancel()
	var before, after int
	if err := db.Read.QueryRowContext(ctx, "SELECT count(*) FROM t").Scan(&before); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := db.Read.QueryRowContext(ctx, "SELECT count(*) FROM t").Scan(&after); err != nil {
		t.Fatal(err)
	}
	if before != 0 || after != 1 {
		t.Errorf("rows seen before and after the commit: %d, %d", before, after)
	}
}

// A transaction that reads and then writes must not fail because somebody
// else wrote in between; that is what IMMEDIATE is for.
func TestReadThenWriteNeverConflicts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "q.db")
	a, b := open(t, path), open(t, path)
	exec(t, a.Write, "CREATE TABLE t (n INTEGER) STRICT")
	exec(t, a.Write, "INSERT INTO t VALUES (0)")
	var wg sync.WaitGroup
	for _, db := range []*sqlite.DB{a, b, a, b} {
		wg.Go(func() {
			for range 10 {
				if err := increment(t.Context(), db); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	var n int
	if err := a.Read.QueryRowContext(t.Context(), "SELECT n FROM t").Scan(&n); err != nil || n != 40 {
		t.Errorf("n = %d (%v), want 40", n, err)
	}
}

func increment(ctx context.Context, db *sqlite.DB) error {
	tx, err := db.Write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var n int
	if err := tx.QueryRowContext(ctx, "SELECT n FROM t").Scan(&n); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "UPDATE t SET n = $1", n+1); err != nil {
		return err
	}
	return tx.Commit()
}

func TestParametersGoByNumber(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "q.db"))
	var a, b, c string
	row := db.Read.QueryRowContext(t.Context(), "SELECT $2, $1, $2", "one", "two")
	if err := row.Scan(&a, &b, &c); err != nil || a != "two" || b != "one" || c != "two" {
		t.Errorf("got %s %s %s (%v)", a, b, c, err)
	}
}

func TestMisspeltColumnIsAnError(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "q.db"))
	exec(t, db.Write, "CREATE TABLE t (a INTEGER) STRICT")
	if _, err := db.Write.ExecContext(t.Context(), `SELECT * FROM t WHERE a = "b"`); err == nil {
		t.Error("a quoted name that is no column was taken for a text")
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	garbage := filepath.Join(dir, "garbage.db")
	if err := os.WriteFile(garbage, []byte(strings.Repeat("这不是数据库\n", 200)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{
		"empty path":     "",
		"missing folder": filepath.Join(dir, "no", "such", "q.db"),
		"a folder":       dir,
		"not a database": garbage,
	} {
		t.Run(name, func(t *testing.T) {
			db, err := sqlite.Open(t.Context(), path)
			if err == nil {
				db.Close()
				t.Fatal("opened")
			}
			if name == "not a database" && !strings.Contains(fault.Message(err), garbage) {
				t.Errorf("message for a person: %s", fault.Message(err))
			}
		})
	}
	if exists(filepath.Join(dir, "no")) {
		t.Error("a missing folder was made")
	}
}

func TestOpenEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "q.db")); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v", err)
	}
}

func TestCloseFoldsTheLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "q.db")
	db := open(t, path)
	exec(t, db.Write, "CREATE TABLE t (a INTEGER) STRICT")
	if !exists(path + "-wal") {
		t.Fatal("no write-ahead log while open")
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if exists(path + "-wal") {
		t.Error("the log is left behind")
	}
}
