package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// ErrCorrupt is returned by Verify for a file whose bytes are no longer what
// its name says.
var ErrCorrupt = errors.New("content does not match its name")

// Get opens the file sha for reading and returns its size. The caller closes
// it. A missing file and an impossible name are both fs.ErrNotExist.
func (s *Store) Get(sha string) (*os.File, int64, error) {
	if !ValidName(sha) {
		return nil, 0, fmt.Errorf("opening blob: bad name: %w", fs.ErrNotExist)
	}
	f, err := s.root.Open(pathOf(sha))
	if err != nil {
		return nil, 0, fmt.Errorf("opening blob: %w", err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	if err != nil {
		_ = f.Close() // only read from
		return nil, 0, fmt.Errorf("opening blob: %w", err)
	}
	return f, info.Size(), nil
}

// Has reports whether the file sha is there.
func (s *Store) Has(sha string) bool {
	if !ValidName(sha) {
		return false
	}
	info, err := s.root.Stat(pathOf(sha))
	return err == nil && info.Mode().IsRegular()
}

// Remove deletes the file sha; deleting what is not there is no error. Nothing
// here counts who still needs a file: the caller does, and should leave alone
// what is younger than its longest transaction (see Entry.Stored).
func (s *Store) Remove(sha string) error {
	if !ValidName(sha) {
		return nil
	}
	if err := s.root.Remove(pathOf(sha)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing blob: %w", err)
	}
	return nil
}

// Verify reads the file sha and compares it with its name: nil, ErrCorrupt, or
// why it could not be read.
func (s *Store) Verify(ctx context.Context, sha string) error {
	f, _, err := s.Get(sha)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // only read from
	h := sha256.New()
	if _, err := io.Copy(h, &contextReader{ctx, f}); err != nil {
		return fmt.Errorf("reading blob: %w", err)
	}
	if hex.EncodeToString(h.Sum(nil)) != sha {
		return fmt.Errorf("blob %s: %w", sha, ErrCorrupt)
	}
	return nil
}

// Entry is one stored file as Walk shows it.
type Entry struct {
	Ref
	Stored time.Time // when this content was last put
}

// Walk calls fn for every stored file in the order of names, one shard folder
// in memory at a time, and stops at fn's first error, which it returns.
func (s *Store) Walk(ctx context.Context, fn func(Entry) error) error {
	for i := range 256 {
		shard := fmt.Sprintf("%02x", i)
		entries, err := s.list(shard)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := ctx.Err(); err != nil {
				return err
			}
			info, err := e.Info()
			sha := shard + e.Name()
			if errors.Is(err, fs.ErrNotExist) || !ValidName(sha) || err == nil && !info.Mode().IsRegular() {
				continue // removed meanwhile, or not ours
			}
			if err != nil {
				return fmt.Errorf("listing blobs: %w", err)
			}
			if err := fn(Entry{Ref{sha, info.Size()}, info.ModTime()}); err != nil {
				return err
			}
		}
	}
	return nil
}

// list returns the entries of a folder below the root, sorted; none if the
// folder is not there.
func (s *Store) list(dir string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(s.root.FS(), dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("listing blobs: %w", err)
	}
	return entries, nil
}
