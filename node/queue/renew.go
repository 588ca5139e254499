package queue

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// renumber begins a new up log with the entries behind the row to: the first of
// them is its entry 1. Their texts stay as they are; they are signed anew when
// they are read. What the hub said of them is forgotten, and their files are
// offered again.
func (t *txn) renumber(ctx context.Context, to uint64) error {
	if t.st.node != "" {
		if err := t.exec(ctx, `INSERT INTO epoch (epoch, node, base) VALUES ($1, $2, $3)`, t.st.epoch, t.st.node, t.st.base); err != nil {
			return fmt.Errorf("noting the former log: %w", err)
		}
	}
	if to < t.st.confirmed {
		if err := t.unconfirm(ctx, to); err != nil {
			return err
		}
	}
	if err := t.exec(ctx, `UPDATE file SET have = 0, done = 0, next_at = 0 WHERE wanted > $1`, to); err != nil {
		return fmt.Errorf("offering files again: %w", err)
	}
	// What bundles carry is of the log that is left behind.
	for _, text := range []string{`UPDATE bundle SET state = 'answered' WHERE state = 'out'`, `DELETE FROM bundle_file`} {
		if err := t.exec(ctx, text); err != nil {
			return fmt.Errorf("forgetting bundles under way: %w", err)
		}
	}
	t.st.epoch, t.st.base, t.st.resign = uuid.NewString(), to, t.st.last
	t.st.sent, t.st.confirmed = to, to
	return t.exec(ctx, `UPDATE station SET epoch = $1, base = $2, resign = $3`, t.st.epoch, t.st.base, t.st.resign)
}

// giveBack begins a new up log with all the hub lacks, which has everything
// through the row have, as far as it is still held. The rest is counted.
func (t *txn) giveBack(ctx context.Context, have uint64) error {
	to := max(have, t.st.pruned)
	if gone := to - have; gone > 0 {
		t.q.log.WarnContext(ctx, "the hub lacks entries that are no longer held", "entries", gone)
		if err := t.exec(ctx, `UPDATE station SET gone = gone + $1`, gone); err != nil {
			return err
		}
	}
	return t.renumber(ctx, to)
}

// HubHad compares the present log with how far the hub had the one before it, as
// its answer to hello says; nil stands for none. If the hub lacks what lies in
// between, because it was restored too, a new log begins with that, and renewed
// is true.
//
// What the hub has of that log and this store never had is told in a notice.
func (q *Queue) HubHad(ctx context.Context, before *protocol.Mark) (renewed bool, err error) {
	var base uint64
	if err := q.db.Read.QueryRowContext(ctx, `SELECT base FROM station`).Scan(&base); err != nil || base == 0 && before == nil {
		return false, err
	}
	err = q.write(ctx, "comparing with what the hub had", func(ctx context.Context, t *txn) error {
		renewed = false
		have, err := t.rowOf(ctx, before)
		if err == nil {
			err = t.tellUnheld(ctx, before)
		}
		if err != nil || have >= t.st.base || max(have, t.st.pruned) >= t.st.base {
			return err
		}
		renewed = true
		return t.giveBack(ctx, have)
	})
	return renewed, err
}

// tellUnheld leaves a notice if the hub has entries this store never held: what was
// handed in after the backup it was restored from, or by a copy of it. Nobody is to
// hand that in again. It is told once for each log.
func (t *txn) tellUnheld(ctx context.Context, mark *protocol.Mark) error {
	n, err := t.unheld(ctx, mark)
	if err != nil || n == 0 {
		return err
	}
	notice := protocol.Notice{ID: mark.Epoch, Title: "县里有本机没有的内容", At: time.UnixMilli(t.now), Text: fmt.Sprintf("县里已收到用本机身份报的至少 %d 项内容（信息、撤回和答复都算），本机没有底稿，列表里看不到。多半是本机恢复了旧的备份，这些是备份以后报的；或者是用另一台电脑报的。县里照常处理，不要重新报送，请向县里核对。", n)}
	body, err := json.Marshal(notice)
	if err != nil {
		return fmt.Errorf("writing notice: %w", err)
	}
	return t.exec(ctx, `INSERT INTO notice (id, body, at, read_at) VALUES ($1, $2, $3, 0) ON CONFLICT (id) DO NOTHING`, notice.ID, string(body), t.now)
}

