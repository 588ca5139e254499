package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"zhanqun/hub/catalog"
	"zhanqun/hub/review"
	"zhanqun/internal/account"
	"zhanqun/protocol"
)

// searchWindow is how many rows one page of a list looks at for what no index
// finds: part of a title, a unit within a state. The rest is on the next pages.
const searchWindow = 5000

// itemWalk is a query for items: along one index, with what the index cannot
// tell left to a filter. The arguments of the walk come first.
type itemWalk struct {
	args     []any
	walk     []string
	walkArgs int
	filter   []string
	order    string
}

func (w *itemWalk) arg(v any) string {
	w.args = append(w.args, v)
	return fmt.Sprintf("$%d", len(w.args))
}

// walkOf chooses the index: that of what is due or of an open state first, since
// those are few, then unit, column, any other state.
func walkOf(q review.Query) *itemWalk {
	open := q.State == protocol.StateReceived || q.State == protocol.StateInReview || q.State == protocol.StateApproved
	unit := "unit = ?"
	if q.Origin != "" && q.Unit == "" {
		q.Unit, unit = q.Origin, "unit = (SELECT parent FROM unit WHERE code = ?)"
	}
	type condition struct {
		wanted, indexed bool
		text, value     string
	}
	conditions := []condition{
		{q.Role != "", true, "due_role <> '' AND due_role = ?", q.Role},
		{open, true, "state = ?", string(q.State)},
		{q.Unit != "", true, unit, q.Unit},
		{q.Column != "", true, "column_slug = ?", q.Column},
		{q.State != "" && !open, true, "state = ?", string(q.State)},
		{q.Origin != "", false, "origin = ?", q.Origin},
		{q.Text != "", false, `lower(title) LIKE ? ESCAPE '\'`, "%" + likeText(q.Text) + "%"},
	}
	conditions = slices.DeleteFunc(conditions, func(c condition) bool { return !c.wanted })
	w := &itemWalk{order: " ORDER BY received_at DESC, id DESC"}
	beyond := "<"
	if q.Oldest {
		w.order, beyond = " ORDER BY received_at, id", ">"
	}
	if len(conditions) > 0 && conditions[0].indexed {
		w.walk = append(w.walk, strings.ReplaceAll(conditions[0].text, "?", w.arg(conditions[0].value)))
		conditions = conditions[1:]
	}
	if q.After.ID != "" {
		w.walk = append(w.walk, fmt.Sprintf("(received_at, id) %s (%s, %s)", beyond, w.arg(millis(q.After.At)), w.arg(q.After.ID)))
	}
	w.walkArgs = len(w.args)
	for _, c := range conditions {
		w.filter = append(w.filter, strings.ReplaceAll(c.text, "?", w.arg(c.value)))
	}
	return w
}

// likeText is s as a pattern that means s itself, folded like lower() does in
// both databases: ASCII only.
func likeText(s string) string {
	s = strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}, s)
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}

func clause(conditions []string) string {
	if len(conditions) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(conditions, " AND ")
}

// page returns the query for one page, and that for the row where the search
// ends; the latter takes the arguments of the walk only.
func (w *itemWalk) page(columns string, limit int) (list, end string) {
	window := limit
	if len(w.filter) > 0 {
		window = searchWindow
	}
	walk := "FROM item" + clause(w.walk) + w.order
	end = fmt.Sprintf("SELECT received_at, id %s LIMIT 1 OFFSET %d", walk, searchWindow-1)
	order := strings.NewReplacer("received_at", "p.received_at", " id", " p.id").Replace(w.order)
	page := "SELECT id, received_at FROM (SELECT * " + walk + " LIMIT " + w.arg(window) + ") w" + clause(w.filter) + w.order + " LIMIT " + w.arg(limit)
	return "SELECT " + columns + " FROM (" + page + ") p JOIN item i ON i.id = p.id" + itemTables + order, end
}

// Items implements review.Store.
func (s *Store) Items(ctx context.Context, q review.Query) ([]catalog.Item, review.Position, error) {
	w := walkOf(q)
	columns, scan := itemColumns, scanItem
	if q.Texts {
		columns, scan = itemColumns+itemBody, scanItemText
	}
	query, endQuery := w.page(columns, q.Limit)
	list, err := collect(ctx, s.read, scan, query, w.args...)
	if err != nil {
		return nil, review.Position{}, fmt.Errorf("listing items: %w", err)
	}
	if len(list) == q.Limit {
		last := list[len(list)-1]
		return list, review.Position{At: last.ReceivedAt, ID: last.ID}, nil
	}
	if len(w.filter) == 0 {
		return list, review.Position{}, nil
	}
	// The search ended where its window ended; is there anything behind it?
	var end review.Position
	var at int64
	err = s.read.QueryRowContext(ctx, endQuery, w.args[:w.walkArgs]...).Scan(&at, &end.ID)
	if err != nil && !notFound(err) {
		return nil, review.Position{}, fmt.Errorf("listing items: %w", err)
	}
	end.At = fromMillis(at)
	return list, end, nil
}

const dueItems = `SELECT ` + itemColumns + ` FROM item i` + itemTables + `
	WHERE i.due_role <> '' AND i.due_role = $1 AND (i.received_at, i.id) > ($2, $3)
		AND (i.claimed_by = $4 OR i.claimed_by = '' OR i.claimed_until <= $5)
		AND NOT EXISTS (SELECT 1 FROM held_decision h WHERE h.item = i.id)
		AND NOT EXISTS (SELECT 1 FROM decision d WHERE d.item = i.id AND d.revision = i.revision AND d.account = $4 AND d.action = $6 AND d.step <> i.step)
	ORDER BY i.received_at, i.id LIMIT $7`

// DueItems implements review.Store.
func (s *Store) DueItems(ctx context.Context, role, account string, after review.Position, limit int) ([]catalog.Item, error) {
	list, err := collect(ctx, s.read, scanItem, dueItems, role, millis(after.At), after.ID, account, millis(s.now()), catalog.ActionApprove, limit)
	if err != nil {
		return nil, fmt.Errorf("listing items due for %s: %w", role, err)
	}
	return list, nil
}

const (
	countState = `SELECT count(*) FROM (SELECT 1 FROM item WHERE state = $1 ORDER BY received_at, id LIMIT $2) few`
	countDue   = `SELECT count(*) FROM (SELECT 1 FROM item WHERE due_role <> '' AND due_role = $1 ORDER BY received_at, id LIMIT $2) few`
)

// Counts implements review.Store.
func (s *Store) Counts(ctx context.Context, most int) (review.Counts, error) {
	c := review.Counts{States: map[protocol.State]int{}, Due: map[string]int{}, Most: most}
	for state := range catalog.StateNames {
		var n int
		if err := s.read.QueryRowContext(ctx, countState, string(state), most+1).Scan(&n); err != nil {
			return c, fmt.Errorf("counting items %s: %w", state, err)
		}
		c.States[state] = n
	}
	for _, role := range []account.Role{account.RoleReviewer, account.RoleChief} {
		var n int
		if err := s.read.QueryRowContext(ctx, countDue, string(role), most+1).Scan(&n); err != nil {
			return c, fmt.Errorf("counting items due for %s: %w", role, err)
		}
		c.Due[string(role)] = n
	}
	return c, nil
}
