package queue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"zhanqun/internal/content"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// Saved names what SaveDraft wrote.
type Saved struct {
	ID      string `json:"id"`
	Version int    `json:"version"` // to be named by the next change
	Again   bool   `json:"-"`       // the request with this key was done before; its text was not kept
}

var errStale = fault.New(fault.Conflict, "这条信息刚被别人改过。请打开最新的稿子核对后再改，您写的内容仍在页面上。")

// SaveDraft keeps a text that is being worked on. It may be unfinished. A text
// made from an older version is a fault of kind Conflict; an item whose text is
// with the county cannot be changed until the county has answered.
func (q *Queue) SaveDraft(ctx context.Context, actor Actor, d Draft) (Saved, error) {
	if err := q.mayWrite(actor, &d); err != nil {
		return Saved{}, err
	}
	if err := q.describe(ctx, &d.Text); err != nil {
		return Saved{}, err
	}
	fresh, err := newItem(actor, d)
	if err != nil {
		return Saved{}, err
	}
	var out Saved
	err = q.write(ctx, "saving draft", func(ctx context.Context, t *txn) error {
		i, again, err := t.edit(ctx, actor, d, fresh)
		out = Saved{ID: i.ID, Version: i.Version, Again: again}
		if err != nil || again {
			return err
		}
		if i.fresh {
			if err := t.step(ctx, i.ID, 0, ActCreated, actor.Name, "", 0); err != nil {
				return err
			}
		}
		if err := t.save(ctx, i); err != nil {
			return err
		}
		if err := t.saveText(ctx, i, d.Text); err != nil {
			return err
		}
		return t.remember(ctx, actor, d.Key, i.ID, 0)
	})
	return out, err
}

// mayWrite checks what can be checked without the database.
func (q *Queue) mayWrite(actor Actor, d *Draft) error {
	if err := actor.known(); err != nil {
		return err
	}
	if err := q.room(); err != nil {
		return err
	}
	if d.ID != "" && !protocol.ValidUUID(d.ID) {
		return errNoItem
	}
	if !actor.Township() {
		d.Village = actor.Village
	}
	return d.tidy()
}

// describe fills in size and type of the attachments from what is on disk: what
// a browser says of a file is not believed.
func (q *Queue) describe(ctx context.Context, t *Text) error {
	for n := range t.Attachments {
		a := &t.Attachments[n]
		f, err := q.File(ctx, a.SHA256)
		if fault.Is(err, fault.NotFound) {
			return fault.Field(fmt.Sprintf("attachments[%d]", n), "附件“"+content.CleanLine(a.Name)+"”不在本机上，请重新添加。")
		}
		if err != nil {
			return err
		}
		a.Size, a.Type, a.Alt = f.Size, f.Type, content.CleanLine(a.Alt)
	}
	return nil
}

// newItem is an item that is not in the database yet.
func newItem(actor Actor, d Draft) (Item, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Item{}, fmt.Errorf("making item id: %w", err)
	}
	return Item{ID: id.String(), Village: d.Village, CreatedBy: actor.Login, State: Drafting, outside: Drafting, stage: stageDraft, fresh: true}, nil
}

// begin returns the item of d as it is now, or a new one.
func (q *Queue) begin(ctx context.Context, actor Actor, d Draft) (Item, error) {
	if d.ID == "" {
		return newItem(actor, d)
	}
	i, err := scanItem(q.db.Read.QueryRowContext(ctx, selectItem, d.ID))
	if i, err = found(i, err); err == nil && !actor.sees(i.Village) {
		err = errNoItem
	}
	if actor.Township() && i.Revision == 0 {
		i.Village = d.Village
	}
	return i, err
}

// edit returns the item of d as it will be with the text of d, fresh if it is to
// be a new one. Nothing is written yet. again is true when the request has been
// done before.
func (t *txn) edit(ctx context.Context, actor Actor, d Draft, fresh Item) (i Item, again bool, err error) {
	if id, err := t.done(ctx, actor, d.Key); err != nil || id != "" {
		if err == nil {
			i, err = t.item(ctx, id)
		}
		return i, true, err
	}
	if i = fresh; d.ID != "" {
		if i, err = t.editable(ctx, actor, d); err != nil {
			return Item{}, false, err
		}
	}
	i.Column, i.Title, i.Author = d.Column, d.Title, d.Author
	i.Version++
	return i, false, nil
}

