package store

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"zhanqun/hub/health"
)

const (
	lastAbout = `SELECT ` + findingColumns + findingTables + `WHERE f.kind <> '' AND f.kind = $1 AND f.subject = $2 ORDER BY f.opened_at DESC, f.id DESC LIMIT 1`
	openAbout = `SELECT ` + findingColumns + findingTables + `WHERE f.kind <> '' AND f.kind = $1 AND f.closed_at = 0 ORDER BY f.subject, f.opened_at, f.id`
)

// Follow implements health.Store.
func (s *Store) Follow(ctx context.Context, about health.About, decide func(last *health.Finding) []health.Finding) error {
	return s.tx(ctx, "following "+about.Kind+" "+about.Subject, func(t *tx) error {
		// Nodes are locked first; see the package comment.
		lock := `SELECT id FROM node WHERE unit = $3 OR unit IN (SELECT unit FROM finding WHERE kind <> '' AND kind = $1 AND subject = $2 AND closed_at = 0) ORDER BY id`
		if _, err := t.ExecContext(ctx, lock+t.s.d.forUpdate, about.Kind, about.Subject, about.Unit); err != nil {
			return err
		}
		if err := t.lockSites(ctx, []string{about.Site}); err != nil {
			return err
		}
		list, err := collect(ctx, t, scanFinding, lastAbout, about.Kind, about.Subject)
		if err != nil {
			return err
		}
		var last *health.Finding
		if len(list) > 0 {
			last = &list[0]
		}
		for _, f := range decide(last) {
			if f.Target == "" {
				if f.Target, err = t.targetOf(ctx, f.URL); err != nil {
					return err
				}
			}
			if f.Node, err = t.nodeFor(ctx, f); err != nil {
				return err
			}
			if err := t.saveFinding(ctx, f, health.Step{Who: health.System, Note: f.Note}); err != nil {
				return err
			}
		}
		return nil
	})
}

// targetOf returns the target of an address. One that is new is looked at when a
// page names it.
func (t *tx) targetOf(ctx context.Context, address string) (id string, err error) {
	err = t.QueryRowContext(ctx, `INSERT INTO target (id, url, state, looks, checked_at, next_at) VALUES ($1, $2, '', '[]', 0, $3)
		ON CONFLICT (url) DO UPDATE SET url = excluded.url RETURNING id`, uuid.Must(uuid.NewV7()).String(), address, int64(parked)).Scan(&id)
	if err != nil {
		return "", fmt.Errorf("recording target: %w", err)
	}
	return id, nil
}

// OpenAbout implements health.Store.
func (s *Store) OpenAbout(ctx context.Context, kind string) ([]health.Finding, error) {
	list, err := collect(ctx, s.read, scanFinding, openAbout, kind)
	if err != nil {
		return nil, fmt.Errorf("reading open findings about %s: %w", kind, err)
	}
	return list, nil
}
