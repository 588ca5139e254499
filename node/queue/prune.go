package queue

import (
	"context"
	"fmt"
	"time"

	"zhanqun/internal/account"
)

// Retention is how long a confirmed entry is kept, so that a hub restored from
// a backup can get it again.
const Retention = 90 * 24 * time.Hour

// Grace periods of what nobody needs.
const (
	keepOnce    = 30 * 24 * time.Hour // keys of repeated requests
	keepStray   = 7 * 24 * time.Hour  // files no text names
	keepPartial = 24 * time.Hour      // files of an upload that was cut off
)

// pruneBatch bounds the rows one transaction deletes, so that a submit never
// waits long behind it.
const pruneBatch = 500

// Pruned says what Prune took away.
type Pruned struct {
	Entries  int64 // of the up log
	Receipts int64 // of the down log
	Files    int   // that no text names
}

// What the hub says of the time, before a clock is believed that would end the
// retention.
const (
	mostSkew  = 24 * time.Hour // beside the hub's clock
	mostQuiet = Retention / 2  // since the hub was heard
)

// Prune removes what has been confirmed for longer than the retention, and
// leftovers. Nothing that is not confirmed is ever touched, however old; and while
// the clock may be wrong by more than a day only what signs people in.
func (q *Queue) Prune(ctx context.Context) (p Pruned, err error) {
	now := q.now()
	old := now.Add(-Retention).UnixMilli()
	sure, err := q.clockSure(ctx, now)
	if err != nil {
		return p, fmt.Errorf("pruning: %w", err)
	}
	sweep := func(count *int64, text string, args ...any) {
		for err == nil {
			var n int64
			if n, err = q.delete(ctx, text, args...); err == nil {
				*count += n
			}
			if n < pruneBatch {
				return
			}
		}
	}
	var other int64
	failed, known := account.Forgotten(now)
	sweep(&other, `DELETE FROM lockout WHERE login IN (SELECT login FROM lockout WHERE failed_at < $1 AND known_at < $2 LIMIT $3)`,
		failed.UnixMilli(), known.UnixMilli(), pruneBatch)
	sweep(&other, `DELETE FROM session WHERE token IN (SELECT token FROM session WHERE expires < $1 LIMIT $2)`, now.UnixMilli(), pruneBatch)
	for err == nil && sure {
		var n int64
		if n, err = q.pruneLog(ctx, old); err == nil {
			p.Entries += n
		}
		if n < pruneBatch {
			break
		}
	}
	if sure {
		sweep(&p.Receipts, `DELETE FROM down_entry WHERE rowid IN (SELECT d.rowid FROM down_entry d, station s
			WHERE d.kind = 'receipt' AND d.at < $1 AND d.seq < s.down LIMIT $2)`, old, pruneBatch)
		sweep(&other, `DELETE FROM once WHERE key IN (SELECT key FROM once WHERE at < $1 LIMIT $2)`, now.Add(-keepOnce).UnixMilli(), pruneBatch)
	}
	if err == nil && sure {
		p.Files, err = q.pruneFiles(ctx, now)
	}
	if err != nil {
		return p, fmt.Errorf("pruning: %w", err)
	}
	return p, nil
}

// clockSure reports whether the clock agrees with when the hub was last heard, and
// with what its clock showed then: a computer whose battery is empty begins years
// away. One that has never heard a hub has nothing to compare with.
func (q *Queue) clockSure(ctx context.Context, now time.Time) (bool, error) {
	l, err := q.Line(ctx)
	if err != nil {
		return false, err
	}
	var answered int64 // by a bundle; how long that was on its way says nothing of clocks
	if err := q.db.Read.QueryRowContext(ctx, `SELECT coalesce(max(at), 0) FROM bundle_answer`).Scan(&answered); err != nil {
		return false, fmt.Errorf("reading when the hub answered: %w", err)
	}
	heard, skew := l.LastContact, l.Skew.Abs()
	if at := time.UnixMilli(answered); answered > 0 && at.After(heard) {
		heard, skew = at, 0
	}
	quiet := now.Sub(heard)
	return heard.IsZero() || skew <= mostSkew && quiet >= -mostSkew && quiet <= mostQuiet, nil
}

