package store

import (
	"context"
	"fmt"

	"zhanqun/hub/catalog"
	"zhanqun/protocol"
)

// Kinds of lists an entry stands in.
const (
	listColumn = "column"
	listUnit   = "unit"
)

// States of an entry's place in a list are those of the entry, and:
const listGone = "gone" // the entry has left the list

const entryColumns = `id, title, body, state, version, combined, credit, note, reason, published_at, updated_at, withdrawn_at, successor, pinned_until, corrected_at`

func scanEntry(row scanner) (catalog.Entry, error) {
	var e catalog.Entry
	var published, updated, withdrawn, pinned, corrected int64
	err := row.Scan(&e.ID, &e.Title, &e.Body, &e.State, &e.Version, &e.Combined, &e.Credit, &e.Note, &e.Reason, &published, &updated, &withdrawn, &e.Successor, &pinned, &corrected)
	e.PublishedAt, e.UpdatedAt, e.WithdrawnAt = fromMillis(published), fromMillis(updated), fromMillis(withdrawn)
	e.PinnedUntil, e.CorrectedAt = fromMillis(pinned), fromMillis(corrected)
	return e, err
}

// entries returns entries with their sources, columns and files, by id.
func (s *Store) entries(ctx context.Context, q queryer, ids []string) ([]catalog.Entry, error) {
	text, err := listText(ids)
	if err != nil {
		return nil, fmt.Errorf("reading entries: %w", err)
	}
	in := s.d.in("$1")
	list, err := collect(ctx, q, scanEntry, `SELECT `+entryColumns+` FROM entry WHERE id IN `+in+` ORDER BY id`, text)
	if err != nil {
		return nil, fmt.Errorf("reading entries: %w", err)
	}
	at := make(map[string]*catalog.Entry, len(list))
	for i := range list {
		at[list[i].ID] = &list[i]
	}
	if err := readParts(ctx, q, in, text, at); err != nil {
		return nil, fmt.Errorf("reading parts of entries: %w", err)
	}
	return list, nil
}

// readParts fills in what entries consist of.
func readParts(ctx context.Context, q queryer, in, ids string, at map[string]*catalog.Entry) error {
	type none struct{}
	_, err := collect(ctx, q, func(row scanner) (none, error) {
		var entry string
		var v catalog.EntrySource
		err := row.Scan(&entry, &v.Item, &v.Revision, &v.Unit, &v.UnitName, &v.Origin, &v.OriginName, &v.Author)
		if e := at[entry]; err == nil && e != nil {
			e.Sources = append(e.Sources, v)
		}
		return none{}, err
	}, `SELECT v.entry, v.item, v.revision, v.unit, COALESCE(u.name, ''), v.origin, COALESCE(o.name, ''), v.author
		FROM entry_source v LEFT JOIN unit u ON u.code = v.unit LEFT JOIN unit o ON o.code = v.origin
		WHERE v.entry IN `+in+` ORDER BY v.entry, v.position`, ids)
	if err != nil {
		return err
	}
	_, err = collect(ctx, q, func(row scanner) (none, error) {
		var entry, slug string
		err := row.Scan(&entry, &slug)
		if e := at[entry]; err == nil && e != nil {
			e.Columns = append(e.Columns, slug)
		}
		return none{}, err
	}, `SELECT l.entry, l.key FROM entry_list l LEFT JOIN portal_column c ON c.slug = l.key
		WHERE l.entry IN `+in+` AND l.kind = '`+listColumn+`' AND l.state <> '`+listGone+`' ORDER BY l.entry, c.position, l.key`, ids)
	if err != nil {
		return err
	}
	_, err = collect(ctx, q, func(row scanner) (none, error) {
		var entry string
		var f protocol.Attachment
		err := row.Scan(&entry, &f.SHA256, &f.Name, &f.Type, &f.Size, &f.Alt)
		if e := at[entry]; err == nil && e != nil {
			e.Files = append(e.Files, f)
		}
		return none{}, err
	}, `SELECT entry, sha256, name, type, size, alt FROM entry_file WHERE entry IN `+in+` ORDER BY entry, position`, ids)
	return err
}

