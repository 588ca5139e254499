package queue

import (
	"context"
	"fmt"
	"time"

	"zhanqun/protocol"
)

// Acts of people at this node.
const (
	ActCreated   = "created"   // began it
	ActSubmitted = "submitted" // handed it in to the county
	ActAsked     = "asked"     // a village handed it to the township
	ActEndorsed  = "endorsed"  // the township signed a village's item and handed it in
	ActSentBack  = "sent_back" // the township sent it back to the village
	ActRecalled  = "recalled"  // the village took it back from the township
	ActWithdraw  = "withdraw"  // asked the county to take it back
	ActReceived  = "received"  // the hub's receipt has passed the entry
	ActRefused   = "refused"   // the hub can never take it
	ActStatus    = "status"    // the hub's word; see Status
)

// Step is one line of an item's history.
type Step struct {
	At       time.Time         `json:"at"`
	Act      string            `json:"act"`
	By       string            `json:"by,omitempty"`
	Text     string            `json:"text,omitempty"` // comment or reason
	Revision int               `json:"revision,omitempty"`
	Status   *protocol.Status  `json:"status,omitempty"`
	Refusal  *protocol.Refusal `json:"refusal,omitempty"`
}

// maxHistory bounds a history; nobody reads further back.
const maxHistory = 500

// readHistory returns the story in the order it was learnt here. The receipt of
// an entry stands right behind the act that made it.
func readHistory(ctx context.Context, tx rower, id string) ([]Step, error) {
	rows, err := tx.QueryContext(ctx, `SELECT a.act, a.revision, a.by, a.text, a.at, a.status, a.seq > 0 AND a.seq <= s.confirmed,
		coalesce((SELECT r.at FROM receipt r WHERE a.seq > 0 AND r.through >= a.seq ORDER BY r.through LIMIT 1), 0),
		coalesce((SELECT f.body FROM refusal f WHERE f.seq = a.seq), '')
		FROM step a, station s WHERE a.item = $1 ORDER BY a.n LIMIT $2`, id, maxHistory)
	if err != nil {
		return nil, err
	}
	var steps []Step
	_, err = collect(rows, func(row scanner) (struct{}, error) {
		var s Step
		var at, receivedAt int64
		var received bool
		var status, refusal string
		if err := row.Scan(&s.Act, &s.Revision, &s.By, &s.Text, &at, &status, &received, &receivedAt, &refusal); err != nil {
			return struct{}{}, err
		}
		s.At = time.UnixMilli(at)
		if err := decodeOptional(status, &s.Status); err != nil {
			return struct{}{}, err
		}
		steps = append(steps, s)
		if !received {
			return struct{}{}, nil
		}
		answer := Step{Act: ActReceived, Revision: s.Revision}
		if receivedAt > 0 { // receipts are forgotten after a while
			answer.At = time.UnixMilli(receivedAt)
		}
		if err := decodeOptional(refusal, &answer.Refusal); err != nil {
			return struct{}{}, err
		}
		if answer.Refusal != nil {
			answer.Act = ActRefused
		}
		steps = append(steps, answer)
		return struct{}{}, nil
	})
	return steps, err
}

// step notes what somebody did with an item. seq is the up entry it made, or 0.
func (t *txn) step(ctx context.Context, item string, revision int, act, by, text string, seq uint64) error {
	err := t.exec(ctx, `INSERT INTO step (item, n, revision, act, by, text, seq, at, hash, status)
		VALUES ($1, (SELECT coalesce(max(n), 0) + 1 FROM step WHERE item = $1), $2, $3, $4, $5, $6, $7, '', '')`,
		item, revision, act, by, text, seq, t.now)
	if err != nil {
		return fmt.Errorf("noting %s: %w", act, err)
	}
	return nil
}
