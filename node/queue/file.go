package queue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"zhanqun/internal/content"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// File is an attached file of this node.
type File struct {
	SHA256 string    `json:"sha256"`
	Size   int64     `json:"size"`
	Type   string    `json:"type"`
	At     time.Time `json:"at"`
	Have   int64     `json:"have"` // bytes the hub has
	Done   bool      `json:"done"` // the hub has it whole
	Tries  int       `json:"tries,omitempty"`
	Error  string    `json:"error,omitempty"` // why the last try failed
}

// Progress is how far the file is on its way, 0 to 100.
func (f File) Progress() int {
	if f.Done || f.Size == 0 {
		return 100
	}
	return int(f.Have * 100 / f.Size)
}

// AddFile keeps an attached file and says under which name and type it travels.
// It does not travel before an item that names it is handed in. What may not be
// attached is a fault with the reason.
func (q *Queue) AddFile(ctx context.Context, name string, r io.Reader) (protocol.Attachment, error) {
	if err := q.room(); err != nil {
		return protocol.Attachment{}, err
	}
	settings, err := q.Settings(ctx)
	if err != nil {
		return protocol.Attachment{}, err
	}
	ref, err := q.blobs.Put(ctx, r, settings.limits().AttachmentBytes)
	if err != nil {
		return protocol.Attachment{}, fmt.Errorf("keeping attachment: %w", err)
	}
	f, err := q.Blob(ref.SHA256)
	if err != nil {
		return protocol.Attachment{}, fmt.Errorf("reading attachment: %w", err)
	}
	info, refused := content.Inspect(name, f, ref.Size)
	if err := f.Close(); err != nil {
		return protocol.Attachment{}, fmt.Errorf("reading attachment: %w", err)
	}
	// What is refused is noted without a type: it is swept when its time comes,
	// unless the same bytes are accepted under another name.
	err = q.write(ctx, "noting attachment", func(ctx context.Context, t *txn) error {
		err := t.exec(ctx, `INSERT INTO file (sha256, size, type, at, wanted, have, done, tries, next_at, error)
			VALUES ($1, $2, $3, $4, 0, 0, 0, 0, 0, '') ON CONFLICT (sha256) DO UPDATE SET at = excluded.at,
			type = CASE WHEN excluded.type <> '' THEN excluded.type ELSE file.type END`, ref.SHA256, ref.Size, info.Type, t.now)
		if err == nil && !q.blobs.Has(ref.SHA256) { // swept in this very moment
			err = fault.New(fault.Unavailable, "附件没有保存成功，请再添加一次。")
		}
		return err
	})
	if err := errors.Join(refused, err); err != nil {
		return protocol.Attachment{}, err
	}
	return protocol.Attachment{SHA256: ref.SHA256, Size: ref.Size, Name: info.Name, Type: info.Type}, nil
}

const fileColumns = `sha256, size, type, at, have, done, tries, error`

func scanFile(row scanner) (f File, err error) {
	var at int64
	err = row.Scan(&f.SHA256, &f.Size, &f.Type, &at, &f.Have, &f.Done, &f.Tries, &f.Error)
	f.At = time.UnixMilli(at)
	return f, err
}

// File returns what is known of a file.
func (q *Queue) File(ctx context.Context, sha string) (File, error) {
	f, err := scanFile(q.db.Read.QueryRowContext(ctx, `SELECT `+fileColumns+` FROM file WHERE sha256 = $1 AND type <> ''`, sha))
	if errors.Is(err, sql.ErrNoRows) {
		return File{}, fault.New(fault.NotFound, "没有这个文件。")
	}
	if err != nil {
		return File{}, fmt.Errorf("reading file: %w", err)
	}
	return f, nil
}

// Files returns the files of an item, for their progress.
func (q *Queue) Files(ctx context.Context, item string) ([]File, error) {
	rows, err := q.db.Read.QueryContext(ctx, `SELECT `+fileColumns+` FROM file WHERE sha256 IN (SELECT sha256 FROM item_file WHERE item = $1) ORDER BY sha256`, item)
	if err != nil {
		return nil, fmt.Errorf("reading files: %w", err)
	}
	return collect(rows, scanFile)
}

// OpenFile opens a file for somebody who may see it: the township all of them,
// a village those of its items and those not yet part of any.
func (q *Queue) OpenFile(ctx context.Context, actor Actor, sha string) (*os.File, File, error) {
	f, err := q.File(ctx, sha)
	if err != nil {
		return nil, File{}, err
	}
	if !actor.Township() {
		var theirs, mine int
		err := q.db.Read.QueryRowContext(ctx, `SELECT count(*), count(*) FILTER (WHERE i.village = $2)
			FROM item_file f JOIN item i ON i.id = f.item WHERE f.sha256 = $1`, sha, actor.Village).Scan(&theirs, &mine)
		if err != nil {
			return nil, File{}, fmt.Errorf("reading file: %w", err)
		}
		if theirs > 0 && mine == 0 {
			return nil, File{}, fault.New(fault.NotFound, "没有这个文件。")
		}
	}
	file, err := q.Blob(sha)
	return file, f, err
}

// Blob opens the bytes of a file for the line.
func (q *Queue) Blob(sha string) (*os.File, error) {
	f, _, err := q.blobs.Get(sha)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Wrap(fault.NotFound, "附件的文件不在本机上了，请从备份恢复数据目录。", err)
	}
	return f, err
}

// linkFiles notes which files an item uses, for whom it matters to keep them.
// Links of earlier texts stay: their revisions still show them.
func (t *txn) linkFiles(ctx context.Context, item string, list []protocol.Attachment) error {
	for _, a := range list {
		if err := t.exec(ctx, `INSERT INTO item_file (item, sha256) VALUES ($1, $2) ON CONFLICT DO NOTHING`, item, a.SHA256); err != nil {
			return fmt.Errorf("linking file: %w", err)
		}
	}
	return nil
}

// wantFiles puts the files of an entry on their lane, unless they are or were.
func (t *txn) wantFiles(ctx context.Context, seq uint64, list []protocol.Attachment) error {
	for _, a := range list {
		if err := t.exec(ctx, `UPDATE file SET wanted = $2 WHERE sha256 = $1 AND wanted = 0`, a.SHA256, seq); err != nil {
			return fmt.Errorf("queueing file: %w", err)
		}
	}
	return nil
}
