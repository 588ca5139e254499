package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"zhanqun/hub/catalog"
	"zhanqun/hub/review"
	"zhanqun/internal/content"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// itemColumns go with itemTables. The files of an item are those of its latest
// revision.
const (
	itemColumns = `i.id, i.node, i.unit, COALESCE(u.name, ''), i.origin, COALESCE(o.name, ''), i.title, i.column_slug, i.source, i.author,
	i.revision, i.live_revision, i.entry, i.state, i.step, i.due_role, i.flags, i.submitted_at, i.received_at, i.updated_at,
	i.claimed_by, COALESCE(a.name, ''), i.claimed_until, i.emergency, i.publish_at, COALESCE(r.attachments, '')`
	itemTables = ` LEFT JOIN unit u ON u.code = i.unit LEFT JOIN unit o ON o.code = i.origin
	LEFT JOIN account a ON a.id = i.claimed_by LEFT JOIN revision r ON r.item = i.id AND r.revision = i.revision `
)

// itemBody follows itemColumns where the text is wanted, too.
const itemBody = `, COALESCE(r.body, '')`

// scanItemText reads itemColumns and itemBody.
func scanItemText(row scanner) (catalog.Item, error) {
	var body string
	i, err := scanItem(wider{row, &body})
	i.Body = body
	return i, err
}

// wider is a row with one more column at its end.
type wider struct {
	scanner
	last any
}

func (w wider) Scan(into ...any) error { return w.scanner.Scan(append(into, w.last)...) }

func scanItem(row scanner) (catalog.Item, error) {
	var i catalog.Item
	var state, flags, files string
	var submitted, received, updated, claimed, publish int64
	err := row.Scan(&i.ID, &i.Node, &i.Unit, &i.UnitName, &i.Origin, &i.OriginName, &i.Title, &i.Column, &i.Source, &i.Author,
		&i.Revision, &i.LiveRevision, &i.Entry, &state, &i.Step, &i.DueRole, &flags, &submitted, &received, &updated,
		&i.ClaimedBy, &i.ClaimedName, &claimed, &i.Emergency, &publish, &files)
	if err != nil {
		return i, err
	}
	i.State = protocol.State(state)
	i.SubmittedAt, i.ReceivedAt, i.UpdatedAt, i.ClaimedUntil = fromMillis(submitted), fromMillis(received), fromMillis(updated), fromMillis(claimed)
	i.PublishAt = fromMillis(publish)
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
	var files []protocol.Attachment // of all texts; what the latest says of one counts
	for _, v := range slices.Backward(d.Revisions) {
		files = append(files, v.Attachments...)
	}
	if d.Arrived, d.Unlike, err = arrived(ctx, s.read, s.d, item.Node, files); err != nil {
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

const decisionColumns = `id, item, revision, step, action, reason, fields, comment, override, columns, note, emergency, role, account, name, at`

func scanDecision(row scanner) (catalog.Decision, error) {
	var d catalog.Decision
	var fields, columns string
	var at int64
	err := row.Scan(&d.ID, &d.Item, &d.Revision, &d.Step, &d.Action, &d.Reason, &fields, &d.Comment, &d.Override, &columns, &d.Note, &d.Emergency, &d.Role, &d.Account, &d.Name, &at)
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

// arrived tells for each file of a node's item whether the node has brought it,
// and which are not what the item says. What only others have brought is not
// here: an item must not show, nor tell its node, what another unit keeps.
func arrived(ctx context.Context, q queryer, d dialect, node string, files []protocol.Attachment) (here, unlike map[string]bool, err error) {
	here, unlike = make(map[string]bool, len(files)), map[string]bool{}
	if len(files) == 0 {
		return here, unlike, nil
	}
	claims := make(map[string]protocol.Attachment, len(files))
	digests := make([]string, len(files))
	for i, f := range files {
		digests[i], claims[f.SHA256], here[f.SHA256] = f.SHA256, f, false
	}
	text, err := listText(digests)
	if err != nil {
		return nil, nil, fmt.Errorf("asking for files: %w", err)
	}
	found, err := collect(ctx, q, func(row scanner) (f protocol.Attachment, err error) {
		err = row.Scan(&f.SHA256, &f.Size, &f.Type)
		return f, err
	}, `SELECT b.sha256, b.size, b.type FROM blob_offer o JOIN blob b ON b.sha256 = o.sha256
		WHERE o.node = $1 AND o.done = $2 AND o.sha256 IN `+d.in("$3"), node, true, text)
	if err != nil {
		return nil, nil, fmt.Errorf("asking for files: %w", err)
	}
	for _, f := range found {
		claim := claims[f.SHA256]
		if f.Size == claim.Size && content.Alike(claim.Type, f.Type) {
			here[f.SHA256] = true
		} else {
			unlike[f.SHA256] = true
		}
	}
	return here, unlike, nil
}

// stored tells for each file whether anybody has brought it.
func stored(ctx context.Context, q queryer, d dialect, files []protocol.Attachment) (map[string]bool, error) {
	digests := make([]string, len(files))
	for i, f := range files {
		digests[i] = f.SHA256
	}
	text, err := listText(digests)
	if err != nil {
		return nil, fmt.Errorf("asking for files: %w", err)
	}
	found, err := collect(ctx, q, scanText, `SELECT sha256 FROM blob WHERE sha256 IN `+d.in("$1"), text)
	if err != nil {
		return nil, fmt.Errorf("asking for files: %w", err)
	}
	here := make(map[string]bool, len(found))
	for _, sha := range found {
		here[sha] = true
	}
	return here, nil
}
