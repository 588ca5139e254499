package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"zhanqun/hub/catalog"
)

// Columns implements access.UnitStore.
func (s *Store) Columns(ctx context.Context) ([]catalog.Column, error) {
	list, err := columns(ctx, s.read)
	if err != nil {
		return nil, fmt.Errorf("listing columns: %w", err)
	}
	return list, nil
}

func columns(ctx context.Context, q queryer) ([]catalog.Column, error) {
	return collect(ctx, q, scanColumn, `SELECT slug, name, position, steps, closed FROM portal_column ORDER BY position, slug`)
}

func scanColumn(r scanner) (catalog.Column, error) {
	var c catalog.Column
	var steps string
	if err := r.Scan(&c.Slug, &c.Name, &c.Position, &steps, &c.Closed); err != nil {
		return c, err
	}
	if err := json.Unmarshal([]byte(steps), &c.Steps); err != nil {
		return c, fmt.Errorf("reading steps of column %s: %w", c.Slug, err)
	}
	return c, nil
}

// PutColumn implements access.UnitStore.
func (s *Store) PutColumn(ctx context.Context, actor string, c catalog.Column, check func([]catalog.Column) error) error {
	return s.tx(ctx, "saving column "+c.Slug, func(t *tx) error {
		known, err := columns(ctx, t)
		if err != nil {
			return err
		}
		if err := check(known); err != nil {
			return err
		}
		if err := t.putColumn(ctx, c); err != nil {
			return err
		}
		done := change{after: c, detail: c}
		if i := slices.IndexFunc(known, func(k catalog.Column) bool { return k.Slug == c.Slug }); i >= 0 {
			done.before = known[i]
			if !slices.Equal(known[i].Steps, c.Steps) {
				if err := t.requeue(ctx, c); err != nil {
					return err
				}
			}
		}
		if err := t.audit(actor, "column.save", c.Slug, done); err != nil {
			return err
		}
		return t.settingsChanged(ctx, "column", c.Slug)
	})
}

// PutFirstColumns implements access.UnitStore.
func (s *Store) PutFirstColumns(ctx context.Context, list []catalog.Column) error {
	return s.tx(ctx, "making the first columns", func(t *tx) error {
		known, err := columns(ctx, t)
		if err != nil || len(known) > 0 {
			return err
		}
		for _, c := range list {
			if err := t.putColumn(ctx, c); err != nil {
				return err
			}
		}
		return t.settingsChanged(ctx, "column", "")
	})
}

func (t *tx) putColumn(ctx context.Context, c catalog.Column) error {
	steps, err := json.Marshal(c.Steps)
	if err != nil {
		return fmt.Errorf("writing steps of column %s: %w", c.Slug, err)
	}
	_, err = t.ExecContext(ctx, `INSERT INTO portal_column (slug, name, position, steps, closed) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (slug) DO UPDATE SET name = excluded.name, position = excluded.position, steps = excluded.steps, closed = excluded.closed`,
		c.Slug, c.Name, c.Position, string(steps), c.Closed)
	return err
}
