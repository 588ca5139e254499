package disk

import (
	"errors"

	"golang.org/x/sys/windows"
)

// SyncDir has nothing to do: Windows writes names with the files and has no call
// to flush a folder.
func SyncDir(string) error { return nil }

// IsFull reports whether err comes from a full disk or a used-up quota.
func IsFull(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL) ||
		errors.Is(err, windows.ERROR_DISK_QUOTA_EXCEEDED)
}
