package queue

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"zhanqun/internal/content"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// Withdrawn says what a withdrawal did.
type Withdrawn struct {
	Deleted bool   `json:"deleted,omitempty"` // a draft, now gone
	Drafted bool   `json:"drafted,omitempty"` // it had not left the township; a draft again
	Seq     uint64 `json:"seq,omitempty"`     // the request to the county, in the up log
}

// Withdraw takes an item back. What was never handed in is deleted, what waits
// for the township becomes a draft again, and for the rest the county is asked:
// before adoption that recalls it, afterwards it goes from everywhere. Only the
// township asks the county.
func (q *Queue) Withdraw(ctx context.Context, actor Actor, id, reason string) (Withdrawn, error) {
	if err := actor.known(); err != nil {
		return Withdrawn{}, err
	}
	var out Withdrawn
	err := q.write(ctx, "withdrawing item", func(ctx context.Context, t *txn) error {
		out = Withdrawn{}
		i, err := t.visible(ctx, actor, id)
		if err != nil {
			return err
		}
		switch {
		case i.stage == stageDraft && i.Revision == 0:
			out.Deleted = true
			return t.discard(ctx, i)
		case i.stage == stageAwaiting && (i.Revision == 0 || !actor.Township()):
			out.Drafted = true
			return t.backToDraft(ctx, actor, i, ActRecalled, content.CleanText(strings.TrimSpace(reason)))
		}
		if out.Seq, err = t.withdraw(ctx, actor, i, reason); err != nil || i.stage == stageOut {
			return err
		}
		return t.discard(ctx, i)
	})
	return out, err
}

// withdraw asks the county to take the item back.
func (t *txn) withdraw(ctx context.Context, actor Actor, i Item, reason string) (uint64, error) {
	if err := actor.township(); err != nil {
		return 0, err
	}
	switch {
	case i.Withdrawing:
		return i.withdrawSeq, nil
	case i.outside == State(protocol.StateWithdrawn):
		return 0, fault.New(fault.Conflict, "这条信息已经撤回了。")
	case i.outside == State(protocol.StateRejected):
		return 0, fault.New(fault.Conflict, "县里已决定不采用这条信息，不需要撤回。")
	}
	reason, err := reasonText("reason", "撤回理由", reason)
	if err != nil {
		return 0, err
	}
	revision := i.Revision
	if i.outside == Refused {
		// The hub has an earlier revision, or has never had the item.
		err := t.row(ctx, `SELECT coalesce(max(revision), 0) FROM revision WHERE item = $1 AND refusal = ''`, i.ID).Scan(&revision)
		if err != nil {
			return 0, err
		}
		if revision == 0 {
			return 0, t.shelve(ctx, actor, i, reason)
		}
	}
	seq, err := t.append(ctx, protocol.KindWithdraw, i.ID, revision, &protocol.Withdraw{Item: i.ID, Revision: revision, Reason: reason,
		By: content.CleanLine(actor.Name), At: time.UnixMilli(t.now).UTC()})
	if err != nil {
		return 0, err
	}
	err = t.exec(ctx, `UPDATE item SET withdraw_seq = $2, version = version + 1, updated_at = $3 WHERE id = $1`, i.ID, seq, t.now)
	if err != nil {
		return 0, err
	}
	return seq, t.step(ctx, i.ID, revision, ActWithdraw, actor.Name, reason, seq)
}

// shelve closes an item the hub has refused and never had: nobody there needs
// to be asked.
func (t *txn) shelve(ctx context.Context, actor Actor, i Item, reason string) error {
	err := t.exec(ctx, `UPDATE item SET state = $2, version = version + 1, updated_at = $3 WHERE id = $1`,
		i.ID, string(protocol.StateWithdrawn), t.now)
	if err != nil {
		return err
	}
	return t.step(ctx, i.ID, i.Revision, ActWithdraw, actor.Name, reason, 0)
}

// reasonText cleans a text a person has to give.
func reasonText(field, name, s string) (string, error) {
	s = strings.TrimSpace(content.CleanText(s))
	switch n := utf8.RuneCountInString(s); {
	case s == "":
		return "", fault.Field(field, "请填写"+name+"。")
	case n > protocol.MaxTextRunes:
		return "", fault.Field(field, fmt.Sprintf("%s有 %d 个字，最多 %d 个字。", name, n, protocol.MaxTextRunes))
	}
	return s, nil
}