// unheld returns how many entries of a log the hub has beyond those held here when
// that log ended. Of a log that is not known here at all it is every one.
func (t *txn) unheld(ctx context.Context, mark *protocol.Mark) (uint64, error) {
	if mark == nil {
		return 0, nil
	}
	base, held, node := t.st.base, t.st.last, t.st.node
	if mark.Epoch != t.st.epoch {
		held = t.st.resign
		err := t.row(ctx, `SELECT base, node FROM epoch WHERE epoch = $1`, mark.Epoch).Scan(&base, &node)
		if errors.Is(err, sql.ErrNoRows) {
			return mark.Through, nil
		}
		if err != nil {
			return 0, fmt.Errorf("reading former log: %w", err)
		}
	}
	if through := base + mark.Through; node == t.st.node && through > held {
		return through - held, nil
	}
	return 0, nil
}

// rowOf returns the row through which the hub has what this node's present
// identity wrote before the present log. A log this store knows nothing of was
// written after its backup was made: the hub then had what the backup had.
func (t *txn) rowOf(ctx context.Context, mark *protocol.Mark) (uint64, error) {
	var base uint64
	if mark == nil {
		err := t.row(ctx, `SELECT coalesce(min(base), $2) FROM epoch WHERE node = $1`, t.st.node, t.st.base).Scan(&base)
		return base, err
	}
	err := t.row(ctx, `SELECT base FROM epoch WHERE epoch = $1 AND node = $2`, mark.Epoch, t.st.node).Scan(&base)
	if errors.Is(err, sql.ErrNoRows) {
		return t.st.base, nil
	}
	return base + mark.Through, err
}

// HubChanged notes the epoch a hub says it has, and those it had before. When it
// is a new one the hub was made anew or restored from a backup: of its down log
// this node keeps what is that hub's as well and reads on from there, all of it
// if the hub does not know the epoch this node heard last; reading again does
// nothing twice. The hub is offered all files again, and changed is true.
func (q *Queue) HubChanged(ctx context.Context, epoch string, past ...protocol.Past) (changed bool, err error) {
	if epoch == "" {
		return false, errors.New("noting hub epoch: empty")
	}
	err = q.write(ctx, "noting hub epoch", func(ctx context.Context, t *txn) error {
		if changed = t.st.hubEpoch != epoch; !changed {
			return nil
		}
		known := t.st.hubEpoch
		t.st.hubEpoch = epoch
		if known == "" {
			return nil
		}
		if err := t.notePast(ctx, past); err != nil {
			return err
		}
		if i := slices.IndexFunc(past, func(p protocol.Past) bool { return p.Epoch == known }); i >= 0 {
			t.st.down = min(t.st.down, past[i].Through)
		} else {
			t.st.down, t.st.resync = 0, true
		}
		for _, text := range []string{`UPDATE file SET done = 0, next_at = 0 WHERE done = 1`, `UPDATE station SET gone = 0`} {
			if err := t.exec(ctx, text); err != nil {
				return err
			}
		}
		return nil
	})
	return changed, err
}

// ChangeIdentity takes what the hub answered to Enrol with Was: another name and
// the key from NextKey, for the same items. What the hub lacks of the up log so
// far begins the new one.
func (q *Queue) ChangeIdentity(ctx context.Context, a protocol.EnrolAnswer, hubURL, name string, key protocol.Key) (err error) {
	if err := checkAnswer(a); err != nil {
		return err
	}
	if err := q.dropFormer(); err != nil {
		return err
	}
	err = q.write(ctx, "changing identity", func(ctx context.Context, t *txn) error {
		if t.st.node == "" {
			return errNotJoined
		}
		have, err := t.rowAt(ctx, a.Was)
		if err != nil {
			return err
		}
		if err := t.tellUnheld(ctx, a.Was); err != nil {
			return err
		}
		if err := t.giveBack(ctx, min(have, t.st.confirmed)); err != nil {
			return err
		}
		return t.become(ctx, a, hubURL, name, key.Public())
	})
	if err != nil {
		return err
	}
	return q.placeKey(ctx, key.Public())
}

// rowAt is rowOf for a mark that may be of the present log.
func (t *txn) rowAt(ctx context.Context, mark *protocol.Mark) (uint64, error) {
	if mark != nil && mark.Epoch == t.st.epoch {
		return t.st.base + mark.Through, nil
	}
	return t.rowOf(ctx, mark)
}

// RolledBack is what a person is told when the hub has entries of this log beyond
// its end.
func RolledBack(hub, last uint64) error {
	return fault.Wrap(fault.Conflict, "县级平台已收到的内容比本机保存的还多：本机的数据被还原成了旧的，或者复制到另一台电脑上用过。为避免错乱已停止收发，内容都在本机。请联系县级管理员要一个换机入网码，在本机运行 node join 入网码 --again，内容会保留。",
		fmt.Errorf("%w: the hub has %d, the log ends at %d", ErrRolledBack, hub, last))
}
