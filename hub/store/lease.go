package store

import (
	"context"
	"time"
)

// Lease takes or prolongs a lease for a time from now and reports whether holder
// has it: nobody else does then, until it is given back or that time is over. One
// that ends much later than any could was taken by a clock that was wrong, and is
// nobody's.
func (s *Store) Lease(ctx context.Context, name, holder string, d time.Duration) (held bool, err error) {
	err = s.tx(ctx, "taking lease "+name, func(t *tx) error {
		held = false
		r, err := t.ExecContext(ctx, `INSERT INTO lease (name, holder, until_at) VALUES ($1, $2, $3)
			ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until_at = excluded.until_at WHERE lease.holder = excluded.holder OR lease.until_at <= $4 OR lease.until_at > $5`,
			name, holder, millis(t.at.Add(d)), millis(t.at), millis(t.at.Add(10*d)))
		if err != nil {
			return err
		}
		n, err := r.RowsAffected()
		held = n > 0
		return err
	})
	return held && err == nil, err
}

// EndLease gives a lease back, if holder has it.
func (s *Store) EndLease(ctx context.Context, name, holder string) error {
	return s.tx(ctx, "giving back lease "+name, func(t *tx) error {
		_, err := t.ExecContext(ctx, `DELETE FROM lease WHERE name = $1 AND holder = $2`, name, holder)
		return err
	})
}
