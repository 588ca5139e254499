package queue

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"zhanqun/protocol"
)

// State is where an item stands, as far as this node can know. Beside the
// states below it takes the values of protocol.State.
type State string

// The states before the hub has said anything, and the one it says "never" with.
const (
	Drafting State = "draft"    // 草稿
	Awaiting State = "awaiting" // 待签发: the township has to endorse it
	Queued   State = "queued"   // 待发送: on disk here
	Sent     State = "sent"     // 已发出: at the broker, the hub has not confirmed
	Received State = State(protocol.StateReceived)
	Refused  State = "refused" // 未收下: the hub can never take this entry as it is
)

// Stages of an item's text at this node.
const (
	stageDraft    = "draft"
	stageAwaiting = "awaiting"
	stageOut      = "out"
)

// Item is an item as lists show it. Title, column and author are those of the
// newest text, handed in or not.
type Item struct {
	ID           string            `json:"id"`
	N            int64             `json:"-"` // order of lists, newest highest
	Village      string            `json:"village,omitempty"`
	Column       string            `json:"column"`
	Title        string            `json:"title"`
	Author       string            `json:"author"`
	CreatedBy    string            `json:"createdBy"` // login
	CreatedAt    time.Time         `json:"createdAt"`
	UpdatedAt    time.Time         `json:"updatedAt"`
	Version      int               `json:"version"`
	State        State             `json:"state"`
	Editing      bool              `json:"editing,omitempty"`     // there is a text not yet handed in
	Withdrawing  bool              `json:"withdrawing,omitempty"` // a withdrawal is on its way
	Comment      string            `json:"comment,omitempty"`     // the township's word when it sent the item back
	Revision     int               `json:"revision"`              // last one handed in, 0 for none
	Seq          uint64            `json:"seq,omitempty"`         // its place in the up log
	LiveRevision int               `json:"liveRevision,omitempty"`
	URL          string            `json:"url,omitempty"`     // where it can be read
	Status       *protocol.Status  `json:"status,omitempty"`  // last word of the hub
	Refusal      *protocol.Refusal `json:"refusal,omitempty"` // when State is Refused

	stage       string
	said        string // the hub's word on Revision, empty for none
	outside     State  // of what was handed in, see atHub
	withdrawSeq uint64
	fresh       bool // not yet in the database
}

// itemColumns reads an item with the cursors its state depends on.
const itemColumns = `i.n, i.id, i.village, i.column_slug, i.title, i.author, i.created_by, i.created_at, i.updated_at,
	i.version, i.stage, i.comment, i.revision, i.seq, i.withdraw_seq, i.state, i.live_revision, i.url,
	s.sent, s.confirmed,
	coalesce((SELECT t.status FROM step t WHERE t.item = i.id AND t.n = i.status), ''),
	coalesce((SELECT r.body FROM refusal r WHERE r.seq = i.seq), '')`

// ofItem chooses the entries that hand in revisions of the item $1: its steps
// lead to them.
const ofItem = `u.seq IN (SELECT seq FROM step WHERE item = $1 AND seq > 0) AND u.kind = 'item.submit'`

const itemFrom = ` FROM item i, station s `

const selectItem = `SELECT ` + itemColumns + itemFrom + `WHERE i.id = $1`

func scanItem(row scanner) (Item, error) {
	var i Item
	var created, updated int64
	var sent, confirmed uint64
	var status, refusal string
	err := row.Scan(&i.N, &i.ID, &i.Village, &i.Column, &i.Title, &i.Author, &i.CreatedBy, &created, &updated,
		&i.Version, &i.stage, &i.Comment, &i.Revision, &i.Seq, &i.withdrawSeq, &i.said, &i.LiveRevision, &i.URL,
		&sent, &confirmed, &status, &refusal)
	if err != nil {
		return Item{}, err
	}
	i.CreatedAt, i.UpdatedAt = time.UnixMilli(created), time.UnixMilli(updated)
	i.Editing = i.stage != stageOut
	i.outside = i.atHub(sent, confirmed)
	if i.State = i.outside; i.stage == stageAwaiting && i.outside != State(protocol.StateWithdrawn) {
		i.State = Awaiting
	}
	i.Withdrawing = i.withdrawSeq > 0 && i.State != State(protocol.StateWithdrawn)
	if err := decodeOptional(status, &i.Status); err != nil {
		return Item{}, err
	}
	if i.outside == Refused {
		err = decodeOptional(refusal, &i.Refusal)
	}
	return i, err
}

