package protocol

// Version is the wire version this package writes.
const Version = 1

// OldestVersion is the oldest version this package still reads. A hub reads at
// least one version back, so that a node that was away for months can deliver
// first and update afterwards.
const OldestVersion = 1

// Speaks reports whether entries and requests of version v can be read.
func Speaks(v int) bool { return v >= OldestVersion && v <= Version }
