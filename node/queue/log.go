package queue

import (
	"context"
	"errors"
	"fmt"

	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// HeadBytes is about how long the head of an entry is; a frame counts exactly.
const HeadBytes = 350

const entriesAfter = `SELECT s.node, s.epoch, s.pruned, s.base, s.resign, s.public, u.seq, u.kind, u.hash, u.sig, u.body
	FROM up_entry u, station s WHERE s.id = 1 AND u.seq > $1 + s.base ORDER BY u.seq LIMIT $2`

// Entries returns entries of the up log after a position, in order and without
// gaps, until maxBytes of bodies and heads are full, but at least one if there
// is one.
func (q *Queue) Entries(ctx context.Context, after uint64, maxBytes int) (list []protocol.Entry, err error) {
	rows, err := q.entries.QueryContext(ctx, after, protocol.MaxFrameEntries)
	if err != nil {
		return nil, fmt.Errorf("reading up log: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	size := 0
	var pruned, base, resign uint64
	var public string
	for rows.Next() {
		e := protocol.Entry{V: protocol.Version}
		if err := rows.Scan(&e.Node, &e.Epoch, &pruned, &base, &resign, &public, &e.Seq, &e.Kind, &e.Hash, &e.Sig, &e.Body); err != nil {
			return nil, fmt.Errorf("reading up log: %w", err)
		}
		row := e.Seq
		if row <= pruned {
			return nil, errForgotten
		}
		e.Seq -= base
		if row <= resign {
			key, err := q.signer(public)
			if err != nil {
				return nil, err
			}
			e.Sig = key.Sign(e.SigningText(protocol.Up))
		}
		if size += len(e.Body) + HeadBytes; size > maxBytes && len(list) > 0 {
			break
		}
		list = append(list, e)
	}
	return list, rows.Err()
}

// MarkSent notes that the broker has acknowledged every entry through a
// position. Losing the note does no harm: the hub skips what it has.
func (q *Queue) MarkSent(ctx context.Context, through uint64) error {
	return q.write(ctx, "moving sent cursor", func(_ context.Context, t *txn) error {
		if through += t.st.base; through > t.st.last {
			return fmt.Errorf("sent through row %d, but the log ends at %d", through, t.st.last)
		}
		t.st.sent = max(t.st.sent, through)
		return nil
	})
}

var errForgotten = fault.New(fault.Gone, "县级平台恢复的备份太旧，要求重发的内容本机已过保存期。请联系县级管理员，让本机重新入网。")

// Rewind moves the cursors back to what the hub has: entries after to count as
// not sent and not received, and travel again with their files. It is for a hub
// that was restored from an older backup, or a broker that lost what it had
// acknowledged. If some of them are no longer held the rest goes into a new log,
// which the hub takes from its start.
func (q *Queue) Rewind(ctx context.Context, to uint64) error {
	return q.write(ctx, "rewinding", func(ctx context.Context, t *txn) error {
		if to += t.st.base; to >= t.st.sent {
			return nil
		}
		if to < t.st.pruned {
			return t.giveBack(ctx, to)
		}
		if to < t.st.confirmed {
			if err := t.unconfirm(ctx, to); err != nil {
				return err
			}
		}
		t.st.sent, t.st.confirmed = to, min(to, t.st.confirmed)
		return nil
	})
}

// unconfirm forgets what the hub said about entries it no longer has.
func (t *txn) unconfirm(ctx context.Context, to uint64) error {
	for _, text := range []string{
		`UPDATE item SET state = '' WHERE seq > $1 AND state <> ''`,
		`DELETE FROM refusal WHERE seq > $1`,
		`DELETE FROM receipt WHERE through > $1`,
		`UPDATE file SET have = 0, done = 0, next_at = 0 WHERE wanted > $1`,
	} {
		if err := t.exec(ctx, text, to); err != nil {
			return err
		}
	}
	return nil
}
