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
		if err := t.withdraw(ctx, actor, &i, reason); err != nil {
			return err
		}
		out.Seq = i.withdrawSeq
		if i.stage != stageOut {
			return t.discard(ctx, i)
		}
		i.Version++
		return t.save(ctx, i)
	})
	return out, err
}

// withdraw asks the county to take the item back, and notes that in i.
func (t *txn) withdraw(ctx context.Context, actor Actor, i *Item, reason string) error {
	if err := actor.township(); err != nil {
		return err
	}
	switch {
	case i.Withdrawing:
		return nil
	case i.outside == State(protocol.StateWithdrawn):
		return fault.New(fault.Conflict, "这条信息已经撤回了。")
	case i.outside == State(protocol.StateRejected):
		return fault.New(fault.Conflict, "县里已决定不采用这条信息，不需要撤回。")
	}
	reason, err := reasonText("reason", "撤回理由", reason)
	if err != nil {
		return err
	}
	revision := i.Revision
	if i.outside == Refused {
		// The hub has an earlier revision, or has never had the item. Then
		// nobody there needs to be asked.
		err := t.row(ctx, `SELECT coalesce(max(u.revision), 0) FROM up_entry u WHERE `+ofItem+` AND u.seq NOT IN (SELECT seq FROM refusal)`, i.ID).Scan(&revision)
		if err != nil {
			return err
		}
		if revision == 0 {
			i.said = string(protocol.StateWithdrawn)
			return t.step(ctx, i.ID, i.Revision, ActWithdraw, actor.Name, reason, 0)
		}
	}
	i.withdrawSeq, err = t.appendMessage(ctx, entry{kind: protocol.KindWithdraw, ref: i.ID, revision: revision, by: actor.Name},
		&protocol.Withdraw{Item: i.ID, Revision: revision, Reason: reason, By: content.CleanLine(actor.Name), At: time.UnixMilli(t.now).UTC()})
	if err != nil {
		return err
	}
	return t.step(ctx, i.ID, revision, ActWithdraw, actor.Name, reason, i.withdrawSeq)
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
