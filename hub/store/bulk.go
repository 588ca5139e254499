package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// bulk inserts n rows, whose values row returns in the order of columns, by the
// fastest means the database has: COPY, or one prepared statement run again and
// again. With texts of a few KiB either takes half the time of a JSON array.
// Conflicts are errors. The values are used before row is called again.
func (t *tx) bulk(ctx context.Context, table string, columns []string, n int, row func(i int) []any) (err error) {
	if n == 0 {
		return nil
	}
	list := strings.Join(columns, ", ")
	text := "COPY " + table + " (" + list + ") FROM STDIN"
	if !t.s.d.postgres {
		marks := make([]string, len(columns))
		for i := range marks {
			marks[i] = fmt.Sprintf("$%d", i+1)
		}
		text = "INSERT INTO " + table + " (" + list + ") VALUES (" + strings.Join(marks, ", ") + ")"
	}
	stmt, err := t.PrepareContext(ctx, text) // #nosec G201 -- constants of this package
	if err != nil {
		return fmt.Errorf("inserting rows of %s: %w", table, err)
	}
	defer func() { err = errors.Join(err, stmt.Close()) }()
	for i := range n {
		if _, err := stmt.ExecContext(ctx, row(i)...); err != nil {
			return fmt.Errorf("inserting rows of %s: %w", table, err)
		}
	}
	if t.s.d.postgres {
		if _, err := stmt.ExecContext(ctx); err != nil {
			return fmt.Errorf("inserting rows of %s: %w", table, err)
		}
	}
	return nil
}
