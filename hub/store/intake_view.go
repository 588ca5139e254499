package store

import (
	"context"
	"fmt"
	"slices"

	"zhanqun/hub/catalog"
	"zhanqun/hub/intake"
	"zhanqun/protocol"
)

// viewOf reads and locks what the rules need for a batch, in the lock order of
// this package.
func (t *tx) viewOf(ctx context.Context, b *intake.Batch) (*intake.View, error) {
	v := &intake.View{Items: map[string]*catalog.Item{}, Texts: map[intake.TextOf]*catalog.Revision{}, Refused: map[intake.ItemOf]int{}, Answer: func(node, unit string, m *protocol.Answer) (*protocol.Fault, error) {
		return t.answerFinding(ctx, node, unit, m)
	}, Looked: func(node string, m *protocol.Looked) (*protocol.Fault, error) { return t.keepLooked(ctx, node, m) }}
	items, withdrawn := b.Items()
	nodes := b.NodeIDs()
	if len(withdrawn) > 0 {
		others, err := t.strings(ctx, `SELECT DISTINCT o.node FROM item w JOIN entry_source s ON s.entry = w.entry JOIN item o ON o.id = s.item
			WHERE w.live_revision > 0 AND w.id IN `+t.s.d.in("$1"), withdrawn)
		if err != nil {
			return nil, fmt.Errorf("finding nodes of combined entries: %w", err)
		}
		nodes = append(nodes, others...)
		slices.Sort(nodes)
		nodes = slices.Compact(nodes)
	}
	var err error
	if v.Nodes, err = t.lockNodes(ctx, nodes); err != nil {
		return nil, err
	}
	if err := t.viewLog(ctx, v, b); err != nil {
		return nil, err
	}
	if err := t.viewEntries(ctx, v, withdrawn); err != nil {
		return nil, err
	}
	for _, e := range v.Entries {
		items = append(items, e.Items...)
	}
	if err := t.viewItems(ctx, v, items); err != nil {
		return nil, err
	}
	for _, e := range v.Entries {
		for _, id := range e.Items {
			if it := v.Items[id]; it != nil && v.Nodes[it.Node] == nil {
				return nil, errSources
			}
		}
	}
	if err := t.viewTexts(ctx, v, b.Again(v.Nodes, v.Items)); err != nil {
		return nil, err
	}
	return v, t.viewRest(ctx, v, b, items)
}

const lineNode = `SELECT id, unit, state, reason, epoch, up_seq, down_seq FROM node `

func scanLineNode(r scanner) (n intake.Node, err error) {
	err = r.Scan(&n.ID, &n.Unit, &n.State, &n.Reason, &n.Epoch, &n.Up, &n.Down)
	return n, err
}

func (t *tx) lockNodes(ctx context.Context, ids []string) (map[string]*intake.Node, error) {
	text, err := listText(ids)
	if err != nil {
		return nil, err
	}
	list, err := collect(ctx, t, scanLineNode, lineNode+`WHERE id IN `+t.s.d.in("$1")+` ORDER BY id`+t.s.d.forUpdate, text)
	if err != nil {
		return nil, fmt.Errorf("locking nodes: %w", err)
	}
	nodes := make(map[string]*intake.Node, len(list))
	for i := range list {
		nodes[list[i].ID] = &list[i]
	}
	return nodes, nil
}

// viewLog reads what is on file about positions the batch repeats.
func (t *tx) viewLog(ctx context.Context, v *intake.View, b *intake.Batch) (err error) {
	v.Known, v.Epochs = map[intake.Position]intake.Known{}, map[string][]string{}
	repeats := b.Repeats(v.Nodes)
	if len(repeats) == 0 {
		return nil
	}
	if v.Epochs, err = t.epochs(ctx, b.NodeIDs()); err != nil {
		return err
	}
	text, err := listText(repeats)
	if err != nil {
		return err
	}
	_, err = collect(ctx, t, func(r scanner) (struct{}, error) {
		var p intake.Position
		var k intake.Known
		err := r.Scan(&p.Node, &p.Epoch, &p.Seq, &k.Hash, &k.Outcome)
		v.Known[p] = k
		return struct{}{}, err
	}, `SELECT u.node, u.epoch, u.seq, u.hash, u.outcome FROM `+t.s.d.rows("$1", []string{"node", "epoch", "seq:int"})+`
		JOIN up_entry u ON u.node = r.node AND u.epoch = r.epoch AND u.seq = r.seq`, text)
	if err != nil {
		return fmt.Errorf("reading positions on file: %w", err)
	}
	return nil
}

