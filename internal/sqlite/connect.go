package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strings"

	modernc "modernc.org/sqlite"
)

// role is what the connections of a pool are for: how their transactions
// begin, and the settings every one of them must report.
type role struct {
	name    string
	begin   string
	pragmas []pragma
}

// pragma is one setting and what the database answers when it is in force.
type pragma struct{ name, set, want string }

var common = []pragma{
	{"busy_timeout", fmt.Sprint(BusyTimeout), fmt.Sprint(BusyTimeout)},
	{"journal_mode", "WAL", "wal"},
	{"synchronous", "FULL", "2"},
	{"foreign_keys", "1", "1"},
	{"wal_autocheckpoint", fmt.Sprint(walPages), fmt.Sprint(walPages)},
	{"journal_size_limit", fmt.Sprint(walBytes), fmt.Sprint(walBytes)},
}

var (
	writing = role{"writer", "immediate", append(common[:len(common):len(common)], pragma{"query_only", "0", "0"})}
	reading = role{"reader", "deferred", append(common[:len(common):len(common)], pragma{"query_only", "1", "1"})}
	// copying reads one snapshot into another file, which query_only forbids.
	copying = role{"copier", "deferred", common}
)

// dsn returns the URI of a database file. Only a URI carries names with
// blanks, percent signs, question marks or Chinese letters unharmed.
func dsn(path string, query url.Values) string {
	p := filepath.ToSlash(path)
	if !strings.HasPrefix(p, "/") {
		p = "/" + p // a Windows drive letter
	}
	u := url.URL{Scheme: "file", Path: p, RawQuery: query.Encode()}
	return u.String()
}

// pool returns a pool of at most n connections of the role. Idle connections
// are kept: a fresh one has to read the schema again.
func pool(path string, r role, n int) (*sql.DB, error) {
	query := url.Values{"_txlock": {r.begin}, "_dqs": {"0"}}
	for _, p := range r.pragmas {
		query.Add("_pragma", p.name+"("+p.set+")")
	}
	inner, err := modernc.NewConnector(dsn(path, query))
	if err != nil {
		return nil, fmt.Errorf("preparing SQLite %s for %s: %w", r.name, path, err)
	}
	db := sql.OpenDB(checked{inner, r})
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
	return db, nil
}

// checked is a connector that hands out only connections whose settings were
// read back.
type checked struct {
	driver.Connector
	role role
}

// Connect opens a connection and closes it again if one setting is not in
// force.
func (c checked) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range c.role.pragmas {
		got, err := readPragma(ctx, conn, p.name)
		if err == nil && got != p.want {
			err = fmt.Errorf("is %q, want %q", got, p.want)
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("SQLite %s: setting %s: %w", c.role.name, p.name, err), conn.Close())
		}
	}
	return conn, nil
}

func readPragma(ctx context.Context, conn driver.Conn, name string) (string, error) {
	rows, err := conn.(driver.QueryerContext).QueryContext(ctx, "PRAGMA "+name, nil)
	if err != nil {
		return "", err
	}
	row := make([]driver.Value, len(rows.Columns()))
	if err := rows.Next(row); err != nil && !errors.Is(err, io.EOF) {
		return "", errors.Join(err, rows.Close())
	}
	if len(row) == 0 {
		return "", rows.Close()
	}
	return fmt.Sprint(row[0]), rows.Close()
}
