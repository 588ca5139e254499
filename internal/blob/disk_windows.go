package blob

import (
	"errors"

	"golang.org/x/sys/windows"
)

// isFull reports whether err comes from a full disk or a used-up quota.
func isFull(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL) ||
		errors.Is(err, windows.ERROR_DISK_QUOTA_EXCEEDED)
}

// syncDir does nothing: NTFS journals its folders, and Windows has no call to
// flush one.
func (s *Store) syncDir(string) error { return nil }