func (t *tx) epochs(ctx context.Context, nodes []string) (map[string][]string, error) {
	text, err := listText(nodes)
	if err != nil {
		return nil, err
	}
	epochs := map[string][]string{}
	_, err = collect(ctx, t, func(r scanner) (struct{}, error) {
		var node, epoch string
		err := r.Scan(&node, &epoch)
		epochs[node] = append(epochs[node], epoch)
		return struct{}{}, err
	}, `SELECT node, epoch FROM node_epoch WHERE node IN `+t.s.d.in("$1"), text)
	if err != nil {
		return nil, fmt.Errorf("reading epochs: %w", err)
	}
	return epochs, nil
}

// viewEntries reads the live entries of items that are withdrawn. Who combines
// items holds their nodes' locks, so the sources cannot change any more. The
// entries' own locks are taken with their update, after the items'.
func (t *tx) viewEntries(ctx context.Context, v *intake.View, withdrawn []string) error {
	v.Entries = map[string]*intake.Entry{}
	if len(withdrawn) == 0 {
		return nil
	}
	text, err := listText(withdrawn)
	if err != nil {
		return err
	}
	_, err = collect(ctx, t, func(r scanner) (struct{}, error) {
		var entry, item string
		err := r.Scan(&entry, &item)
		if v.Entries[entry] == nil {
			v.Entries[entry] = &intake.Entry{ID: entry}
		}
		v.Entries[entry].Items = append(v.Entries[entry].Items, item)
		return struct{}{}, err
	}, `SELECT s.entry, s.item FROM entry_source s WHERE s.entry IN (
			SELECT e.id FROM item w JOIN entry e ON e.id = w.entry
			WHERE w.live_revision > 0 AND e.state = 'live' AND w.id IN `+t.s.d.in("$1")+`)
		ORDER BY s.entry, s.item`, text)
	if err != nil {
		return fmt.Errorf("reading entries to withdraw: %w", err)
	}
	return nil
}

func (t *tx) viewItems(ctx context.Context, v *intake.View, ids []string) error {
	text, err := listText(ids)
	if err != nil {
		return err
	}
	_, err = collect(ctx, t, func(r scanner) (struct{}, error) {
		var it catalog.Item
		var until, publish int64
		err := r.Scan(&it.ID, &it.Node, &it.Unit, &it.Origin, &it.Column, &it.Revision, &it.LiveRevision, &it.Entry, &it.State, &it.Step, &it.DueRole, &it.ClaimedBy, &until,
			&it.Emergency, &publish)
		it.ClaimedUntil, it.PublishAt = fromMillis(until), fromMillis(publish)
		v.Items[it.ID] = &it
		return struct{}{}, err
	}, `SELECT id, node, unit, origin, column_slug, revision, live_revision, entry, state, step, due_role, claimed_by, claimed_until,
		emergency, publish_at FROM item WHERE id IN `+t.s.d.in("$1")+` ORDER BY id`+t.s.d.forUpdate, text)
	if err != nil {
		return fmt.Errorf("locking items: %w", err)
	}
	return nil
}

// viewRest reads what needs no lock: columns, the villages that are named, and
// revisions that were refused before.
func (t *tx) viewRest(ctx context.Context, v *intake.View, b *intake.Batch, items []string) error {
	v.Columns, v.Units = map[string]catalog.Column{}, map[string]catalog.Unit{}
	all, err := columns(ctx, t)
	if err != nil {
		return fmt.Errorf("reading columns: %w", err)
	}
	for _, c := range all {
		v.Columns[c.Slug] = c
	}
	if origins := b.Origins(); len(origins) > 0 {
		text, err := listText(origins)
		if err != nil {
			return err
		}
		_, err = collect(ctx, t, func(r scanner) (struct{}, error) {
			var u catalog.Unit
			err := r.Scan(&u.Code, &u.Level, &u.Parent)
			v.Units[u.Code] = u
			return struct{}{}, err
		}, `SELECT code, level, parent FROM unit WHERE code IN `+t.s.d.in("$1"), text)
		if err != nil {
			return fmt.Errorf("reading origins: %w", err)
		}
	}
	text, err := listText(items)
	if err != nil {
		return err
	}
	_, err = collect(ctx, t, func(r scanner) (struct{}, error) {
		var key intake.ItemOf
		var revision int
		err := r.Scan(&key.Node, &key.Item, &revision)
		v.Refused[key] = revision
		return struct{}{}, err
	}, `SELECT node, item, MAX(revision) FROM refusal WHERE item <> '' AND kind = 'item.submit' AND code <> 'revision' AND item IN `+
		t.s.d.in("$1")+` GROUP BY node, item`, text)
	if err != nil {
		return fmt.Errorf("reading refused revisions: %w", err)
	}
	return nil
}

// strings returns the one text column of a query whose parameter is a list.
func (t *tx) strings(ctx context.Context, query string, list []string) ([]string, error) {
	text, err := listText(list)
	if err != nil {
		return nil, err
	}
	return collect(ctx, t, func(r scanner) (s string, err error) {
		err = r.Scan(&s)
		return s, err
	}, query, text)
}
