package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"zhanqun/hub/intake"
	"zhanqun/protocol"
)

// streamSetting holds how far the broker's stream has been applied.
const streamSetting = "stream_seq"

// errSources says that an entry got other sources between looking whose they
// are and locking those nodes; the transaction starts over.
var errSources = errors.New("an entry got other sources meanwhile")

// ApplyUp implements intake.Store.
func (s *Store) ApplyUp(ctx context.Context, b intake.Batch) (r intake.Result, err error) {
	for try := 1; ; try++ {
		err = s.tx(ctx, "applying frames", func(t *tx) error {
			r, err = t.applyUp(ctx, b)
			return err
		})
		if !errors.Is(err, errSources) || try == tries {
			break
		}
	}
	if err != nil && s.d.content(err) {
		err = fmt.Errorf("%w: %w", intake.ErrContent, err)
	}
	return r, err
}

func (t *tx) applyUp(ctx context.Context, b intake.Batch) (intake.Result, error) {
	if b.Place.Stream != "" {
		if err := t.skipApplied(ctx, &b); err != nil {
			return intake.Result{}, err
		}
	}
	v, err := t.viewOf(ctx, &b)
	if err != nil {
		return intake.Result{}, err
	}
	plan, err := intake.Decide(v, b, t.at)
	if err != nil {
		return intake.Result{}, err
	}
	if err := t.carryOut(ctx, plan); err != nil {
		return intake.Result{}, err
	}
	if b.Place.Stream == "" {
		return plan.Result, nil
	}
	return plan.Result, t.putStreamPlace(ctx, b.Place)
}

// skipApplied takes out of b what the stream position covers already: another
// hub on this database, or this one before a crash, was here.
func (t *tx) skipApplied(ctx context.Context, b *intake.Batch) error {
	place, err := streamPlace(ctx, t, t.s.d.forUpdate)
	if err != nil || !place.Same(b.Place) {
		return err
	}
	b.Letters, b.Strays = maps.Clone(b.Letters), slices.Clone(b.Strays)
	for node, letters := range b.Letters {
		b.Letters[node] = slices.Clone(letters)
	}
	b.After(place.Seq)
	b.Place.Seq = max(b.Place.Seq, place.Seq)
	return nil
}

// StreamPlace implements intake.Store.
func (s *Store) StreamPlace(ctx context.Context) (intake.Place, error) {
	return streamPlace(ctx, s.read, "")
}

func streamPlace(ctx context.Context, q queryer, lock string) (p intake.Place, err error) {
	var text string
	err = q.QueryRowContext(ctx, `SELECT value FROM setting WHERE key = $1`+lock, streamSetting).Scan(&text)
	if notFound(err) {
		return p, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(text), &p)
	}
	if err != nil {
		return p, fmt.Errorf("reading stream position: %w", err)
	}
	return p, nil
}

func (t *tx) putStreamPlace(ctx context.Context, p intake.Place) error {
	text, err := jsonText(p)
	if err != nil {
		return fmt.Errorf("writing stream position: %w", err)
	}
	_, err = t.ExecContext(ctx, `INSERT INTO setting (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value`, streamSetting, text)
	if err != nil {
		return fmt.Errorf("writing stream position: %w", err)
	}
	return nil
}

// NodeKeys implements intake.Store.
func (s *Store) NodeKeys(ctx context.Context, ids []string) (map[string]intake.Keys, error) {
	text, err := listText(ids)
	if err != nil {
		return nil, err
	}
	keys := map[string]intake.Keys{}
	_, err = collect(ctx, s.read, func(r scanner) (struct{}, error) {
		var id, present, unretired, epoch, former string
		if err := r.Scan(&id, &present, &unretired, &epoch, &former); err != nil {
			return struct{}{}, err
		}
		// Enrolment and rekeying let no key in that cannot be read.
		var bad error
		read := func(text string) (key protocol.PublicKey) {
			if text != "" && bad == nil {
				key, bad = protocol.ParsePublic(text)
			}
			return key
		}
		k, known := keys[id]
		if !known {
			k.Present = read(present)
			if unretired != "" {
				key := read(unretired)
				k.Unretired = &key
			}
		}
		if epoch != "" {
			k.Epochs = append(k.Epochs, epoch)
		}
		if former != "" {
			k.Former = append(k.Former, intake.FormerKey{Epoch: epoch, Key: read(former)})
		}
		if bad != nil {
			return struct{}{}, fmt.Errorf("keys of node %s: %w", id, bad)
		}
		keys[id] = k
		return struct{}{}, nil
	}, `SELECT n.id, n.public_key, n.former_key, COALESCE(e.epoch, ''), COALESCE(e.public_key, '') FROM node n LEFT JOIN node_epoch e ON e.node = n.id
		WHERE n.id IN `+s.d.in("$1"), text)
	if err != nil {
		return nil, fmt.Errorf("reading keys of nodes: %w", err)
	}
	return keys, nil
}

// NodeState implements intake.Store.
func (s *Store) NodeState(ctx context.Context, id string) (intake.Node, error) {
	n, err := scanLineNode(s.read.QueryRowContext(ctx, lineNode+`WHERE id = $1`, id))
	if notFound(err) {
		return n, protocol.Fault{Code: protocol.CodeNode, Detail: "县级平台没有登记本节点，请重新入网"}
	}
	if err != nil {
		return n, fmt.Errorf("reading node %s: %w", id, err)
	}
	return n, nil
}

// GreetEpoch implements intake.Store.
func (s *Store) GreetEpoch(ctx context.Context, id, epoch string) (n intake.Node, err error) {
	err = s.tx(ctx, "greeting node "+id, func(t *tx) error {
		v := &intake.View{}
		if v.Nodes, err = t.lockNodes(ctx, []string{id}); err != nil {
			return err
		}
		if v.Nodes[id] == nil {
			return protocol.Fault{Code: protocol.CodeNode, Detail: "县级平台没有登记本节点，请重新入网"}
		}
		if v.Epochs, err = t.epochs(ctx, []string{id}); err != nil {
			return err
		}
		if err := t.carryOut(ctx, intake.Greet(v, id, epoch, t.at)); err != nil {
			return err
		}
		n = *v.Nodes[id]
		return nil
	})
	return n, err
}

// PullDown implements intake.Store.
func (s *Store) PullDown(ctx context.Context, id string, after uint64, maxBytes int) (intake.Node, []protocol.Entry, error) {
	// The head first: entries that are written meanwhile only make it too small.
	n, err := s.NodeState(ctx, id)
	if err != nil || after >= n.Down {
		return n, nil, err
	}
	rows, err := s.read.QueryContext(ctx, `SELECT seq, epoch, kind, hash, sig, body FROM down_entry WHERE node = $1 AND seq > $2 ORDER BY seq LIMIT 500`, id, after)
	if err != nil {
		return n, nil, fmt.Errorf("reading down log of %s: %w", id, err)
	}
	defer rows.Close()
	var list []protocol.Entry
	for size := 0; rows.Next(); {
		e := protocol.Entry{V: protocol.Version, Node: id}
		if err := rows.Scan(&e.Seq, &e.Epoch, &e.Kind, &e.Hash, &e.Sig, &e.Body); err != nil {
			return n, nil, fmt.Errorf("reading down log of %s: %w", id, err)
		}
		if size += len(e.Body) + protocol.MaxHeadBytes; size > maxBytes && len(list) > 0 {
			break
		}
		list = append(list, e)
	}
	if err := rows.Err(); err != nil {
		return n, nil, fmt.Errorf("reading down log of %s: %w", id, err)
	}
	return n, list, nil
}
