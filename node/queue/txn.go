package queue

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

var errBadConn = driver.ErrBadConn

// txn is a writing transaction, perhaps shared by several jobs. The station row
// is read once at its begin and written once at its end.
type txn struct {
	w     *writer
	q     *Queue
	st    station
	clean station // as it was read
	now   int64   // Unix milliseconds, one time for the whole transaction
}

// run does one job. If others share the transaction it gets a savepoint, so
// that a job refused half-way leaves nothing.
func (t *txn) run(ctx context.Context, j *job, shared bool) (refused, err error) {
	before := t.st
	if shared {
		if err := t.exec(ctx, `SAVEPOINT job`); err != nil {
			return nil, err
		}
	}
	err = j.do(ctx, t)
	var f *fault.Error
	switch {
	case err == nil && shared:
		return nil, t.exec(ctx, `RELEASE job`)
	case err == nil:
		return nil, nil
	case !errors.As(err, &f) || !shared:
		return nil, err
	}
	t.st = before
	if err := t.exec(ctx, `ROLLBACK TO job`); err != nil {
		return nil, err
	}
	return err, t.exec(ctx, `RELEASE job`)
}

func (t *txn) exec(ctx context.Context, text string, args ...any) error {
	return t.w.exec(ctx, text, args...)
}

// change is exec that reports whether any row was touched.
func (t *txn) change(ctx context.Context, text string, args ...any) (bool, error) {
	s, err := t.w.stmt(ctx, text)
	if err != nil {
		return false, err
	}
	res, err := s.ExecContext(ctx, args...)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

func (t *txn) row(ctx context.Context, text string, args ...any) scanner {
	s, err := t.w.stmt(ctx, text)
	if err != nil {
		return failed{err}
	}
	return s.QueryRowContext(ctx, args...)
}

func (t *txn) rows(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	s, err := t.w.stmt(ctx, text)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args...)
}

// scanner is *sql.Row, *sql.Rows, or a statement that could not be prepared.
type scanner interface{ Scan(dest ...any) error }

type failed struct{ err error }

func (f failed) Scan(...any) error { return f.err }

// append signs m as the next entry of the up log.
func (t *txn) append(ctx context.Context, kind protocol.Kind, ref string, revision int, m protocol.Message) (uint64, error) {
	if t.st.node == "" {
		return 0, errNotJoined
	}
	body, err := protocol.WriteBody(m)
	if err != nil {
		return 0, faultOf(err)
	}
	return t.appendBody(ctx, kind, ref, revision, body)
}

func (t *txn) appendBody(ctx context.Context, kind protocol.Kind, ref string, revision int, body []byte) (uint64, error) {
	if t.st.node == "" {
		return 0, errNotJoined
	}
	key, err := t.q.signer()
	if err != nil {
		return 0, err
	}
	seq := t.st.last + 1
	e := protocol.New(protocol.Up, t.st.node, t.st.epoch, seq, kind, body, key)
	err = t.exec(ctx, `INSERT INTO up_entry (seq, kind, hash, sig, ref, revision, at, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		seq, string(kind), e.Hash, e.Sig, ref, revision, t.now, body)
	if err != nil {
		return 0, fmt.Errorf("appending %s: %w", kind, err)
	}
	t.st.last = seq
	return seq, nil
}
