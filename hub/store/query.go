package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// queryer is a pool or a transaction.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// scanner is one row, alone or among several.
type scanner interface{ Scan(dest ...any) error }

// collect runs a query and returns what scan makes of each row, never nil.
func collect[T any](ctx context.Context, q queryer, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	list := []T{}
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, rows.Err()
}

// where collects the conditions a caller asked for. Conditions nobody asked for
// are left out of the text: a condition that may be empty keeps SQLite from using an
// index.
type where struct {
	text []string
	args []any
}

// add adds a condition in which ? stands for the value.
func (w *where) add(condition string, value any) {
	w.args = append(w.args, value)
	w.text = append(w.text, strings.ReplaceAll(condition, "?", fmt.Sprintf("$%d", len(w.args))))
}

// equal adds column = value unless value is empty.
func (w *where) equal(column, value string) {
	if value != "" {
		w.add(column+" = ?", value)
	}
}

// String returns the WHERE clause, empty without conditions.
func (w *where) String() string {
	if len(w.text) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.text, " AND ")
}

// page returns the end of a query for one page in the order of key, a unique
// text column, after the key of the page before.
func (w *where) page(key, after string, limit int) string {
	if after != "" {
		w.add(key+" > ?", after)
	}
	w.args = append(w.args, limit)
	return w.String() + fmt.Sprintf(" ORDER BY %s LIMIT $%d", key, len(w.args))
}
