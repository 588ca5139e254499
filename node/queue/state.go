package queue

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"zhanqun/protocol"
)

// QueueState is how much is under way, in entries of the up log.
type QueueState struct {
	Queued           uint64     `json:"queued"`    // not yet handed to the broker
	Sent             uint64     `json:"sent"`      // handed over, not yet confirmed by the hub
	Confirmed        uint64     `json:"confirmed"` // committed at the hub, all in all
	OldestQueuedAt   *time.Time `json:"oldestQueuedAt"`
	OldestUnsettled  *time.Time `json:"oldestUnconfirmedAt"`
	Connected        bool       `json:"connected"`
	Way              Way        `json:"way,omitempty"` // while connected
	LastContactAt    *time.Time `json:"lastContactAt"`
	Serving          bool       `json:"serving"`
	Error            string     `json:"error,omitempty"`
	Blobs            BlobState  `json:"blobs"`
	DiskFree         uint64     `json:"diskFree"` // bytes
	DiskNearlyFull   bool       `json:"diskNearlyFull,omitempty"`
	Joined           bool       `json:"joined"`
	Pending          bool       `json:"pending,omitempty"` // the county has not let this machine in yet
	AwaitingTownship int64      `json:"awaiting"`          // village items that wait for endorsement
}

// BlobState is how much of the attached files is under way.
type BlobState struct {
	Waiting   int64 `json:"waiting"`
	Sent      int64 `json:"sent"`
	BytesLeft int64 `json:"bytesLeft"`
}

// State returns how much is under way.
func (q *Queue) State(ctx context.Context) (QueueState, error) {
	var st QueueState
	var s station
	var oldestQueued, oldestUnsettled sql.NullInt64
	var left sql.NullInt64
	err := q.db.Read.QueryRowContext(ctx, `SELECT s.node, (SELECT coalesce(max(seq), 0) FROM up_entry), s.sent, s.confirmed,
		(SELECT at FROM up_entry WHERE seq = s.sent + 1), (SELECT at FROM up_entry WHERE seq = s.confirmed + 1),
		(SELECT count(*) FROM file WHERE done = 0 AND wanted > 0), (SELECT sum(size - have) FROM file WHERE done = 0 AND wanted > 0),
		(SELECT count(*) FROM file WHERE done = 1), (SELECT count(*) FROM item WHERE stage = 'awaiting' AND stage <> 'out')
		FROM station s`).Scan(&s.node, &s.last, &s.sent, &s.confirmed, &oldestQueued, &oldestUnsettled,
		&st.Blobs.Waiting, &left, &st.Blobs.Sent, &st.AwaitingTownship)
	if err != nil {
		return QueueState{}, fmt.Errorf("reading queue state: %w", err)
	}
	st.Joined = s.node != ""
	st.Queued, st.Sent, st.Confirmed = s.last-s.sent, s.sent-s.confirmed, s.confirmed
	st.OldestQueuedAt, st.OldestUnsettled = timeOf(oldestQueued), timeOf(oldestUnsettled)
	st.Blobs.BytesLeft = left.Int64
	line, err := q.Line(ctx)
	if err != nil {
		return QueueState{}, err
	}
	st.Connected, st.Way, st.Serving, st.Error, st.Pending = line.Connected, line.Way, line.Serving, line.Error, line.Pending
	if !line.LastContact.IsZero() {
		st.LastContactAt = &line.LastContact
	}
	if st.DiskFree, err = q.free(q.dir); err != nil {
		return QueueState{}, fmt.Errorf("reading free disk space: %w", err)
	}
	st.DiskNearlyFull = q.room() != nil
	return st, nil
}

// Beat returns what the node says of its queue in hello and heartbeat.
func (q *Queue) Beat(ctx context.Context) (protocol.Beat, error) {
	st, err := q.State(ctx)
	if err != nil {
		return protocol.Beat{}, err
	}
	return protocol.Beat{Queued: int64(st.Queued), Sent: int64(st.Sent), OldestAt: st.OldestUnsettled, Files: st.Blobs.Waiting}, nil // #nosec G115 -- counts
}

// Hello returns the first word of this node to the hub, on whatever way, and the
// cursors it tells.
func (q *Queue) Hello(ctx context.Context, program string) (Cursors, protocol.Hello, error) {
	c, err := q.Cursors(ctx)
	if err != nil {
		return c, protocol.Hello{}, err
	}
	st, err := q.State(ctx)
	if err != nil {
		return c, protocol.Hello{}, err
	}
	beat, err := q.Beat(ctx)
	if err != nil {
		return c, protocol.Hello{}, err
	}
	var hubKey string
	if err := q.db.Read.QueryRowContext(ctx, `SELECT hub_key FROM station`).Scan(&hubKey); err != nil {
		return c, protocol.Hello{}, fmt.Errorf("reading hub key: %w", err)
	}
	knows := protocol.Later()
	if q.noLooks {
		knows = slices.DeleteFunc(knows, func(k protocol.Kind) bool { return k == protocol.KindLook })
	}
	return c, protocol.Hello{V: protocol.Version, Epoch: c.Epoch, Last: c.Last, Confirmed: c.Confirmed, Down: c.Down, HubEpoch: c.HubEpoch,
		Program: program, Clock: q.now(), DiskFree: st.DiskFree, Knows: knows, HubKey: hubKey, Beat: beat}, nil
}

func timeOf(ms sql.NullInt64) *time.Time {
	if !ms.Valid {
		return nil
	}
	t := time.UnixMilli(ms.Int64)
	return &t
}
