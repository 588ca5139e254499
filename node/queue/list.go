package queue

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// Filter chooses items. Empty fields choose all.
type Filter struct {
	State   State
	Due     bool // those that need somebody here: see dueClause
	Village string
	Column  string
	Query   string // in the title
}

// stateClauses say, for each state, what Item.atHub says in words of SQL. A test
// holds the two together.
func stateClause(s State) string {
	const out = `i.revision > 0 AND i.stage <> 'awaiting' AND i.state <> 'withdrawn'`
	switch s {
	case Drafting:
		return `i.revision = 0 AND i.stage = 'draft' AND i.stage <> 'out'`
	case Awaiting:
		return `i.stage = 'awaiting' AND i.stage <> 'out' AND i.state <> 'withdrawn'`
	case Queued:
		return `i.seq > s.sent AND i.id IN (SELECT ref FROM up_entry WHERE seq > (SELECT sent FROM station)) AND ` + out
	case Sent:
		return `i.seq > s.confirmed AND i.seq <= s.sent AND i.id IN (SELECT u.ref FROM up_entry u
			WHERE u.seq > (SELECT confirmed FROM station) AND u.seq <= (SELECT sent FROM station)) AND ` + out
	case State(protocol.StateWithdrawn):
		return `i.state = 'withdrawn' AND i.state <> ''`
	}
	return `i.state = ? AND i.state <> '' AND i.seq <= s.confirmed AND ` + out
}

// dueClause chooses what waits for somebody here: returned or refused and not
// yet handed in again, sent back to the village, or waiting for the township.
const dueClause = `i.id IN (SELECT id FROM item WHERE stage = 'awaiting' AND stage <> 'out' AND ?
	UNION SELECT id FROM item WHERE stage = 'draft' AND stage <> 'out' AND comment <> '' AND NOT ?
	UNION SELECT id FROM item WHERE state IN ('returned', 'refused') AND state <> '' AND stage <> 'awaiting'
		AND withdraw_seq = 0 AND seq <= (SELECT confirmed FROM station))`

// List returns items, newest first, and the cursor of the next page, empty at
// the end. A village sees its own.
func (q *Queue) List(ctx context.Context, actor Actor, f Filter, cursor string, limit int) (list []Item, next string, err error) {
	before, err := readCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	limit = clampLimit(limit)
	text, args := listQuery(actor, f, before, limit+1)
	rows, err := q.db.Read.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, "", fmt.Errorf("listing items: %w", err)
	}
	if list, err = collect(rows, scanItem); err != nil {
		return nil, "", fmt.Errorf("listing items: %w", err)
	}
	if len(list) > limit {
		list = list[:limit]
		next = writeCursor(list[limit-1].N)
	}
	return list, next, nil
}

func listQuery(actor Actor, f Filter, before int64, limit int) (text string, args []any) {
	where, args := chosen(actor, f)
	args = append(args, before, limit)
	return `SELECT ` + itemColumns + itemFrom + `WHERE ` + where + // constants and placeholders only
		fmt.Sprintf(` AND i.n < $%d ORDER BY i.n DESC LIMIT $%d`, len(args)-1, len(args)), args
}

// chosen returns the condition of f with its arguments.
func chosen(actor Actor, f Filter) (where string, args []any) {
	clauses := []string{"true"}
	add := func(clause string, v any) {
		if strings.Contains(clause, "?") {
			args = append(args, v)
			clause = strings.ReplaceAll(clause, "?", "$"+strconv.Itoa(len(args)))
		}
		clauses = append(clauses, clause)
	}
	if !actor.Township() {
		f.Village = actor.Village
		add(`i.village <> ''`, nil)
	}
	if f.Village != "" {
		add(`i.village = ?`, f.Village)
	}
	if f.State != "" {
		add(stateClause(f.State), string(f.State))
	}
	if f.Due {
		add(dueClause, actor.Township())
	}
	if f.Column != "" {
		add(`i.column_slug = ?`, f.Column)
	}
	if f.Query != "" {
		add(`instr(i.title, ?) > 0`, f.Query)
	}
	return strings.Join(clauses, " AND "), args
}

// Counts are how many items of each kind the first page speaks of.
type Counts struct {
	Drafts   int64 `json:"drafts"`
	Awaiting int64 `json:"awaiting"`
	Due      int64 `json:"due"`      // need somebody here
	Findings int64 `json:"findings"` // open, and no answer given yet
	Notices  int64 `json:"notices"`  // unread
}

// Counts returns what needs somebody here.
func (q *Queue) Counts(ctx context.Context, actor Actor) (Counts, error) {
	var c Counts
	for _, n := range []struct {
		into *int64
		f    Filter
	}{{&c.Drafts, Filter{State: Drafting}}, {&c.Awaiting, Filter{State: Awaiting}}, {&c.Due, Filter{Due: true}}} {
		where, args := chosen(actor, n.f)
		if err := q.db.Read.QueryRowContext(ctx, `SELECT count(*)`+itemFrom+`WHERE `+where, args...).Scan(n.into); err != nil { // #nosec G202 -- constants and placeholders only
			return Counts{}, fmt.Errorf("counting items: %w", err)
		}
	}
	err := q.db.Read.QueryRowContext(ctx, `SELECT
		(SELECT count(*) FROM finding f WHERE f.open AND f.answer = '' AND f.state IN ('open', 'recheck')
			AND ($1 OR f.item IN (SELECT id FROM item WHERE village = $2 AND village <> ''))),
		(SELECT count(*) FROM notice WHERE read_at = 0)`, actor.Township(), actor.Village).Scan(&c.Findings, &c.Notices)
	if err != nil {
		return Counts{}, fmt.Errorf("counting findings: %w", err)
	}
	return c, nil
}

// maxPage bounds a page of any list.
const maxPage = 200

func clampLimit(n int) int {
	if n <= 0 {
		return 50
	}
	return min(n, maxPage)
}

const noCursor = int64(1) << 62

func readCursor(s string) (int64, error) {
	if s == "" {
		return noCursor, nil
	}
	n, err := strconv.ParseInt(s, 36, 64)
	if err != nil || n <= 0 {
		return 0, fault.New(fault.Invalid, "翻页位置无效，请回到第一页。")
	}
	return n, nil
}

func writeCursor(n int64) string { return strconv.FormatInt(n, 36) }

func decodeInto(text string, into any) error {
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return fmt.Errorf("reading stored JSON: %w", err)
	}
	return nil
}
