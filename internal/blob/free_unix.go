//go:build linux || darwin

package blob

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Free returns the bytes an ordinary user may still write on the disk that
// holds dir.
func Free(dir string) (uint64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, fmt.Errorf("reading free space of %s: %w", dir, err)
	}
	return st.Bavail * uint64(st.Bsize), nil // #nosec G115 -- neither is negative
}
