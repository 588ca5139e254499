package queue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"zhanqun/internal/fault"
	"zhanqun/internal/sqlite"
)

// maxGroup is how many waiting jobs share one transaction. A commit costs one
// sync of the disk however many rows it holds.
const maxGroup = 64

// linger is how long a commit is put off for callers that were there last time:
// well below what the commit itself takes.
const linger = 500 * time.Microsecond

var errClosed = fault.New(fault.Unavailable, "程序正在停止，没有保存。请稍后再试。")

// job is one change somebody waits for. do may be run more than once, so it
// must have no effect but through the txn and the variables it assigns.
type job struct {
	what  string
	do    func(ctx context.Context, t *txn) error
	taken atomic.Bool // by the writer, or by a caller that gave up
	done  chan error
}

// writer owns the one writing connection. Its goroutine takes what is waiting,
// runs it in one transaction and tells everybody after the commit.
type writer struct {
	q      *Queue
	jobs   chan *job
	mu     sync.RWMutex // held for reading while a job is handed over
	closed bool
	ended  chan struct{}
	err    error // of closing the connection

	conn  *sql.Conn
	stmts map[string]*sql.Stmt
}

func startWriter(q *Queue) *writer {
	w := &writer{q: q, jobs: make(chan *job, maxGroup), ended: make(chan struct{})}
	go w.run()
	return w
}

// close lets what was accepted finish and ends the goroutine.
func (w *writer) close() error {
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		close(w.jobs)
	}
	w.mu.Unlock()
	<-w.ended
	return w.err
}

// write runs f in a transaction that may be shared with other callers, and
// returns after the commit. Once the writer has begun, the outcome is waited for
// even if ctx ends: a caller must never be told "failed" about what was kept.
func (q *Queue) write(ctx context.Context, what string, f func(ctx context.Context, t *txn) error) error {
	j := &job{what: what, do: f, done: make(chan error, 1)}
	if err := q.writer.hand(ctx, j); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	select {
	case err := <-j.done:
		return wrapWrite(what, err)
	case <-ctx.Done():
		if j.taken.CompareAndSwap(false, true) {
			return fmt.Errorf("%s: %w", what, ctx.Err())
		}
		return wrapWrite(what, <-j.done)
	}
}

func (w *writer) hand(ctx context.Context, j *job) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return errClosed
	}
	select {
	case w.jobs <- j:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// wrapWrite gives the failures of the database words for a person.
func wrapWrite(what string, err error) error {
	switch {
	case err == nil:
		return nil
	case sqlite.IsFull(err):
		err = fault.Wrap(fault.Full, "磁盘已满，这次没有保存。以前的内容都在。请清理磁盘后再试。", err)
	case sqlite.IsBusy(err):
		err = fault.Wrap(fault.Unavailable, "数据库正忙，这次没有保存，请稍后再试。", err)
	}
	return fmt.Errorf("%s: %w", what, err)
}

func (w *writer) run() {
	defer close(w.ended)
	defer func() { w.err = w.drop() }()
	group := make([]*job, 0, maxGroup)
	expected := 1
	for j := range w.jobs {
		group = w.gather(append(group[:0], j), expected)
		expected = len(group)
		w.commit(group)
		clear(group)
	}
}

// gather adds what is waiting. Callers that came together last time are about to
// come again: for them it waits an instant, or each commit would take one of
// them and leave the others to the next.
func (w *writer) gather(group []*job, expected int) []*job {
	var late <-chan time.Time
	if expected > 1 {
		late = time.After(linger)
	}
	for len(group) < maxGroup {
		if late != nil && len(group) < expected {
			select {
			case j, ok := <-w.jobs:
				if !ok {
					return group
				}
				group = append(group, j)
				continue
			case <-late:
				late = nil
			}
		}
		select {
		case j, ok := <-w.jobs:
			if !ok {
				return group
			}
			group = append(group, j)
		default:
			return group
		}
	}
	return group
}

// commit runs a group in one transaction. If the database itself fails in it,
// each job gets a transaction of its own, so that one cannot spoil another.
func (w *writer) commit(group []*job) {
	kept := group[:0]
	for _, j := range group {
		if j.taken.CompareAndSwap(false, true) {
			kept = append(kept, j)
		}
	}
	if len(kept) == 0 {
		return
	}
	results, err := w.transact(kept)
	if err != nil && len(kept) > 1 {
		for _, j := range kept {
			results, err := w.transact([]*job{j})
			j.done <- errors.Join(err, first(results))
		}
	} else {
		for i, j := range kept {
			if err != nil {
				j.done <- err
			} else {
				j.done <- results[i]
			}
		}
	}
	w.q.changes.wake()
}

func first(errs []error) error {
	if len(errs) == 0 {
		return nil
	}
	return errs[0]
}

// transact runs the jobs in one transaction. A job that returns a fault is
// undone alone; the results say which. Any other error undoes everything.
func (w *writer) transact(jobs []*job) (results []error, err error) {
	// The callers' contexts must not reach the database: an interrupt would
	// undo the work of all. Waiting is bounded by the busy timeout.
	ctx := context.Background()
	if err := w.acquire(ctx); err != nil {
		return nil, err
	}
	if err := w.exec(ctx, `BEGIN IMMEDIATE`); err != nil {
		return nil, err
	}
	t := &txn{w: w, q: w.q}
	defer func() {
		if err != nil {
			w.rollback(ctx)
		}
	}()
	if err := t.load(ctx); err != nil {
		return nil, err
	}
	results = make([]error, len(jobs))
	for i, j := range jobs {
		if results[i], err = t.run(ctx, j, len(jobs) > 1); err != nil {
			return nil, err
		}
	}
	if err := t.store(ctx); err != nil {
		return nil, err
	}
	return results, w.exec(ctx, `COMMIT`)
}

// acquire takes the connection, which is kept until it fails.
func (w *writer) acquire(ctx context.Context) error {
	if w.conn != nil {
		return nil
	}
	conn, err := w.q.db.Write.Conn(ctx)
	if err != nil {
		return fmt.Errorf("taking the writing connection: %w", err)
	}
	w.conn, w.stmts = conn, map[string]*sql.Stmt{}
	return nil
}

// drop gives the connection back.
func (w *writer) drop() error {
	if w.conn == nil {
		return nil
	}
	var errs []error
	for _, s := range w.stmts {
		errs = append(errs, s.Close())
	}
	errs = append(errs, w.conn.Close())
	w.conn, w.stmts = nil, nil
	return errors.Join(errs...)
}

// rollback undoes the transaction, and with it the connection if that fails:
// nobody may inherit a transaction that is still open.
func (w *writer) rollback(ctx context.Context) {
	if err := w.exec(ctx, `ROLLBACK`); err == nil {
		return
	}
	// SQLite has already rolled back after a full disk; a fresh connection is
	// right in that case as well.
	_ = w.conn.Raw(func(any) error { return errBadConn })
	_ = w.drop()
}

// stmt returns the prepared form of a constant text.
func (w *writer) stmt(ctx context.Context, text string) (*sql.Stmt, error) {
	if s := w.stmts[text]; s != nil {
		return s, nil
	}
	s, err := w.conn.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	w.stmts[text] = s
	return s, nil
}

func (w *writer) exec(ctx context.Context, text string, args ...any) error {
	s, err := w.stmt(ctx, text)
	if err != nil {
		return err
	}
	_, err = s.ExecContext(ctx, args...)
	return err
}
