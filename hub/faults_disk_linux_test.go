package main

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// remount makes a small disk read-only, or not.
func remount(dir string, readOnly bool) error {
	flags := uintptr(unix.MS_REMOUNT | unix.MS_NOSUID | unix.MS_NODEV)
	if readOnly {
		flags |= unix.MS_RDONLY
	}
	if err := unix.Mount("none", dir, "tmpfs", flags, ""); err != nil {
		return fmt.Errorf("remounting %s: %w", dir, err)
	}
	return nil
}
