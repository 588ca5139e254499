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

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
)

// PostgresServer is a server of one test alone, which may be killed. It comes up
// again by itself, with everything it had committed.
type PostgresServer struct {
	URL string // of its database
	dir string
	end func() error
}

// NewPostgresServer starts a server of the test's own. Only a power cut would make
// it forget.
func NewPostgresServer(t testing.TB) *PostgresServer {
	t.Helper()
	return newServer(t, "", "fsync=off")
}

// NewPostgresServerIn is NewPostgresServer on a folder of the test's, synced as in
// production. If a server had its data there before, that was cut off together with
// its disk, they are taken as they are.
func NewPostgresServerIn(t testing.TB, data string) *PostgresServer {
	t.Helper()
	return newServer(t, data)
}

func newServer(t testing.TB, data string, settings ...string) *PostgresServer {
	t.Helper()
	dir, end, err := startPostgres(data, append(settings, "restart_after_crash=on")...)
	if errors.Is(err, errNoPostgres) {
		Skip(t, err.Error())
	}
	if err != nil {
		t.Fatal(err)
	}
	s := &PostgresServer{dir: dir, end: end}
	t.Cleanup(func() { s.Stop(t) })
	own := socketURL(dir)
	if err := waitReady(own, false); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(own)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/zhanqun"
	s.URL = u.String()
	c := cluster{url: own}
	err = c.exec(t.Context(), "CREATE DATABASE zhanqun TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'")
	if err != nil && pq.As(err, pqerror.DuplicateDatabase) == nil {
		t.Fatal(err)
	}
	return s
}

// Stop ends the server, which leaves no checkpoint, and waits until it is gone. It
// may be called twice.
func (s *PostgresServer) Stop(t testing.TB) {
	t.Helper()
	if err := s.end(); err != nil {
		t.Errorf("test database: %v", err)
	}
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

// Processes are the server's own process, first, and those that work for it.
func (s *PostgresServer) Processes() ([]int, error) {
	pid, err := s.pid()
	if err != nil {
		return nil, err
	}
	list := []int{pid}
	paths, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		text, err := os.ReadFile(path) // #nosec G304 -- of the system
		if err != nil {
			continue // gone
		}
		// pid (name) state parent …
		_, rest, _ := strings.Cut(string(text), ") ")
		if fields := strings.Fields(rest); len(fields) > 1 && fields[1] == strconv.Itoa(pid) {
			child, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			if err != nil {
				return nil, err
			}
			list = append(list, child)
		}
	}
	return list, nil
}
