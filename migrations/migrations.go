// Package migrations carries the schema history of each database inside the
// binary. It promises that postgres and sqlite have the same numbers and names,
// that history only moves forward in releases, and that no migration loses rows.
package migrations

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed postgres/*.sql sqlite/*.sql node/*.sql
var files embed.FS

// History is the schema history of one kind of database.
type History struct {
	dir     string
	dialect goose.Dialect
}

// The histories.
var (
	Postgres = History{"postgres", goose.DialectPostgres} // the hub on PostgreSQL
	SQLite   = History{"sqlite", goose.DialectSQLite3}    // the hub on SQLite
	Node     = History{"node", goose.DialectSQLite3}      // the node's own file
)

// Up brings db to the newest schema of h. On PostgreSQL several programs may
// call it at once; on SQLite the caller holds the lock of the data folder.
func (h History) Up(ctx context.Context, db *sql.DB, log *slog.Logger) error {
	p, err := h.Provider(db, log)
	if err != nil {
		return err
	}
	if newer, err := h.newer(ctx, p); err != nil {
		return err
	} else if newer {
		return fmt.Errorf("数据库比本程序新，请换用更新版本的程序")
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrating %s schema: %w", h.dir, err)
	}
	return nil
}

// newer reports whether the database was written by a later program.
func (h History) newer(ctx context.Context, p *goose.Provider) (bool, error) {
	current, target, err := p.GetVersions(ctx)
	if err != nil {
		return false, fmt.Errorf("reading %s schema version: %w", h.dir, err)
	}
	return current > target, nil
}

// Provider returns goose's handle on the history, for the rarer commands.
func (h History) Provider(db *sql.DB, log *slog.Logger) (*goose.Provider, error) {
	tree, err := fs.Sub(files, h.dir)
	if err != nil {
		return nil, fmt.Errorf("opening %s migrations: %w", h.dir, err)
	}
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	if log != nil {
		options = append(options, goose.WithSlog(log))
	}
	if h.dialect == goose.DialectPostgres {
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
		if err != nil {
			return nil, fmt.Errorf("preparing migration lock: %w", err)
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	p, err := goose.NewProvider(h.dialect, db, tree, options...)
	if err != nil {
		return nil, fmt.Errorf("reading %s migrations: %w", h.dir, err)
	}
	return p, nil
}
