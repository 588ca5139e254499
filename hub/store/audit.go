package store

import (
	"context"
	"fmt"
	"math"

	"zhanqun/hub/catalog"
)

const auditColumns = `seq, at, actor, act, ref, detail, hash`

// Audits returns up to limit acts after a number, in order.
func (s *Store) Audits(ctx context.Context, after uint64, limit int) ([]catalog.Audit, error) {
	list, err := collect(ctx, s.read, scanAudit, `SELECT `+auditColumns+` FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2`, after, limit)
	if err != nil {
		return nil, fmt.Errorf("reading audit log: %w", err)
	}
	return list, nil
}

// AuditsBefore returns up to limit acts before a number, newest first; 0 stands
// for the end.
func (s *Store) AuditsBefore(ctx context.Context, before uint64, limit int) ([]catalog.Audit, error) {
	if before == 0 || before > math.MaxInt64 {
		before = math.MaxInt64
	}
	list, err := collect(ctx, s.read, scanAudit, `SELECT `+auditColumns+` FROM audit WHERE seq < $1 ORDER BY seq DESC LIMIT $2`, before, limit)
	if err != nil {
		return nil, fmt.Errorf("reading audit log: %w", err)
	}
	return list, nil
}

func scanAudit(row scanner) (a catalog.Audit, err error) {
	var at int64
	err = row.Scan(&a.Seq, &at, &a.Actor, &a.Act, &a.Ref, &a.Detail, &a.Hash)
	a.At = fromMillis(at)
	return a, err
}

// checkedAtOnce is how many acts CheckAudits reads in one query.
const checkedAtOnce = 1000

// CheckAudits walks the whole audit log and returns how many acts there are and
// the number of the first that does not fit the one before it: it was changed,
// or something was taken out or put in there. 0 means that the chain is whole.
// Acts cut off at the end leave no trace in the log itself; the counter, which
// is read too, shows them.
func (s *Store) CheckAudits(ctx context.Context) (acts, broken uint64, err error) {
	var last catalog.Audit
	for {
		list, err := s.Audits(ctx, last.Seq, checkedAtOnce)
		if err != nil {
			return last.Seq, 0, err
		}
		for _, a := range list {
			old := a.Hash == "" && last.Hash == "" // noted before there was a chain
			if a.Seq != last.Seq+1 || !old && a.Hash != a.Chain(last.Hash) {
				return last.Seq, last.Seq + 1, nil
			}
			last = a
		}
		if len(list) < checkedAtOnce {
			break
		}
	}
	// The counter is read after the acts, so acts noted meanwhile are looked for
	// once more.
	var head uint64
	if err := s.read.QueryRowContext(ctx, `SELECT value FROM counter WHERE name = 'audit'`).Scan(&head); err != nil {
		return last.Seq, 0, fmt.Errorf("reading the number of acts: %w", err)
	}
	if head > last.Seq {
		more, err := s.Audits(ctx, last.Seq, 1)
		if err != nil || len(more) == 0 {
			return last.Seq, last.Seq + 1, err
		}
	}
	return last.Seq, 0, nil
}
