package queue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
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

var (
	errClosed   = fault.New(fault.Unavailable, "程序正在停止，没有保存。请稍后再试。")
	errPanicked = errors.New("another caller's change broke the transaction")
)

// job is one change somebody waits for. do may be run more than once, so it
// must have no effect but through the txn and the variables it assigns.
type job struct {
	do   func(ctx context.Context, t *txn) error
	lead chan struct{} // closed to make its caller the next leader
	done chan error
}

// writer owns the one writing connection. There is no goroutine: one of the
// callers leads, runs what is waiting in one transaction and, after the commit,
// tells everybody; the next one waiting leads then. A caller alone pays for no
// change of goroutines, which would cost as much as half a commit.
type writer struct {
	q *Queue

	mu      sync.Mutex
	waiting []*job
	leading bool
	closed  bool
	arrived chan struct{} // somebody joined waiting
	ended   chan struct{} // closed and nobody leads

	// Of the leader.
	conn  *sql.Conn
	stmts map[string]prepared
	last  int // size of the last group
}

func newWriter(q *Queue) *writer {
	return &writer{q: q, arrived: make(chan struct{}, 1), ended: make(chan struct{})}
}

// close lets what was accepted finish and gives the connection back.
func (w *writer) close() error {
	w.mu.Lock()
	first := !w.closed
	w.closed = true
	if first && !w.leading {
		close(w.ended)
	}
	w.mu.Unlock()
	<-w.ended
	if !first {
		return nil
	}
	return w.drop()
}

// write runs f in a transaction that may be shared with other callers, and
// returns after the commit. Once that has begun, the outcome is waited for even
// if ctx ends: a caller must never be told "failed" about what was kept.
func (q *Queue) write(ctx context.Context, what string, f func(ctx context.Context, t *txn) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	j := &job{do: f, lead: make(chan struct{}), done: make(chan error, 1)}
	leads, err := q.writer.join(j)
	switch {
	case err != nil:
	case leads:
		q.writer.run(j)
		err = <-j.done
	default:
		err = q.writer.wait(ctx, j)
	}
	return wrapWrite(what, err)
}

// join takes the lead if nobody has it, and else a place in the queue.
func (w *writer) join(j *job) (leads bool, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.closed:
		return false, errClosed
	case !w.leading:
		w.leading = true
		return true, nil
	}
	w.waiting = append(w.waiting, j)
	select {
	case w.arrived <- struct{}{}:
	default:
	}
	return false, nil
}

// wait waits for another caller to do the job, or for the lead.
func (w *writer) wait(ctx context.Context, j *job) error {
	select {
	case err := <-j.done:
		return err
	case <-j.lead:
		w.run(j)
		return <-j.done
	case <-ctx.Done():
	}
	w.mu.Lock()
	i := slices.Index(w.waiting, j)
	if i >= 0 {
		w.waiting = slices.Delete(w.waiting, i, i+1)
	}
	w.mu.Unlock()
	if i >= 0 {
		return ctx.Err()
	}
	select { // somebody has taken it, or made it leader
	case err := <-j.done:
		return err
	case <-j.lead:
		w.run(j)
		return <-j.done
	}
}

// run leads: one group, then the lead goes on. That also holds if a job panics.
func (w *writer) run(j *job) {
	group := w.gather(j)
	told := false
	defer func() {
		for _, j := range group {
			if !told {
				j.done <- errPanicked
			}
		}
		w.pass()
	}()
	w.last = len(group)
	results := w.commit(group)
	told = true
	for i, j := range group {
		j.done <- results[i]
	}
	w.q.changes.wake()
}

// pass hands the lead to the first who waits.
func (w *writer) pass() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.waiting) > 0 {
		close(w.waiting[0].lead)
		w.waiting = slices.Delete(w.waiting, 0, 1)
		return
	}
	w.leading = false
	if w.closed {
		close(w.ended)
	}
}

// gather takes what is waiting. Callers that came together last time are about
// to come again: for them it waits an instant, or each commit would take one of
// them and leave the others to the next.
func (w *writer) gather(j *job) []*job {
	group := []*job{j}
	if w.last <= 1 {
		return w.take(group)
	}
	late := time.NewTimer(linger)
	defer late.Stop()
	for {
		if group = w.take(group); len(group) >= w.last {
			return group
		}
		select {
		case <-w.arrived:
		case <-late.C:
			return w.take(group)
		}
	}
}

func (w *writer) take(group []*job) []*job {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := min(maxGroup-len(group), len(w.waiting))
	group = append(group, w.waiting[:n]...)
	w.waiting = slices.Delete(w.waiting, 0, n)
	return group
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

// commit runs a group in one transaction and returns the outcome of each job. If
// the database itself fails in it, each job gets a transaction of its own, so
// that one cannot spoil another.
func (w *writer) commit(group []*job) []error {
	results, err := w.transact(group)
	if err == nil {
		return results
	}
	results = make([]error, len(group))
	for i, j := range group {
		if len(group) > 1 {
			var own []error
			if own, err = w.transact([]*job{j}); err == nil {
				err = own[0]
			}
		}
		results[i] = err
	}
	return results
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
	done := false
	defer func() {
		if err != nil || !done {
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
	err = w.exec(ctx, `COMMIT`)
	done = true
	return results, err
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
	w.conn, w.stmts = conn, map[string]prepared{}
	return nil
}

// drop gives the connection back.
func (w *writer) drop() error {
	if w.conn == nil {
		return nil
	}
	err := errors.Join(w.endStatements(), w.conn.Close())
	w.conn = nil
	return err
}

func (w *writer) endStatements() error {
	var errs []error
	for _, s := range w.stmts {
		errs = append(errs, s.kept.Close())
	}
	w.stmts = nil
	return errors.Join(errs...)
}

// rollback undoes the transaction, and with it the connection if that fails:
// nobody may inherit a transaction that is still open.
func (w *writer) rollback(ctx context.Context) {
	if err := w.exec(ctx, `ROLLBACK`); err == nil {
		return
	}
	// SQLite has already rolled back after a full disk; a fresh connection is
	// right in that case as well. Statements end before it: the driver falls over
	// those that outlive their connection.
	_ = w.endStatements()
	_ = w.conn.Raw(func(any) error { return errBadConn })
	_ = w.drop()
}

// prepared is a statement that lives as long as its connection.
type prepared struct{ kept *sql.Stmt }

// stmt returns the prepared form of a constant text.
func (w *writer) stmt(ctx context.Context, text string) (prepared, error) {
	if s, ok := w.stmts[text]; ok {
		return s, nil
	}
	s, err := w.conn.PrepareContext(ctx, text)
	if err != nil {
		return prepared{}, err
	}
	w.stmts[text] = prepared{s}
	return w.stmts[text], nil
}

func (w *writer) exec(ctx context.Context, text string, args ...any) error {
	s, err := w.stmt(ctx, text)
	if err != nil {
		return err
	}
	_, err = s.kept.ExecContext(ctx, args...)
	return err
}