// stamp returns a time for a change of what readers see: later than every stamp
// before it, and in a later second than before, where before is the entry's own
// last stamp or 0. The first gives the feed one order and lets a page begin
// where another ended; the second is for readers that compare Last-Modified,
// which counts seconds. The counter is locked until the commit, so stamps also
// become visible in their order. It is taken after all rows are locked.
func (t *tx) stamp(ctx context.Context, before int64) (int64, error) {
	least := t.at.UnixMilli()
	if before > 0 {
		least = max(least, (before/1000+1)*1000)
	}
	var at int64
	err := t.QueryRowContext(ctx, `UPDATE counter SET value = CASE WHEN value < $1 THEN $1 ELSE value + 1 END WHERE name = 'feed' RETURNING value`, least).Scan(&at)
	if err != nil {
		return 0, fmt.Errorf("stamping an entry: %w", err)
	}
	return at, nil
}

// putEntry writes an entry whole, as its rule decided it. was is the version it
// had before; 0 says that it is new.
func (t *tx) putEntry(ctx context.Context, e catalog.Entry, was int) error {
	fresh := was == 0
	at, err := t.stamp(ctx, millis(e.UpdatedAt))
	if err != nil {
		return err
	}
	published, withdrawn, corrected := millis(e.PublishedAt), int64(0), millis(e.CorrectedAt)
	if was > 0 && e.Version > was {
		corrected = at
	}
	if published == 0 {
		published = at
	}
	if e.State == catalog.EntryWithdrawn {
		withdrawn = at
	}
	verb := `UPDATE entry SET title = $2, body = $3, state = $4, version = $5, combined = $6, credit = $7, note = $8, reason = $9,
		published_at = $10, updated_at = $11, withdrawn_at = $12, successor = $13, pinned_until = $14, corrected_at = $15 WHERE id = $1`
	if fresh {
		verb = `INSERT INTO entry (` + entryColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`
	}
	if _, err := t.ExecContext(ctx, verb, e.ID, e.Title, e.Body, e.State, e.Version, e.Combined, e.Credit, e.Note, e.Reason, published, at, withdrawn,
		e.Successor, millis(e.PinnedUntil), corrected); err != nil {
		return fmt.Errorf("writing entry %s: %w", e.ID, err)
	}
	if err := t.putLists(ctx, e, at, fresh); err != nil {
		return fmt.Errorf("writing lists of entry %s: %w", e.ID, err)
	}
	if err := t.putParts(ctx, e, fresh); err != nil {
		return fmt.Errorf("writing parts of entry %s: %w", e.ID, err)
	}
	return nil
}

// putLists writes where the entry is listed. A list it has left keeps its row,
// so that whoever asks whether the list has changed is told.
func (t *tx) putLists(ctx context.Context, e catalog.Entry, at int64, fresh bool) error {
	type row struct {
		Entry string `json:"entry"`
		Kind  string `json:"kind"`
		Key   string `json:"key"`
		State string `json:"state"`
		At    int64  `json:"updated_at"`
	}
	if !fresh {
		if _, err := t.ExecContext(ctx, `UPDATE entry_list SET state = $2, updated_at = $3 WHERE entry = $1 AND state <> $2`, e.ID, listGone, at); err != nil {
			return err
		}
	}
	var rows []row
	seen := map[string]bool{}
	add := func(kind, key string) {
		if key != "" && !seen[kind+key] {
			seen[kind+key] = true
			rows = append(rows, row{e.ID, kind, key, e.State, at})
		}
	}
	for _, c := range e.Columns {
		add(listColumn, c)
	}
	for _, v := range e.Sources {
		add(listUnit, v.Unit)
		add(listUnit, v.Origin)
	}
	text, err := jsonText(rows)
	if err != nil {
		return err
	}
	_, err = t.ExecContext(ctx, t.s.d.insert("entry_list", []string{"entry", "kind", "key", "state", "updated_at:int"})+
		` ON CONFLICT (entry, kind, key) DO UPDATE SET state = excluded.state, updated_at = excluded.updated_at`, text)
	return err
}

// putParts writes the entry's sources and files.
func (t *tx) putParts(ctx context.Context, e catalog.Entry, fresh bool) error {
	type source struct {
		Entry    string `json:"entry"`
		Item     string `json:"item"`
		Revision int    `json:"revision"`
		Unit     string `json:"unit"`
		Origin   string `json:"origin"`
		Author   string `json:"author"`
		Position int    `json:"position"`
	}
	type file struct {
		Entry    string `json:"entry"`
		SHA256   string `json:"sha256"`
		Name     string `json:"name"`
		Type     string `json:"type"`
		Size     int64  `json:"size"`
		Alt      string `json:"alt"`
		Position int    `json:"position"`
	}
	var sources []source
	for i, v := range e.Sources {
		sources = append(sources, source{e.ID, v.Item, v.Revision, v.Unit, v.Origin, v.Author, i + 1})
	}
	var files []file
	for i, f := range e.Files {
		files = append(files, file{e.ID, f.SHA256, f.Name, f.Type, f.Size, f.Alt, i + 1})
	}
	if !fresh {
		if err := t.noteGone(ctx, e); err != nil {
			return err
		}
		for _, table := range []string{"entry_source", "entry_file"} {
			if _, err := t.ExecContext(ctx, `DELETE FROM `+table+` WHERE entry = $1`, e.ID); err != nil {
				return err
			}
		}
	}
	if err := t.insertRows(ctx, "entry_source", sources, "entry", "item", "revision:int", "unit", "origin", "author", "position:int"); err != nil {
		return err
	}
	if len(files) == 0 {
		return nil
	}
	return t.insertRows(ctx, "entry_file", files, "entry", "sha256", "name", "type", "size:int", "alt", "position:int")
}

// noteGone notes the files that an entry loses by what is written now.
func (t *tx) noteGone(ctx context.Context, e catalog.Entry) error {
	left := make([]string, len(e.Files))
	for i, f := range e.Files {
		left[i] = f.SHA256
	}
	text, err := listText(left)
	if err != nil {
		return err
	}
	_, err = t.ExecContext(ctx, `INSERT INTO file_gone (sha256, at) SELECT DISTINCT sha256, CAST($2 AS bigint) FROM entry_file
		WHERE entry = $1 AND sha256 NOT IN `+t.s.d.in("$3")+` ON CONFLICT (sha256) DO NOTHING`, e.ID, millis(t.at), text)
	if err != nil {
		return fmt.Errorf("noting files that are gone: %w", err)
	}
	return nil
}

// endEntry takes an entry off the portal. reason is for readers. It is for
// those who withdraw without a rule of review: the unit itself.
func (t *tx) endEntry(ctx context.Context, id, reason string) error {
	var before int64
	if err := t.QueryRowContext(ctx, `SELECT updated_at FROM entry WHERE id = $1`, id).Scan(&before); err != nil {
		return fmt.Errorf("reading entry %s: %w", id, err)
	}
	at, err := t.stamp(ctx, before)
	if err != nil {
		return err
	}
	if _, err := t.ExecContext(ctx, `UPDATE entry SET state = $2, reason = $3, updated_at = $4, withdrawn_at = $4 WHERE id = $1`,
		id, catalog.EntryWithdrawn, reason, at); err != nil {
		return fmt.Errorf("withdrawing entry %s: %w", id, err)
	}
	if _, err := t.ExecContext(ctx, `UPDATE entry_list SET state = $2, updated_at = $3 WHERE entry = $1 AND state <> $4`,
		id, catalog.EntryWithdrawn, at, listGone); err != nil {
		return fmt.Errorf("withdrawing entry %s from its lists: %w", id, err)
	}
	return nil
}
