package store

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"zhanqun/hub/intake"
)

type sightingRow struct {
	ID       string `json:"id"`
	At       int64  `json:"seen_at"`
	Ack      uint64 `json:"down_ack"`
	Beat     bool   `json:"beat"`
	Queued   int64  `json:"queued"`
	Sent     int64  `json:"sent"`
	Files    int64  `json:"files"`
	OldestAt int64  `json:"oldest_at"`
	Hello    bool   `json:"hello"`
	Program  string `json:"program"`
	Skew     int64  `json:"skew"`
	DiskFree int64  `json:"disk_free"`
	Knows    string `json:"knows"`
	HubKey   string `json:"hub_key"`
}

// NoteSeen implements intake.Store.
func (s *Store) NoteSeen(ctx context.Context, list []intake.Sighting) error {
	rows := make([]sightingRow, len(list))
	ids := make([]string, len(list))
	for i, x := range list {
		r := sightingRow{ID: x.Node, At: millis(x.At), Ack: x.Ack, Hello: x.Hello, Program: x.Program, Skew: x.Skew.Milliseconds(), DiskFree: int64(min(x.DiskFree, 1<<62)), Knows: x.Knows, HubKey: x.HubKey} // #nosec G115 -- bounded
		if x.Beat != nil {
			r.Beat, r.Queued, r.Sent, r.Files = true, x.Beat.Queued, x.Beat.Sent, x.Beat.Files
			if x.Beat.OldestAt != nil {
				r.OldestAt = millis(*x.Beat.OldestAt)
			}
		}
		rows[i], ids[i] = r, x.Node
	}
	text, err := jsonText(rows)
	if err != nil {
		return err
	}
	return s.tx(ctx, "noting what nodes said", func(t *tx) error {
		if _, err := t.lockNodes(ctx, ids); err != nil {
			return err
		}
		_, err := t.ExecContext(ctx, `UPDATE node SET seen_at = r.seen_at,
				down_ack = CASE WHEN r.down_ack > node.down_ack AND r.down_ack <= node.down_seq THEN r.down_ack ELSE node.down_ack END,
				queued = CASE WHEN r.beat THEN r.queued ELSE node.queued END, sent = CASE WHEN r.beat THEN r.sent ELSE node.sent END,
				files = CASE WHEN r.beat THEN r.files ELSE node.files END, oldest_at = CASE WHEN r.beat THEN r.oldest_at ELSE node.oldest_at END,
				program = CASE WHEN r.hello THEN r.program ELSE node.program END, skew = CASE WHEN r.hello THEN r.skew ELSE node.skew END,
				disk_free = CASE WHEN r.hello THEN r.disk_free ELSE node.disk_free END, knows = CASE WHEN r.hello THEN r.knows ELSE node.knows END,
				hub_key = CASE WHEN r.hello THEN r.hub_key ELSE node.hub_key END
			FROM `+s.d.rows("$1", []string{"id", "seen_at:int", "down_ack:int", "beat:bool", "queued:int", "sent:int", "files:int", "oldest_at:int",
			"hello:bool", "program", "skew:int", "disk_free:int", "knows", "hub_key"})+` WHERE node.id = r.id`, text)
		return err
	})
}

// FileOf implements intake.Store.
func (s *Store) FileOf(ctx context.Context, id, sha256 string) (intake.File, error) {
	f := intake.File{Node: id, SHA256: sha256}
	var digest string
	err := s.read.QueryRowContext(ctx, `SELECT size, have, digest, done FROM blob_offer WHERE node = $1 AND sha256 = $2`, id, sha256).
		Scan(&f.Size, &f.Have, &digest, &f.Done)
	if notFound(err) {
		return f, nil
	}
	if err != nil {
		return f, fmt.Errorf("reading file %s of %s: %w", sha256, id, err)
	}
	f.Digest, err = hex.DecodeString(digest)
	return f, err
}

