package queue

import "context"

// SetFree replaces the measuring of free disk space.
func (q *Queue) SetFree(free func(dir string) (uint64, error), reserve int64) {
	q.free, q.reserve = free, reserve
}

// Write is write.
func (q *Queue) Write(ctx context.Context, what string, f func(ctx context.Context, exec func(text string, args ...any) error) error) error {
	return q.write(ctx, what, func(ctx context.Context, t *txn) error {
		return f(ctx, func(text string, args ...any) error { return t.exec(ctx, text, args...) })
	})
}

// Count returns the one number a query yields.
func (q *Queue) Count(ctx context.Context, query string, args ...any) (n int, err error) {
	err = q.db.Read.QueryRowContext(ctx, query, args...).Scan(&n)
	return n, err
}

// Outside is the state of what was handed in.
func (i Item) Outside() State { return i.outside }

// ListPlan returns how the database would look for the items of f.
func (q *Queue) ListPlan(ctx context.Context, actor Actor, f Filter) ([]string, error) {
	text, args := listQuery(actor, f, noCursor, 50)
	return q.plan(ctx, text, args...)
}

// LogPlans returns how the database would look for entries of the two logs.
func (q *Queue) LogPlans(ctx context.Context) ([]string, error) {
	up, err := q.plan(ctx, entriesAfter, 5, 100)
	if err != nil {
		return nil, err
	}
	down, err := q.plan(ctx, heldAfter, 5, "[]")
	return append(up, down...), err
}

func (q *Queue) plan(ctx context.Context, text string, args ...any) ([]string, error) {
	rows, err := q.db.Read.QueryContext(ctx, `EXPLAIN QUERY PLAN `+text, args...)
	if err != nil {
		return nil, err
	}
	return collect(rows, func(row scanner) (detail string, err error) {
		var id, parent, unused int
		err = row.Scan(&id, &parent, &unused, &detail)
		return detail, err
	})
}

// Renew begins a new log behind a row of the up log.
func (q *Queue) Renew(ctx context.Context, behind uint64) error {
	return q.write(ctx, "renewing", func(ctx context.Context, t *txn) error { return t.renumber(ctx, behind) })
}
