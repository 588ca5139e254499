package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"zhanqun/hub/catalog"
	"zhanqun/hub/review"
)

// errParted says that what was to be locked changed before it was. The
// transaction is run again.
var errParted = errors.New("items were combined or parted meanwhile")

// Decide implements review.Store.
func (s *Store) Decide(ctx context.Context, ids []string, rule func(review.Snapshot) (review.Effect, error)) error {
	for try := 1; ; try++ {
		err := s.tx(ctx, "deciding", func(t *tx) error {
			before, err := t.snapshot(ctx, ids)
			if err != nil {
				return err
			}
			e, err := rule(before)
			if err != nil {
				return err
			}
			return t.apply(ctx, before, e)
		})
		if try == tries || !errors.Is(err, errParted) {
			return err
		}
	}
}

// reach is what a decision on some items touches.
type reach struct {
	nodes, items, entries []string // sorted
}

// reachOf finds, without locks, the items of ids, the live entries they are part
// of, the other items of those, and the nodes of all.
func (t *tx) reachOf(ctx context.Context, ids []string) (reach, error) {
	text, err := listText(ids)
	if err != nil {
		return reach{}, err
	}
	var r reach
	in := t.s.d.in("$1")
	_, err = collect(ctx, t, func(row scanner) (bool, error) {
		var id, node, entry string
		err := row.Scan(&id, &node, &entry)
		r.items, r.nodes = append(r.items, id), append(r.nodes, node)
		if entry != "" {
			r.entries = append(r.entries, entry)
		}
		return true, err
	}, `SELECT i.id, i.node, CASE WHEN i.live_revision > 0 THEN i.entry ELSE '' END FROM item i WHERE i.id IN `+in+`
		UNION SELECT i.id, i.node, v.entry FROM item mine JOIN entry_source v ON v.entry = mine.entry JOIN item i ON i.id = v.item
			WHERE mine.id IN `+in+` AND mine.live_revision > 0 AND i.live_revision > 0 AND i.entry = v.entry`, text)
	if err != nil {
		return reach{}, fmt.Errorf("finding what is decided on: %w", err)
	}
	for _, list := range []*[]string{&r.nodes, &r.items, &r.entries} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return r, nil
}

func (r reach) equal(o reach) bool {
	return slices.Equal(r.nodes, o.nodes) && slices.Equal(r.items, o.items) && slices.Equal(r.entries, o.entries)
}

// lock locks the rows of one table in the order of their ids.
func (t *tx) lock(ctx context.Context, table string, ids []string) error {
	if t.s.d.forUpdate == "" || len(ids) == 0 {
		return nil
	}
	text, err := listText(ids)
	if err != nil {
		return err
	}
	_, err = collect(ctx, t, scanText,
		`SELECT id FROM `+table+` WHERE id IN `+t.s.d.in("$1")+` ORDER BY id`+t.s.d.forUpdate, text)
	if err != nil {
		return fmt.Errorf("locking %s: %w", table, err)
	}
	return nil
}

// snapshot locks and reads what a rule has to see.
func (t *tx) snapshot(ctx context.Context, ids []string) (review.Snapshot, error) {
	s := review.Snapshot{At: t.at, Entries: map[string]catalog.Entry{}}
	r, err := t.reachOf(ctx, ids)
	if err != nil {
		return s, err
	}
	for _, l := range []struct {
		table string
		ids   []string
	}{{"node", r.nodes}, {"item", r.items}, {"entry", r.entries}} {
		if err := t.lock(ctx, l.table, l.ids); err != nil {
			return s, err
		}
	}
	again, err := t.reachOf(ctx, ids)
	if err != nil {
		return s, err
	}
	if !again.equal(r) {
		return s, errParted
	}
	if s.Columns, err = columns(ctx, t); err != nil {
		return s, fmt.Errorf("reading columns: %w", err)
	}
	entries, err := t.s.entries(ctx, t, r.entries)
	if err != nil {
		return s, err
	}
	for _, e := range entries {
		s.Entries[e.ID] = e
	}
	subjects, err := t.subjects(ctx, r.items)
	if err != nil {
		return s, err
	}
	for _, id := range ids {
		x, ok := subjects[id]
		if !ok {
			return s, errNoItem
		}
		if err := t.complete(ctx, &x); err != nil {
			return s, err
		}
		s.Items = append(s.Items, x)
	}
	for _, id := range r.items {
		if !slices.Contains(ids, id) {
			s.Others = append(s.Others, subjects[id])
		}
	}
	return s, nil
}

// subjects reads items with the decisions on their latest revisions.
func (t *tx) subjects(ctx context.Context, ids []string) (map[string]review.Subject, error) {
	text, err := listText(ids)
	if err != nil {
		return nil, err
	}
	in := t.s.d.in("$1")
	items, err := collect(ctx, t, scanItem, `SELECT `+itemColumns+` FROM item i`+itemTables+`WHERE i.id IN `+in, text)
	if err != nil {
		return nil, fmt.Errorf("reading items: %w", err)
	}
	held, err := heldOf(ctx, t, t.s.d, ids)
	if err != nil {
		return nil, err
	}
	all := make(map[string]review.Subject, len(items))
	for _, i := range items {
		all[i.ID] = review.Subject{Item: i, Held: held[i.ID], Text: catalog.Revision{
			Item: i.ID, Revision: i.Revision, Title: i.Title, Column: i.Column, Author: i.Author, Source: i.Source,
			Attachments: i.Attachments, Flags: i.Flags,
		}}
	}
	if err := t.liveColumns(ctx, items, all); err != nil {
		return nil, err
	}
	decisions, err := collect(ctx, t, scanDecision, `SELECT `+decisionColumns+` FROM decision WHERE item IN `+in+`
		AND revision = (SELECT i.revision FROM item i WHERE i.id = decision.item) ORDER BY at, id`, text)
	if err != nil {
		return nil, fmt.Errorf("reading decisions: %w", err)
	}
	for _, d := range decisions {
		x := all[d.Item]
		x.Decisions = append(x.Decisions, d)
		all[d.Item] = x
	}
	return all, nil
}

// liveColumns notes what column the live revisions were meant for of those
// items that have a newer one.
func (t *tx) liveColumns(ctx context.Context, items []catalog.Item, all map[string]review.Subject) error {
	for _, i := range items {
		if i.LiveRevision == 0 || i.LiveRevision == i.Revision {
			continue
		}
		x := all[i.ID]
		err := t.QueryRowContext(ctx, `SELECT column_slug FROM revision WHERE item = $1 AND revision = $2`, i.ID, i.LiveRevision).Scan(&x.LiveColumn)
		if err != nil {
			return fmt.Errorf("reading the live column of item %s: %w", i.ID, err)
		}
		all[i.ID] = x
	}
	return nil
}

// complete adds what only the items asked for need: text, adoptions, files.
func (t *tx) complete(ctx context.Context, x *review.Subject) error {
	var err error
	if x.Text, err = scanRevision(t.QueryRowContext(ctx, `SELECT `+revisionColumns+` FROM revision WHERE item = $1 AND revision = $2`,
		x.Item.ID, x.Item.Revision)); err != nil {
		return fmt.Errorf("reading revision %d of item %s: %w", x.Item.Revision, x.Item.ID, err)
	}
	if x.Adoptions, err = adoptionsOf(ctx, t, x.Item.ID); err != nil {
		return err
	}
	here, _, err := arrived(ctx, t, t.s.d, x.Item.Node, x.Text.Attachments)
	if err != nil {
		return err
	}
	for _, ok := range here {
		if !ok {
			x.Missing++
		}
	}
	return nil
}
