package store

import (
	"context"
	"fmt"

	"zhanqun/hub/intake"
	"zhanqun/protocol"
)

// mostPast bounds how many former epochs of the hub a node is told: each is one
// restore.
const mostPast = 32

// Past implements intake.Store.
func (s *Store) Past(ctx context.Context, id string) (past []protocol.Past, recall bool, err error) {
	_, err = collect(ctx, s.read, func(r scanner) (struct{}, error) {
		var since int64
		var p protocol.Past
		err := r.Scan(&since, &p.Epoch, &p.Through, &p.Recalled)
		recall = since > 0
		if p.Epoch != "" {
			past = append(past, p)
		}
		return struct{}{}, err
	}, `SELECT * FROM (SELECT n.recall, COALESCE(p.epoch, ''), COALESCE(p.through, 0), COALESCE(p.recalled, 0) FROM node n
		LEFT JOIN down_past p ON p.node = n.id WHERE n.id = $1 ORDER BY p.at DESC, p.epoch LIMIT $2) AS latest`, id, mostPast)
	if err != nil {
		return nil, false, fmt.Errorf("reading former epochs told to %s: %w", id, err)
	}
	return past, recall, nil
}

// Forebears implements intake.Store.
func (s *Store) Forebears(ctx context.Context, id string) ([]string, error) {
	list, err := collect(ctx, s.read, func(r scanner) (name string, err error) {
		err = r.Scan(&name)
		return name, err
	}, `WITH RECURSIVE line (id) AS (SELECT replaces FROM node WHERE id = $1 UNION SELECT n.replaces FROM line JOIN node n ON n.id = line.id)
		SELECT id FROM line WHERE id <> ''`, id)
	if err != nil {
		return nil, fmt.Errorf("reading whom node %s replaced: %w", id, err)
	}
	return list, nil
}

// PutRecalled implements intake.Store.
func (s *Store) PutRecalled(ctx context.Context, id string, r intake.Recalled) (taken int, err error) {
	err = s.tx(ctx, "keeping words read back from "+id, func(t *tx) error {
		taken = 0
		var since int64
		if err := t.QueryRowContext(ctx, `SELECT recall FROM node WHERE id = $1`+s.d.forUpdate, id).Scan(&since); err != nil {
			return fmt.Errorf("locking node: %w", err)
		}
		if since == 0 {
			return nil // everything has been given already
		}
		if taken, err = t.putWords(ctx, id, r.Words); err != nil {
			return err
		}
		if err := t.putRefusals(ctx, &intake.Plan{Refusals: r.Kept}); err != nil {
			return err
		}
		for _, w := range r.Say {
			if err := t.say(ctx, id, w.Kind, w.Body); err != nil {
				return err
			}
		}
		if !r.Done {
			return nil
		}
		if _, err := t.ExecContext(ctx, `UPDATE node SET recall = 0 WHERE id = $1`, id); err != nil {
			return err
		}
		if err := t.audit("node:"+id, "node.recalled", id, change{detail: map[string]any{"gone": r.Gone}}); err != nil {
			return err
		}
		return t.event("node.recalled", id, map[string]any{"gone": r.Gone})
	})
	return taken, err
}

// putWords keeps words behind those that were kept, and notes how far each epoch
// has been read back. Those it has are left out.
func (t *tx) putWords(ctx context.Context, id string, words []intake.Word) (taken int, err error) {
	var last int64
	if err := t.QueryRowContext(ctx, `SELECT COALESCE(MAX(n), 0) FROM recalled WHERE node = $1`, id).Scan(&last); err != nil {
		return 0, fmt.Errorf("numbering words: %w", err)
	}
	through := map[string]uint64{} // per epoch; only of this node's own log
	for _, w := range words {
		if _, known := through[w.Epoch]; !known && w.Node == id {
			if through[w.Epoch], err = t.recalledThrough(ctx, id, w.Epoch); err != nil {
				return 0, err
			}
		}
		if w.Node == id && w.Seq <= through[w.Epoch] {
			continue
		}
		if w.Node == id {
			through[w.Epoch] = w.Seq
		} else if known, err := t.wordKept(ctx, id, w); err != nil || known {
			if err != nil {
				return 0, err
			}
			continue
		}
		last++
		taken++
		if w.Raw == nil {
			continue // moves the mark and needs nothing else
		}
		_, err := t.ExecContext(ctx, `INSERT INTO recalled (node, n, item, entry) VALUES ($1, $2, $3, $4)`, id, last, w.Item, w.Raw)
		if err != nil {
			return 0, fmt.Errorf("keeping a word: %w", err)
		}
	}
	for epoch, seq := range through {
		_, err := t.ExecContext(ctx, `INSERT INTO down_past (node, epoch, through, recalled, at) VALUES ($1, $2, 0, $3, $4)
			ON CONFLICT (node, epoch) DO UPDATE SET recalled = excluded.recalled`, id, epoch, seq, t.at.UnixMilli())
		if err != nil {
			return 0, fmt.Errorf("noting how far epoch %s has been read back: %w", epoch, err)
		}
	}
	return taken, nil
}

// wordKept reports whether a word of another name's log is there already: of those
// no mark is kept.
func (t *tx) wordKept(ctx context.Context, id string, w intake.Word) (there bool, err error) {
	err = t.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM recalled WHERE node = $1 AND item = $2 AND entry = $3)`, id, w.Item, bytesOf(w.Raw)).Scan(&there)
	if err != nil {
		return false, fmt.Errorf("looking for a word: %w", err)
	}
	return there, nil
}

func (t *tx) recalledThrough(ctx context.Context, id, epoch string) (through uint64, err error) {
	err = t.QueryRowContext(ctx, `SELECT recalled FROM down_past WHERE node = $1 AND epoch = $2`, id, epoch).Scan(&through)
	if err != nil && !notFound(err) {
		return 0, fmt.Errorf("reading how far epoch %s has been read back: %w", epoch, err)
	}
	return through, nil
}

// FindingKnown implements intake.Store.
func (s *Store) FindingKnown(ctx context.Context, id string) (known bool, err error) {
	if err := s.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM finding WHERE id = $1)`, id).Scan(&known); err != nil {
		return false, fmt.Errorf("looking for finding %s: %w", id, err)
	}
	return known, nil
}
