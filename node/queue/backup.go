package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"zhanqun/internal/archive"
	"zhanqun/internal/blob"
	"zhanqun/internal/disk"
	"zhanqun/internal/fault"
	"zhanqun/internal/sqlite"
	"zhanqun/protocol"
)

// Members of a node's backup, in this order: the key is missing if the node has
// none yet, and then come the attached files (archive.FilesDir).
const (
	manifestName = "backup.json"
	caName       = "ca.pem" // the pages' own CA (package ca), if there is one: browsers in villages trust it
	countsName   = "counts.json"
)

// backupFormat is the version of that form.
const backupFormat = 1

// Backup says what a backup is of.
type Backup struct {
	Format  int       `json:"format"`
	Program string    `json:"program"` // name and version that wrote it
	At      time.Time `json:"at"`
	Node    string    `json:"node,omitempty"` // empty before joining
	Unit    string    `json:"unit,omitempty"` // name
	Epoch   string    `json:"epoch"`

	Files   int64    `json:"files"`             // attached files
	Missing []string `json:"missing,omitempty"` // that the disk has lost, at most 100
	Lost    int64    `json:"lost,omitempty"`    // how many in all
	Bytes   int64    `json:"bytes,omitempty"`   // unpacked
}

// mostMissing bounds Backup.Missing.
const mostMissing = 100

