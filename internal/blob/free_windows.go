package blob

import (
	"fmt"

	"golang.org/x/sys/windows"
)

// Free returns the bytes this user may still write on the disk that holds dir.
func Free(dir string) (uint64, error) {
	p, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, fmt.Errorf("reading free space of %s: %w", dir, err)
	}
	var free uint64
	if err := windows.GetDiskFreeSpaceEx(p, &free, nil, nil); err != nil {
		return 0, fmt.Errorf("reading free space of %s: %w", dir, err)
	}
	return free, nil
}
