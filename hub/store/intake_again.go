package store

import (
	"context"
	"fmt"

	"zhanqun/hub/intake"
	"zhanqun/protocol"
)

// viewTexts reads revisions that a batch brings once more. Nearly always there
// are none.
func (t *tx) viewTexts(ctx context.Context, v *intake.View, list []intake.TextOf) error {
	for _, k := range list {
		text, err := scanRevision(t.QueryRowContext(ctx, `SELECT `+revisionColumns+` FROM revision WHERE item = $1 AND revision = $2`, k.Item, k.Revision))
		if notFound(err) {
			continue // a revision that was refused
		}
		if err != nil {
			return fmt.Errorf("reading revision %d of item %s: %w", k.Revision, k.Item, err)
		}
		v.Texts[k] = &text
	}
	return nil
}

// Before implements intake.Store.
func (s *Store) Before(ctx context.Context, id, present string) (*protocol.Mark, error) {
	var m protocol.Mark
	err := s.read.QueryRowContext(ctx, `SELECT epoch, through FROM node_epoch WHERE node = $1 AND epoch <> $2 ORDER BY at DESC LIMIT 1`, id, present).
		Scan(&m.Epoch, &m.Through)
	if notFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the former epoch of %s: %w", id, err)
	}
	return &m, nil
}
