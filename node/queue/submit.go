package queue

import (
	"context"
	"fmt"

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
	Version int // that the person saw; 0 for the newest
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
	r, err := q.ready(ctx, actor, d.Item, d.Text)
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
		i.Version++
		out, err = t.handIn(ctx, actor, i, d.Text, r)
		return err
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
	i, err := q.begin(ctx, actor, d)
	if err != nil {
		return Submitted{}, err
	}
	r, err := q.ready(ctx, actor, i, d.Text)
	if err != nil {
		return Submitted{}, err
	}
	var out Submitted
	err = q.write(ctx, "posting item", func(ctx context.Context, t *txn) error {
		i, again, err := t.edit(ctx, actor, d, i)
		if err != nil {
			return err
		}
		if again {
			out = Submitted{ID: i.ID, Revision: i.Revision, Seq: i.Seq, Awaiting: i.stage == stageAwaiting, Again: true}
			return nil
		}
		if out, err = t.handIn(ctx, actor, i, d.Text, r); err != nil {
			return err
		}
		return t.remember(ctx, actor, d.Key, i.ID, out.Seq)
	})
	return out, err
}

// handIn turns the text of i into a revision with its entry, or, from a village,
// into a request to the township. i.Version has been counted on.
func (t *txn) handIn(ctx context.Context, actor Actor, i Item, typed Text, r ready) (Submitted, error) {
	if err := i.open(); err != nil {
		return Submitted{}, err
	}
	if err := t.current(ctx, r, i); err != nil {
		return Submitted{}, err
	}
	i.Comment = ""
	if !actor.Township() {
		return t.ask(ctx, actor, i, typed)
	}
	i.Revision = r.message.Revision
	act := ActSubmitted
	if i.Village != "" {
		act = ActEndorsed
	}
	var err error
	i.Seq, err = t.append(ctx, entry{kind: protocol.KindSubmit, ref: i.ID, revision: i.Revision, by: actor.Name,
		format: r.format, typed: r.typed, body: r.body})
	if err != nil {
		return Submitted{}, err
	}
	i.stage, i.said = stageOut, ""
	if err := t.save(ctx, i); err != nil {
		return Submitted{}, err
	}
	if !i.fresh {
		if err := t.exec(ctx, `DELETE FROM draft WHERE item = $1`, i.ID); err != nil {
			return Submitted{}, err
		}
	}
	if err := t.linkFiles(ctx, i.ID, typed.Attachments); err != nil {
		return Submitted{}, err
	}
	if err := t.wantFiles(ctx, i.Seq, typed.Attachments); err != nil {
		return Submitted{}, err
	}
	return Submitted{ID: i.ID, Revision: i.Revision, Seq: i.Seq}, t.step(ctx, i.ID, i.Revision, act, actor.Name, "", i.Seq)
}

// ask puts a village's item before the township.
func (t *txn) ask(ctx context.Context, actor Actor, i Item, typed Text) (Submitted, error) {
	i.stage = stageAwaiting
	if err := t.save(ctx, i); err != nil {
		return Submitted{}, err
	}
	if err := t.saveText(ctx, i, typed); err != nil {
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
	i.stage, i.Comment = stageDraft, comment
	i.Version++
	if err := t.save(ctx, i); err != nil {
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
		i.stage, i.Comment, i.Column, i.Title, i.Author = stageOut, "", text.Column, text.Title, text.Author
		i.Version++
		return t.save(ctx, i)
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
	var format, typed string
	var body []byte
	if err := t.row(ctx, `SELECT format, typed, body FROM up_entry WHERE seq = $1`, i.Seq).Scan(&format, &typed, &body); err != nil {
		return Text{}, fmt.Errorf("reading revision %d: %w", i.Revision, err)
	}
	return kept(format, typed, body)
}
