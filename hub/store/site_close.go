package store

import (
	"context"
	"fmt"

	"zhanqun/hub/health"
	"zhanqun/internal/fault"
)

// openOfSite are the open findings about a site and its columns themselves.
const openOfSite = `WHERE f.site = $1 AND f.closed_at = 0 AND f.kind <> '' ORDER BY f.id`

// CloseSite implements health.Store.
func (s *Store) CloseSite(ctx context.Context, actor, id, note string, end func(health.Finding) health.Finding) (gone []string, err error) {
	err = s.tx(ctx, "closing site", func(t *tx) error {
		// Nodes are locked first; see the package comment.
		lock := `SELECT id FROM node WHERE unit IN (SELECT unit FROM finding WHERE site = $1 AND closed_at = 0) ORDER BY id`
		if _, err := t.ExecContext(ctx, lock+t.s.d.forUpdate, id); err != nil {
			return err
		}
		if err := t.turnSite(ctx, id, fmt.Sprintf(`closed_at = $2, next_at = %d, pass_began = 0`, int64(parked)), `closed_at = 0`, actor, note); err != nil {
			return err
		}
		for _, q := range []string{`UPDATE site_column SET next_at = 0 WHERE site = $1`, `DELETE FROM place_total WHERE owner = 'site:' || $1`} {
			if _, err := t.ExecContext(ctx, q, id); err != nil {
				return err
			}
		}
		if _, err := t.ExecContext(ctx, `UPDATE incident SET ended_at = $2 WHERE site = $1 AND ended_at = 0`, id, millis(t.at)); err != nil {
			return err
		}
		owner := health.SiteOwner(id)
		if gone, err = t.openTargets(ctx, `place.owner = $1`, owner); err != nil {
			return err
		}
		named, err := collect(ctx, t, scanText, `SELECT DISTINCT target FROM place WHERE owner = $1`, owner)
		if err != nil {
			return err
		}
		if _, err := t.ExecContext(ctx, `DELETE FROM place WHERE owner = $1`, owner); err != nil {
			return err
		}
		if err := t.park(ctx, named); err != nil {
			return err
		}
		open, err := collect(ctx, t, scanFinding, `SELECT `+findingColumns+findingTables+openOfSite, id)
		if err != nil {
			return err
		}
		for _, f := range open {
			f = end(f)
			if f.Node, err = t.nodeFor(ctx, f); err != nil {
				return err
			}
			if err := t.saveFinding(ctx, f, health.Step{Who: health.System, Note: f.Note}); err != nil {
				return err
			}
		}
		return t.audit(actor, "site.close", id, change{detail: map[string]string{"note": note}})
	})
	return gone, err
}

// ReopenSite implements health.Store.
func (s *Store) ReopenSite(ctx context.Context, actor, id, note string) error {
	return s.tx(ctx, "watching site again", func(t *tx) error {
		if err := t.turnSite(ctx, id, `closed_at = 0, next_at = CASE WHEN line <> 0 THEN next_at ELSE $2 END`, `closed_at > 0`, actor, note); err != nil {
			return err
		}
		if _, err := t.ExecContext(ctx, `UPDATE site_column SET next_at = $2 WHERE site = $1 AND status = $3`, id, millis(t.at), health.ColumnWatched); err != nil {
			return err
		}
		return t.audit(actor, "site.reopen", id, change{detail: map[string]string{"note": note}})
	})
}

// turnSite closes a site or opens it again, if it stands as it should.
func (t *tx) turnSite(ctx context.Context, id, set, as, actor, note string) error {
	r, err := t.ExecContext(ctx, `UPDATE site SET `+set+`, closed_by = $3, closed_note = $4 WHERE id = $1 AND `+as, id, millis(t.at), actor, note) // #nosec G202 -- constants and placeholders only
	if err != nil {
		return fmt.Errorf("turning site %s: %w", id, err)
	}
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		return fault.Wrap(fault.Conflict, "这个站点已经有人处理过了，请刷新后再看。", err)
	}
	return t.event("site.changed", id, nil)
}
