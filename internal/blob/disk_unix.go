//go:build linux || darwin

package blob

import (
	"errors"
	"fmt"
)

// syncDir makes the entries of a folder below the root durable: a rename
// survives a power cut only after its folder is synced.
func (s *Store) syncDir(name string) error {
	d, err := s.root.Open(name)
	if err != nil {
		return fmt.Errorf("syncing blob folder: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return full("syncing blob folder", err)
	}
	return nil
}
