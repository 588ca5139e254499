package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"zhanqun/hub/catalog"
	"zhanqun/hub/review"
	"zhanqun/internal/account"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// itemColumns go with itemTables. The files of an item are those of its latest
// revision.
const (
	itemColumns = `i.id, i.node, i.unit, COALESCE(u.name, ''), i.origin, COALESCE(o.name, ''), i.title, i.column_slug, i.source, i.author,
	i.revision, i.live_revision, i.entry, i.state, i.step, i.due_role, i.flags, i.submitted_at, i.received_at, i.updated_at,
	i.claimed_by, COALESCE(a.name, ''), i.claimed_until, COALESCE(r.attachments, '')`
	itemTables = ` LEFT JOIN unit u ON u.code = i.unit LEFT JOIN unit o ON o.code = i.origin
	LEFT JOIN account a ON a.id = i.claimed_by LEFT JOIN revision r ON r.item = i.id AND r.revision = i.revision `
)

func scanItem(row scanner) (catalog.Item, error) {
	var i catalog.Item
	var state, flags, files string
	var submitted, received, updated, claimed int64
	err := row.Scan(&i.ID, &i.Node, &i.Unit, &i.UnitName, &i.Origin, &i.OriginName, &i.Title, &i.Column, &i.Source, &i.Author,
		&i.Revision, &i.LiveRevision, &i.Entry, &state, &i.Step, &i.DueRole, &flags, &submitted, &received, &updated,
		&i.ClaimedBy, &i.ClaimedName, &claimed, &files)
	if err != nil {
		return i, err
	}
	i.State = protocol.State(state)
	i.SubmittedAt, i.ReceivedAt, i.UpdatedAt, i.ClaimedUntil = fromMillis(submitted), fromMillis(received), fromMillis(updated), fromMillis(claimed)
	i.Flags, i.Attachments = []string{}, []protocol.Attachment{}
	if err := readList(flags, &i.Flags); err != nil {
		return i, fmt.Errorf("reading flags of item %s: %w", i.ID, err)
	}
	if err := readList(files, &i.Attachments); err != nil {
		return i, fmt.Errorf("reading files of item %s: %w", i.ID, err)
	}
	return i, nil
}

// readList reads a JSON array; an empty text or null leaves the list as it is.
func readList[T any](text string, into *[]T) error {
	if text == "" || text == "null" {
		return nil
	}
	return json.Unmarshal([]byte(text), into)
}

// listText writes a list as a JSON array, never null.
func listText[T any](list []T) (string, error) {
	if list == nil {
		list = []T{}
	}
	return jsonText(list)
}

const revisionColumns = `item, revision, title, body, column_slug, author, source, reviewer, note, override, endorsed_by,
	attachments, flags, epoch, seq, submitted_at, received_at`

func scanRevision(row scanner) (catalog.Revision, error) {
	var v catalog.Revision
	var files, flags string
	var submitted, received int64
	err := row.Scan(&v.Item, &v.Revision, &v.Title, &v.Body, &v.Column, &v.Author, &v.Source, &v.Reviewer, &v.Note, &v.Override, &v.EndorsedBy,
		&files, &flags, &v.Epoch, &v.Seq, &submitted, &received)
	if err != nil {
		return v, err
	}
	v.SubmittedAt, v.ReceivedAt = fromMillis(submitted), fromMillis(received)
	v.Flags, v.Attachments = []string{}, []protocol.Attachment{}
	if err := readList(flags, &v.Flags); err != nil {
		return v, fmt.Errorf("reading flags of item %s revision %d: %w", v.Item, v.Revision, err)
	}
	if err := readList(files, &v.Attachments); err != nil {
		return v, fmt.Errorf("reading files of item %s revision %d: %w", v.Item, v.Revision, err)
	}
	return v, nil
}

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

