package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"time"

	"zhanqun/internal/fault"
	"zhanqun/migrations"
)

// Load fills an empty database with the parts of a dump that was written under
// the schema with the number schema. next returns io.EOF after the last part. On
// PostgreSQL a failure leaves the database empty; on SQLite the caller throws the
// folder away. A database that holds anything is a Conflict.
func Load(ctx context.Context, o Options, schema int64, next func() (Part, error)) (err error) {
	s := &Store{now: time.Now, log: slog.Default()}
	if o.URL != "" {
		err = s.openPostgres(ctx, o.URL)
	} else {
		err = s.openSQLite(ctx, filepath.Join(o.Dir, "hub.db"))
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := s.empty(ctx); err != nil {
		return err
	}
	history := migrations.SQLite
	if s.d.postgres {
		history = migrations.Postgres
	}
	if err := history.UpTo(ctx, s.write, schema); err != nil {
		return fault.Wrap(fault.Invalid, err.Error()+"。", err)
	}
	l := &loader{s: s, known: map[string]columnsOf{}}
	if err := l.clear(ctx); err != nil {
		return fmt.Errorf("loading: %w", errors.Join(err, l.abandon()))
	}
	for {
		p, err := next()
		if errors.Is(err, io.EOF) {
			return l.commit()
		}
		if err == nil {
			err = l.part(ctx, p)
		}
		if err != nil {
			return fmt.Errorf("loading: %w", errors.Join(err, l.abandon()))
		}
	}
}

// Empty returns a Conflict unless the database at url holds nothing of a hub.
func Empty(ctx context.Context, url string) (err error) {
	s := &Store{}
	if err := s.openPostgres(ctx, url); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	return s.empty(ctx)
}

// empty looks for the setting every opened store has. Tables without it are left
// by a restore that was broken off.
func (s *Store) empty(ctx context.Context) error {
	var there, used bool
	exists := `SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'setting')`
	if s.d.postgres {
		exists = `SELECT to_regclass('setting') IS NOT NULL`
	}
	err := s.read.QueryRowContext(ctx, exists).Scan(&there)
	if err == nil && there {
		err = s.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM setting)`).Scan(&used)
	}
	if err != nil {
		return fmt.Errorf("looking whether the database is empty: %w", err)
	}
	if used {
		return fault.New(fault.Conflict, "目标数据库里已有县级平台的数据，没有改动它。恢复只能写入空数据库：请新建一个，或先把原来的改名留存。")
	}
	return nil
}

// loader writes parts. On PostgreSQL all of them are one transaction; on SQLite,
// whose folder nobody uses yet, each is its own, so that the write-ahead log
// stays small.
type loader struct {
	s     *Store
	tx    *tx
	known map[string]columnsOf
}

// columnsOf are the columns of a table.
type columnsOf struct {
	names []string
	bools map[string]bool // on PostgreSQL
}

func (l *loader) begin(ctx context.Context) error {
	if l.tx != nil {
		return nil
	}
	raw, err := l.s.write.BeginTx(ctx, nil)
	if err == nil {
		l.tx = &tx{Tx: raw, s: l.s}
	}
	return err
}

func (l *loader) commit() error {
	if l.tx == nil {
		return nil
	}
	err := l.tx.Commit()
	l.tx = nil
	return err
}

func (l *loader) abandon() error {
	if l.tx == nil {
		return nil
	}
	err := rollback(l.tx.Tx)
	l.tx = nil
	return err
}

// clear takes away what the schema's history itself puts into tables.
func (l *loader) clear(ctx context.Context) error {
	if err := l.begin(ctx); err != nil {
		return err
	}
	for _, table := range slices.Backward(tables) {
		c, err := l.columns(ctx, table)
		if err != nil {
			return err
		}
		if len(c.names) == 0 {
			continue // of a later schema
		}
		if _, err := l.tx.ExecContext(ctx, `DELETE FROM `+table); err != nil { // #nosec G202 -- a constant of this package
			return fmt.Errorf("clearing %s: %w", table, err)
		}
	}
	return nil
}

// columns returns the columns of a table, none if it does not exist.
func (l *loader) columns(ctx context.Context, table string) (columnsOf, error) {
	if c, ok := l.known[table]; ok {
		return c, nil
	}
	q := `SELECT name, 0 FROM pragma_table_info($1)`
	if l.s.d.postgres {
		q = `SELECT column_name::text, CASE WHEN data_type = 'boolean' THEN 1 ELSE 0 END FROM information_schema.columns
			WHERE table_schema = current_schema() AND table_name = $1`
	}
	c := columnsOf{bools: map[string]bool{}}
	names, err := collect(ctx, l.tx, func(r scanner) (name string, err error) {
		var truth int
		err = r.Scan(&name, &truth)
		c.bools[name] = truth == 1
		return name, err
	}, q, table)
	if err != nil {
		return c, fmt.Errorf("reading columns of %s: %w", table, err)
	}
	c.names = names
	l.known[table] = c
	return c, nil
}

// part writes one part. Names come from a file, so they have to be known.
func (l *loader) part(ctx context.Context, p Part) (err error) {
	if err := l.begin(ctx); err != nil {
		return err
	}
	c, err := l.columns(ctx, p.Table)
	if err != nil {
		return err
	}
	if !slices.Contains(tables, p.Table) {
		return fault.New(fault.Invalid, "备份里有本程序不认识的表 "+p.Table+"，请换用更新版本的程序。")
	}
	for _, name := range p.Columns {
		if !slices.Contains(c.names, name) {
			return fault.New(fault.Invalid, "备份里的表 "+p.Table+" 有本程序不认识的列 "+name+"，请换用更新版本的程序。")
		}
	}
	rows := make([][]any, 0, p.Rows)
	if err := p.Read(func(values []any) error {
		for i, name := range p.Columns {
			if n, ok := values[i].(int64); ok && c.bools[name] {
				values[i] = n != 0
			}
		}
		rows = append(rows, values)
		return nil
	}); err != nil {
		return err
	}
	if err := l.tx.bulk(ctx, p.Table, p.Columns, len(rows), func(i int) []any { return rows[i] }); err != nil {
		return err
	}
	if l.s.d.postgres {
		return nil
	}
	return l.commit()
}
