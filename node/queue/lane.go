package queue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// maxRetry is the longest a file waits for its next try. A time further away
// was written by a clock since put right.
const maxRetry = time.Hour

// NextFile returns the file that is due to travel, oldest entry first. Without
// one, ok is false and wait says how long until the next is due; zero means
// that no file waits at all.
func (q *Queue) NextFile(ctx context.Context) (f File, wait time.Duration, ok bool, err error) {
	now := q.now().UnixMilli()
	f, err = scanFile(q.db.Read.QueryRowContext(ctx, `SELECT `+fileColumns+` FROM file
		WHERE done = 0 AND wanted > 0 AND (next_at <= $1 OR next_at > $2) ORDER BY wanted LIMIT 1`, now, now+maxRetry.Milliseconds()))
	if err == nil {
		return f, 0, true, nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return File{}, 0, false, fmt.Errorf("looking for the next file: %w", err)
	}
	var next sql.NullInt64
	err = q.db.Read.QueryRowContext(ctx, `SELECT min(next_at) FROM file WHERE done = 0 AND wanted > 0`).Scan(&next)
	if err != nil {
		return File{}, 0, false, fmt.Errorf("looking for the next file: %w", err)
	}
	if next.Valid {
		wait = max(time.Duration(next.Int64-now)*time.Millisecond, time.Millisecond)
	}
	return File{}, wait, false, nil
}

// FileProgress notes how many bytes of a file the hub has said it has.
func (q *Queue) FileProgress(ctx context.Context, sha string, have int64) error {
	return q.write(ctx, "noting file progress", func(ctx context.Context, t *txn) error {
		return t.exec(ctx, `UPDATE file SET have = min($2, size), error = '' WHERE sha256 = $1`, sha, have)
	})
}

// FileDone notes that the hub has a file, whole and verified. That may make room
// there for those that found none.
func (q *Queue) FileDone(ctx context.Context, sha string) error {
	return q.write(ctx, "noting file done", func(ctx context.Context, t *txn) error {
		if err := t.exec(ctx, `UPDATE file SET have = size, done = 1, tries = 0, next_at = 0, error = '' WHERE sha256 = $1`, sha); err != nil {
			return err
		}
		return t.exec(ctx, `UPDATE file SET next_at = 0 WHERE done = 0 AND wanted > 0 AND next_at BETWEEN 1 AND $1`, t.now+MostRoomWait.Milliseconds())
	})
}

// FileFailed notes in plain words why a file could not travel and when to try
// again, at most an hour from now.
func (q *Queue) FileFailed(ctx context.Context, sha, reason string, retry time.Duration) error {
	return q.write(ctx, "noting file failure", func(ctx context.Context, t *txn) error {
		return t.exec(ctx, `UPDATE file SET tries = tries + 1, next_at = $3, error = $2 WHERE sha256 = $1 AND done = 0`,
			sha, reason, t.now+min(retry, maxRetry).Milliseconds())
	})
}

// MostRoomWait is the longest a file waits before the hub is asked again whether
// there is room for it: what others of its disk use it does not tell.
const MostRoomWait = 30 * time.Second

// FileCrowded notes that the hub has no room for f now, in its words, and when to
// ask again. Files the hub has nothing of and that are as large wait along; smaller
// ones may fit and go on.
func (q *Queue) FileCrowded(ctx context.Context, f File, reason string, retry time.Duration) error {
	return q.write(ctx, "noting that there is no room for a file", func(ctx context.Context, t *txn) error {
		return t.exec(ctx, `UPDATE file SET tries = tries + 1, error = $2, next_at = $3
			WHERE done = 0 AND wanted > 0 AND (sha256 = $1 OR have = 0 AND size >= $4 AND next_at < $3)`,
			f.SHA256, reason, t.now+min(retry, MostRoomWait).Milliseconds(), f.Size)
	})
}
