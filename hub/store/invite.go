package store

import (
	"context"
	"fmt"

	"zhanqun/hub/access"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

const inviteRows = `SELECT i.hash, i.unit, u.name, i.created_by, i.created_at, i.expires_at, i.used_at, i.node, i.replaces, i.approval
	FROM invite i JOIN unit u ON u.code = i.unit `

func scanInvite(r scanner) (access.Invite, error) {
	var i access.Invite
	var created, expires, used int64
	err := r.Scan(&i.Hash, &i.Unit, &i.UnitName, &i.CreatedBy, &created, &expires, &used, &i.Node, &i.Replaces, &i.Approval)
	i.CreatedAt, i.ExpiresAt, i.UsedAt = fromMillis(created), fromMillis(expires), fromMillis(used)
	return i, err
}

// AddInvites implements access.NodeStore.
func (s *Store) AddInvites(ctx context.Context, actor string, list []access.Invite) error {
	return s.tx(ctx, "adding invitations", func(t *tx) error {
		for _, i := range list {
			_, err := t.ExecContext(ctx, `INSERT INTO invite (hash, unit, created_by, created_at, expires_at, used_at, node, replaces, approval) VALUES ($1, $2, $3, $4, $5, 0, '', $6, $7)`,
				i.Hash, i.Unit, i.CreatedBy, millis(i.CreatedAt), millis(i.ExpiresAt), i.Replaces, i.Approval)
			if err != nil {
				return err
			}
			c := change{after: i}
			if i.Replaces != "" {
				c.detail = map[string]string{"replaces": i.Replaces}
			}
			if err := t.audit(actor, "node.invite", i.Unit, c); err != nil {
				return err
			}
		}
		return nil
	})
}

// Standings implements access.NodeStore.
func (s *Store) Standings(ctx context.Context, after string, limit int) ([]access.Standing, error) {
	list, err := collect(ctx, s.read, func(r scanner) (u access.Standing, err error) {
		err = r.Scan(&u.Code, &u.Name, &u.Level, &u.Parent, &u.Nodes, &u.Invites)
		return u, err
	}, `SELECT u.code, u.name, u.level, u.parent,
			(SELECT COUNT(*) FROM node n WHERE n.unit = u.code AND n.state <> 'revoked'),
			(SELECT COUNT(*) FROM invite i WHERE i.unit = u.code AND i.used_at = 0 AND i.expires_at > $1)
		FROM unit u WHERE u.level IN ('township', 'department') AND u.code > $2 ORDER BY u.code LIMIT $3`, millis(s.now()), after, limit)
	if err != nil {
		return nil, fmt.Errorf("listing units and their nodes: %w", err)
	}
	return list, nil
}

// Invites implements access.NodeStore.
func (s *Store) Invites(ctx context.Context, limit int) ([]access.Invite, error) {
	list, err := collect(ctx, s.read, scanInvite, inviteRows+`ORDER BY i.created_at DESC, i.hash LIMIT $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("listing invitations: %w", err)
	}
	return list, nil
}

// InvitesLike implements access.NodeStore.
func (s *Store) InvitesLike(ctx context.Context, ticket string, limit int) ([]string, error) {
	list, err := collect(ctx, s.read, func(r scanner) (hash string, err error) {
		err = r.Scan(&hash)
		return hash, err
	}, `SELECT hash FROM invite WHERE hash >= $1 AND hash < $2 ORDER BY hash LIMIT $3`, ticket, ticket+"g", limit) // g follows the hex digits
	if err != nil {
		return nil, fmt.Errorf("looking for an invitation: %w", err)
	}
	return list, nil
}

// InviteOf implements access.NodeStore.
func (s *Store) InviteOf(ctx context.Context, node string) (hash string, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT i.hash FROM invite i JOIN node n ON n.id = $1 AND n.unit = i.unit WHERE i.node = $1 LIMIT 1`, node).Scan(&hash)
	if notFound(err) {
		return "", access.ErrNoInvite
	}
	if err != nil {
		return "", fmt.Errorf("looking for the invitation of %s: %w", node, err)
	}
	return hash, nil
}

// Enrol implements access.NodeStore.
func (s *Store) Enrol(ctx context.Context, hash string, n access.Node) (joined access.Node, err error) {
	err = s.tx(ctx, "enrolling node", func(t *tx) error {
		// The lock on the invitation is what makes it single-use: of two at once
		// the second waits here and then finds it used.
		i, err := scanInvite(t.QueryRowContext(ctx, inviteRows+`WHERE i.hash = $1`+s.d.lock("i"), hash))
		if notFound(err) {
			return access.ErrNoInvite
		}
		if err != nil {
			return err
		}
		if i.Node != "" {
			joined, err = oneNode(ctx, t, `WHERE n.id = $1`, i.Node)
			if err == nil && joined.PublicKey != n.PublicKey {
				return access.ErrUsed
			}
			return err
		}
		if err := i.Usable(t.at); err != nil {
			return err
		}
		if was, err := oneNode(ctx, t, `WHERE n.id = $1`, n.Was); err == nil && was.Unit != i.Unit {
			return fault.New(fault.Conflict, "本机原来属于“"+was.UnitName+"”，这个入网码是给“"+i.UnitName+"”的，没有使用它。请向县里要本单位的入网码。")
		} else if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		joined = n
		joined.Unit, joined.UnitName, joined.Signer = i.Unit, i.UnitName, s.Key()
		if joined.Name == "" {
			joined.Name = i.UnitName
		}
		joined.Replaces = i.Replaces
		if i.Approval {
			joined.State = access.NodePending
		}
		if err := t.enrol(ctx, hash, joined); err != nil || i.Approval {
			return err
		}
		return t.letIn(ctx, joined)
	})
	return joined, err
}

func (t *tx) enrol(ctx context.Context, hash string, n access.Node) error {
	_, err := t.ExecContext(ctx, `UPDATE invite SET used_at = $2, node = $3 WHERE hash = $1`, hash, t.at.UnixMilli(), n.ID)
	if err != nil {
		return err
	}
	_, err = t.ExecContext(ctx, `INSERT INTO node (id, unit, name, public_key, state, reason, epoch, up_seq, down_seq, down_ack, program, skew,
		disk_free, queued, sent, files, oldest_at, seen_at, joined_at, revoked_at, settings, settings_hash, replaces, address, signer)
		VALUES ($1, $2, $3, $4, $5, '', '', 0, 0, 0, $6, 0, 0, 0, 0, 0, 0, 0, $7, 0, -1, '', $8, $9, $10)`,
		n.ID, n.Unit, n.Name, n.PublicKey, n.State, n.Program, millis(n.JoinedAt), n.Replaces, n.Address, n.Signer)
	if t.s.d.conflict(err) {
		return access.ErrKeyTaken
	}
	if err != nil {
		return err
	}
	c := change{after: n, detail: map[string]string{"unit": n.Unit, "name": n.Name, "state": n.State}}
	if err := t.audit("node:"+n.ID, "node.join", n.ID, c); err != nil {
		return err
	}
	return t.event("node.joined", n.ID, nil)
}

// letIn begins the down log of a node that may work now, and gives it the place
// its invitation names.
func (t *tx) letIn(ctx context.Context, n access.Node) error {
	number, err := settingsNumber(ctx, t)
	if err != nil {
		return err
	}
	self := told{id: n.ID, unit: n.Unit}
	c, err := readCounty(ctx, t, []told{self})
	if err != nil {
		return err
	}
	if err := t.tellSettings(ctx, self, c, number); err != nil {
		return err
	}
	if err := t.handOver(ctx, n); err != nil || n.Replaces == "" {
		return err
	}
	err = t.succeed(ctx, n, n.Replaces)
	if fault.Is(err, fault.NotFound) {
		return nil // one this hub has forgotten, see askStranger
	}
	return err
}

// ApproveNode implements access.NodeStore.
func (s *Store) ApproveNode(ctx context.Context, actor, id string) (n access.Node, err error) {
	err = s.tx(ctx, "letting node "+id+" in", func(t *tx) error {
		if n, err = oneNode(ctx, t, `WHERE n.id = $1`+s.d.lock("n"), id); err != nil {
			return err
		}
		if n.State != access.NodePending {
			return access.ErrNotWaiting
		}
		was := n
		n.State = access.NodeActive
		if _, err := t.ExecContext(ctx, `UPDATE node SET state = $2 WHERE id = $1`, id, n.State); err != nil {
			return err
		}
		if err := t.audit(actor, "node.approve", id, change{before: was, after: n, detail: map[string]string{"unit": n.Unit, "name": n.Name, "key": protocol.KeyFingerprint(n.PublicKey)}}); err != nil {
			return err
		}
		if err := t.letIn(ctx, n); err != nil {
			return err
		}
		n, err = oneNode(ctx, t, `WHERE n.id = $1`, id)
		if err != nil {
			return err
		}
		return t.event("node.active", id, nil)
	})
	return n, err
}
