package store

import (
	"context"
	"fmt"

	"zhanqun/hub/access"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// succeed lets node n take the place of old: what old answered for is n's from
// now on, and old's key is worth nothing any more.
func (t *tx) succeed(ctx context.Context, n access.Node, old string) error {
	o, err := oneNode(ctx, t, `WHERE n.id = $1`+t.s.d.lock("n"), old)
	if err != nil {
		return err
	}
	if o.Unit != n.Unit {
		return fault.New(fault.Conflict, "要替换的节点已不属于这个单位，请重新生成入网码。")
	}
	was := o
	if o.State != access.NodeRevoked {
		o.State, o.Reason, o.RevokedAt = access.NodeRevoked, "已由节点 "+n.ID+" 接替", fromMillis(t.at.UnixMilli())
		_, err := t.ExecContext(ctx, `UPDATE node SET state = $2, reason = $3, revoked_at = $4 WHERE id = $1`, o.ID, o.State, o.Reason, millis(o.RevokedAt))
		if err != nil {
			return fmt.Errorf("revoking the replaced node: %w", err)
		}
	}
	for _, q := range []string{
		`UPDATE item SET node = $1 WHERE node = $2 AND unit = $3`,
		`UPDATE finding SET node = $1 WHERE node = $2 AND unit = $3`,
	} {
		if _, err := t.ExecContext(ctx, q, n.ID, o.ID, n.Unit); err != nil {
			return fmt.Errorf("handing over: %w", err)
		}
	}
	// Its files are the unit's, not those of the machine.
	if _, err := t.ExecContext(ctx, `INSERT INTO blob_offer (node, sha256, size, have, digest, done, at)
		SELECT $1, sha256, size, have, digest, done, at FROM blob_offer WHERE node = $2 AND done = $3
		ON CONFLICT (node, sha256) DO NOTHING`, n.ID, o.ID, true); err != nil {
		return fmt.Errorf("handing files over: %w", err)
	}
	// Refused revisions count as sent, whoever goes on with the item.
	if _, err := t.ExecContext(ctx, `UPDATE refusal SET node = $1 WHERE node = $2 AND item <> ''`, n.ID, o.ID); err != nil {
		return fmt.Errorf("handing refusals over: %w", err)
	}
	c := change{before: was, after: o, detail: map[string]string{"by": n.ID, "unit": n.Unit}}
	if err := t.audit("node:"+n.ID, "node.replace", o.ID, c); err != nil {
		return err
	}
	return t.event("node.revoked", o.ID, nil)
}

// copied is how many entries of a down log are copied at a time.
const copied = 500

// Succeed implements access.NodeStore.
func (s *Store) Succeed(ctx context.Context, n access.Node, was protocol.Was) (mark *protocol.Mark, err error) {
	err = s.tx(ctx, "bringing along what node "+was.Node+" had", func(t *tx) error {
		mark = nil
		old, err := oneNode(ctx, t, `WHERE n.id = $1`, was.Node)
		if fault.Is(err, fault.NotFound) {
			return t.askStranger(ctx, n, was.Node)
		}
		if err != nil {
			return err
		}
		mark = &protocol.Mark{Epoch: old.Epoch, Through: old.UpSeq}
		after, err := t.heardThrough(ctx, was)
		if err != nil {
			return err
		}
		for {
			if after, err = t.copyDown(ctx, n.ID, old, after); err != nil || after == 0 {
				return err
			}
		}
	})
	return mark, err
}

// askStranger is for a node that was one this hub does not know. If the hub was
// restored it may have forgotten that one, and wants its words back.
func (t *tx) askStranger(ctx context.Context, n access.Node, was string) error {
	r, err := restored(ctx, t)
	if err != nil || r == nil {
		return err
	}
	_, err = t.ExecContext(ctx, `UPDATE node SET replaces = $2, recall = $3 WHERE id = $1 AND replaces = ''`, n.ID, was, t.at.UnixMilli())
	return err
}

// heardThrough returns how much of the present down log of a node the machine
// has that was that node.
func (t *tx) heardThrough(ctx context.Context, was protocol.Was) (uint64, error) {
	if was.HubEpoch == t.s.epoch {
		return was.Down, nil
	}
	var through uint64
	err := t.QueryRowContext(ctx, `SELECT through FROM down_past WHERE node = $1 AND epoch = $2`, was.Node, was.HubEpoch).Scan(&through)
	if notFound(err) {
		return 0, nil
	}
	return min(through, was.Down), err
}

// copyDown says to a node what was said to old after a position and the machine
// has not heard, one page of it, and returns where to go on, 0 at the end. What
// is about old's own log or settings means nothing to the new one, nor does the
// notice of a freeze that has just ended.
func (t *tx) copyDown(ctx context.Context, to string, old access.Node, after uint64) (uint64, error) {
	type word struct {
		seq  uint64
		kind protocol.Kind
		body []byte
	}
	list, err := collect(ctx, t, func(r scanner) (w word, err error) {
		err = r.Scan(&w.seq, &w.kind, &w.body)
		return w, err
	}, `SELECT seq, kind, body FROM down_entry WHERE node = $1 AND seq > $2 ORDER BY seq LIMIT $3`, old.ID, after, copied)
	if err != nil {
		return 0, fmt.Errorf("reading down log of %s: %w", old.ID, err)
	}
	for _, w := range list {
		after = w.seq
		switch w.kind {
		case protocol.KindReceipt, protocol.KindRefusal, protocol.KindSettings, protocol.KindRotate:
			continue
		case protocol.KindNotice:
			if old.State == access.NodeFrozen || old.State == access.NodeRevoked {
				continue
			}
		}
		if err := t.say(ctx, to, w.kind, w.body); err != nil {
			return 0, err
		}
	}
	if len(list) < copied {
		return 0, nil
	}
	return after, nil
}
