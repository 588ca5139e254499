package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"zhanqun/protocol"
)

const heldAfter = `SELECT d.rowid, d.node, d.epoch, d.seq, d.kind, d.hash, d.sig, d.body FROM down_entry d, station s
	WHERE s.id = 1 AND d.rowid > $1 AND d.kind NOT IN ('receipt', 'refusal') AND d.epoch <> s.hub_epoch
	AND (d.node <> s.node OR d.seq > coalesce((SELECT p.value ->> 'recalled' FROM json_each($2) p WHERE p.value ->> 'epoch' = d.epoch), 0))
	ORDER BY d.rowid LIMIT 1000`

// Held returns entries of the down log as they came, in the order they came, that
// a restored hub may lack: past are the epochs it says it had. after is 0 or what
// the call before returned as next; an empty list is the end. Entries of the
// hub's present epoch, receipts and refusals are left out.
func (q *Queue) Held(ctx context.Context, past []protocol.Past, after int64, maxBytes int) (list []protocol.Entry, next int64, err error) {
	known, err := json.Marshal(past)
	if err != nil {
		return nil, 0, fmt.Errorf("reading down log: %w", err)
	}
	rows, err := q.db.Read.QueryContext(ctx, heldAfter, after, string(known))
	if err != nil {
		return nil, 0, fmt.Errorf("reading down log: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	size := 0
	for next = after; rows.Next(); {
		e, at := protocol.Entry{V: protocol.Version}, int64(0)
		if err := rows.Scan(&at, &e.Node, &e.Epoch, &e.Seq, &e.Kind, &e.Hash, &e.Sig, &e.Body); err != nil {
			return nil, 0, fmt.Errorf("reading down log: %w", err)
		}
		if size += len(e.Body) + protocol.MaxHeadBytes; size > maxBytes && len(list) > 0 {
			break
		}
		list, next = append(list, e), at
	}
	return list, next, rows.Err()
}

// Gone returns how many entries of the up log the hub lacks and this node no
// longer holds.
func (q *Queue) Gone(ctx context.Context) (n uint64, err error) {
	if err := q.db.Read.QueryRowContext(ctx, `SELECT gone FROM station`).Scan(&n); err != nil {
		return 0, fmt.Errorf("reading what is gone: %w", err)
	}
	return n, nil
}

// HubPast returns the epochs the county had before, as it last said, and
// whether it wants back what it said in them.
func (q *Queue) HubPast(ctx context.Context) (past []protocol.Past, recall bool, err error) {
	var list string
	err = q.db.Read.QueryRowContext(ctx, `SELECT hub_past, recall FROM station`).Scan(&list, &recall)
	if err == nil {
		err = json.Unmarshal([]byte(list), &past)
	}
	if err != nil {
		return nil, false, fmt.Errorf("reading former epochs of the hub: %w", err)
	}
	return past, recall, nil
}

func (t *txn) notePast(ctx context.Context, past []protocol.Past) error {
	list, err := json.Marshal(append([]protocol.Past{}, past...))
	if err == nil {
		err = t.exec(ctx, `UPDATE station SET hub_past = $1`, string(list))
	}
	if err != nil {
		return fmt.Errorf("noting former epochs of the hub: %w", err)
	}
	return nil
}
