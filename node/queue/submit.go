package queue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"zhanqun/internal/content"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// Submitted says what became of a text that was handed in.
type Submitted struct {
	ID       string `json:"id"`
	Revision int    `json:"revision"`           // 0 while it waits for the township
	Seq      uint64 `json:"seq,omitempty"`      // place in the up log
	Awaiting bool   `json:"awaiting,omitempty"` // a village's item now waits for the township
	Again    bool   `json:"again,omitempty"`    // it had been handed in before; nothing was done
}

// Handing says which text of an item is handed in.
type Handing struct {
	Version int    // that the person saw; 0 for the newest
	Key     string // of this request, so that repeating it does nothing; may be empty
}

// Submit hands in the text of an item. When it returns without error the
// revision and its signed entry in the up log are on disk. Handing in the same
// text twice makes one revision. From a village liaison the item goes to the
// township first; from the township it is at the same time the endorsement.
func (q *Queue) Submit(ctx context.Context, actor Actor, id string, h Handing) (Submitted, error) {
	if err := actor.known(); err != nil {
		return Submitted{}, err
	}
	if err := q.room(); err != nil {
		return Submitted{}, err
	}
	d, err := q.Item(ctx, actor, id)
	if err != nil {
		return Submitted{}, err
	}
	if h.Version == 0 {
		h.Version = d.Version
	}
	m, err := q.ready(ctx, d.Text)
	if err != nil && d.stage != stageOut {
		return Submitted{}, err
	}
	var out Submitted
	err = q.write(ctx, "submitting item", func(ctx context.Context, t *txn) error {
		i, err := t.visible(ctx, actor, id)
		if err != nil {
			return err
		}
		if i.stage == stageOut && i.Revision > 0 {
			out = Submitted{ID: id, Revision: i.Revision, Seq: i.Seq, Again: true}
			return nil
		}
		if i.stage == stageAwaiting && !actor.Township() {
			out = Submitted{ID: id, Awaiting: true, Again: true}
			return nil
		}
		if i.Version != h.Version || i.Version != d.Version {
			return errStale
		}
		if out, err = t.handIn(ctx, actor, i, d.Text, m); err != nil {
			return err
		}
		return t.remember(ctx, actor, h.Key, id, out.Seq)
	})
	return out, err
}

// Post saves a text and hands it in, in one transaction: what the command line
// and programs use.
func (q *Queue) Post(ctx context.Context, actor Actor, d Draft) (Submitted, error) {
	if err := q.mayWrite(actor, &d); err != nil {
		return Submitted{}, err
	}
	if err := q.describe(ctx, &d.Text); err != nil {
		return Submitted{}, err
	}
	m, err := q.ready(ctx, d.Text)
	if err != nil {
		return Submitted{}, err
	}
	var out Submitted
	err = q.write(ctx, "posting item", func(ctx context.Context, t *txn) error {
		i, again, err := t.edit(ctx, actor, d)
		if err != nil {
			return err
		}
		if again {
			out = Submitted{ID: i.ID, Revision: i.Revision, Seq: i.Seq, Awaiting: i.stage == stageAwaiting, Again: true}
			return nil
		}
		if err := t.linkFiles(ctx, i.ID, d.Attachments); err != nil {
			return err
		}
		out, err = t.handIn(ctx, actor, i, d.Text, m)
		return err
	})
	return out, err
}

// handIn turns the text of i into a revision with its entry, or, from a village,
// into a request to the township.
func (t *txn) handIn(ctx context.Context, actor Actor, i Item, typed Text, m *protocol.Submit) (Submitted, error) {
	if err := i.open(); err != nil {
		return Submitted{}, err
	}
	text, err := typed.encode()
	if err != nil {
		return Submitted{}, err
	}
	if !actor.Township() {
		return t.ask(ctx, actor, i, text)
	}
	revision := i.Revision + 1
	if i.Refusal != nil && i.Refusal.Code == protocol.CodeRevision {
		revision = i.Revision // counting on would only lead further away
	}
	full := *m
	full.Item, full.Revision, full.Unit, full.Origin = i.ID, revision, t.st.unit, i.Village
	full.CreatedAt = time.UnixMilli(t.now).UTC()
	act := ActSubmitted
	if i.Village != "" {
		full.EndorsedBy, act = content.CleanLine(actor.Name), ActEndorsed
	}
	seq, err := t.append(ctx, protocol.KindSubmit, i.ID, revision, &full)
	if err != nil {
		return Submitted{}, err
	}
	err = t.exec(ctx, `INSERT INTO revision (seq, item, revision, by, at, refusal, text) VALUES ($1, $2, $3, $4, $5, '', $6)`,
		seq, i.ID, revision, actor.Name, t.now, text)
	if err != nil {
		return Submitted{}, fmt.Errorf("keeping revision: %w", err)
	}
	err = t.exec(ctx, `UPDATE item SET stage = $2, revision = $3, seq = $4, state = '', comment = '', version = $5, updated_at = $6 WHERE id = $1`,
		i.ID, stageOut, revision, seq, i.Version+1, t.now)
	if err != nil {
		return Submitted{}, err
	}
	if err := t.exec(ctx, `DELETE FROM draft WHERE item = $1`, i.ID); err != nil {
		return Submitted{}, err
	}
	if err := t.wantFiles(ctx, seq, full.Attachments); err != nil {
		return Submitted{}, err
	}
	return Submitted{ID: i.ID, Revision: revision, Seq: seq}, t.step(ctx, i.ID, revision, act, actor.Name, "", seq)
}

