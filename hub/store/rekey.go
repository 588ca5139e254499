package store

import (
	"context"
	"fmt"

	"zhanqun/hub/access"
	"zhanqun/protocol"
)

// Rekey implements access.NodeStore.
func (s *Store) Rekey(ctx context.Context, id, by, key string) error {
	return s.tx(ctx, "taking another key of node "+id, func(t *tx) error {
		n, err := oneNode(ctx, t, `WHERE n.id = $1`+s.d.lock("n"), id)
		if err != nil {
			return err
		}
		if n.State != access.NodeActive {
			return access.ErrNotActive
		}
		switch {
		case by != n.PublicKey && by != n.FormerKey || by == "":
			return access.ErrNotActive // retired in this very moment
		case n.PublicKey == key:
			return nil // the answer was lost on the way
		}
		was := n
		n.PublicKey, n.RekeyedAt = key, fromMillis(t.at.UnixMilli())
		// One that was announced and never used is forgotten.
		n.FormerKey = by
		// The logs it has had so far stay signed with the key it gives up.
		if _, err := t.ExecContext(ctx, `UPDATE node_epoch SET public_key = $2 WHERE node = $1 AND public_key = ''`, id, by); err != nil {
			return fmt.Errorf("keeping the former key: %w", err)
		}
		_, err = t.ExecContext(ctx, `UPDATE node SET public_key = $2, former_key = $3, rekeyed_at = $4 WHERE id = $1`, id, n.PublicKey, n.FormerKey, millis(n.RekeyedAt))
		if t.s.d.conflict(err) {
			return access.ErrKeyTaken
		}
		if err != nil {
			return err
		}
		c := change{before: was, after: n, detail: map[string]string{"key": protocol.KeyFingerprint(key), "former": protocol.KeyFingerprint(by)}}
		if err := t.audit("node:"+id, "node.rekey", id, c); err != nil {
			return err
		}
		return t.event("node.rekeyed", id, nil)
	})
}

// RetireKey implements access.NodeStore.
func (s *Store) RetireKey(ctx context.Context, id, key string) (retired bool, err error) {
	err = s.tx(ctx, "retiring the former key of node "+id, func(t *tx) error {
		done, err := t.ExecContext(ctx, `UPDATE node SET former_key = '' WHERE id = $1 AND public_key = $2 AND former_key <> ''`, id, key)
		if err != nil {
			return err
		}
		n, err := done.RowsAffected()
		retired = n > 0
		return err
	})
	return retired, err
}

// AskRotate implements access.NodeStore.
func (s *Store) AskRotate(ctx context.Context, actor, id string) (n access.Node, err error) {
	err = s.tx(ctx, "asking node "+id+" for another key", func(t *tx) error {
		if n, err = oneNode(ctx, t, `WHERE n.id = $1`+s.d.lock("n"), id); err != nil {
			return err
		}
		if n.State != access.NodeActive {
			return access.ErrNotActive
		}
		if err := t.down(ctx, id, protocol.KindRotate, &protocol.Rotate{At: fromMillis(t.at.UnixMilli())}); err != nil {
			return err
		}
		return t.audit(actor, "node.rotate", id, change{before: n, after: n, detail: map[string]string{"key": protocol.KeyFingerprint(n.PublicKey)}})
	})
	return n, err
}
