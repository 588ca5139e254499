package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"zhanqun/hub/bundle"
)

// keepTaken is how many taken bundles of a node are remembered.
const keepTaken = 200

// Partner implements bundle.Store.
func (s *Store) Partner(ctx context.Context, node string) (bundle.Partner, error) {
	p := bundle.Partner{Node: node}
	var asked string
	var taken, answered int64
	err := s.read.QueryRowContext(ctx, `SELECT epoch, number, joining, hub_epoch, down, asked, taken_at, answer, answered_at FROM bundle_partner WHERE node = $1`, node).
		Scan(&p.Epoch, &p.Number, &p.Joining, &p.HubEpoch, &p.Down, &asked, &taken, &p.Answer, &answered)
	if notFound(err) {
		return bundle.Partner{}, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(asked), &p.Asked)
	}
	if err != nil {
		return p, fmt.Errorf("reading bundles of %s: %w", node, err)
	}
	p.TakenAt, p.AnsweredAt = fromMillis(taken), fromMillis(answered)
	return p, nil
}

// LeftBehind implements bundle.Store.
func (s *Store) LeftBehind(ctx context.Context, node, epoch string) (left bool, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM node_epoch e JOIN node n ON n.id = e.node
		WHERE e.node = $1 AND e.epoch = $2 AND n.epoch <> $2)`, node, epoch).Scan(&left)
	if err != nil {
		return false, fmt.Errorf("reading epochs of %s: %w", node, err)
	}
	return left, nil
}

// TakenBefore implements bundle.Store.
func (s *Store) TakenBefore(ctx context.Context, digest string) (time.Time, error) {
	var at int64
	err := s.read.QueryRowContext(ctx, `SELECT at FROM bundle_taken WHERE digest = $1`, digest).Scan(&at)
	if err != nil && !notFound(err) {
		return time.Time{}, fmt.Errorf("looking for a bundle: %w", err)
	}
	return fromMillis(at), nil
}

// NoteTaken implements bundle.Store.
func (s *Store) NoteTaken(ctx context.Context, actor string, b bundle.Taken) error {
	asked, err := listText(b.Asked)
	if err != nil {
		return err
	}
	return s.tx(ctx, "recording a bundle of "+b.Node, func(t *tx) error {
		// One that was overtaken by a newer one says nothing new of the node.
		_, err := t.ExecContext(ctx, `INSERT INTO bundle_partner (node, epoch, number, joining, hub_epoch, down, asked, taken_at, owed, answer, through, answered_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 0, 0)
			ON CONFLICT (node) DO UPDATE SET epoch = excluded.epoch, number = excluded.number, joining = excluded.joining, hub_epoch = excluded.hub_epoch,
				down = excluded.down, asked = excluded.asked, taken_at = excluded.taken_at
			WHERE bundle_partner.epoch <> excluded.epoch OR bundle_partner.number <= excluded.number`,
			b.Node, b.Epoch, b.Number, b.Joining, b.HubEpoch, b.Down, asked, t.at.UnixMilli(), b.Owed)
		if err != nil {
			return err
		}
		if b.HubKey != "" {
			_, err := t.ExecContext(ctx, `UPDATE node SET hub_key = $2 WHERE id = $1 AND EXISTS (SELECT 1 FROM bundle_partner p WHERE p.node = $1 AND p.epoch = $3 AND p.number = $4)`,
				b.Node, b.HubKey, b.Epoch, b.Number)
			if err != nil {
				return err
			}
		}
		if b.Owed {
			if _, err := t.ExecContext(ctx, `UPDATE bundle_partner SET owed = $2 WHERE node = $1`, b.Node, true); err != nil {
				return err
			}
		}
		if b.Digest == "" {
			return nil
		}
		_, err = t.ExecContext(ctx, `INSERT INTO bundle_taken (digest, node, at) VALUES ($1, $2, $3) ON CONFLICT (digest) DO NOTHING`, b.Digest, b.Node, t.at.UnixMilli())
		if err != nil {
			return err
		}
		_, err = t.ExecContext(ctx, `DELETE FROM bundle_taken WHERE node = $1 AND at < (SELECT at FROM bundle_taken WHERE node = $1 ORDER BY at DESC LIMIT 1 OFFSET $2)`, b.Node, keepTaken-1)
		if err != nil {
			return err
		}
		return t.audit(actor, "bundle.taken", b.Node, change{detail: map[string]any{"number": b.Number, "digest": b.Digest}})
	})
}

// BeginAnswer implements bundle.Store.
func (s *Store) BeginAnswer(ctx context.Context, node string) (number uint64, err error) {
	err = s.tx(ctx, "numbering an answer to "+node, func(t *tx) error {
		return t.QueryRowContext(ctx, `INSERT INTO bundle_partner (node, epoch, number, joining, hub_epoch, down, asked, taken_at, owed, answer, through, answered_at)
			VALUES ($1, '', 0, $2, '', 0, '[]', 0, $2, 1, 0, 0)
			ON CONFLICT (node) DO UPDATE SET answer = bundle_partner.answer + 1 RETURNING answer`, node, false).Scan(&number)
	})
	return number, err
}

// NoteAnswer implements bundle.Store.
func (s *Store) NoteAnswer(ctx context.Context, actor string, to bundle.Partner, number, head uint64) error {
	return s.tx(ctx, "recording an answer to "+to.Node, func(t *tx) error {
		// A bundle that was taken meanwhile is not answered yet.
		_, err := t.ExecContext(ctx, `UPDATE bundle_partner SET through = $2, answered_at = $3,
			owed = CASE WHEN epoch = $4 AND number = $5 THEN $6 ELSE owed END WHERE node = $1`, to.Node, head, t.at.UnixMilli(), to.Epoch, to.Number, false)
		if err != nil {
			return err
		}
		return t.audit(actor, "bundle.answered", to.Node, change{detail: map[string]any{"number": number, "through": head}})
	})
}

// Owed implements bundle.Store. A node that is heard of by the line gets its
// news there.
func (s *Store) Owed(ctx context.Context, before time.Time, limit int) ([]string, error) {
	list, err := collect(ctx, s.read, func(r scanner) (node string, err error) {
		err = r.Scan(&node)
		return node, err
	}, `SELECT b.node FROM bundle_partner b JOIN node n ON n.id = b.node
		WHERE b.owed = $1 OR n.state = 'active' AND b.number > 0 AND n.seen_at <= b.taken_at + $2 AND (n.down_seq > b.through
			OR n.down_seq > CASE WHEN b.hub_epoch = $3 THEN b.down ELSE 0 END AND b.answered_at < $4)
		ORDER BY b.node LIMIT $5`, true, bundle.LineGrace.Milliseconds(), s.epoch, millis(before), limit)
	if err != nil {
		return nil, fmt.Errorf("listing nodes to answer: %w", err)
	}
	return list, nil
}

// FilesDone implements bundle.Store.
func (s *Store) FilesDone(ctx context.Context, node string, files []string) (map[string]bool, error) {
	text, err := listText(files)
	if err != nil {
		return nil, err
	}
	done := map[string]bool{}
	_, err = collect(ctx, s.read, func(r scanner) (struct{}, error) {
		var sha string
		err := r.Scan(&sha)
		done[sha] = true
		return struct{}{}, err
	}, `SELECT sha256 FROM blob_offer WHERE node = $1 AND done = $2 AND sha256 IN `+s.d.in("$3"), node, true, text)
	if err != nil {
		return nil, fmt.Errorf("reading files of %s: %w", node, err)
	}
	return done, nil
}
