package store

import (
	"context"
	"fmt"
	"math"
	"time"

	"zhanqun/hub/catalog"
)

const auditColumns = `seq, at, actor, act, ref, before, after, detail, hash`

func scanAudit(row scanner) (a catalog.Audit, err error) {
	var at int64
	err = row.Scan(&a.Seq, &at, &a.Actor, &a.Act, &a.Ref, &a.Before, &a.After, &a.Detail, &a.Hash)
	a.At = fromMillis(at)
	return a, err
}

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

// AuditAnchors returns the newest anchors, newest first.
func (s *Store) AuditAnchors(ctx context.Context, limit int) ([]catalog.Audit, error) {
	list, err := collect(ctx, s.read, scanAudit, `SELECT `+auditColumns+` FROM audit WHERE act = $1 ORDER BY seq DESC LIMIT $2`, catalog.ActAuditAnchor, limit)
	if err != nil {
		return nil, fmt.Errorf("reading anchors of the audit log: %w", err)
	}
	return list, nil
}

// AuditCount returns how many acts there must be, by the counter that numbers
// them: fewer on file means that the end of the log was cut off.
func (s *Store) AuditCount(ctx context.Context) (n uint64, err error) {
	if err := s.read.QueryRowContext(ctx, `SELECT value FROM counter WHERE name = 'audit'`).Scan(&n); err != nil {
		return 0, fmt.Errorf("reading counter of the audit log: %w", err)
	}
	return n, nil
}

// NoteAudit records an act that changes nothing but has to be known, such as a
// reading of the audit log itself.
func (s *Store) NoteAudit(ctx context.Context, actor, act, ref string, detail any) error {
	return s.tx(ctx, "noting "+act, func(t *tx) error {
		return t.audit(actor, act, ref, change{detail: detail})
	})
}

// AnchorAudit puts an anchor at the end of the audit log for a day
// (2006-01-02), unless that day has one or, for a clock that is a little slow, the
// next. It returns the newest anchor and whether it was put by this call.
func (s *Store) AnchorAudit(ctx context.Context, day string) (a catalog.Audit, put bool, err error) {
	date, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return a, false, fmt.Errorf("anchoring the audit log: %w", err)
	}
	next := date.AddDate(0, 0, 1).Format(time.DateOnly)
	err = s.tx(ctx, "anchoring the audit log", func(t *tx) error {
		put = false
		// The counter is locked first, so that of several hubs one does it.
		if _, err := t.ExecContext(ctx, `UPDATE counter SET value = value WHERE name = 'audit'`); err != nil {
			return err
		}
		last, err := collect(ctx, t, scanAudit, `SELECT `+auditColumns+` FROM audit WHERE act = $1 ORDER BY seq DESC LIMIT 1`, catalog.ActAuditAnchor)
		if err != nil {
			return err
		}
		if len(last) > 0 && (last[0].Ref == day || last[0].Ref == next) {
			a = last[0]
			return nil
		}
		put = true
		return t.audit("hub", catalog.ActAuditAnchor, day, change{})
	})
	if err != nil || !put {
		return a, false, err
	}
	list, err := s.AuditAnchors(ctx, 1)
	if err != nil || len(list) == 0 {
		return a, false, err
	}
	return list[0], true, nil
}

// VerifyAudit follows the whole audit log and calls visit (which may be nil)
// with each act that fits. It returns the end of the chain. What does not fit
// is a *catalog.Broken.
func (s *Store) VerifyAudit(ctx context.Context, visit func(catalog.Audit) error) (catalog.Link, error) {
	var end catalog.Link
	for {
		page, err := s.Audits(ctx, end.Seq, auditPage)
		if err != nil {
			return end, err
		}
		for _, a := range page {
			if err := end.Follow(a); err != nil {
				return end, err
			}
			if visit == nil {
				continue
			}
			if err := visit(a); err != nil {
				return end, err
			}
		}
		if len(page) == auditPage {
			continue
		}
		if count, err := s.AuditCount(ctx); err != nil {
			return end, err
		} else if count > end.Seq {
			// Acts may have been added since the page was read.
			if more, err := s.Audits(ctx, end.Seq, 1); err != nil || len(more) > 0 {
				if err != nil {
					return end, err
				}
				continue
			}
			return end, &catalog.Broken{Seq: end.Seq + 1, What: fmt.Sprintf("the log was cut off, %d acts were numbered", count)}
		}
		return end, nil
	}
}

// auditPage is how many acts are read at a time to verify them.
const auditPage = 1000