// Backup writes everything this node has into the new file path, as of one moment,
// while others go on using it: the database, the attached files and the key. The
// file is read again before it has its name. progress, which may be nil, is told
// now and then how many bytes are done.
func (q *Queue) Backup(ctx context.Context, path, program string, progress func(int64)) (b Backup, err error) {
	w, err := archive.Create(path)
	if err != nil {
		return b, err
	}
	defer func() { err = errors.Join(err, w.Abandon()) }()
	if b, err = q.manifest(ctx, program); err != nil {
		return b, err
	}
	if err := addJSON(w, manifestName, b); err != nil {
		return b, err
	}
	if err := w.AddFile(seedName, filepath.Join(q.dir, seedName)); err != nil && (b.Node != "" || !errors.Is(err, fs.ErrNotExist)) {
		return b, err
	}
	if err := w.AddFile(caName, filepath.Join(q.dir, caName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return b, err
	}
	if err := q.addDatabase(ctx, w, path); err != nil {
		return b, err
	}
	if err := q.addFiles(ctx, w, &b, progress); err != nil {
		return b, err
	}
	if err := addJSON(w, countsName, b); err != nil {
		return b, err
	}
	files := int64(0)
	sum, err := w.Commit(func(m archive.Member, _ io.Reader) error {
		file, err := m.IsBlob()
		if file {
			files++
		}
		if m.Name == countsName && files != b.Files {
			err = errors.Join(err, fmt.Errorf("%d files of %d", files, b.Files))
		}
		return err
	})
	b.Bytes = sum.Bytes
	return b, err
}

func (q *Queue) manifest(ctx context.Context, program string) (Backup, error) {
	b := Backup{Format: backupFormat, Program: program, At: q.now().UTC().Truncate(time.Second)}
	err := q.db.Read.QueryRowContext(ctx, `SELECT node, unit_name, epoch FROM station`).Scan(&b.Node, &b.Unit, &b.Epoch)
	if err != nil {
		return b, fmt.Errorf("reading identity: %w", err)
	}
	return b, nil
}

// addDatabase adds a copy of the database, which is made beside the archive.
func (q *Queue) addDatabase(ctx context.Context, w *archive.Writer, path string) (err error) {
	dir, err := os.MkdirTemp(filepath.Dir(path), filepath.Base(path)+".*.part")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	copied := filepath.Join(dir, databaseName)
	if err := q.db.Backup(ctx, copied); err != nil {
		return err
	}
	return w.AddFile(databaseName, copied)
}

func addJSON(w *archive.Writer, name string, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return w.AddBytes(name, append(data, '\n'))
}

// addFiles adds the files that texts name, after the database was copied: files
// are added and not changed, so all that the copy names are there.
func (q *Queue) addFiles(ctx context.Context, w *archive.Writer, b *Backup, progress func(int64)) error {
	for after := ""; ; {
		rows, err := q.db.Read.QueryContext(ctx, `SELECT sha256 FROM file WHERE sha256 > $1
			AND (wanted > 0 OR sha256 IN (SELECT sha256 FROM item_file)) ORDER BY sha256 LIMIT 500`, after)
		if err != nil {
			return fmt.Errorf("listing files: %w", err)
		}
		list, err := collect(rows, func(row scanner) (sha string, err error) {
			err = row.Scan(&sha)
			return sha, err
		})
		if err != nil || len(list) == 0 {
			return err
		}
		for _, sha := range list {
			after = sha
			lost, err := w.AddBlob(ctx, q.blobs, sha)
			switch {
			case err != nil:
				return err
			case !lost:
				b.Files++
			default:
				if b.Lost++; len(b.Missing) < mostMissing {
					b.Missing = append(b.Missing, sha)
				}
			}
			if progress != nil {
				progress(w.Bytes())
			}
		}
	}
}

// Restore makes a data folder of the backup at path in dir, which must be empty or
// not there. The store has an epoch of its own: what its backup did not know to
// be confirmed is handed in again, and the hub takes nothing twice.
func Restore(ctx context.Context, path, dir string, progress func(int64)) (b Backup, err error) {
	in, err := archive.Open(path)
	if err != nil {
		return b, err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	folder, err := archive.NewFolder(dir, "node")
	if err != nil {
		return b, err
	}
	defer func() { err = errors.Join(err, folder.Remove()) }()
	if b, err = unpack(ctx, in, folder, progress); err != nil {
		return b, err
	}
	if err := sqlite.Check(ctx, folder.Path(databaseName)); err != nil {
		return b, fault.Wrap(fault.Invalid, "备份里的数据库已损坏，请换用另一份备份。", err)
	}
	q, err := Open(ctx, Options{Dir: folder.Path(""), Reserve: -1})
	if err != nil {
		return b, err
	}
	err = q.write(ctx, "making the store a new one", func(ctx context.Context, t *txn) error {
		if err := t.exec(ctx, `DELETE FROM session`); err != nil {
			return err
		}
		return t.renumber(ctx, t.st.confirmed)
	})
	if err := errors.Join(err, q.Close()); err != nil {
		return b, err
	}
	// The database last: without it a node is one that has not begun.
	return b, folder.Publish(databaseName)
}

// mostSmall bounds members that are read into memory.
const mostSmall = 1 << 20

// unpack takes every member and returns what the archive says of itself.
func unpack(ctx context.Context, in *archive.Reader, folder *archive.Folder, progress func(int64)) (b Backup, err error) {
	files, err := blob.Open(folder.Path(blobsName))
	if err != nil {
		return b, err
	}
	defer func() { err = errors.Join(err, files.Close()) }()
	taken, last := int64(0), false
	for n := 0; ; n++ {
		if err := ctx.Err(); err != nil {
			return b, err
		}
		m, r, err := in.Next()
		if errors.Is(err, io.EOF) && last {
			b.Bytes = in.Sum().Bytes
			return b, nil
		}
		if err != nil {
			return b, err
		}
		file, err := m.IsBlob()
		switch {
		case err != nil:
		case file:
			taken++
			err = archive.TakeBlob(ctx, files, m, r)
		case n == 0 && m.Name == manifestName, m.Name == countsName:
			b, err = readManifest(r)
			last = m.Name == countsName
		case n == 0:
			err = errNoBackup
		case m.Name == seedName:
			err = takeSeed(folder.Path(seedName), r)
		case m.Name == caName:
			err = takeFile(folder.Path(caName), r)
		case m.Name == databaseName:
			err = takeFile(folder.Path(databaseName), r)
		}
		if err == nil && last && taken != b.Files {
			err = fault.New(fault.Invalid, "备份文件的内容与它自己的清单不符，请换用另一份备份。")
		}
		if err != nil {
			return b, err
		}
		if progress != nil {
			progress(in.Sum().Bytes)
		}
	}
}

var errNoBackup = fault.New(fault.Invalid, "这不是 node backup 写的文件。")

func readManifest(r io.Reader) (b Backup, err error) {
	if err := json.NewDecoder(io.LimitReader(r, mostSmall)).Decode(&b); err != nil || b.Epoch == "" {
		return b, errNoBackup
	}
	if b.Format != backupFormat {
		return b, fault.New(fault.Invalid, "这份备份是更新版本的程序写的（"+b.Program+"），请换用那个版本或更新的程序恢复。")
	}
	return b, nil
}

func takeSeed(path string, r io.Reader) error {
	seed, err := io.ReadAll(io.LimitReader(r, mostSmall))
	if err != nil {
		return err
	}
	if _, err := protocol.ParseKey(seed); err != nil {
		return fault.Wrap(fault.Invalid, "备份里的本机密钥无法识别，请换用另一份备份。", err)
	}
	return disk.WriteSecret(path, seed)
}

func takeFile(path string, r io.Reader) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) // #nosec G304 -- in the new data folder
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Sync(), f.Close())
}
