// Package dirlock keeps two programs from serving one data folder.
//
// It promises that a lock is held by one open file at a time, that the system
// gives it back however its holder ends, and that who comes second is told who
// was first. The lock says nothing about programs that do not ask for it.
package dirlock

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// ErrHeld says that somebody else holds the lock.
var ErrHeld = errors.New("held by another process")

// Lock is a lock that is held.
type Lock struct{ f *os.File }

const maxNote = 500 // bytes

// Try takes the lock of the file at path, which it makes if needed, or returns
// ErrHeld at once, with the note of who holds it. The folder must exist.
func Try(path string) (l *Lock, holder string, err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) // #nosec G304 -- in the data folder
	if err != nil {
		return nil, "", fmt.Errorf("opening lock file: %w", err)
	}
	if err := lockFile(f); err != nil {
		if errors.Is(err, ErrHeld) {
			note, _ := io.ReadAll(io.LimitReader(f, maxNote)) // only to be helpful
			holder = strings.TrimSpace(strings.ToValidUTF8(string(note), ""))
		}
		return nil, holder, errors.Join(err, f.Close())
	}
	return &Lock{f}, "", nil
}

// Wait takes the lock as soon as it is free, or fails when ctx ends.
func Wait(ctx context.Context, path string) (*Lock, error) {
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		l, _, err := Try(path)
		if !errors.Is(err, ErrHeld) {
			return l, err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for lock %s: %w", path, errors.Join(err, ctx.Err()))
		}
	}
}

// Note leaves a word for whoever comes second, in place of the last one.
func (l *Lock) Note(text string) error {
	if err := l.f.Truncate(0); err != nil {
		return fmt.Errorf("noting the holder of the lock: %w", err)
	}
	if _, err := l.f.WriteAt([]byte(text+"\n"), 0); err != nil {
		return fmt.Errorf("noting the holder of the lock: %w", err)
	}
	return nil
}

// Release gives the lock back. The file stays: removing it would let two
// programs each lock a file of that name.
func (l *Lock) Release() error { return l.f.Close() }
