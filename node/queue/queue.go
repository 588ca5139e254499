// Package queue keeps everything a township node has: its items and their
// texts, its up log, what the hub answered, its people. One SQLite file and one
// folder of attached files hold it all.
//
// It promises:
//
//   - Submit, Withdraw and AnswerFinding return only when the change and the
//     signed entry of the up log are on disk together, in one transaction.
//     Numbers of the log have no gaps, whoever is killed whenever.
//   - A text handed in never changes. Correcting it makes a new revision.
//   - An item's state is worked out from the cursors of the two logs and from
//     what the hub said: it is received when the hub's receipt has passed it,
//     never before.
//   - What came down is applied together with the cursor that says so, after
//     each signature was checked.
//   - Nothing unconfirmed is ever dropped. With the disk nearly full new work is
//     refused; what is there stays and goes out.
//   - Order never rests on a clock.
//
// Several programs may have one data folder open: the service and the command
// line beside it. Only one service may run in it, see Lock.
package queue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"zhanqun/internal/account"
	"zhanqun/internal/blob"
	"zhanqun/internal/dirlock"
	"zhanqun/internal/fault"
	"zhanqun/internal/sqlite"
	"zhanqun/migrations"
	"zhanqun/protocol"
)

// Names in the data folder.
const (
	databaseName = "node.db"
	seedName     = "node.seed"
	blobsName    = "blobs"
	lockName     = "serve.lock"
	openName     = "open.lock"
)

// DefaultReserve is the disk space kept free for what is already queued: below
// it new work is refused.
const DefaultReserve = 256 << 20

// Options say where the data is.
type Options struct {
	Dir     string           // data folder; made when it is not there
	Now     func() time.Time // nil for time.Now
	Log     *slog.Logger     // nil for slog.Default
	Reserve int64            // bytes of disk to keep free; 0 for DefaultReserve, negative for none
	Rules   account.Rules    // of passwords
	NoLooks bool             // the hub is not to ask for second opinions
}

// Queue is an open data folder. Its methods may be called from any goroutine.
type Queue struct {
	dir     string
	db      *sqlite.DB
	blobs   *blob.Store
	writer  *writer
	now     func() time.Time
	log     *slog.Logger
	reserve int64
	rules   account.Rules
	noLooks bool
	free    func(dir string) (uint64, error)

	keyMu sync.Mutex
	key   *protocol.Key // nil until read from its file

	entries *sql.Stmt // of Entries, which a backlog asks for again and again

	watch   *sql.Conn // its data_version moves with every commit of anybody
	watchMu sync.Mutex

	settings atomic.Pointer[Settings] // as last read, see settingsFor

	changes broadcast

	lockMu sync.Mutex
	lock   *dirlock.Lock // held while this process is the service
}

// Open opens the data folder and brings its database up to date.
func Open(ctx context.Context, o Options) (_ *Queue, err error) {
	q := &Queue{dir: o.Dir, now: o.Now, log: o.Log, reserve: o.Reserve, rules: o.Rules, noLooks: o.NoLooks, free: blob.Free}
	if q.now == nil {
		q.now = time.Now
	}
	if q.log == nil {
		q.log = slog.Default()
	}
	if q.reserve == 0 {
		q.reserve = DefaultReserve
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fault.Wrap(fault.Internal, "无法建立数据目录 "+o.Dir+"。请检查路径，以及运行程序的用户有没有写权限。", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, q.Close())
		}
	}()
	if q.db, err = sqlite.Open(ctx, filepath.Join(o.Dir, databaseName)); err != nil {
		return q, fmt.Errorf("opening queue: %w", err)
	}
	if q.blobs, err = blob.Open(filepath.Join(o.Dir, blobsName)); err != nil {
		return q, fmt.Errorf("opening queue: %w", err)
	}
	if err = q.prepare(ctx); err != nil {
		return q, fmt.Errorf("preparing queue: %w", err)
	}
	if q.entries, err = q.db.Read.PrepareContext(ctx, entriesAfter); err != nil {
		return q, fmt.Errorf("opening queue: %w", err)
	}
	if q.watch, err = q.db.Read.Conn(ctx); err != nil {
		return q, fmt.Errorf("opening queue: %w", err)
	}
	q.writer = newWriter(q)
	return q, nil
}

// prepare migrates the schema, one process at a time, and makes the epoch of a
// new store.
func (q *Queue) prepare(ctx context.Context) (err error) {
	l, err := dirlock.Wait(ctx, filepath.Join(q.dir, openName))
	if errors.Is(err, dirlock.ErrHeld) {
		return fmt.Errorf("locking data folder: %w", err)
	}
	if err != nil {
		return fault.Wrap(fault.Internal, "无法写入数据目录 "+q.dir+"。请检查磁盘是不是满了或者只读，以及运行程序的用户有没有写权限。", err)
	}
	defer func() { err = errors.Join(err, l.Release()) }()
	if err := migrations.Node.Up(ctx, q.db.Write, nil); err != nil {
		return err
	}
	if _, err := q.db.Write.ExecContext(ctx, `UPDATE station SET epoch = $1 WHERE epoch = ''`, uuid.NewString()); err != nil {
		return err
	}
	var public string
	if err := q.db.Write.QueryRowContext(ctx, `SELECT public FROM station`).Scan(&public); err != nil {
		return err
	}
	return q.settleKey(public)
}

// Close waits for what is being written, refuses what comes later, and closes
// the files. It may be called twice.
func (q *Queue) Close() error {
	var errs []error
	if q.writer != nil {
		errs = append(errs, q.writer.close())
	}
	q.watchMu.Lock()
	if q.watch != nil {
		errs = append(errs, q.watch.Close())
		q.watch = nil
	}
	q.watchMu.Unlock()
	if q.entries != nil {
		errs = append(errs, q.entries.Close())
	}
	if q.db != nil {
		errs = append(errs, q.db.Close())
	}
	if q.blobs != nil {
		errs = append(errs, q.blobs.Close())
	}
	errs = append(errs, q.unlock())
	return errors.Join(errs...)
}

// Dir returns the data folder.
func (q *Queue) Dir() string { return q.dir }

// room returns a fault while the disk is nearly full.
func (q *Queue) room() error {
	if q.reserve < 0 {
		return nil
	}
	free, err := q.free(q.dir)
	if err != nil {
		return fmt.Errorf("reading free disk space: %w", err)
	}
	if free < uint64(q.reserve) { // #nosec G115 -- not negative, see above
		return fault.New(fault.Full, "磁盘快满了，暂时不能写新内容。已经保存和提交的都在，会照常上报。请先清理磁盘，再继续。")
	}
	return nil
}
