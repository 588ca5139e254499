package queue

import (
	"context"
	"fmt"
)

// WaitingFile is a file that has still to travel, with the item it belongs to.
type WaitingFile struct {
	File
	Name  string // as the item calls it
	Item  string // id of the newest item that names it
	Title string // of that item
}

// Waiting returns the files that have still to travel in the order they go, at
// most limit.
func (q *Queue) Waiting(ctx context.Context, limit int) ([]WaitingFile, error) {
	rows, err := q.db.Read.QueryContext(ctx, `SELECT f.sha256, f.size, f.type, f.at, f.have, f.done, f.tries, f.error,
		coalesce(i.id, ''), coalesce(i.title, ''), coalesce(r.text, '')
		FROM file f
		LEFT JOIN item i ON i.n = (SELECT max(j.n) FROM item_file l JOIN item j ON j.id = l.item WHERE l.sha256 = f.sha256)
		LEFT JOIN revision r ON r.seq = i.seq
		WHERE f.done = 0 AND f.wanted > 0 ORDER BY f.wanted, f.sha256 LIMIT $1`, clampLimit(limit))
	if err != nil {
		return nil, fmt.Errorf("reading files under way: %w", err)
	}
	return collect(rows, func(row scanner) (w WaitingFile, err error) {
		var text string
		if w.File, err = scanFile(wider{row, []any{&w.Item, &w.Title, &text}}); err != nil || text == "" {
			return w, err
		}
		t, err := decodeText(text)
		for _, a := range t.Attachments {
			if a.SHA256 == w.SHA256 {
				w.Name = a.Name
			}
		}
		return w, err
	})
}

// wider scans more columns than the reader of a row asks for.
type wider struct {
	scanner
	more []any
}

func (w wider) Scan(into ...any) error { return w.scanner.Scan(append(into, w.more...)...) }
