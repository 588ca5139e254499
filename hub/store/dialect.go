package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"zhanqun/internal/sqlite"
)

// dialect names everything in which the two databases differ. All other SQL is
// one text for both.
type dialect struct {
	postgres bool
	// forUpdate locks the rows a SELECT returns. SQLite needs none: a writing
	// transaction is alone from its first statement.
	forUpdate string
}

var (
	postgresDialect = dialect{postgres: true, forUpdate: " FOR UPDATE"}
	sqliteDialect   = dialect{}
)

// lock returns what a SELECT over several tables ends with to lock the rows of
// the one named only.
func (d dialect) lock(table string) string {
	if d.forUpdate == "" {
		return ""
	}
	return d.forUpdate + " OF " + table
}

// rows returns a table expression named r over the JSON array in parameter p,
// with the given columns ("name", "name:int", "name:bool").
func (d dialect) rows(p string, columns []string) string {
	parts := make([]string, len(columns))
	for i, c := range columns {
		name, kind, _ := strings.Cut(c, ":")
		if d.postgres {
			parts[i] = name + " " + map[string]string{"": "text", "int": "bigint", "bool": "boolean"}[kind]
		} else {
			parts[i] = fmt.Sprintf("j.value ->> '%s' AS %s", name, name)
		}
	}
	if d.postgres {
		return "json_to_recordset(" + p + "::json) AS r(" + strings.Join(parts, ", ") + ")"
	}
	return "(SELECT " + strings.Join(parts, ", ") + " FROM json_each(" + p + ") AS j) AS r"
}

// insert returns an INSERT of the JSON array in $1. WHERE true keeps SQLite's
// parser from reading a following ON CONFLICT as a join.
func (d dialect) insert(table string, columns []string) string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i], _, _ = strings.Cut(c, ":")
	}
	list := strings.Join(names, ", ")
	return "INSERT INTO " + table + " (" + list + ") SELECT " + list + " FROM " + d.rows("$1", columns) + " WHERE true"
}

// in returns a subquery with the strings of the JSON array in parameter p, for
// "x IN (…)".
func (d dialect) in(p string) string {
	if d.postgres {
		return "(SELECT json_array_elements_text(" + p + "::json))"
	}
	return "(SELECT value FROM json_each(" + p + "))"
}

// conflict reports whether err is a broken unique or primary key.
func (d dialect) conflict(err error) bool {
	if d.postgres {
		return pq.As(err, pqerror.UniqueViolation) != nil
	}
	return sqlite.IsConflict(err)
}

// retry reports whether the database gave a transaction up for another one's
// sake, so that running it again may succeed.
func (d dialect) retry(err error) bool {
	if d.postgres {
		return pq.As(err, pqerror.TRSerializationFailure, pqerror.TRDeadlockDetected) != nil
	}
	return sqlite.IsBusy(err)
}

// content reports whether err comes from the values a statement was given, so
// that running it again cannot help.
func (d dialect) content(err error) bool {
	if !d.postgres {
		return sqlite.IsRefused(err)
	}
	var e *pq.Error
	return errors.As(err, &e) && (e.Code.Class() == "22" || e.Code.Class() == "23")
}

// Forgetful returns the settings of the database's server with which a power cut
// takes or tears what was committed, by the names the server has for them. SQLite
// is never opened that way.
func (s *Store) Forgetful(ctx context.Context) ([]string, error) {
	if !s.d.postgres {
		return nil, nil
	}
	list, err := collect(ctx, s.read, func(row scanner) (name string, err error) {
		err = row.Scan(&name)
		return name, err
	},
		`SELECT name FROM pg_settings WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off' ORDER BY name`)
	if err != nil {
		return nil, fmt.Errorf("reading the server's settings: %w", err)
	}
	return list, nil
}

// notFound reports whether err says that a row does not exist.
func notFound(err error) bool { return errors.Is(err, sql.ErrNoRows) }

func (s *Store) openPostgres(ctx context.Context, url string) error {
	config, err := pq.NewConfig(url)
	if err != nil {
		return fmt.Errorf("reading database address: %w", err)
	}
	// Statement and values go out together: one trip for each instead of two. A
	// decision is two dozen statements, and rows are locked meanwhile.
	config.BinaryParameters = true
	connector, err := pq.NewConnectorConfig(config)
	if err != nil {
		return fmt.Errorf("reading database address: %w", err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(16)
	db.SetMaxIdleConns(16)
	if err := db.PingContext(ctx); err != nil {
		_ = db.Close()
		return fmt.Errorf("connecting to PostgreSQL: %w", err)
	}
	s.write, s.read, s.close, s.d = db, db, db.Close, postgresDialect
	return nil
}
