package blob

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"
)

// Leftover is a file that was begun and not finished.
type Leftover struct {
	Ref                // of what was to arrive; zero for an interrupted Put
	OnDisk   int64     // bytes it occupies
	Modified time.Time // last time a piece arrived
	name     string    // below the root
}

// Leftovers returns what was begun, is not open now and was last touched before
// the given time: pieces of files that never became whole, and temporary files
// of a Put that was killed.
func (s *Store) Leftovers(ctx context.Context, before time.Time) ([]Leftover, error) {
	s.partialMu.Lock()
	defer s.partialMu.Unlock()
	return s.leftovers(ctx, before)
}

// Sweep removes what Leftovers returns and says how much that was. Choose a
// time long enough ago that no sender is still coming back, and at least an
// hour: a Put in progress is recognised only by its date.
func (s *Store) Sweep(ctx context.Context, before time.Time) (files int, bytes int64, err error) {
	// The lock keeps a partial from being opened between listing and removing.
	s.partialMu.Lock()
	defer s.partialMu.Unlock()
	found, err := s.leftovers(ctx, before)
	if err != nil {
		return 0, 0, err
	}
	for _, l := range found {
		if err := s.root.Remove(l.name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return files, bytes, fmt.Errorf("removing a leftover: %w", err)
		}
		files++
		bytes += l.OnDisk
	}
	return files, bytes, nil
}

func (s *Store) leftovers(ctx context.Context, before time.Time) ([]Leftover, error) {
	var out []Leftover
	for _, dir := range []string{incomingDir, partialDir} {
		entries, err := s.list(dir)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			key, ref := parsePartialName(e.Name())
			info, err := e.Info()
			if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() || s.partials[key] != nil {
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("listing leftovers: %w", err)
			}
			if info.ModTime().Before(before) {
				out = append(out, Leftover{ref, info.Size(), info.ModTime(), dir + "/" + e.Name()})
			}
		}
	}
	return out, nil
}

// parsePartialName reads sender-sha-size.data; other names give a zero Ref.
func parsePartialName(name string) (key string, ref Ref) {
	key, _, _ = strings.Cut(name, ".")
	_, rest, _ := strings.Cut(key, "-")
	sha, digits, _ := strings.Cut(rest, "-")
	size, err := strconv.ParseInt(digits, 10, 64)
	if !ValidName(sha) || err != nil {
		return key, Ref{}
	}
	return key, Ref{SHA256: sha, Size: size}
}
