package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"zhanqun/internal/disk"
)

// Backup writes a consistent copy of the database to the new file path while
// others go on reading and writing. The copy has been checked and is durable
// under its name when Backup returns nil; until then that name does not exist.
// The error is fs.ErrExist when path is already taken.
//
// VACUUM INTO is used, not the step-wise backup interface: a live writer makes
// that one start over and over, and a plain copy of the file would miss what
// is still in the write-ahead log.
func (db *DB) Backup(ctx context.Context, path string) (err error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return fmt.Errorf("backing up to %s: %w", path, err)
	}
	if _, err := os.Lstat(abs); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("backing up to %s: %w", abs, errors.Join(fs.ErrExist, err))
	}
	// A name of its own for each attempt: two backups at once must not meet.
	f, err := os.CreateTemp(filepath.Dir(abs), filepath.Base(abs)+".*.part")
	if err != nil {
		return fmt.Errorf("backing up to %s: %w", abs, err)
	}
	part := f.Name()
	defer func() {
		if err != nil {
			_ = os.Remove(part)
		}
	}()
	if err := f.Close(); err != nil {
		return fmt.Errorf("backing up to %s: %w", abs, err)
	}
	if err := db.vacuumInto(ctx, part); err != nil {
		return fmt.Errorf("backing up to %s: %w", abs, err)
	}
	if err := Check(ctx, part); err != nil {
		return fmt.Errorf("backing up to %s: %w", abs, err)
	}
	if err := publish(part, abs); err != nil {
		return fmt.Errorf("backing up to %s: %w", abs, err)
	}
	return nil
}

// vacuumInto copies one snapshot into the empty file part, on a connection of
// its own so that the writer is not held up.
func (db *DB) vacuumInto(ctx context.Context, part string) error {
	source, err := pool(db.path, copying, 1)
	if err != nil {
		return err
	}
	_, err = source.ExecContext(ctx, "VACUUM INTO $1", part)
	return errors.Join(err, source.Close())
}

// publish gives the finished file its final name so that both outlive a power
// cut.
func publish(part, path string) error {
	f, err := os.OpenFile(part, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(part, path); err != nil {
		return err
	}
	return disk.SyncDir(filepath.Dir(path))
}

// Check reads the whole database file at path, which nobody may be using, and
// returns what is wrong with its structure or its references.
func Check(ctx context.Context, path string) error {
	abs, err := filepath.Abs(path)
	if err != nil {
		return fmt.Errorf("checking database %s: %w", path, err)
	}
	file, err := sql.Open("sqlite", dsn(abs, url.Values{"mode": {"ro"}, "immutable": {"1"}}))
	if err != nil {
		return fmt.Errorf("checking database %s: %w", abs, err)
	}
	var verdict string
	err = file.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&verdict)
	if err == nil && verdict != "ok" {
		err = errors.New(verdict)
	}
	var broken int
	if err == nil {
		err = file.QueryRowContext(ctx, "SELECT count(*) FROM pragma_foreign_key_check").Scan(&broken)
	}
	if err == nil && broken > 0 {
		err = fmt.Errorf("%d rows refer to rows that do not exist", broken)
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("checking database %s: %w", abs, err)
	}
	return nil
}
