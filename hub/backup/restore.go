package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"zhanqun/hub/store"
	"zhanqun/internal/archive"
	"zhanqun/internal/blob"
	"zhanqun/internal/disk"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// Target is the empty place a hub is restored to.
type Target struct {
	Dir      string // data folder: not there, or empty
	Database string // postgres://…, an empty database; empty for SQLite in Dir
	Seed     string // name of the key's file in Dir
	Files    string // name of the folder of attached files in Dir
	Actor    string // who restores, for the audit log
	Log      *slog.Logger
	Progress func(bytes int64) // as in Source
}

// Restore makes a hub of the backup at path. Until it is done everything stands
// in a folder of its own, and on PostgreSQL in one transaction.
func Restore(ctx context.Context, path string, to Target) (r Report, err error) {
	if err := to.empty(ctx); err != nil {
		return r, err
	}
	in, err := archive.Open(path)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	// Inside the data folder: it may be a disk of its own, which nothing can be
	// moved over.
	dir, err := os.MkdirTemp(to.Dir, makingPrefix)
	if err != nil {
		return r, fault.Wrap(fault.Invalid, "无法在数据目录 "+to.Dir+" 里写文件，请检查权限。", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b := &reading{to: to, in: in, dir: dir}
	if err := b.head(); err != nil {
		return r, err
	}
	if b.files, err = blob.Open(filepath.Join(dir, to.Files)); err != nil {
		return r, err
	}
	err = store.Load(ctx, b.options(), b.report.Schema, func() (store.Part, error) { return b.next(ctx) })
	if err == nil {
		err = b.renew(ctx)
	}
	if err := errors.Join(err, b.files.Close()); err != nil {
		return r, err
	}
	return b.report, to.publish(dir)
}

// makingPrefix begins the name of the folder in the data folder where the hub is
// made. One that is left of a restore that was killed is removed.
const makingPrefix = ".restoring-"

// empty refuses a place that holds anything, and makes the folder.
func (to Target) empty(ctx context.Context) error {
	if err := os.MkdirAll(to.Dir, 0o700); err != nil {
		return fault.Wrap(fault.Invalid, "无法建立数据目录 "+to.Dir+"，请检查路径和权限。", err)
	}
	list, err := os.ReadDir(to.Dir)
	if err != nil {
		return fault.Wrap(fault.Invalid, "读不了数据目录 "+to.Dir+"，请检查权限。", err)
	}
	for _, f := range list {
		switch {
		case f.Name() == "lost+found": // of a disk of its own
		case strings.HasPrefix(f.Name(), makingPrefix):
			if err := os.RemoveAll(filepath.Join(to.Dir, f.Name())); err != nil {
				return fmt.Errorf("removing the rest of an earlier restore: %w", err)
			}
		default:
			return fault.New(fault.Conflict, "数据目录 "+to.Dir+" 不是空的，没有改动它。恢复只能写入空目录：请先停掉 hub serve，把原目录改名留存，再恢复。")
		}
	}
	if to.Database == "" {
		return nil
	}
	return store.Empty(ctx, to.Database)
}

// publish moves what was made to its place, the key last: a hub that is started
// in between finds a database of another key and refuses it.
func (to Target) publish(dir string) error {
	list, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	move := func(name string) error { return os.Rename(filepath.Join(dir, name), filepath.Join(to.Dir, name)) }
	for _, f := range list {
		if f.Name() == to.Seed {
			continue
		}
		if err := move(f.Name()); err != nil {
			return fmt.Errorf("moving what was restored to its place: %w", err)
		}
	}
	if err := disk.SyncDir(to.Dir); err != nil {
		return err
	}
	if err := move(to.Seed); err != nil {
		return fmt.Errorf("moving the key to its place: %w", err)
	}
	return disk.SyncDir(to.Dir)
}

type reading struct {
	to       Target
	in       *archive.Reader
	dir      string // where it is made
	files    *blob.Store
	key      protocol.Key
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
	b.key, err = protocol.ParseKey(seed)
	if m.Name != seedName || err != nil || b.key.Public() != b.report.HubKey {
		return fault.Wrap(fault.Invalid, "备份里没有县级平台的密钥，不能恢复。请换用另一份备份。", err)
	}
	b.verifier.counts.Rows = map[string]int64{}
	return disk.WriteSecret(filepath.Join(b.dir, b.to.Seed), seed)
}

// whole turns the end of an archive that has to go on into an error.
func whole(err error) error {
	if errors.Is(err, io.EOF) {
		return fault.Wrap(fault.Invalid, "备份文件不完整，请换用另一份备份。", io.ErrUnexpectedEOF)
	}
	return err
}

func (b *reading) options() store.Options {
	return store.Options{URL: b.to.Database, Dir: b.dir, Key: b.key, Log: b.to.Log}
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
	if strings.HasPrefix(m.Name, filesDir) {
		ref, err := b.files.Put(ctx, r, m.Size)
		if err != nil {
			return err
		}
		if m.Name != filesDir+ref.SHA256 {
			return fault.New(fault.Invalid, "备份里的附件 "+m.Name+" 内容不对，请换用另一份备份。")
		}
		b.verifier.counts.Files++
		return nil
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