// pruneLog drops the bodies of the oldest entries, one batch, up to the first
// that is young, or not confirmed for as long: the clock may have been wrong when it
// was handed in. What was typed stays with its item, and with it a body that is the
// only copy of it.
func (q *Queue) pruneLog(ctx context.Context, old int64) (n int64, err error) {
	err = q.write(ctx, "pruning up log", func(ctx context.Context, t *txn) error {
		var young, long uint64
		err := t.row(ctx, `SELECT coalesce(max(through), 0) FROM receipt WHERE at < $1
			AND through < coalesce((SELECT min(through) FROM receipt WHERE at >= $1), 9223372036854775807)`, old).Scan(&long)
		if err != nil {
			return err
		}
		err = t.row(ctx, `SELECT coalesce(min(seq), $2) FROM (SELECT seq, at FROM up_entry WHERE seq > $1 AND seq < $2 ORDER BY seq LIMIT $3) WHERE at >= $4`,
			t.st.pruned, min(t.st.confirmed, long, t.st.pruned+pruneBatch+1), pruneBatch, old).Scan(&young)
		if err != nil || young <= t.st.pruned+1 {
			n = 0
			return err
		}
		n = int64(young - 1 - t.st.pruned) // #nosec G115 -- at most pruneBatch
		if err := t.exec(ctx, `UPDATE up_entry SET body = x'' WHERE seq > $1 AND seq < $2 AND (typed <> '' OR kind <> 'item.submit')`, t.st.pruned, young); err != nil {
			return err
		}
		t.st.pruned = young - 1
		return nil
	})
	return n, err
}

func (q *Queue) delete(ctx context.Context, text string, args ...any) (n int64, err error) {
	err = q.write(ctx, "pruning", func(ctx context.Context, t *txn) error {
		n, err = t.change(ctx, text, args...)
		return err
	})
	return n, err
}

// pruneFiles removes files that no text names: uploads nobody used.
func (q *Queue) pruneFiles(ctx context.Context, now time.Time) (int, error) {
	if _, _, err := q.blobs.Sweep(ctx, now.Add(-keepPartial)); err != nil {
		return 0, err
	}
	before := now.Add(-keepStray).UnixMilli()
	rows, err := q.db.Read.QueryContext(ctx, `SELECT sha256 FROM file WHERE wanted = 0 AND at < $1
		AND sha256 NOT IN (SELECT sha256 FROM item_file) ORDER BY at LIMIT $2`, before, pruneBatch)
	if err != nil {
		return 0, err
	}
	stray, err := collect(rows, func(row scanner) (sha string, err error) {
		err = row.Scan(&sha)
		return sha, err
	})
	if err != nil {
		return 0, err
	}
	files := 0
	for _, sha := range stray {
		gone, err := q.forget(ctx, sha, before)
		if err != nil {
			return files, err
		}
		if gone {
			files++
		}
	}
	return files, nil
}

// forget drops a file unless a text names it or somebody has just brought it
// again. The bytes go inside the transaction, so that AddFile, which looks for
// them inside its own, cannot miss it.
func (q *Queue) forget(ctx context.Context, sha string, before int64) (gone bool, err error) {
	err = q.write(ctx, "forgetting file", func(ctx context.Context, t *txn) error {
		n, err := t.change(ctx, `DELETE FROM file WHERE sha256 = $1 AND wanted = 0 AND at < $2 AND sha256 NOT IN (SELECT sha256 FROM item_file)`,
			sha, before)
		if gone = n > 0; err != nil || !gone {
			return err
		}
		return q.blobs.Remove(sha)
	})
	return gone, err
}