// atHub works out the state of what was handed in, without regard to a newer
// text that waits here. It has no memory of its own: whoever has the cursors and
// the hub's last word gets the same answer.
func (i *Item) atHub(sent, confirmed uint64) State {
	switch {
	case i.said == string(protocol.StateWithdrawn):
		return State(protocol.StateWithdrawn)
	case i.Revision == 0:
		return Drafting
	case i.Seq > sent:
		return Queued
	case i.Seq > confirmed:
		return Sent
	case i.said == "":
		return Received
	}
	return State(i.said)
}

func decodeOptional[T any](text string, into **T) error {
	if text == "" {
		return nil
	}
	*into = new(T)
	if err := json.Unmarshal([]byte(text), *into); err != nil {
		return fmt.Errorf("reading stored JSON: %w", err)
	}
	return nil
}

// Detail is an item with its texts and its story.
type Detail struct {
	Item
	Text      Text       `json:"text"` // being worked on; else the last one handed in
	Revisions []Revision `json:"revisions"`
	History   []Step     `json:"history"`
}

// Revision is a text that was handed in.
type Revision struct {
	Revision int               `json:"revision"`
	Seq      uint64            `json:"seq"`
	By       string            `json:"by"`
	At       time.Time         `json:"at"`
	Refusal  *protocol.Refusal `json:"refusal,omitempty"`
	Text     Text              `json:"text"`
}

// Item returns one item with everything known of it. An item the actor may not
// see is a fault of kind NotFound, like one that does not exist.
func (q *Queue) Item(ctx context.Context, actor Actor, id string) (Detail, error) {
	tx, err := q.db.Read.BeginTx(ctx, nil) // one snapshot for all of it
	if err != nil {
		return Detail{}, fmt.Errorf("reading item: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // only read
	var d Detail
	i, err := scanItem(tx.QueryRowContext(ctx, selectItem, id))
	if d.Item, err = found(i, err); err != nil {
		return Detail{}, err
	}
	if !actor.sees(d.Village) {
		return Detail{}, errNoItem
	}
	if d.Revisions, err = readRevisions(ctx, tx, id); err != nil {
		return Detail{}, fmt.Errorf("reading revisions: %w", err)
	}
	if d.History, err = readHistory(ctx, tx, id); err != nil {
		return Detail{}, fmt.Errorf("reading history: %w", err)
	}
	if d.Text, err = readText(ctx, tx, d.Item); err != nil {
		return Detail{}, fmt.Errorf("reading text: %w", err)
	}
	return d, nil
}

// rower is a transaction of either kind.
type rower interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func readText(ctx context.Context, tx rower, i Item) (Text, error) {
	if i.stage != stageOut {
		var text string
		if err := tx.QueryRowContext(ctx, `SELECT text FROM draft WHERE item = $1`, i.ID).Scan(&text); err != nil {
			return Text{}, err
		}
		return decodeText(text)
	}
	var format, typed string
	var body []byte
	if err := tx.QueryRowContext(ctx, `SELECT format, typed, body FROM up_entry WHERE seq = $1`, i.Seq).Scan(&format, &typed, &body); err != nil {
		return Text{}, err
	}
	return kept(format, typed, body)
}

func readRevisions(ctx context.Context, tx rower, id string) ([]Revision, error) {
	rows, err := tx.QueryContext(ctx, `SELECT u.seq, u.revision, u.by, u.at, coalesce(r.body, ''), u.format, u.typed, u.body
		FROM up_entry u LEFT JOIN refusal r ON r.seq = u.seq WHERE `+ofItem+` ORDER BY u.seq DESC LIMIT 100`, id)
	if err != nil {
		return nil, err
	}
	return collect(rows, func(row scanner) (r Revision, err error) {
		var at int64
		var refusal, format, typed string
		var body []byte
		if err := row.Scan(&r.Seq, &r.Revision, &r.By, &at, &refusal, &format, &typed, &body); err != nil {
			return r, err
		}
		r.At = time.UnixMilli(at)
		if err := decodeOptional(refusal, &r.Refusal); err != nil {
			return r, err
		}
		r.Text, err = kept(format, typed, body)
		return r, err
	})
}

// collect reads all rows and closes them.
func collect[T any](rows *sql.Rows, read func(scanner) (T, error)) (list []T, err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		v, err := read(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, rows.Err()
}
