//go:build !linux

package testenv

import "testing"

// SmallDisk returns a folder on a disk of its own with room for that many bytes,
// in memory. It takes Linux and root to make one.
func SmallDisk(t testing.TB, bytes int64) string {
	t.Helper()
	Skip(t, "a small disk is mounted on Linux only")
	return ""
}
