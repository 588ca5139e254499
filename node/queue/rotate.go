package queue

import (
	"context"
	"fmt"
	"time"

	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// AskRotate notes that this node is to take another key. The service does it as
// soon as the hub answers; until then everything goes on with the present one.
func (q *Queue) AskRotate(ctx context.Context) error {
	return q.write(ctx, "asking for another key", func(ctx context.Context, t *txn) error {
		if t.st.node == "" {
			return errNotJoined
		}
		return t.exec(ctx, `UPDATE station SET rotate = 1, rotate_error = ''`)
	})
}

// rotate is AskRotate by a word of the county, which may be heard again.
func (t *txn) rotate(ctx context.Context, m *protocol.Rotate) error {
	return t.exec(ctx, `UPDATE station SET rotate = 1, rotate_asked = $1 WHERE rotate_asked < $1`, m.At.UnixMilli())
}

// Rotation is how the node's key stands.
type Rotation struct {
	Wanted bool      `json:"wanted"`          // it is to take another one
	Since  time.Time `json:"since,omitzero"`  // of the present key, if it is not the first
	Key    string    `json:"key"`             // fingerprint of the present one
	Error  string    `json:"error,omitempty"` // why the hub did not take the last one
}

// Rotation returns how the node's key stands.
func (q *Queue) Rotation(ctx context.Context) (r Rotation, err error) {
	var since int64
	if err := q.db.Read.QueryRowContext(ctx, `SELECT rotate, rekeyed_at, rotate_error FROM station`).Scan(&r.Wanted, &since, &r.Error); err != nil {
		return r, fmt.Errorf("reading key: %w", err)
	}
	if since > 0 {
		r.Since = time.UnixMilli(since)
	}
	id, err := q.Identity(ctx)
	if fault.Is(err, fault.Conflict) {
		return r, nil
	}
	r.Key = protocol.KeyFingerprint(id.Key.Public())
	return r, err
}

// RotationWanted reports whether the node is to take another key. It is asked at
// every change of the queue.
func (q *Queue) RotationWanted(ctx context.Context) (wanted bool, err error) {
	if err := q.db.Read.QueryRowContext(ctx, `SELECT rotate FROM station`).Scan(&wanted); err != nil {
		return false, fmt.Errorf("reading key: %w", err)
	}
	return wanted, nil
}

// NotRotated notes that the hub will not take another key of this node, and why.
func (q *Queue) NotRotated(ctx context.Context, why string) error {
	return q.write(ctx, "noting why the key stays", func(ctx context.Context, t *txn) error {
		return t.exec(ctx, `UPDATE station SET rotate = 0, rotate_error = $1`, why)
	})
}

// ChangeKey makes the key from NextKey the node's own, once the hub has it on disk:
// a new log begins with all that is not confirmed, signed with the new key, and the
// former one is worth nothing any more. Killed at any moment the node has either
// the one or the other.
func (q *Queue) ChangeKey(ctx context.Context, key protocol.Key) (err error) {
	id, err := q.Identity(ctx)
	if err != nil {
		return err
	}
	if err := q.keepFormer(id.Key.Public()); err != nil {
		return err
	}
	err = q.write(ctx, "changing key", func(ctx context.Context, t *txn) error {
		if t.st.node == "" {
			return errNotJoined
		}
		if err := t.giveBack(ctx, t.st.confirmed); err != nil {
			return err
		}
		t.st.public = key.Public()
		return t.exec(ctx, `UPDATE station SET public = $1, rotate = 0, rotate_error = '', rekeyed_at = $2`, t.st.public, t.now)
	})
	if err != nil {
		return err
	}
	return q.placeKey(ctx, key.Public())
}
