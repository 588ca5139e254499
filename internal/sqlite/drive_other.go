//go:build !linux && !windows

package sqlite

// The supported systems are Linux and Windows; elsewhere nothing is known.
func onNetworkDrive(string) bool { return false }
