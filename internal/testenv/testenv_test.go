package testenv_test

import (
	"database/sql"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zhanqun/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

func connect(t testing.TB, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func TestPostgresIsNewAndSortsByBytes(t *testing.T) {
	a, b := testenv.Postgres(t), testenv.Postgres(t)
	if a == b {
		t.Fatal("two tests would share a database")
	}
	for _, dsn := range []string{a, b} {
		var order, encoding string
		err := connect(t, dsn).QueryRowContext(t.Context(),
			"SELECT string_agg(x, '' ORDER BY x), current_setting('server_encoding') FROM (VALUES ('中'), ('a'), ('B'), ('_')) v(x)").
			Scan(&order, &encoding)
		if err != nil || order != "B_a中" || encoding != "UTF8" {
			t.Errorf("order %q, encoding %q, %v", order, encoding, err)
		}
		if _, err := connect(t, dsn).ExecContext(t.Context(), "CREATE TABLE only_here (a int)"); err != nil {
			t.Error(err)
		}
	}
}

func TestPostgresIsDroppedAfterTheTest(t *testing.T) {
	keep := connect(t, testenv.Postgres(t))
	var gone string
	t.Run("test", func(t *testing.T) {
		gone = testenv.Postgres(t)
		// A connection left open must not keep the database.
		if err := connect(t, gone).PingContext(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	var n int
	err := keep.QueryRowContext(t.Context(), "SELECT count(*) FROM pg_database WHERE position(datname IN $1) > 0", gone).Scan(&n)
	if err != nil || n != 1 { // the server's own database, postgres, is part of every URL
		t.Errorf("databases that match %s: %d, %v", gone, n, err)
	}
}

func TestPostgresDurable(t *testing.T) {
	var fsync, pages string
	db := connect(t, testenv.PostgresDurable(t))
	if err := db.QueryRowContext(t.Context(), "SELECT current_setting('fsync'), current_setting('full_page_writes')").Scan(&fsync, &pages); err != nil {
		t.Fatal(err)
	}
	if fsync != "on" || pages != "on" {
		t.Errorf("fsync %s, full_page_writes %s", fsync, pages)
	}
}

// A test binary that is killed cleans up nothing itself: run one, kill it, and
// see that the server and its folder go away.
func TestKilledTestsLeaveNoServer(t *testing.T) {
	const marker = "ZHANQUN_TESTENV_HANG"
	if os.Getenv(marker) != "" {
		dsn := testenv.Postgres(t)
		os.Stdout.WriteString("SERVER " + dsn + "\n")
		select {}
	}
	if os.Getenv("ZHANQUN_TEST_POSTGRES") != "" {
		testenv.Skip(t, "ZHANQUN_TEST_POSTGRES is set: no server is started")
	}
	testenv.Postgres(t) // skips where there is none
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), marker+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 4096)
	n, err := out.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	line := strings.TrimSpace(string(buf[:n]))
	dsn, found := strings.CutPrefix(line, "SERVER ")
	if !found {
		t.Fatalf("child said %q", line)
	}
	server := connect(t, dsn)
	if err := server.PingContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	deadline := time.After(20 * time.Second)
	for tick := time.NewTicker(20 * time.Millisecond); ; {
		if server.PingContext(t.Context()) != nil {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("the server still answers after its test binary was killed")
		}
	}
}

func TestSkipBecomesAFailure(t *testing.T) {
	for _, tc := range []struct {
		strict       string
		fails, skips bool
	}{{"", false, true}, {"1", true, false}} {
		t.Setenv("ZHANQUN_NO_SKIP", tc.strict)
		r := &recorder{TB: t}
		testenv.Skip(r, "no such thing")
		if r.failed != tc.fails || r.skipped != tc.skips {
			t.Errorf("ZHANQUN_NO_SKIP=%q: failed %v, skipped %v", tc.strict, r.failed, r.skipped)
		}
	}
}

// recorder takes the place of a test whose end is to be observed.
type recorder struct {
	testing.TB
	failed, skipped bool
}

func (r *recorder) Helper()      {}
func (r *recorder) Fatal(...any) { r.failed = true }
func (r *recorder) Skip(...any) {
	if !r.failed {
		r.skipped = true
	}
}

func TestRoot(t *testing.T) {
	if _, err := os.Stat(filepath.Join(testenv.Root(t), "internal", "testenv")); err != nil {
		t.Error(err)
	}
}
