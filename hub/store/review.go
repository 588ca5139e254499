package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"zhanqun/hub/catalog"
	"zhanqun/hub/review"
	"zhanqun/protocol"
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
	_, err = collect(ctx, t, func(row scanner) (id string, err error) { return id, row.Scan(&id) },
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
	here, err := arrived(ctx, t, t.s.d, x.Text.Attachments)
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

// apply writes what a rule decided.
func (t *tx) apply(ctx context.Context, before review.Snapshot, e review.Effect) error {
	if err := t.moveItems(ctx, e.Items); err != nil {
		return err
	}
	if err := t.putHeld(ctx, e); err != nil {
		return err
	}
	if err := t.addDecisions(ctx, e.Decisions); err != nil {
		return err
	}
	if err := t.addAdoptions(ctx, e.Adoptions); err != nil {
		return err
	}
	for _, w := range e.Down {
		if err := t.down(ctx, w.Node, protocol.KindStatus, &w.Status); err != nil {
			return err
		}
	}
	for _, entry := range e.Entries {
		_, known := before.Entries[entry.ID]
		if err := t.putEntry(ctx, entry, !known); err != nil {
			return err
		}
	}
	for _, n := range e.Events {
		if err := t.event(n.Kind, n.Ref, n.Data); err != nil {
			return err
		}
	}
	for _, n := range e.Audits {
		if err := t.audit(n.Actor, n.Kind, n.Ref, n.Data); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) moveItems(ctx context.Context, items []catalog.Item) error {
	for _, i := range items {
		_, err := t.ExecContext(ctx, `UPDATE item SET state = $2, step = $3, due_role = $4, live_revision = $5, entry = $6,
				claimed_by = $7, claimed_until = $8, updated_at = $9 WHERE id = $1`,
			i.ID, string(i.State), i.Step, i.DueRole, i.LiveRevision, i.Entry, i.ClaimedBy, millis(i.ClaimedUntil), millis(t.at))
		if err != nil {
			return fmt.Errorf("writing item %s: %w", i.ID, err)
		}
	}
	return nil
}

func (t *tx) addDecisions(ctx context.Context, list []catalog.Decision) error {
	type row struct {
		catalog.Decision
		Fields  string `json:"fields"`
		Columns string `json:"columns"`
		Reason  string `json:"reason"` // those left out of the API when empty are not left out here
		Comment string `json:"comment"`
		Over    string `json:"override"`
		At      int64  `json:"at"`
	}
	if len(list) == 0 {
		return nil
	}
	rows := make([]row, len(list))
	for i, d := range list {
		fields, err := listText(d.Fields)
		if err != nil {
			return fmt.Errorf("writing decision: %w", err)
		}
		columns, err := listText(d.Columns)
		if err != nil {
			return fmt.Errorf("writing decision: %w", err)
		}
		rows[i] = row{Decision: d, Fields: fields, Columns: columns, Reason: d.Reason, Comment: d.Comment, Over: d.Override, At: millis(d.At)}
	}
	return t.insertRows(ctx, "decision", rows, "id", "item", "revision:int", "step:int", "action", "reason", "fields", "comment", "override",
		"columns", "role", "account", "name", "at:int")
}

func (t *tx) addAdoptions(ctx context.Context, list []catalog.Adoption) error {
	for _, a := range list {
		_, err := t.ExecContext(ctx, `INSERT INTO adoption (id, item, outlet, url, entry, at, account) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			a.ID, a.Item, a.Outlet, a.URL, a.Entry, millis(a.At), a.Account)
		if err != nil {
			return fmt.Errorf("writing adoption of item %s: %w", a.Item, err)
		}
	}
	return nil
}

// putHeld keeps the decision that is held, and forgets those held on items that
// changed otherwise.
func (t *tx) putHeld(ctx context.Context, e review.Effect) error {
	for _, i := range e.Items {
		if e.Hold != nil && e.Hold.Request.Item == i.ID {
			continue
		}
		if _, err := t.ExecContext(ctx, `DELETE FROM held_decision WHERE item = $1`, i.ID); err != nil {
			return fmt.Errorf("forgetting held decision on item %s: %w", i.ID, err)
		}
	}
	if e.Hold == nil {
		return nil
	}
	act, err := jsonText(e.Hold)
	if err != nil {
		return fmt.Errorf("writing held decision: %w", err)
	}
	_, err = t.ExecContext(ctx, `INSERT INTO held_decision (item, id, account, act, at, due_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		e.Hold.Request.Item, e.Hold.ID, e.Hold.Who.ID, act, millis(e.Hold.At), millis(e.Hold.DueAt))
	if err != nil {
		return fmt.Errorf("holding decision on item %s: %w", e.Hold.Request.Item, err)
	}
	return nil
}

func scanHeld(row scanner) (review.Held, error) {
	var h review.Held
	var act string
	if err := row.Scan(&act); err != nil {
		return h, err
	}
	return h, json.Unmarshal([]byte(act), &h)
}

// heldOf returns the decisions held on items, by item.
func heldOf(ctx context.Context, q queryer, d dialect, items []string) (map[string]*review.Held, error) {
	text, err := listText(items)
	if err != nil {
		return nil, err
	}
	list, err := collect(ctx, q, scanHeld, `SELECT act FROM held_decision WHERE item IN `+d.in("$1"), text)
	if err != nil {
		return nil, fmt.Errorf("reading held decisions: %w", err)
	}
	held := make(map[string]*review.Held, len(list))
	for i := range list {
		held[list[i].Request.Item] = &list[i]
	}
	return held, nil
}

// HeldDue implements review.Store.
func (s *Store) HeldDue(ctx context.Context, now time.Time, limit int) ([]review.Held, time.Time, error) {
	due, err := collect(ctx, s.read, scanHeld, `SELECT act FROM held_decision WHERE due_at <= $1 ORDER BY due_at LIMIT $2`, millis(now), limit)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("reading held decisions: %w", err)
	}
	var next int64
	err = s.read.QueryRowContext(ctx, `SELECT due_at FROM held_decision WHERE due_at > $1 ORDER BY due_at LIMIT 1`, millis(now)).Scan(&next)
	if err != nil && !notFound(err) {
		return nil, time.Time{}, fmt.Errorf("reading held decisions: %w", err)
	}
	return due, fromMillis(next), nil
}

// Complete implements review.Store.
func (s *Store) Complete(ctx context.Context, after string, limit int) (ids []string, next string, err error) {
	// The index of states goes by time; the set is small, since it holds only
	// what waits for a file on its way.
	items, err := collect(ctx, s.read, scanItem, `SELECT `+itemColumns+` FROM item i`+itemTables+`
		WHERE i.state = $1 AND i.id > $2 ORDER BY i.id LIMIT $3`, string(protocol.StateApproved), after, limit)
	if err != nil {
		return nil, "", fmt.Errorf("listing approved items: %w", err)
	}
	for _, i := range items {
		here, err := arrived(ctx, s.read, s.d, i.Attachments)
		if err != nil {
			return nil, "", err
		}
		whole := true
		for _, ok := range here {
			whole = whole && ok
		}
		if whole {
			ids = append(ids, i.ID)
		}
	}
	if len(items) == limit {
		next = items[len(items)-1].ID
	}
	return ids, next, nil
}
