package queue

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// HubKeys is the chain of keys this node has known its hub by.
type HubKeys struct {
	Present protocol.PublicKey
	Former  []protocol.PublicKey // in order
}

// HubKeys returns the chain; before the node has joined, a fault of kind Conflict.
func (q *Queue) HubKeys(ctx context.Context) (HubKeys, error) {
	id, err := q.Identity(ctx)
	if err != nil {
		return HubKeys{}, err
	}
	return q.hubKeys(ctx, id.HubKey)
}

func (q *Queue) hubKeys(ctx context.Context, present string) (k HubKeys, err error) {
	if k.Present, err = protocol.ParsePublic(present); err != nil {
		return k, fmt.Errorf("reading hub key: %w", err)
	}
	rows, err := q.db.Read.QueryContext(ctx, `SELECT key FROM hub_key ORDER BY n`)
	if err != nil {
		return k, fmt.Errorf("reading former hub keys: %w", err)
	}
	k.Former, err = collect(rows, func(row scanner) (key protocol.PublicKey, err error) {
		var text string
		if err := row.Scan(&text); err != nil {
			return key, err
		}
		return protocol.ParsePublic(text)
	})
	return k, err
}

// Was reports whether the hub had a public key before its present one.
func (k HubKeys) Was(public string) bool {
	return slices.ContainsFunc(k.Former, func(f protocol.PublicKey) bool { return f.String() == public })
}

var errForgedLink = errors.New("a link of the hub's keys that does not follow the last one")

// check reports why this node does not believe an entry of its down log. If it names
// the hub's next key, what follows is checked with that one as well.
func (k *HubKeys) check(node string, e protocol.Entry) error {
	f := e.Check(protocol.Down, node, k.Present)
	by := k.Present
	for i := 0; f != nil && f.Code == protocol.CodeSignature && i < len(k.Former); i++ {
		if by = k.Former[i]; e.Check(protocol.Down, node, by) == nil {
			f = nil
		}
	}
	if f != nil {
		return *f
	}
	m, link := nextKey(e)
	if !link || m.Key == k.Present.String() || k.Was(m.Key) {
		return nil
	}
	if by.String() != k.Present.String() || m.Former != by.String() {
		return errForgedLink
	}
	next, err := protocol.ParsePublic(m.Key)
	if err != nil {
		return err
	}
	k.Former, k.Present = append(slices.Clone(k.Former), k.Present), next
	return nil
}

// nextKey reads an entry that names the hub's next key.
func nextKey(e protocol.Entry) (*protocol.HubKey, bool) {
	if e.Kind != protocol.KindHubKey {
		return nil, false
	}
	m, faults := protocol.ReadBody(protocol.Down, e)
	k, ok := m.(*protocol.HubKey)
	return k, ok && len(faults) == 0
}

// follow takes the key that follows the present one. The entry was checked outside
// the transaction; that the chain has not grown meanwhile is checked here.
func (t *txn) follow(ctx context.Context, m *protocol.HubKey) error {
	var present string
	var known bool
	if err := t.row(ctx, `SELECT hub_key, EXISTS (SELECT 1 FROM hub_key WHERE key = $1) FROM station`, m.Key).Scan(&present, &known); err != nil {
		return fmt.Errorf("reading hub key: %w", err)
	}
	switch {
	case present == m.Key || known:
		return nil // read again, after the hub was restored
	case present != m.Former:
		return fmt.Errorf("%w: %w", ErrForged, errForgedLink)
	}
	if err := t.exec(ctx, `INSERT INTO hub_key (key, at) VALUES ($1, $2)`, present, t.now); err != nil {
		return fmt.Errorf("keeping the former hub key: %w", err)
	}
	t.q.log.InfoContext(ctx, "the hub has another key", "fingerprint", protocol.KeyFingerprint(m.Key), "former", protocol.KeyFingerprint(present))
	return t.exec(ctx, `UPDATE station SET hub_key = $1`, m.Key)
}

// ErrFormerHub is what a person is told when the hub speaks with a key it has given
// up.
var ErrFormerHub = fault.New(fault.Conflict, "县级平台用的是已经换下的旧密钥，多半是恢复了换密钥以前的备份。为防冒充，本机已停止收发，内容都在。请县级管理员运行 hub doctor，按提示把换密钥以后的 hub.seed 放回去；不用重新入网。")
