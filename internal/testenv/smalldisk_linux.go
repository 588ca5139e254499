package testenv

import (
	"fmt"
	"testing"

	"golang.org/x/sys/unix"
)

// SmallDisk returns a folder on a disk of its own with room for that many bytes,
// in memory. It takes root to make one.
func SmallDisk(t testing.TB, bytes int64) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("none", dir, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, fmt.Sprintf("size=%d,mode=0700", bytes)); err != nil {
		Skip(t, "a small disk cannot be mounted ("+err.Error()+"); run the tests as root")
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Errorf("unmounting %s: %v", dir, err)
		}
	})
	return dir
}
