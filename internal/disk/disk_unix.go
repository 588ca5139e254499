//go:build unix

package disk

import (
	"errors"
	"os"
	"syscall"
)

// SyncDir makes the names in a folder durable: a new or renamed file survives a
// power cut only after its folder is synced.
func SyncDir(dir string) error {
	d, err := os.Open(dir) // #nosec G304 -- the caller's own folder
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// IsFull reports whether err comes from a full disk or a used-up quota.
func IsFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
