// Package sqlite opens an SQLite database file the one right way.
//
// It promises that every connection it hands out really has the settings on
// which durability rests, or that opening fails:
//
//   - WAL with synchronous=FULL: a commit that returned is on disk, one fsync
//     each; readers never wait for the writer.
//   - One writing connection whose transactions begin IMMEDIATE. A deferred
//     transaction that reads and then writes fails at once when somebody else
//     wrote in between (BUSY_SNAPSHOT), whatever the timeout; several writing
//     connections starve each other for seconds. With one connection, close
//     Rows before the next statement and always pass a context, or the second
//     statement waits for the first for ever.
//   - Several reading connections with query_only. TxOptions.ReadOnly alone
//     does not stop a write on SQLite.
//   - foreign_keys on, a busy timeout of five seconds, double quotes only for
//     identifiers (a misspelt column is an error, not a text), and a write-ahead
//     log that is cut back after checkpoints.
//
// The driver ignores a misspelt pragma in silence, so each connection is asked
// for its settings when it is made, not only the first one of a pool.
//
// Never open the live file by other means (os.Open, a copy): on systems
// without OFD locks closing any descriptor of the file drops the locks of the
// whole process. Use Backup to copy it. Files on network drives are refused,
// because WAL needs memory shared between the processes of one machine.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	driver "modernc.org/sqlite"

	"zhanqun/internal/disk"
)

// BusyTimeout is how long, in milliseconds, a statement waits for a lock held
// by another process before it fails.
const BusyTimeout = 5000

// Write-ahead log: a checkpoint is tried every walPages pages (4 KiB each) and
// what the log grew beyond walBytes meanwhile, behind a long reader, is given
// back to the disk.
const (
	walPages = 1000
	walBytes = 32 << 20
)

// OFD locks survive the closing of an unrelated descriptor. They must be
// chosen before the first file of the process is locked, which only an init
// function can hold. Where they do not exist the driver keeps POSIX locks.
func init() { _, _ = driver.OFDLocking(true) }

// DB is one open database file.
type DB struct {
	Write *sql.DB // one connection; transactions take the write lock at BEGIN
	Read  *sql.DB // several connections that cannot write

	path string // absolute
}

// Open opens the database file at path and creates it, readable only by its
// owner, when it does not exist; the folder must exist. Blanks and any letters
// are fine in path. Opening fails with a sentence for a person (package fault)
// when the file lies on a network drive or is no database.
func Open(ctx context.Context, path string) (*DB, error) {
	if path == "" {
		return nil, errors.New("opening SQLite database: empty path")
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("opening SQLite database: %w", err)
	}
	if err := refuseNetworkDrive(filepath.Dir(abs)); err != nil {
		return nil, fmt.Errorf("opening SQLite database %s: %w", abs, err)
	}
	if err := create(abs); err != nil {
		return nil, fmt.Errorf("creating SQLite database %s: %w", abs, err)
	}
	db := &DB{path: abs}
	if db.Write, err = pool(abs, writing, 1); err != nil {
		return nil, err
	}
	if db.Read, err = pool(abs, reading, max(4, runtime.NumCPU())); err != nil {
		return nil, errors.Join(err, db.Write.Close())
	}
	// The writer comes first: it turns a new file into a WAL database, which
	// the readers could not.
	for _, p := range []*sql.DB{db.Write, db.Read} {
		if err := p.PingContext(ctx); err != nil {
			return nil, errors.Join(explain(abs, err), db.Close())
		}
	}
	return db, nil
}

// Path returns the absolute path of the database file.
func (db *DB) Path() string { return db.path }

// Close ends both pools after running statements are done. The writer goes
// last, so that it folds the write-ahead log into the file.
func (db *DB) Close() error {
	return errors.Join(db.Read.Close(), db.Write.Close())
}

// create makes an empty file with private permissions; the log and the shared
// memory file later inherit them. An existing file is not opened (see the
// package comment).
func create(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), disk.SyncDir(filepath.Dir(path)))
}