// ask puts a village's item before the township.
func (t *txn) ask(ctx context.Context, actor Actor, i Item, text string) (Submitted, error) {
	err := t.exec(ctx, `INSERT INTO draft (item, text) VALUES ($1, $2) ON CONFLICT (item) DO UPDATE SET text = excluded.text`, i.ID, text)
	if err != nil {
		return Submitted{}, err
	}
	err = t.exec(ctx, `UPDATE item SET stage = $2, comment = '', version = $3, updated_at = $4 WHERE id = $1`,
		i.ID, stageAwaiting, i.Version+1, t.now)
	if err != nil {
		return Submitted{}, err
	}
	return Submitted{ID: i.ID, Awaiting: true}, t.step(ctx, i.ID, i.Revision, ActAsked, actor.Name, "", 0)
}

// SendBack returns a village's item to the village with a comment.
func (q *Queue) SendBack(ctx context.Context, actor Actor, id string, version int, comment string) error {
	if err := actor.township(); err != nil {
		return err
	}
	comment, err := reasonText("comment", "退回意见", comment)
	if err != nil {
		return err
	}
	return q.write(ctx, "sending item back", func(ctx context.Context, t *txn) error {
		i, err := t.visible(ctx, actor, id)
		if err != nil {
			return err
		}
		if i.stage != stageAwaiting {
			return fault.New(fault.Conflict, "这条信息不在待签发状态，不能退给村里。")
		}
		if version != 0 && version != i.Version {
			return errStale
		}
		return t.backToDraft(ctx, actor, i, ActSentBack, comment)
	})
}

func (t *txn) backToDraft(ctx context.Context, actor Actor, i Item, act, comment string) error {
	err := t.exec(ctx, `UPDATE item SET stage = $2, comment = $3, version = $4, updated_at = $5 WHERE id = $1`,
		i.ID, stageDraft, comment, i.Version+1, t.now)
	if err != nil {
		return err
	}
	return t.step(ctx, i.ID, i.Revision, act, actor.Name, comment, 0)
}

// Discard drops the text being worked on. An item never handed in is gone then;
// one that was stands as it did before.
func (q *Queue) Discard(ctx context.Context, actor Actor, id string, version int) error {
	return q.write(ctx, "discarding draft", func(ctx context.Context, t *txn) error {
		i, err := t.visible(ctx, actor, id)
		if err != nil {
			return err
		}
		if i.stage != stageDraft {
			return fault.New(fault.Conflict, "这条信息没有未提交的草稿。")
		}
		if version != 0 && version != i.Version {
			return errStale
		}
		return t.discard(ctx, i)
	})
}

func (t *txn) discard(ctx context.Context, i Item) error {
	if err := t.exec(ctx, `DELETE FROM draft WHERE item = $1`, i.ID); err != nil {
		return err
	}
	if i.Revision > 0 {
		text, err := t.handedIn(ctx, i)
		if err != nil {
			return err
		}
		return t.exec(ctx, `UPDATE item SET stage = $2, comment = '', version = $3, updated_at = $4, column_slug = $5, title = $6, author = $7 WHERE id = $1`,
			i.ID, stageOut, i.Version+1, t.now, text.Column, text.Title, text.Author)
	}
	for _, text := range []string{`DELETE FROM item_file WHERE item = $1`, `DELETE FROM step WHERE item = $1`, `DELETE FROM item WHERE id = $1`} {
		if err := t.exec(ctx, text, i.ID); err != nil {
			return err
		}
	}
	return nil
}

// handedIn returns the text of the last revision.
func (t *txn) handedIn(ctx context.Context, i Item) (Text, error) {
	var text string
	err := t.row(ctx, `SELECT text FROM revision WHERE seq = $1`, i.Seq).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return Text{}, fmt.Errorf("revision %d of item %s is missing", i.Revision, i.ID)
	}
	if err != nil {
		return Text{}, err
	}
	return decodeText(text)
}
