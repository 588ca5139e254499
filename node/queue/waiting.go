package queue

import (
	"context"
	"encoding/json"
	"fmt"

	"zhanqun/protocol"
)

// WaitingFile is a file that has still to travel, with the item it belongs to.
type WaitingFile struct {
	File
	Name  string // as the item calls it; empty when the entry was forgotten
	Item  string // id of the item it was first handed in with
	Title string // of that item, as it was handed in
}

// Waiting returns the files that have still to travel in the order they go, at
// most limit.
func (q *Queue) Waiting(ctx context.Context, limit int) ([]WaitingFile, error) {
	rows, err := q.db.Read.QueryContext(ctx, `SELECT f.sha256, f.size, f.type, f.at, f.have, f.done, f.tries, f.error,
		coalesce(u.ref, ''), coalesce(u.body, '') FROM file f LEFT JOIN up_entry u ON u.seq = f.wanted
		WHERE f.done = 0 AND f.wanted > 0 ORDER BY f.wanted, f.sha256 LIMIT $1`, clampLimit(limit))
	if err != nil {
		return nil, fmt.Errorf("reading files under way: %w", err)
	}
	return collect(rows, func(row scanner) (w WaitingFile, err error) {
		var body []byte
		if w.File, err = scanFile(wider{row, []any{&w.Item, &body}}); err != nil || len(body) == 0 {
			return w, err
		}
		var m protocol.Submit
		if err := json.Unmarshal(body, &m); err != nil {
			return w, fmt.Errorf("reading entry: %w", err)
		}
		w.Title = m.Title
		for _, a := range m.Attachments {
			if a.SHA256 == w.SHA256 {
				w.Name = a.Name
			}
		}
		return w, nil
	})
}

// wider scans more columns than the reader of a row asks for.
type wider struct {
	scanner
	more []any
}

func (w wider) Scan(into ...any) error { return w.scanner.Scan(append(into, w.more...)...) }
