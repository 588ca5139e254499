package store

import (
	"context"
	"fmt"
	"math"

	"zhanqun/hub/catalog"
)

// Audits returns up to limit acts after a number, in order.
func (s *Store) Audits(ctx context.Context, after uint64, limit int) ([]catalog.Audit, error) {
	list, err := collect(ctx, s.read, scanAudit, `SELECT seq, at, actor, act, ref, detail FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2`, after, limit)
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
	list, err := collect(ctx, s.read, scanAudit, `SELECT seq, at, actor, act, ref, detail FROM audit WHERE seq < $1 ORDER BY seq DESC LIMIT $2`, before, limit)
	if err != nil {
		return nil, fmt.Errorf("reading audit log: %w", err)
	}
	return list, nil
}

func scanAudit(row scanner) (a catalog.Audit, err error) {
	var at int64
	err = row.Scan(&a.Seq, &at, &a.Actor, &a.Act, &a.Ref, &a.Detail)
	a.At = fromMillis(at)
	return a, err
}
