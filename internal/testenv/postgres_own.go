package testenv

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// PostgresServer is a server of one test alone, which may be killed. It comes up
// again by itself, with everything it had committed: only a power cut would make
// it forget.
type PostgresServer struct {
	URL string // of its database
	dir string
}

// NewPostgresServer starts a server of the test's own.
func NewPostgresServer(t testing.TB) *PostgresServer {
	t.Helper()
	own, err := startPostgres("fsync=off", "restart_after_crash=on")
	if errors.Is(err, errNoPostgres) {
		Skip(t, err.Error())
	}
	if err == nil {
		err = waitReady(own, false)
	}
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(own)
	if err != nil {
		t.Fatal(err)
	}
	dir := u.Query().Get("host")
	c := cluster{url: own}
	if err := c.exec(t.Context(), "CREATE DATABASE zhanqun TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"); err != nil {
		t.Fatal(err)
	}
	u.Path = "/zhanqun"
	return &PostgresServer{URL: u.String(), dir: dir}
}

// Kill kills the whole server (SIGKILL), or one of the processes that work for
// clients, after which the server ends all of them.
func (s *PostgresServer) Kill(ctx context.Context, whole bool) error {
	pid, err := s.pid()
	if err != nil {
		return err
	}
	if !whole {
		if pid, err = s.worker(ctx); err != nil {
			return err
		}
	}
	p, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	return p.Kill()
}

// pid is the server's own process, as it has noted itself.
func (s *PostgresServer) pid() (int, error) {
	note, err := os.ReadFile(filepath.Join(s.dir, "data", "postmaster.pid"))
	if err != nil {
		return 0, fmt.Errorf("test database: %w", err)
	}
	line, _, _ := strings.Cut(string(note), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		return 0, fmt.Errorf("test database: %w", err)
	}
	// A note of one that is dead must not cost another process its life.
	if said, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); err == nil && !strings.Contains(string(said), s.dir) {
		return 0, errors.New("test database: the server is not running")
	}
	return pid, nil
}

// worker is the process of a client that has been busy last.
func (s *PostgresServer) worker(ctx context.Context) (pid int, err error) {
	db, err := sql.Open("postgres", s.URL)
	if err != nil {
		return 0, err
	}
	defer db.Close()
	err = db.QueryRowContext(ctx, `SELECT pid FROM pg_stat_activity
		WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() ORDER BY state_change DESC LIMIT 1`).Scan(&pid)
	if err != nil {
		return 0, fmt.Errorf("test database: %w", err)
	}
	return pid, nil
}