// Items implements review.Store.
func (s *Store) Items(ctx context.Context, q review.Query) ([]catalog.Item, review.Position, error) {
	w := walkOf(q)
	window := q.Limit
	if len(w.filter) > 0 {
		window = searchWindow
	}
	walk := "FROM item" + clause(w.walk) + w.order
	page := "SELECT id, received_at FROM (SELECT * " + walk + " LIMIT " + w.arg(window) + ") w" + clause(w.filter) + w.order + " LIMIT " + w.arg(q.Limit)
	order := strings.NewReplacer("received_at", "p.received_at", " id", " p.id").Replace(w.order)
	list, err := collect(ctx, s.read, scanItem, "SELECT "+itemColumns+" FROM ("+page+") p JOIN item i ON i.id = p.id"+itemTables+order, w.args...)
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
	err = s.read.QueryRowContext(ctx, fmt.Sprintf("SELECT received_at, id %s LIMIT 1 OFFSET %d", walk, searchWindow-1), w.args[:w.walkArgs]...).Scan(&at, &end.ID)
	if err != nil && !notFound(err) {
		return nil, review.Position{}, fmt.Errorf("listing items: %w", err)
	}
	end.At = fromMillis(at)
	return list, end, nil
}

// DueItems implements review.Store.
func (s *Store) DueItems(ctx context.Context, role, account string, after review.Position, limit int) ([]catalog.Item, error) {
	list, err := collect(ctx, s.read, scanItem, `SELECT `+itemColumns+` FROM item i`+itemTables+`
		WHERE i.due_role <> '' AND i.due_role = $1 AND (i.received_at, i.id) > ($2, $3)
			AND (i.claimed_by = $4 OR i.claimed_by = '' OR i.claimed_until <= $5)
			AND NOT EXISTS (SELECT 1 FROM held_decision h WHERE h.item = i.id)
			AND NOT EXISTS (SELECT 1 FROM decision d WHERE d.item = i.id AND d.revision = i.revision AND d.account = $4 AND d.action = $6 AND d.step < i.step)
		ORDER BY i.received_at, i.id LIMIT $7`,
		role, millis(after.At), after.ID, account, millis(s.now()), catalog.ActionApprove, limit)
	if err != nil {
		return nil, fmt.Errorf("listing items due for %s: %w", role, err)
	}
	return list, nil
}

// Counts implements review.Store.
func (s *Store) Counts(ctx context.Context, most int) (review.Counts, error) {
	c := review.Counts{States: map[protocol.State]int{}, Due: map[string]int{}, Most: most}
	count := func(condition, value string) (int, error) {
		var n int
		err := s.read.QueryRowContext(ctx, `SELECT count(*) FROM (SELECT 1 FROM item WHERE `+condition+` LIMIT $2) few`, value, most+1).Scan(&n)
		return n, err
	}
	var err error
	for state := range catalog.StateNames {
		if c.States[state], err = count("state = $1", string(state)); err != nil {
			return c, fmt.Errorf("counting items %s: %w", state, err)
		}
	}
	for _, role := range []account.Role{account.RoleReviewer, account.RoleChief} {
		if c.Due[string(role)], err = count("due_role <> '' AND due_role = $1", string(role)); err != nil {
			return c, fmt.Errorf("counting items due for %s: %w", role, err)
		}
	}
	return c, nil
}

// Revision implements review.Store.
func (s *Store) Revision(ctx context.Context, item string, revision int) (catalog.Revision, error) {
	v, err := scanRevision(s.read.QueryRowContext(ctx, `SELECT `+revisionColumns+` FROM revision WHERE item = $1 AND revision = $2`, item, revision))
	if notFound(err) {
		return v, fault.New(fault.NotFound, fmt.Sprintf("这条信息没有第 %d 稿。", revision))
	}
	if err != nil {
		return v, fmt.Errorf("reading revision %d of item %s: %w", revision, item, err)
	}
	return v, nil
}

// Bounds of what is shown of one item.
const (
	maxRevisions = 20
	maxDecisions = 200
	maxAdoptions = 100
)

