package store

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"zhanqun/hub/catalog"
	"zhanqun/hub/feed"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// FeedIdentity implements feed.Store.
func (s *Store) FeedIdentity(ctx context.Context) (string, time.Time, error) {
	const read = `SELECT value FROM setting WHERE key = 'feed_id'`
	var text string
	err := s.read.QueryRowContext(ctx, read).Scan(&text)
	if notFound(err) {
		made := uuid.NewString() + " " + strconv.FormatInt(millis(s.now()), 10)
		const add = `INSERT INTO setting (key, value) VALUES ('feed_id', $1) ON CONFLICT (key) DO UPDATE SET value = setting.value RETURNING value`
		err = s.write.QueryRowContext(ctx, add, made).Scan(&text)
	}
	if err != nil {
		return "", time.Time{}, fmt.Errorf("reading identity of the feed: %w", err)
	}
	id, at, _ := strings.Cut(text, " ")
	ms, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("reading identity of the feed: %w", err)
	}
	return id, fromMillis(ms), nil
}

// FeedHead implements feed.Store: the last stamp given.
func (s *Store) FeedHead(ctx context.Context) (int64, error) {
	var head int64
	if err := s.read.QueryRowContext(ctx, `SELECT value FROM counter WHERE name = 'feed'`).Scan(&head); err != nil {
		return 0, fmt.Errorf("reading head of the feed: %w", err)
	}
	return head, nil
}

// feedTable is where a list is read from: entry ids in the order of changes,
// one index walk for each state.
type feedTable struct {
	table, id, where string
	args             []any
	states           []string
}

func feedTableOf(l feed.List) feedTable {
	if l.Kind == feed.KindAll {
		return feedTable{table: "entry", id: "id", states: []string{catalog.EntryLive, catalog.EntryWithdrawn}}
	}
	return feedTable{table: "entry_list", id: "entry", where: "kind = $1 AND key = $2 AND ", args: []any{l.Kind, l.Key},
		states: []string{catalog.EntryLive, catalog.EntryWithdrawn, listGone}}
}

// feedPage returns the query for the ids of one page: the first rows of the live
// ones and the first of the withdrawn ones, merged.
func feedPage(q feed.Query) (string, []any) {
	t := feedTableOf(q.List)
	n := len(t.args)
	beyond, direction, from := "<", " DESC", feed.Position{At: time.UnixMilli(math.MaxInt64), ID: ""}
	if q.After.ID != "" {
		from = q.After
	}
	if q.Before.ID != "" {
		beyond, direction, from = ">", "", q.Before
	}
	order := fmt.Sprintf(" ORDER BY updated_at%s, %s%s LIMIT $%d", direction, t.id, direction, n+4)
	part := func(state, more string) string {
		return fmt.Sprintf("SELECT * FROM (SELECT %s AS id, updated_at FROM %s WHERE %sstate = '%s' AND (updated_at, %s) %s ($%d, $%d)%s%s) %s",
			t.id, t.table, t.where, state, t.id, beyond, n+1, n+2, more, order, state)
	}
	query := part(catalog.EntryLive, "") + " UNION ALL " + part(catalog.EntryWithdrawn, fmt.Sprintf(" AND updated_at > $%d", n+3)) +
		fmt.Sprintf(" ORDER BY updated_at%s, id%s LIMIT $%d", direction, direction, n+4)
	return query, append(t.args, millis(from.At), from.ID, millis(q.WithdrawnSince), q.Limit)
}

// FeedPage implements feed.Store.
func (s *Store) FeedPage(ctx context.Context, q feed.Query) ([]catalog.Entry, error) {
	query, args := feedPage(q)
	ids, err := collect(ctx, s.read, func(row scanner) (string, error) {
		var id string
		var at int64
		err := row.Scan(&id, &at)
		return id, err
	}, query, args...)
	if err != nil {
		return nil, fmt.Errorf("listing entries: %w", err)
	}
	list, err := s.entries(ctx, s.read, ids)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(list, func(a, b catalog.Entry) int {
		if c := b.UpdatedAt.Compare(a.UpdatedAt); c != 0 {
			return c
		}
		return strings.Compare(b.ID, a.ID)
	})
	return list, nil
}

// feedNewest returns the query for the two latest changes of a list.
func feedNewest(l feed.List) (string, []any) {
	t := feedTableOf(l)
	parts := make([]string, len(t.states))
	for i, state := range t.states {
		parts[i] = fmt.Sprintf("SELECT * FROM (SELECT updated_at FROM %s WHERE %sstate = '%s' ORDER BY updated_at DESC, %s DESC LIMIT 2) %s",
			t.table, t.where, state, t.id, state)
	}
	return strings.Join(parts, " UNION ALL ") + " ORDER BY updated_at DESC LIMIT 2", t.args
}

