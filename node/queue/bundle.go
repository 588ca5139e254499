package queue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"zhanqun/protocol"
)

// Bundle is a bundle made here.
type Bundle struct {
	Number    uint64    `json:"number"`
	Name      string    `json:"name"` // of the file
	At        time.Time `json:"at"`
	Joining   bool      `json:"joining,omitempty"` // it asks for an identity
	First     uint64    `json:"first,omitempty"`   // entries of the up log in it, 0 for none
	Last      uint64    `json:"last,omitempty"`
	Confirmed uint64    `json:"confirmed"` // through where the county had the up log
	Down      uint64    `json:"down"`      // the cursor into the down log it tells
	Bytes     int64     `json:"bytes"`     // size of the file
	Answered  bool      `json:"answered"`  // the county has taken it, or a later one
}

// keepBundles is how many bundles and answers are remembered.
const keepBundles = 200

// BeginBundle takes the next number for a bundle.
func (q *Queue) BeginBundle(ctx context.Context) (number uint64, err error) {
	err = q.write(ctx, "numbering bundle", func(ctx context.Context, t *txn) error {
		err := t.row(ctx, `INSERT INTO bundle (number, name, at, joining, first, last, confirmed, down, bytes, state)
			SELECT coalesce(max(number), 0) + 1, '', $1, 0, 0, 0, 0, 0, 0, 'begun' FROM bundle RETURNING number`, t.now).Scan(&number)
		if err != nil {
			return err
		}
		return t.exec(ctx, `DELETE FROM bundle WHERE number <= $1 - $2 AND number NOT IN (SELECT number FROM bundle_file)`, number, keepBundles)
	})
	return number, err
}

// BundleOut notes that a bundle is a whole file, and which attached files it
// holds. Its entries count as sent: they are in somebody's hands.
func (q *Queue) BundleOut(ctx context.Context, b Bundle, files []string) error {
	return q.write(ctx, "noting bundle", func(ctx context.Context, t *txn) error {
		err := t.exec(ctx, `UPDATE bundle SET name = $2, at = $3, joining = $4, first = $5, last = $6, confirmed = $7, down = $8, bytes = $9, state = 'out' WHERE number = $1`,
			b.Number, b.Name, t.now, b.Joining, b.First, b.Last, b.Confirmed, b.Down, b.Bytes)
		if err != nil {
			return err
		}
		for _, sha := range files {
			err := t.exec(ctx, `INSERT INTO bundle_file (sha256, number) VALUES ($1, $2) ON CONFLICT (sha256) DO UPDATE SET number = excluded.number`, sha, b.Number)
			if err != nil {
				return err
			}
		}
		if b.Last > 0 {
			t.st.sent = max(t.st.sent, min(b.Last+t.st.base, t.st.last))
		}
		return nil
	})
}

// Bundles returns the newest bundles, at most limit.
func (q *Queue) Bundles(ctx context.Context, limit int) ([]Bundle, error) {
	rows, err := q.db.Read.QueryContext(ctx, `SELECT number, name, at, joining, first, last, confirmed, max(down, 0), bytes, state = 'answered'
		FROM bundle WHERE state <> 'begun' ORDER BY number DESC LIMIT $1`, clampLimit(limit))
	if err != nil {
		return nil, fmt.Errorf("reading bundles: %w", err)
	}
	return collect(rows, func(row scanner) (b Bundle, err error) {
		var at int64
		err = row.Scan(&b.Number, &b.Name, &at, &b.Joining, &b.First, &b.Last, &b.Confirmed, &b.Down, &b.Bytes, &b.Answered)
		b.At = time.UnixMilli(at)
		return b, err
	})
}

// BundleTold returns what a bundle told: through where the county had the up
// log, and the cursor into the down log. Both are 0 for a bundle that is
// forgotten.
func (q *Queue) BundleTold(ctx context.Context, number uint64) (confirmed, down uint64, err error) {
	err = q.db.Read.QueryRowContext(ctx, `SELECT confirmed, max(down, 0) FROM bundle WHERE number = $1`, number).Scan(&confirmed, &down)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, 0, nil
	}
	if err != nil {
		return 0, 0, fmt.Errorf("reading bundle %d: %w", number, err)
	}
	return confirmed, down, nil
}

