package store

import (
	"context"
	"fmt"
	"time"

	"zhanqun/hub/health"
)

// dueUrges are the findings whose unit has to be urged. One that was answered
// waits for the county: it is passed by until that has spoken.
const dueUrges = `WHERE f.closed_at = 0 AND f.urge_at <> 0 AND f.urge_at <= $1 AND f.state IN ('open', 'recheck') ORDER BY f.urge_at, f.id LIMIT $2`

// DueUrges implements health.Store.
func (s *Store) DueUrges(ctx context.Context, now time.Time, limit int) ([]health.Finding, error) {
	list, err := collect(ctx, s.read, scanFinding, `SELECT `+findingColumns+findingTables+dueUrges, millis(now), limit)
	if err != nil {
		return nil, fmt.Errorf("reading findings to urge: %w", err)
	}
	return list, nil
}

// Urge implements health.Store.
func (s *Store) Urge(ctx context.Context, id string, urge func(health.Finding) (health.Finding, health.Step)) error {
	return s.tx(ctx, "urging", func(t *tx) error {
		f, err := t.lockedFinding(ctx, id)
		if notFound(err) || err == nil && !f.Waits() {
			return nil // it changed meanwhile
		} else if err != nil {
			return err
		}
		f, step := urge(f)
		if step.Kind == "" {
			_, err := t.ExecContext(ctx, `UPDATE finding SET urge_at = $2 WHERE id = $1`, id, millis(f.UrgeAt))
			return err
		}
		if f.Node, err = t.nodeFor(ctx, f); err != nil {
			return err
		}
		step.Who = health.System
		return t.saveFinding(ctx, f, step)
	})
}

// lockedFinding reads a finding behind the lock of its unit's nodes.
func (t *tx) lockedFinding(ctx context.Context, id string) (health.Finding, error) {
	if _, err := t.ExecContext(ctx, `SELECT id FROM node WHERE unit IN (SELECT unit FROM finding WHERE id = $1) ORDER BY id`+t.s.d.forUpdate, id); err != nil {
		return health.Finding{}, err
	}
	return scanFinding(t.QueryRowContext(ctx, `SELECT `+findingColumns+findingTables+`WHERE f.id = $1`, id))
}

// within are the findings that were open at any time of a period. Those still
// open are few; those closed since its beginning are one walk.
const within = `SELECT ` + findingColumns + findingTables + `WHERE (f.due_at <> 0 OR f.told_at <> 0) AND f.id IN (
	SELECT id FROM (SELECT id FROM finding WHERE closed_at = 0 AND opened_at < $2 ORDER BY updated_at DESC, id DESC LIMIT $3) AS o
	UNION ALL SELECT id FROM (SELECT id FROM finding WHERE closed_at <> 0 AND closed_at >= $1 AND opened_at < $2 ORDER BY closed_at, id LIMIT $3) AS c)
	LIMIT $3`

// FindingsWithin implements health.Store. What ended before a person had looked
// at it never was a finding of the unit.
func (s *Store) FindingsWithin(ctx context.Context, from, until time.Time, limit int) ([]health.Finding, error) {
	list, err := collect(ctx, s.read, scanFinding, within, millis(from), millis(until), limit)
	if err != nil {
		return nil, fmt.Errorf("reading findings of a period: %w", err)
	}
	return list, nil
}
