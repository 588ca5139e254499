//go:build !linux

package testenv

import "testing"

// PowerDisk is a disk whose power can be cut; on Linux only.
type PowerDisk struct{ Dir string }

// NewPowerDisk skips.
func NewPowerDisk(t testing.TB, _ int64) *PowerDisk {
	t.Helper()
	Skip(t, "a disk whose power can be cut is mounted on Linux only")
	return nil
}

// Cut is never called.
func (*PowerDisk) Cut(testing.TB) string { return "" }
