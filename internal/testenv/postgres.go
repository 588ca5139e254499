package testenv

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/lib/pq" // the driver "postgres"
)

// errNoPostgres says that there is nothing to start a server with.
var errNoPostgres = errors.New("no PostgreSQL found; install it (Debian: apt install postgresql), " +
	"or name its folder in PGBIN, or a running server's URL in ZHANQUN_TEST_POSTGRES")

// startTime bounds the start of a server on a machine busy with other tests.
const startTime = 60 * time.Second

// cluster is a server that is started when the first test asks for it.
type cluster struct {
	durable bool
	once    sync.Once
	url     string // of the server's own database
	err     error
}

var quick, durable = cluster{}, cluster{durable: true}

// settings are how the server runs.
func (c *cluster) settings() []string {
	if c.durable {
		return nil
	}
	return []string{"fsync=off", "full_page_writes=off", "synchronous_commit=off"}
}

// Postgres returns the URL of a new, empty database that sorts text by bytes
// (collation C). It is dropped after the test. The server is started once per
// test binary and forgets everything on a power cut, which makes it fast;
// ZHANQUN_TEST_POSTGRES names a running one to use instead.
func Postgres(t testing.TB) string {
	t.Helper()
	return quick.database(t)
}

// PostgresDurable is Postgres on a server that syncs to disk as in production.
// Benchmarks use it.
func PostgresDurable(t testing.TB) string {
	t.Helper()
	return durable.database(t)
}

func (c *cluster) database(t testing.TB) string {
	t.Helper()
	c.once.Do(func() {
		if c.url = os.Getenv("ZHANQUN_TEST_POSTGRES"); c.url == "" {
			var dir string
			dir, _, c.err = startPostgres("", c.settings()...)
			c.url = socketURL(dir)
		}
		if c.err == nil {
			c.err = waitReady(c.url, c.durable)
		}
	})
	if errors.Is(c.err, errNoPostgres) {
		Skip(t, c.err.Error())
	}
	if c.err != nil {
		t.Fatal(c.err)
	}
	name := "zhanqun_test_" + strings.ToLower(rand.Text())
	if err := c.exec(t.Context(), "CREATE DATABASE "+name+" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// The test's own context has ended by now.
		if err := c.exec(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	u, err := url.Parse(c.url)
	if err != nil {
		t.Fatalf("ZHANQUN_TEST_POSTGRES: %v", err)
	}
	u.Path = "/" + name
	return u.String()
}

// socketURL is the address of the database "postgres" of a server whose socket is
// in dir.
func socketURL(dir string) string {
	query := url.Values{"host": {dir}, "user": {"postgres"}, "sslmode": {"disable"}}
	return "postgres:///postgres?" + query.Encode()
}

// exec runs one statement on a connection of its own: a pool kept open would
// look like a leak to the tests.
func (c *cluster) exec(ctx context.Context, statement string) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	db, err := sql.Open("postgres", c.url)
	if err != nil {
		return fmt.Errorf("test database: %w", err)
	}
	_, err = db.ExecContext(ctx, statement)
	if err = errors.Join(err, db.Close()); err != nil {
		return fmt.Errorf("test database: %s: %w", statement, err)
	}
	return nil
}

// waitReady connects again and again, at growing intervals, until the server
// answers. A durable one must also say that it is.
func waitReady(url string, durable bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	db, err := sql.Open("postgres", url)
	if err != nil {
		return fmt.Errorf("test database: %w", err)
	}
	defer db.Close()
	var fsync string
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		if err = db.QueryRowContext(ctx, "SHOW fsync").Scan(&fsync); err == nil {
			break
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return fmt.Errorf("test database does not answer: %w", err)
		}
	}
	if durable && fsync != "on" {
		return errors.New("test database: ZHANQUN_TEST_POSTGRES runs with fsync=off, which makes figures worthless")
	}
	return nil
}