// Carried is what bundles have on them that nobody has answered for yet.
type Carried struct {
	Through uint64          // entries of the up log through here, 0 for none
	Files   map[string]bool // by SHA-256
	Numbers map[uint64]bool // bundles that count
	Joining bool            // a request for an identity
	Told    bool            // the newest bundle tells the present cursor into the down log
}

// Carried returns what bundles made after since carry. One whose time lies in
// the future, under a clock that was put right, does not count.
func (q *Queue) Carried(ctx context.Context, since time.Time) (Carried, error) {
	c := Carried{Files: map[string]bool{}, Numbers: map[uint64]bool{}}
	now := q.now().UnixMilli()
	rows, err := q.db.Read.QueryContext(ctx, `SELECT number, last, joining FROM bundle WHERE state = 'out' AND at > $1 AND at <= $2`, since.UnixMilli(), now)
	if err != nil {
		return c, fmt.Errorf("reading bundles under way: %w", err)
	}
	_, err = collect(rows, func(row scanner) (struct{}, error) {
		var number, last uint64
		var joining bool
		err := row.Scan(&number, &last, &joining)
		c.Numbers[number] = true
		c.Through = max(c.Through, last)
		c.Joining = c.Joining || joining
		return struct{}{}, err
	})
	if err != nil {
		return c, fmt.Errorf("reading bundles under way: %w", err)
	}
	rows, err = q.db.Read.QueryContext(ctx, `SELECT f.sha256 FROM bundle_file f JOIN bundle b ON b.number = f.number WHERE b.at > $1 AND b.at <= $2`, since.UnixMilli(), now)
	if err != nil {
		return c, fmt.Errorf("reading files under way: %w", err)
	}
	_, err = collect(rows, func(row scanner) (struct{}, error) {
		var sha string
		err := row.Scan(&sha)
		c.Files[sha] = true
		return struct{}{}, err
	})
	if err != nil {
		return c, fmt.Errorf("reading files under way: %w", err)
	}
	err = q.db.Read.QueryRowContext(ctx, `SELECT coalesce((SELECT down FROM bundle WHERE state <> 'begun' AND joining = 0 ORDER BY number DESC LIMIT 1), -1) = s.down FROM station s`).Scan(&c.Told)
	if err != nil {
		return c, fmt.Errorf("reading the last bundle: %w", err)
	}
	return c, nil
}