// Item implements review.Store. Its parts are read one after the other; what
// changes meanwhile shows up as a conflict when somebody decides.
func (s *Store) Item(ctx context.Context, id string) (review.Detail, error) {
	var d review.Detail
	item, err := scanItem(s.read.QueryRowContext(ctx, `SELECT `+itemColumns+` FROM item i`+itemTables+`WHERE i.id = $1`, id))
	if notFound(err) {
		return d, errNoItem
	}
	if err != nil {
		return d, fmt.Errorf("reading item %s: %w", id, err)
	}
	d.Item = item
	if d.Revisions, err = collect(ctx, s.read, scanRevision, `SELECT `+revisionColumns+` FROM revision
		WHERE item = $1 AND revision <= $2 ORDER BY revision DESC LIMIT $3`, id, item.Revision, maxRevisions); err != nil {
		return d, fmt.Errorf("reading revisions of item %s: %w", id, err)
	}
	if len(d.Revisions) == 0 || d.Revisions[0].Revision != item.Revision {
		return d, fmt.Errorf("item %s lacks the text of revision %d", id, item.Revision)
	}
	if d.Decisions, err = decisionsOf(ctx, s.read, id); err != nil {
		return d, err
	}
	if d.Adoptions, err = adoptionsOf(ctx, s.read, id); err != nil {
		return d, err
	}
	if d.Arrived, err = arrived(ctx, s.read, s.d, item.Attachments); err != nil {
		return d, err
	}
	if item.Entry != "" {
		entries, err := s.entries(ctx, s.read, []string{item.Entry})
		if err != nil {
			return d, err
		}
		if len(entries) > 0 {
			d.Entry = &entries[0]
		}
	}
	held, err := heldOf(ctx, s.read, s.d, []string{id})
	if err != nil {
		return d, err
	}
	d.Held = held[id]
	return d, nil
}

var errNoItem = fault.New(fault.NotFound, "没有这条信息。")

const decisionColumns = `id, item, revision, step, action, reason, fields, comment, override, columns, role, account, name, at`

func scanDecision(row scanner) (catalog.Decision, error) {
	var d catalog.Decision
	var fields, columns string
	var at int64
	err := row.Scan(&d.ID, &d.Item, &d.Revision, &d.Step, &d.Action, &d.Reason, &fields, &d.Comment, &d.Override, &columns, &d.Role, &d.Account, &d.Name, &at)
	if err != nil {
		return d, err
	}
	d.At = fromMillis(at)
	if err := errors.Join(readList(fields, &d.Fields), readList(columns, &d.Columns)); err != nil {
		return d, fmt.Errorf("reading decision %s: %w", d.ID, err)
	}
	return d, nil
}

// decisionsOf returns the latest decisions on an item, oldest first.
func decisionsOf(ctx context.Context, q queryer, item string) ([]catalog.Decision, error) {
	list, err := collect(ctx, q, scanDecision, `SELECT `+decisionColumns+` FROM decision WHERE item = $1 ORDER BY at DESC, id DESC LIMIT $2`, item, maxDecisions)
	if err != nil {
		return nil, fmt.Errorf("reading decisions on item %s: %w", item, err)
	}
	slices.Reverse(list)
	return list, nil
}

// adoptionsOf returns the latest adoptions of an item, oldest first.
func adoptionsOf(ctx context.Context, q queryer, item string) ([]catalog.Adoption, error) {
	list, err := collect(ctx, q, func(row scanner) (catalog.Adoption, error) {
		var a catalog.Adoption
		var at int64
		err := row.Scan(&a.ID, &a.Item, &a.Outlet, &a.URL, &a.Entry, &at, &a.Account)
		a.At = fromMillis(at)
		return a, err
	}, `SELECT id, item, outlet, url, entry, at, account FROM adoption WHERE item = $1 ORDER BY at DESC, id DESC LIMIT $2`, item, maxAdoptions)
	if err != nil {
		return nil, fmt.Errorf("reading adoptions of item %s: %w", item, err)
	}
	slices.Reverse(list)
	return list, nil
}

// arrived tells for each file whether it is here.
func arrived(ctx context.Context, q queryer, d dialect, files []protocol.Attachment) (map[string]bool, error) {
	here := make(map[string]bool, len(files))
	if len(files) == 0 {
		return here, nil
	}
	digests := make([]string, len(files))
	for i, f := range files {
		digests[i], here[f.SHA256] = f.SHA256, false
	}
	text, err := listText(digests)
	if err != nil {
		return nil, fmt.Errorf("asking for files: %w", err)
	}
	found, err := collect(ctx, q, func(row scanner) (sha string, err error) { return sha, row.Scan(&sha) },
		`SELECT sha256 FROM blob WHERE sha256 IN `+d.in("$1"), text)
	if err != nil {
		return nil, fmt.Errorf("asking for files: %w", err)
	}
	for _, sha := range found {
		here[sha] = true
	}
	return here, nil
}
