package store

import (
	"context"
	"fmt"

	"zhanqun/hub/catalog"
	"zhanqun/hub/review"
	"zhanqun/internal/account"
	"zhanqun/protocol"
)

// requeueLimit is how many items are looked at in one statement.
const requeueLimit = 500

const (
	underReview = `SELECT received_at, id FROM item WHERE state = 'in_review' AND (received_at, id) > ($1, $2) ORDER BY received_at, id LIMIT $3`
	// What was published in an emergency and is looked at afterwards.
	provisional = `SELECT received_at, id FROM item WHERE emergency AND (received_at, id) > ($1, $2) ORDER BY received_at, id LIMIT $3`
)

// requeue puts items under review before the role that is due now that the
// steps of a column have changed. At the first step that is the role of the
// column's own first step; later steps depend on the columns that were chosen,
// so each item is looked at. Only what is under review is read.
func (t *tx) requeue(ctx context.Context, c catalog.Column) error {
	for _, role := range []account.Role{account.RoleReviewer, account.RoleChief} {
		if string(role) == c.Steps[0].Role {
			continue
		}
		if _, err := t.ExecContext(ctx, `UPDATE item SET due_role = $1 WHERE due_role <> '' AND due_role = $2 AND column_slug = $3 AND state = $4`,
			c.Steps[0].Role, string(role), c.Slug, string(protocol.StateReceived)); err != nil {
			return fmt.Errorf("putting items of column %s before another role: %w", c.Slug, err)
		}
	}
	s := review.Snapshot{At: t.at}
	var err error
	if s.Columns, err = columns(ctx, t); err != nil {
		return err
	}
	if err := t.requeueThose(ctx, s, underReview, func(i catalog.Item) bool { return i.State == protocol.StateInReview }); err != nil {
		return err
	}
	return t.requeueThose(ctx, s, provisional, func(i catalog.Item) bool { return i.Emergency && i.State.Live() })
}

// requeueThose does it for what a query lists. Which they are is asked without
// locks; an item that moves on meanwhile, which still tells, was decided by the
// old steps, and one that comes is due by the new ones.
func (t *tx) requeueThose(ctx context.Context, s review.Snapshot, query string, still func(catalog.Item) bool) error {
	for after := (review.Position{}); ; {
		var last review.Position
		ids, err := collect(ctx, t, func(row scanner) (string, error) {
			var at int64
			err := row.Scan(&at, &last.ID)
			last.At = fromMillis(at)
			return last.ID, err
		}, query, millis(after.At), after.ID, requeueLimit)
		if err != nil {
			return fmt.Errorf("listing items under review: %w", err)
		}
		if err := t.lock(ctx, "item", ids); err != nil {
			return err
		}
		all, err := t.subjects(ctx, ids)
		if err != nil {
			return err
		}
		for _, id := range ids {
			x := all[id]
			step, role := review.Due(s, x)
			if !still(x.Item) || step == x.Item.Step && role == x.Item.DueRole {
				continue
			}
			if _, err := t.ExecContext(ctx, `UPDATE item SET step = $2, due_role = $3 WHERE id = $1`, id, step, role); err != nil {
				return fmt.Errorf("putting item %s before another role: %w", id, err)
			}
		}
		if len(ids) < requeueLimit {
			return nil
		}
		after = last
	}
}
