package store

import (
	"context"
	"fmt"

	"zhanqun/hub/catalog"
	"zhanqun/hub/review"
	"zhanqun/protocol"
)

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
		if err := t.tell(ctx, w); err != nil {
			return err
		}
	}
	for _, entry := range e.Entries {
		if err := t.putEntry(ctx, entry, before.Entries[entry.ID].Version); err != nil {
			return err
		}
	}
	for _, p := range e.Pins {
		if _, err := t.ExecContext(ctx, `UPDATE entry SET pinned_until = $2 WHERE id = $1`, p.Entry, millis(p.Until)); err != nil {
			return fmt.Errorf("pinning entry %s: %w", p.Entry, err)
		}
	}
	for _, n := range e.Events {
		if err := t.event(n.Kind, n.Ref, n.Data); err != nil {
			return err
		}
	}
	for _, n := range e.Audits {
		if err := t.audit(n.Actor, n.Kind, n.Ref, changeOf(before, e, n.Ref, n.Data)); err != nil {
			return err
		}
	}
	return nil
}

// tell appends a word with its memo to its node's log, or one that was said
// before as it was.
func (t *tx) tell(ctx context.Context, w review.Word) (err error) {
	if w.Body != nil {
		return t.say(ctx, w.Node, protocol.KindStatus, w.Body)
	}
	if w.Status.Memo, err = t.s.seal(w.Memo); err != nil {
		return err
	}
	return t.down(ctx, w.Node, protocol.KindStatus, &w.Status)
}

func (t *tx) moveItems(ctx context.Context, items []catalog.Item) error {
	for _, i := range items {
		_, err := t.ExecContext(ctx, `UPDATE item SET state = $2, step = $3, due_role = $4, live_revision = $5, entry = $6,
				claimed_by = $7, claimed_until = $8, updated_at = $9, emergency = $10, publish_at = $11 WHERE id = $1`,
			i.ID, string(i.State), i.Step, i.DueRole, i.LiveRevision, i.Entry, i.ClaimedBy, millis(i.ClaimedUntil), millis(t.at),
			i.Emergency, millis(i.PublishAt))
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
		Note    string `json:"note"`
		Rush    bool   `json:"emergency"`
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
		rows[i] = row{Decision: d, Fields: fields, Columns: columns, Reason: d.Reason, Comment: d.Comment, Over: d.Override,
			Note: d.Note, Rush: d.Emergency, At: millis(d.At)}
	}
	return t.insertRows(ctx, "decision", rows, "id", "item", "revision:int", "step:int", "action", "reason", "fields", "comment", "override",
		"columns", "note", "emergency:bool", "role", "account", "name", "at:int")
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
