package store

import (
	"context"
	"fmt"
	"time"

	"zhanqun/hub/access"
	"zhanqun/internal/fault"
)

// nodeRows are the columns scanNode reads, and where they come from.
const nodeRows = `SELECT n.id, n.unit, u.name, n.name, n.public_key, n.state, n.reason, n.epoch, n.up_seq, n.down_seq, n.down_ack,
	n.program, n.skew, n.disk_free, n.queued, n.sent, n.files, n.oldest_at, n.seen_at, n.joined_at, n.revoked_at, n.replaces, n.recall, n.address, n.former_key, n.rekeyed_at, n.signer, n.hub_key
	FROM node n JOIN unit u ON u.code = n.unit `

func scanNode(r scanner) (access.Node, error) {
	var n access.Node
	var skew, oldest, seen, joined, revoked, recall, rekeyed int64
	err := r.Scan(&n.ID, &n.Unit, &n.UnitName, &n.Name, &n.PublicKey, &n.State, &n.Reason, &n.Epoch, &n.UpSeq, &n.DownSeq, &n.DownAck,
		&n.Program, &skew, &n.DiskFree, &n.Queued, &n.Sent, &n.Files, &oldest, &seen, &joined, &revoked, &n.Replaces, &recall, &n.Address, &n.FormerKey, &rekeyed, &n.Signer, &n.HubKey)
	n.Skew = time.Duration(skew) * time.Millisecond
	n.OldestAt, n.SeenAt, n.JoinedAt, n.RevokedAt = fromMillis(oldest), fromMillis(seen), fromMillis(joined), fromMillis(revoked)
	n.RecallSince, n.RekeyedAt = fromMillis(recall), fromMillis(rekeyed)
	return n, err
}

// NodeByID implements access.NodeStore.
func (s *Store) NodeByID(ctx context.Context, id string) (access.Node, error) {
	return oneNode(ctx, s.read, `WHERE n.id = $1`, id)
}

// NodeByKey implements access.NodeStore.
func (s *Store) NodeByKey(ctx context.Context, publicKey string) (access.Node, error) {
	return oneNode(ctx, s.read, `WHERE n.public_key = $1 OR n.former_key = $1 AND n.former_key <> ''`, publicKey)
}

func oneNode(ctx context.Context, q queryer, where, value string) (access.Node, error) {
	n, err := scanNode(q.QueryRowContext(ctx, nodeRows+where, value))
	if notFound(err) {
		return n, fault.New(fault.NotFound, "没有这个节点。")
	}
	if err != nil {
		return n, fmt.Errorf("reading node: %w", err)
	}
	return n, nil
}

// Nodes implements access.NodeStore.
func (s *Store) Nodes(ctx context.Context, q access.NodeQuery) ([]access.Node, error) {
	var w where
	w.equal("n.unit", q.Unit)
	w.equal("n.state", q.State)
	list, err := collect(ctx, s.read, scanNode, nodeRows+w.page("n.id", q.After, q.Limit), w.args...)
	if err != nil {
		return nil, fmt.Errorf("listing nodes: %w", err)
	}
	return list, nil
}

// NodesRevokedSince implements access.NodeStore.
func (s *Store) NodesRevokedSince(ctx context.Context, since time.Time) ([]access.Node, error) {
	list, err := collect(ctx, s.read, scanNode, nodeRows+`WHERE n.revoked_at >= $1 AND n.revoked_at > 0 ORDER BY n.revoked_at`, millis(since))
	if err != nil {
		return nil, fmt.Errorf("listing revoked nodes: %w", err)
	}
	return list, nil
}

// SetNodeState implements access.NodeStore.
func (s *Store) SetNodeState(ctx context.Context, actor, id, state, reason string, allow func(access.Node) error) (n access.Node, err error) {
	err = s.tx(ctx, "setting the state of node "+id, func(t *tx) error {
		if n, err = oneNode(ctx, t, `WHERE n.id = $1`+s.d.lock("n"), id); err != nil {
			return err
		}
		if err := allow(n); err != nil || n.State == state {
			return err
		}
		was := n
		n.State, n.Reason = state, reason
		if state == access.NodeRevoked {
			// It gives nothing back any more: what it has given is all there is.
			n.RevokedAt, n.RecallSince = fromMillis(t.at.UnixMilli()), time.Time{}
		}
		_, err := t.ExecContext(ctx, `UPDATE node SET state = $2, reason = $3, revoked_at = $4, recall = $5 WHERE id = $1`, id, state, reason, millis(n.RevokedAt), millis(n.RecallSince))
		if err != nil {
			return err
		}
		act := "node." + state
		if was.State == access.NodePending {
			act = "node.refuse"
		}
		if err := t.audit(actor, act, id, change{before: was, after: n, detail: map[string]string{"reason": reason}}); err != nil {
			return err
		}
		return t.event("node."+state, id, nil)
	})
	return n, err
}
