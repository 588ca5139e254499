package backup

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"strings"

	"zhanqun/hub/signer"
	"zhanqun/hub/store"
	"zhanqun/internal/archive"
	"zhanqun/internal/blob"
	"zhanqun/internal/disk"
	"zhanqun/internal/fault"
)

// Target is the empty place a hub is restored to.
type Target struct {
	Dir      string // data folder: not there, or empty
	Database string // postgres://…, an empty database; empty for SQLite in Dir
	Seed     string // name of the key's file in Dir
	CA       string // name of its CA's file in Dir
	Files    string // name of the folder of attached files in Dir
	Actor    string // who restores, for the audit log
	Log      *slog.Logger
	Progress func(bytes int64) // as in Source
}

// Restore makes a hub of the backup at path. Until it is done everything stands
// in a folder of its own, and on PostgreSQL in one transaction.
func Restore(ctx context.Context, path string, to Target) (r Report, err error) {
	in, err := archive.Open(path)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	dir, err := archive.NewFolder(to.Dir, "hub")
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, dir.Remove()) }()
	if to.Database != "" {
		if err := store.Empty(ctx, to.Database); err != nil {
			return r, err
		}
	}
	b := &reading{to: to, in: in, dir: dir}
	if err := b.head(); err != nil {
		return r, err
	}
	if b.files, err = blob.Open(dir.Path(to.Files)); err != nil {
		return r, err
	}
	err = store.Load(ctx, b.options(), b.report.Schema, func() (store.Part, error) { return b.next(ctx) })
	if err == nil {
		err = b.renew(ctx)
	}
	if err := errors.Join(err, b.files.Close()); err != nil {
		return r, err
	}
	// The key last: without it a hub refuses the database as another key's.
	return b.report, dir.Publish(to.Seed)
}

type reading struct {
	to       Target
	in       *archive.Reader
	dir      *archive.Folder
	files    *blob.Store
	keys     *signer.Ring
	verifier verifier
	report   Report
	waiting  archive.Member // the first member that is no part of a table
	bytes    io.Reader
}

// head reads what says whether this program can restore the backup at all.
func (b *reading) head() error {
	m, r, err := b.in.Next()
	if err != nil {
		return whole(err)
	}
	if m.Name != manifestName || json.NewDecoder(io.LimitReader(r, mostJSON)).Decode(&b.report.Manifest) != nil {
		return fault.New(fault.Invalid, "这不是 hub backup 写的文件。")
	}
	if b.report.Format != format {
		return fault.New(fault.Invalid, "这份备份是更新版本的程序写的（"+b.report.Program+"），请换用那个版本或更新的程序恢复。")
	}
	if m, r, err = b.in.Next(); err != nil {
		return whole(err)
	}
	seed, err := io.ReadAll(io.LimitReader(r, mostHead))
	if err != nil {
		return whole(err)
	}
	b.keys, err = signer.Parse(seed)
	if m.Name != seedName || err != nil || b.keys.Present().Public() != b.report.HubKey {
		return fault.Wrap(fault.Invalid, "备份里没有县级平台的密钥，不能恢复。请换用另一份备份。", err)
	}
	b.verifier.counts.Rows = map[string]int64{}
	return disk.WriteSecret(b.dir.Path(b.to.Seed), seed)
}

// whole turns the end of an archive that has to go on into an error.
func whole(err error) error {
	if errors.Is(err, io.EOF) {
		return fault.Wrap(fault.Invalid, "备份文件不完整，请换用另一份备份。", io.ErrUnexpectedEOF)
	}
	return err
}

func (b *reading) options() store.Options {
	return store.Options{URL: b.to.Database, Dir: b.dir.Path(""), Keys: b.keys, Log: b.to.Log}
}

// next returns the next part of a table. When there is none left it reads the
// rest as well: the parts are only committed if the whole archive is sound.
func (b *reading) next(ctx context.Context) (store.Part, error) {
	if err := ctx.Err(); err != nil {
		return store.Part{}, err
	}
	m, r, err := b.in.Next()
	if err != nil {
		return store.Part{}, whole(err)
	}
	if m.Name == caName {
		text, err := io.ReadAll(io.LimitReader(r, mostHead))
		if err == nil {
			err = disk.WriteSecret(b.dir.Path(b.to.CA), text)
		}
		if err != nil {
			return store.Part{}, whole(err)
		}
		return b.next(ctx)
	}
	if !strings.HasPrefix(m.Name, tablesDir) {
		b.waiting, b.bytes = m, r
		if err := b.rest(ctx); err != nil {
			return store.Part{}, err
		}
		return store.Part{}, io.EOF
	}
	p, err := readPart(r)
	if err != nil {
		return p, whole(err)
	}
	b.verifier.counts.Rows[p.Table] += int64(p.Rows)
	b.told()
	return p, nil
}

func (b *reading) told() {
	if b.to.Progress != nil {
		b.to.Progress(b.in.Sum().Bytes)
	}
}

// rest reads the attached files and compares the counts.
func (b *reading) rest(ctx context.Context) error {
	for m, r := b.waiting, b.bytes; ; {
		if err := b.member(ctx, m, r); err != nil {
			return err
		}
		b.told()
		var err error
		if m, r, err = b.in.Next(); errors.Is(err, io.EOF) && b.verifier.last {
			b.report.Counts, b.report.Bytes = b.verifier.counts, b.in.Sum().Bytes
			return nil
		} else if err != nil {
			return whole(err)
		}
	}
}

func (b *reading) member(ctx context.Context, m archive.Member, r io.Reader) error {
	file, err := m.IsBlob()
	if err == nil && file {
		b.verifier.counts.Files++
		return archive.TakeBlob(ctx, b.files, m, r)
	}
	if err != nil {
		return err
	}
	if err := b.verifier.member(m, r); err != nil {
		return fault.Wrap(fault.Invalid, "备份文件的内容与它自己的清单不符，请换用另一份备份。", err)
	}
	return nil
}

// renew opens what was restored as a hub would, and makes it one of its own.
func (b *reading) renew(ctx context.Context) (err error) {
	s, err := store.Open(ctx, b.options())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := b.forgetLost(ctx, s); err != nil {
		return err
	}
	return s.Renew(ctx, b.to.Actor, map[string]any{"backupOf": b.report.At, "epoch": b.report.Epoch, "program": b.report.Program})
}

// forgetLost takes files that are not in the backup off the record.
func (b *reading) forgetLost(ctx context.Context, s *store.Store) error {
	for after := ""; ; {
		list, err := s.Blobs(ctx, after, filesPage)
		if err != nil {
			return err
		}
		var lost []string
		for _, f := range list {
			after = f.SHA256
			if !b.files.Has(f.SHA256) {
				lost = append(lost, f.SHA256)
			}
		}
		if len(lost) > 0 {
			if err := s.ForgetFiles(ctx, lost); err != nil {
				return err
			}
		}
		if len(list) < filesPage {
			return nil
		}
	}
}