// UnsentFiles returns files the hub may not have, oldest entry first, at most
// limit.
func (q *Queue) UnsentFiles(ctx context.Context, limit int) ([]File, error) {
	rows, err := q.db.Read.QueryContext(ctx, `SELECT `+fileColumns+` FROM file WHERE done = 0 AND wanted > 0 ORDER BY wanted, sha256 LIMIT $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("reading files: %w", err)
	}
	return collect(rows, scanFile)
}

// VerifyBlob reads the bytes of a file and compares them with its name.
func (q *Queue) VerifyBlob(ctx context.Context, sha string) error { return q.blobs.Verify(ctx, sha) }

// TellAgain lets the next bundle be due, because the county did not know where
// this node stands when it answered bundle re; unless one made later, and after
// since, is on its way and tells it.
func (q *Queue) TellAgain(ctx context.Context, re uint64, since time.Time) error {
	return q.write(ctx, "forgetting what was told", func(ctx context.Context, t *txn) error {
		return t.exec(ctx, `UPDATE bundle SET down = -1 WHERE number = (SELECT max(number) FROM bundle) AND (number <= $1 OR at <= $2)`, re, since.UnixMilli())
	})
}

// Answer is an answer of the county that came as a bundle.
type Answer struct {
	Digest string    `json:"-"`
	Re     uint64    `json:"re"`              // newest bundle of this store it answers, 0 for none
	Fault  string    `json:"fault,omitempty"` // why this node may not speak now
	At     time.Time `json:"at"`
	// Forget says that the county has less than it had: everything is carried again.
	Forget bool `json:"-"`
	// Settled are files the county has spoken of: done, or why it does not take them.
	Settled []Settled `json:"-"`
	// Past are the epochs the county had before, and Recall says that it wants back
	// what it said in them.
	Past   []protocol.Past `json:"-"`
	Recall bool            `json:"-"`
}

// Settled is what the county says of a file.
type Settled struct {
	SHA256 string
	Done   bool
	Why    string // it does not take it; empty if it has just not come
}

// AnswerTaken notes that an answer has been applied: bundles through Re are
// answered, and what they carried and the county does not have is due again.
func (q *Queue) AnswerTaken(ctx context.Context, a Answer) error {
	return q.write(ctx, "noting answer", func(ctx context.Context, t *txn) error {
		err := t.exec(ctx, `INSERT INTO bundle_answer (digest, re, fault, at) VALUES ($1, $2, $3, $4) ON CONFLICT (digest) DO UPDATE SET at = excluded.at`, a.Digest, a.Re, a.Fault, t.now)
		if err != nil {
			return err
		}
		if err := t.exec(ctx, `DELETE FROM bundle_answer WHERE n <= (SELECT max(n) FROM bundle_answer) - $1`, keepBundles); err != nil {
			return err
		}
		if a.Fault != "" {
			return nil // it has taken nothing
		}
		if err := t.letIn(ctx); err != nil {
			return err
		}
		if err := t.notePast(ctx, a.Past); err != nil {
			return err
		}
		if err := t.exec(ctx, `UPDATE station SET recall = $1`, a.Recall); err != nil {
			return err
		}
		for _, f := range a.Settled {
			if err := t.settle(ctx, f, a.Re); err != nil {
				return err
			}
		}
		re := a.Re
		if a.Forget {
			re = 1 << 62
			if err := t.exec(ctx, `DELETE FROM bundle_file`); err != nil {
				return err
			}
		}
		// One that held the very next entry, and was answered without that being
		// confirmed, is not made again at once: it would be answered the same.
		return t.exec(ctx, `UPDATE bundle SET state = 'answered' WHERE state = 'out' AND number <= $1
			AND NOT (number = $1 AND first > 0 AND first <= $2 + 1 AND last > $2)`, re, t.st.confirmed-t.st.base)
	})
}

// settle notes what the county says of one file in its answer to a bundle.
func (t *txn) settle(ctx context.Context, f Settled, re uint64) error {
	switch {
	case f.Done:
		if err := t.exec(ctx, `UPDATE file SET have = size, done = 1, tries = 0, next_at = 0, error = '' WHERE sha256 = $1`, f.SHA256); err != nil {
			return err
		}
		return t.exec(ctx, `DELETE FROM bundle_file WHERE sha256 = $1`, f.SHA256)
	case f.Why != "":
		// Until its time has passed it counts as carried, and is not sent again.
		return t.exec(ctx, `UPDATE file SET tries = tries + 1, error = $2 WHERE sha256 = $1 AND done = 0`, f.SHA256, f.Why)
	}
	return t.exec(ctx, `DELETE FROM bundle_file WHERE sha256 = $1 AND number <= $2`, f.SHA256, re)
}

// AnswerSeen returns when an answer was taken; zero for never.
func (q *Queue) AnswerSeen(ctx context.Context, digest string) (time.Time, error) {
	var at int64
	err := q.db.Read.QueryRowContext(ctx, `SELECT at FROM bundle_answer WHERE digest = $1`, digest).Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("looking for an answer: %w", err)
	}
	return time.UnixMilli(at), nil
}

// LastAnswer returns the answer that was taken last; ok is false without one.
func (q *Queue) LastAnswer(ctx context.Context) (a Answer, ok bool, err error) {
	var at int64
	err = q.db.Read.QueryRowContext(ctx, `SELECT digest, re, fault, at FROM bundle_answer ORDER BY n DESC LIMIT 1`).Scan(&a.Digest, &a.Re, &a.Fault, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return a, false, nil
	}
	if err != nil {
		return a, false, fmt.Errorf("reading the last answer: %w", err)
	}
	a.At = time.UnixMilli(at)
	return a, true, nil
}

// AnsweredThrough returns the newest bundle of this store that any answer was to.
func (q *Queue) AnsweredThrough(ctx context.Context) (number uint64, err error) {
	if err = q.db.Read.QueryRowContext(ctx, `SELECT coalesce(max(re), 0) FROM bundle_answer`).Scan(&number); err != nil {
		return 0, fmt.Errorf("reading answers: %w", err)
	}
	return number, nil
}