// Unfinished implements intake.Store.
func (s *Store) Unfinished(ctx context.Context, node string, limit int) ([]intake.File, error) {
	list, err := collect(ctx, s.read, func(r scanner) (f intake.File, err error) {
		f.Node = node
		err = r.Scan(&f.SHA256, &f.Size, &f.Have)
		return f, err
	}, `SELECT sha256, size, have FROM blob_offer WHERE node = $1 AND NOT done LIMIT $2`, node, limit)
	if err != nil {
		return nil, fmt.Errorf("listing unfinished files of %s: %w", node, err)
	}
	return list, nil
}

// DropUnfinished takes off the record what nodes have begun to bring and not gone on
// with since before, and says whose it was.
func (s *Store) DropUnfinished(ctx context.Context, before time.Time) (list []intake.Dropped, err error) {
	err = s.tx(ctx, "dropping unfinished files", func(t *tx) error {
		list, err = collect(ctx, t, func(r scanner) (d intake.Dropped, err error) {
			err = r.Scan(&d.Node, &d.Files, &d.Bytes)
			return d, err
		}, `SELECT node, COUNT(*), SUM(have) FROM blob_offer WHERE NOT done AND at < $1 GROUP BY node ORDER BY node`, before.UnixMilli())
		if err != nil || len(list) == 0 {
			return err
		}
		_, err = t.ExecContext(ctx, `DELETE FROM blob_offer WHERE NOT done AND at < $1`, before.UnixMilli())
		return err
	})
	return list, err
}

type fileRow struct {
	Node   string `json:"node"`
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
	Have   int64  `json:"have"`
	Digest string `json:"digest"`
	Done   bool   `json:"done"`
	At     int64  `json:"at"`
}

// NoteFiles implements intake.Store.
func (s *Store) NoteFiles(ctx context.Context, list []intake.File) error {
	return s.tx(ctx, "noting progress of files", func(t *tx) error { return t.putFiles(ctx, list) })
}

func (t *tx) putFiles(ctx context.Context, list []intake.File) error {
	rows := make([]fileRow, 0, len(list))
	last := map[string]int{} // two rows of one key are more than one ON CONFLICT takes
	for _, f := range list {
		row := fileRow{f.Node, f.SHA256, f.Size, f.Have, hex.EncodeToString(f.Digest), f.Done, t.at.UnixMilli()}
		if i, ok := last[f.Node+f.SHA256]; ok {
			rows[i] = row
			continue
		}
		last[f.Node+f.SHA256] = len(rows)
		rows = append(rows, row)
	}
	text, err := jsonText(rows)
	if err != nil {
		return err
	}
	columns := []string{"node", "sha256", "size:int", "have:int", "digest", "done:bool", "at:int"}
	_, err = t.ExecContext(ctx, t.s.d.insert("blob_offer", columns)+` ON CONFLICT (node, sha256) DO UPDATE SET
		size = excluded.size, have = excluded.have, digest = excluded.digest, done = excluded.done, at = excluded.at WHERE NOT blob_offer.done`, text)
	if err != nil {
		return fmt.Errorf("writing progress of files: %w", err)
	}
	return nil
}

// FileArrived implements intake.Store.
func (s *Store) FileArrived(ctx context.Context, f intake.File, mediaType string) error {
	f.Digest = nil // nothing to go on with
	return s.tx(ctx, "recording file "+f.SHA256, func(t *tx) error {
		_, err := t.ExecContext(ctx, `INSERT INTO blob (sha256, size, type, at) VALUES ($1, $2, $3, $4) ON CONFLICT (sha256) DO NOTHING`, f.SHA256, f.Size, mediaType, t.at.UnixMilli())
		if err != nil {
			return err
		}
		if err := t.putFiles(ctx, []intake.File{f}); err != nil {
			return err
		}
		return t.event("file.received", f.SHA256, map[string]any{"node": f.Node, "size": f.Size})
	})
}