// feedWithdrawn returns the query for the latest withdrawal that is not later
// than the last argument.
func feedWithdrawn(l feed.List) (string, []any) {
	t := feedTableOf(l)
	return fmt.Sprintf("SELECT updated_at FROM %s WHERE %sstate = '%s' AND updated_at <= $%d ORDER BY updated_at DESC, %s DESC LIMIT 1",
		t.table, t.where, catalog.EntryWithdrawn, len(t.args)+1, t.id), t.args
}

// FeedChanges implements feed.Store.
func (s *Store) FeedChanges(ctx context.Context, l feed.List, limits ...time.Time) (changes, withdrawals []time.Time, err error) {
	scan := func(row scanner) (time.Time, error) {
		var at int64
		err := row.Scan(&at)
		return fromMillis(at), err
	}
	query, args := feedNewest(l)
	if changes, err = collect(ctx, s.read, scan, query, args...); err != nil {
		return nil, nil, fmt.Errorf("asking when entries changed: %w", err)
	}
	query, args = feedWithdrawn(l)
	for _, limit := range limits {
		at, err := scan(s.read.QueryRowContext(ctx, query, append(slices.Clone(args), millis(limit))...))
		if err != nil && !notFound(err) {
			return nil, nil, fmt.Errorf("asking when entries were withdrawn: %w", err)
		}
		withdrawals = append(withdrawals, at)
	}
	return changes, withdrawals, nil
}

// Few entries are pinned, so those are walked and looked for in the list.
const (
	pinned   = `SELECT id FROM entry WHERE pinned_until > 0 AND pinned_until > $1 AND state = 'live' ORDER BY pinned_until DESC, id DESC LIMIT $2`
	pinnedOf = `SELECT e.id FROM entry e WHERE e.pinned_until > 0 AND e.pinned_until > $1 AND e.state = 'live' AND EXISTS (SELECT 1 FROM entry_list l
	WHERE l.entry = e.id AND l.kind = $3 AND l.key = $4 AND l.state = 'live') ORDER BY e.pinned_until DESC, e.id DESC LIMIT $2`
)

// Pinned implements feed.Store.
func (s *Store) Pinned(ctx context.Context, l feed.List, now time.Time, limit int) ([]catalog.Entry, error) {
	query, args := pinned, []any{millis(now), limit}
	if l.Kind != feed.KindAll {
		query, args = pinnedOf, append(args, l.Kind, l.Key)
	}
	ids, err := collect(ctx, s.read, scanText, query, args...)
	if err != nil {
		return nil, fmt.Errorf("listing pinned entries: %w", err)
	}
	list, err := s.entries(ctx, s.read, ids)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(list, func(a, b catalog.Entry) int { return slices.Index(ids, a.ID) - slices.Index(ids, b.ID) })
	return list, nil
}

// Entry implements feed.Store.
func (s *Store) Entry(ctx context.Context, id string) (catalog.Entry, error) {
	list, err := s.entries(ctx, s.read, []string{id})
	if err != nil {
		return catalog.Entry{}, err
	}
	if len(list) == 0 {
		return catalog.Entry{}, fault.New(fault.NotFound, "没有这条信息。")
	}
	return list[0], nil
}

// publicFile walks the index of digests; a file is in few entries.
const publicFile = `SELECT f.sha256, f.name, f.type, f.size, f.alt FROM entry_file f JOIN entry e ON e.id = f.entry
	WHERE f.sha256 = $1 AND e.state = '` + catalog.EntryLive + `' ORDER BY e.updated_at DESC LIMIT 1`

const publicOnce = `SELECT EXISTS (SELECT 1 FROM entry_file WHERE sha256 = $1) OR EXISTS (SELECT 1 FROM file_gone WHERE sha256 = $1)`

// PublicFile implements feed.Store.
func (s *Store) PublicFile(ctx context.Context, sha256 string) (protocol.Attachment, error) {
	var a protocol.Attachment
	err := s.read.QueryRowContext(ctx, publicFile, sha256).Scan(&a.SHA256, &a.Name, &a.Type, &a.Size, &a.Alt)
	if err == nil {
		return a, nil
	}
	if !notFound(err) {
		return a, fmt.Errorf("looking for file %s: %w", sha256, err)
	}
	var once bool
	if err := s.read.QueryRowContext(ctx, publicOnce, sha256).Scan(&once); err != nil {
		return a, fmt.Errorf("looking for file %s: %w", sha256, err)
	}
	if once {
		return a, fault.New(fault.Gone, "这个文件已经撤下。")
	}
	return a, fault.New(fault.NotFound, "没有这个文件。")
}
