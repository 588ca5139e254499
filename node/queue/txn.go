package queue

import (
	"context"
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

// change is exec that says how many rows it touched.
func (t *txn) change(ctx context.Context, text string, args ...any) (int64, error) {
	s, err := t.w.stmt(ctx, text)
	if err != nil {
		return 0, err
	}
	res, err := s.kept.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (t *txn) row(ctx context.Context, text string, args ...any) scanner {
	s, err := t.w.stmt(ctx, text)
	if err != nil {
		return failed{err}
	}
	return s.kept.QueryRowContext(ctx, args...)
}

// scanner is *sql.Row, *sql.Rows, or a statement that could not be prepared.
type scanner interface{ Scan(dest ...any) error }

type failed struct{ err error }

func (f failed) Scan(...any) error { return f.err }

// entry is what becomes the next one of the up log.
type entry struct {
	kind     protocol.Kind
	ref      string // item or finding
	revision int
	by       string
	format   string // of a revision, see up_entry
	typed    string
	body     []byte
}

// append signs e as the next entry of the up log.
func (t *txn) append(ctx context.Context, e entry) (uint64, error) {
	if t.st.node == "" {
		return 0, errNotJoined
	}
	key, err := t.q.signer(t.st.public)
	if err != nil {
		return 0, err
	}
	seq := t.st.last + 1
	p := protocol.New(protocol.Up, t.st.node, t.st.epoch, seq-t.st.base, e.kind, e.body, key)
	err = t.exec(ctx, `INSERT INTO up_entry (seq, kind, hash, sig, ref, revision, by, at, format, typed, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		seq, string(e.kind), p.Hash, p.Sig, e.ref, e.revision, e.by, t.now, e.format, e.typed, e.body)
	if err != nil {
		return 0, fmt.Errorf("appending %s: %w", e.kind, err)
	}
	t.st.last = seq
	return seq, nil
}

// appendMessage is append for what is small enough to be written inside the
// transaction.
func (t *txn) appendMessage(ctx context.Context, e entry, m protocol.Message) (seq uint64, err error) {
	if e.body, err = protocol.WriteBody(m); err != nil {
		return 0, faultOf(err)
	}
	return t.append(ctx, e)
}
