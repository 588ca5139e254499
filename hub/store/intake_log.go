package store

import (
	"context"
	"fmt"

	"zhanqun/hub/intake"
	"zhanqun/protocol"
)

// keepStrays bounds what is kept of things a node's subject carried that are
// not its entries: the newest ones are enough to see what is going on, and
// nobody can fill the disk with them.
const keepStrays = 200

// putLog writes the positions that now have their entry, and new epochs.
func (t *tx) putLog(ctx context.Context, p *intake.Plan) error {
	for _, e := range p.Epochs {
		// Their order counts, whatever the clock does.
		_, err := t.ExecContext(ctx, `INSERT INTO node_epoch (node, epoch, at)
			SELECT $1, $2, CASE WHEN MAX(at) >= $3 THEN MAX(at) + 1 ELSE $3 END FROM node_epoch WHERE node = $1`, e.Node, e.Epoch, t.at.UnixMilli())
		if err != nil {
			return fmt.Errorf("noting epoch of %s: %w", e.Node, err)
		}
	}
	for _, e := range p.Ended {
		if _, err := t.ExecContext(ctx, `UPDATE node_epoch SET through = $3 WHERE node = $1 AND epoch = $2`, e.Node, e.Epoch, e.Seq); err != nil {
			return fmt.Errorf("noting where a log of %s ends: %w", e.Node, err)
		}
	}
	for _, k := range p.Taken {
		if e := &k.Letter.Entry; k.Again {
			if _, err := t.ExecContext(ctx, `DELETE FROM up_entry WHERE node = $1 AND epoch = $2 AND seq = $3`, e.Node, e.Epoch, e.Seq); err != nil {
				return fmt.Errorf("replacing an unproven entry of %s: %w", e.Node, err)
			}
		}
	}
	return t.bulk(ctx, "up_entry", []string{"node", "epoch", "seq", "kind", "hash", "sig", "outcome", "at"}, len(p.Taken), func(i int) []any {
		e := &p.Taken[i].Letter.Entry
		return []any{e.Node, e.Epoch, e.Seq, intake.Visible(string(e.Kind), 40), intake.Visible(e.Hash, 64), bytesOf(e.Sig), p.Taken[i].Outcome, t.at.UnixMilli()}
	})
}

// bytesOf is b, never NULL.
func bytesOf(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

func (t *tx) putRefusals(ctx context.Context, p *intake.Plan) error {
	if len(p.Refusals) == 0 {
		return nil
	}
	strays := map[string]bool{}
	for _, r := range p.Refusals {
		if r.Position.Seq == 0 {
			strays[r.Position.Node] = true
		}
	}
	err := t.bulk(ctx, "refusal", []string{"id", "node", "epoch", "seq", "kind", "item", "revision", "code", "field", "message", "entry", "at"},
		len(p.Refusals), func(i int) []any {
			r := &p.Refusals[i]
			return []any{r.ID, r.Position.Node, r.Position.Epoch, r.Position.Seq, r.Kind, r.Item, r.Revision,
				string(r.Fault.Code), r.Fault.Field, r.Fault.Detail, bytesOf(r.Raw), t.at.UnixMilli()}
		})
	if err != nil {
		return err
	}
	for node := range strays {
		_, err := t.ExecContext(ctx, `DELETE FROM refusal WHERE seq = 0 AND node = $1 AND id < (SELECT id FROM refusal WHERE seq = 0 AND node = $1 ORDER BY id DESC LIMIT 1 OFFSET $2)`, node, keepStrays-1)
		if err != nil {
			return fmt.Errorf("forgetting old strays of %s: %w", node, err)
		}
	}
	return nil
}

type moveRow struct {
	ID     string `json:"id"`
	Epoch  string `json:"epoch"`
	Up     uint64 `json:"up_seq"`
	State  string `json:"state"`
	Reason string `json:"reason"`
	Down   int    `json:"n"`
}

// putDown moves the nodes' cursors and appends to their down logs.
func (t *tx) putDown(ctx context.Context, p *intake.Plan) error {
	heads, err := t.moveNodes(ctx, p)
	if err != nil || len(p.Down) == 0 {
		return err
	}
	left := map[string]uint64{}
	for _, m := range p.Down {
		left[m.Node]++
	}
	entries := make([]protocol.Entry, len(p.Down))
	for i, m := range p.Down {
		body, err := protocol.WriteBody(m.Message)
		if err != nil {
			return fmt.Errorf("writing %s for %s: %w", m.Kind, m.Node, err)
		}
		left[m.Node]--
		head := heads[m.Node]
		key, err := t.s.signer(head.signer)
		if err != nil {
			return err
		}
		entries[i] = protocol.New(protocol.Down, m.Node, t.s.epoch, head.seq-left[m.Node], m.Kind, body, key)
		t.heads[m.Node] = head.seq
	}
	return t.bulk(ctx, "down_entry", []string{"node", "seq", "epoch", "kind", "body", "hash", "sig", "at"}, len(entries), func(i int) []any {
		e := &entries[i]
		return []any{e.Node, e.Seq, e.Epoch, string(e.Kind), string(e.Body), e.Hash, e.Sig, t.at.UnixMilli()}
	})
}

// downHead is where a down log ends, and the public key that signs it.
type downHead struct {
	seq    uint64
	signer string
}

// moveNodes writes the cursors and takes the numbers the down log needs. It
// returns the new heads. What a node had of its down log is forgotten with its
// old store.
func (t *tx) moveNodes(ctx context.Context, p *intake.Plan) (map[string]downHead, error) {
	if len(p.Nodes) == 0 {
		return nil, nil
	}
	count := map[string]int{}
	for _, m := range p.Down {
		count[m.Node]++
	}
	rows := make([]moveRow, len(p.Nodes))
	for i, n := range p.Nodes {
		rows[i] = moveRow{n.ID, n.Epoch, n.Up, n.State, n.Reason, count[n.ID]}
	}
	text, err := jsonText(rows)
	if err != nil {
		return nil, err
	}
	heads := make(map[string]downHead, len(rows))
	_, err = collect(ctx, t, func(r scanner) (struct{}, error) {
		var id string
		var head downHead
		err := r.Scan(&id, &head.seq, &head.signer)
		heads[id] = head
		return struct{}{}, err
	}, `UPDATE node SET epoch = r.epoch, up_seq = r.up_seq, state = r.state, reason = r.reason, down_seq = node.down_seq + r.n,
			down_ack = CASE WHEN node.epoch = r.epoch THEN node.down_ack ELSE 0 END
		FROM `+t.s.d.rows("$1", []string{"id", "epoch", "up_seq:int", "state", "reason", "n:int"})+`
		WHERE node.id = r.id RETURNING node.id, node.down_seq, node.signer`, text)
	if err != nil {
		return nil, fmt.Errorf("moving cursors: %w", err)
	}
	return heads, nil
}
