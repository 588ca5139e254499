package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"zhanqun/hub/catalog"
	"zhanqun/protocol"
)

// tx is one transaction with the things every area writes beside its own rows:
// entries of the down log, events, audit. Events and audit are kept until the
// end and written last, so that their counters are held only for the commit.
type tx struct {
	*sql.Tx
	s      *Store
	at     time.Time
	heads  map[string]uint64
	events []event
	audits []catalog.Audit
}

type event struct {
	Seq  uint64
	At   int64
	Kind string
	Ref  string
	Data string
}

// tries bounds how often a transaction is run again after the database undid it
// in favour of another one.
const tries = 5

// tx runs f in one writing transaction and commits. A transaction the database
// gave up for another one's sake is run again, so f must have no effect outside.
func (s *Store) tx(ctx context.Context, doing string, f func(*tx) error) error {
	for try := 1; ; try++ {
		t, err := s.once(ctx, f)
		if err == nil {
			var event uint64
			if n := len(t.events); n > 0 {
				event = t.events[n-1].Seq
			}
			s.committed(t.heads, event)
			return nil
		}
		if try == tries || !s.d.retry(err) || ctx.Err() != nil {
			return fmt.Errorf("%s: %w", doing, err)
		}
	}
}

func (s *Store) once(ctx context.Context, f func(*tx) error) (*tx, error) {
	raw, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	t := &tx{Tx: raw, s: s, at: s.now(), heads: map[string]uint64{}}
	if err := f(t); err != nil {
		return nil, errors.Join(err, rollback(raw))
	}
	if err := t.finish(ctx); err != nil {
		return nil, errors.Join(err, rollback(raw))
	}
	return t, raw.Commit()
}

func rollback(raw *sql.Tx) error {
	if err := raw.Rollback(); err != nil && !errors.Is(err, sql.ErrTxDone) {
		return err
	}
	return nil
}

// down appends m to the log of node and signs it. The node row is locked from
// here to the commit, which keeps the numbers dense.
func (t *tx) down(ctx context.Context, node string, kind protocol.Kind, m protocol.Message) error {
	body, err := protocol.WriteBody(m)
	if err != nil {
		return fmt.Errorf("writing %s for %s: %w", kind, node, err)
	}
	return t.say(ctx, node, kind, body)
}

// say is down for a body that is written already.
func (t *tx) say(ctx context.Context, node string, kind protocol.Kind, body []byte) error {
	var seq uint64
	var signer string
	if err := t.QueryRowContext(ctx, `UPDATE node SET down_seq = down_seq + 1 WHERE id = $1 RETURNING down_seq, signer`, node).Scan(&seq, &signer); err != nil {
		return fmt.Errorf("numbering %s for %s: %w", kind, node, err)
	}
	key, err := t.s.signer(signer)
	if err != nil {
		return err
	}
	e := protocol.New(protocol.Down, node, t.s.epoch, seq, kind, body, key)
	_, err = t.ExecContext(ctx, `INSERT INTO down_entry (node, seq, epoch, kind, body, hash, sig, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		node, seq, e.Epoch, string(kind), string(body), e.Hash, e.Sig, t.at.UnixMilli())
	if err != nil {
		return fmt.Errorf("appending %s for %s: %w", kind, node, err)
	}
	t.heads[node] = seq
	return nil
}

// event notes a change for those who follow the hub. data is any JSON value, or nil.
func (t *tx) event(kind, ref string, data any) error {
	text, err := jsonText(data)
	if err != nil {
		return fmt.Errorf("writing event %s: %w", kind, err)
	}
	t.events = append(t.events, event{At: t.at.UnixMilli(), Kind: kind, Ref: ref, Data: text})
	return nil
}

func jsonText(v any) (string, error) {
	if v == nil {
		return "", nil
	}
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // bodies are HTML; escaping would triple their brackets
	err := enc.Encode(v)
	return strings.TrimSuffix(b.String(), "\n"), err
}

// finish numbers and writes what was noted, audit before events in every
// transaction, so that the two counters are always taken in one order.
func (t *tx) finish(ctx context.Context) error {
	if err := t.chain(ctx); err != nil {
		return err
	}
	if n := len(t.events); n > 0 {
		first, err := t.take(ctx, "event", n)
		if err != nil {
			return err
		}
		for i := range t.events {
			t.events[i].Seq = first + uint64(i)
		}
		err = t.bulk(ctx, "event", []string{"seq", "at", "kind", "ref", "data"}, n, func(i int) []any {
			e := &t.events[i]
			return []any{e.Seq, e.At, e.Kind, e.Ref, e.Data}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// take takes n consecutive numbers of a counter and returns the first.
func (t *tx) take(ctx context.Context, name string, n int) (uint64, error) {
	var last uint64
	err := t.QueryRowContext(ctx, `UPDATE counter SET value = value + $2 WHERE name = $1 RETURNING value`, name, n).Scan(&last)
	if err != nil {
		return 0, fmt.Errorf("taking %d numbers of %s: %w", n, name, err)
	}
	return last - uint64(n) + 1, nil
}

// insertRows inserts a slice of structs with JSON tags in one statement and one
// parameter. Columns are "name" for text or "name:int", "name:bool"; binary
// columns do not travel this way, and large texts travel faster by bulk. There is
// no ON CONFLICT on purpose: conflicts are errors.
func (t *tx) insertRows(ctx context.Context, table string, rows any, columns ...string) error {
	text, err := jsonText(rows)
	if err != nil {
		return fmt.Errorf("writing rows of %s: %w", table, err)
	}
	if _, err := t.ExecContext(ctx, t.s.d.insert(table, columns), text); err != nil {
		return fmt.Errorf("inserting rows of %s: %w", table, err)
	}
	return nil
}

// millis and fromMillis convert times for the database; the zero time is 0.
func millis(at time.Time) int64 {
	if at.IsZero() {
		return 0
	}
	return at.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