// save writes the head of an item.
func (t *txn) save(ctx context.Context, i Item) error {
	if i.fresh {
		return t.exec(ctx, `INSERT INTO item (id, village, column_slug, title, author, created_by, created_at, updated_at, version, stage,
			comment, revision, seq, withdraw_seq, state, status, live_revision, url)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9, '', $10, $11, 0, '', 0, 0, '')`,
			i.ID, i.Village, i.Column, i.Title, i.Author, i.CreatedBy, t.now, i.Version, i.stage, i.Revision, i.Seq)
	}
	return t.exec(ctx, `UPDATE item SET village = $2, column_slug = $3, title = $4, author = $5, updated_at = $6, version = $7, stage = $8,
		comment = $9, revision = $10, seq = $11, withdraw_seq = $12, state = $13 WHERE id = $1`,
		i.ID, i.Village, i.Column, i.Title, i.Author, t.now, i.Version, i.stage, i.Comment, i.Revision, i.Seq, i.withdrawSeq, i.said)
}

// saveText keeps the text of i as one that is being worked on.
func (t *txn) saveText(ctx context.Context, i Item, text Text) error {
	encoded, err := text.encode()
	if err != nil {
		return err
	}
	err = t.exec(ctx, `INSERT INTO draft (item, text) VALUES ($1, $2) ON CONFLICT (item) DO UPDATE SET text = excluded.text`, i.ID, encoded)
	if err != nil {
		return err
	}
	return t.linkFiles(ctx, i.ID, text.Attachments)
}

// editable returns the item of d if actor may change its text now.
func (t *txn) editable(ctx context.Context, actor Actor, d Draft) (Item, error) {
	i, err := t.visible(ctx, actor, d.ID)
	if err != nil {
		return Item{}, err
	}
	if d.Version != i.Version {
		return Item{}, errStale
	}
	if i.stage == stageAwaiting && !actor.Township() {
		return Item{}, fault.New(fault.Conflict, "这条信息已交镇里签发，暂时不能修改。要修改请先收回。")
	}
	if err := i.open(); err != nil {
		return Item{}, err
	}
	if i.stage == stageOut {
		i.stage = stageDraft
	}
	// Where an item comes from is settled with its first revision.
	if actor.Township() && i.Revision == 0 {
		i.Village = d.Village
	}
	return i, nil
}

// open returns a fault when the county's state of the item allows no new text.
func (i *Item) open() error {
	if i.Withdrawing {
		return fault.New(fault.Conflict, "这条信息正在撤回，不能再修改。")
	}
	switch i.outside {
	case Drafting, Refused, State(protocol.StateReturned), State(protocol.StateAdopted), State(protocol.StateCorrected):
		return nil
	case Queued, Sent:
		return fault.New(fault.Conflict, "这条信息已提交，县里还没有确认收到，暂时不能修改。收到后如需改动，请等县里退回，或先撤回。")
	case State(protocol.StateRejected):
		return fault.New(fault.Conflict, "县里已决定不采用这条信息，不能再次提交。有新内容请另写一条。")
	case State(protocol.StateWithdrawn):
		return fault.New(fault.Conflict, "这条信息已撤回，不能恢复。需要时请另写一条。")
	default:
		return fault.New(fault.Conflict, "县里正在审核这条信息，暂时不能修改。要修改请等县里退回，或先撤回。")
	}
}

// item reads an item inside the transaction, with the cursors as they are now.
func (t *txn) item(ctx context.Context, id string) (Item, error) {
	i, err := scanItem(t.row(ctx, selectItem, id))
	return found(i, err)
}

func found(i Item, err error) (Item, error) {
	if errors.Is(err, sql.ErrNoRows) {
		return Item{}, errNoItem
	}
	if err != nil {
		return Item{}, fmt.Errorf("reading item: %w", err)
	}
	return i, nil
}

func (t *txn) visible(ctx context.Context, actor Actor, id string) (Item, error) {
	i, err := t.item(ctx, id)
	if err == nil && !actor.sees(i.Village) {
		err = errNoItem
	}
	return i, err
}

// done returns the item an earlier request with the same key was about, or "".
func (t *txn) done(ctx context.Context, actor Actor, key string) (item string, err error) {
	if key == "" {
		return "", nil
	}
	err = t.row(ctx, `SELECT item FROM once WHERE key = $1`, actor.Login+"\n"+key).Scan(&item)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return item, err
}

func (t *txn) remember(ctx context.Context, actor Actor, key, item string, seq uint64) error {
	if key == "" {
		return nil
	}
	return t.exec(ctx, `INSERT INTO once (key, item, seq, at) VALUES ($1, $2, $3, $4) ON CONFLICT (key) DO UPDATE SET seq = excluded.seq`,
		actor.Login+"\n"+key, item, seq, t.now)
}
