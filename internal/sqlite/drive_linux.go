package sqlite

import "syscall"

// File system numbers of statfs(2) that stand for another machine's disk.
const (
	magicNFS  = 0x6969
	magicSMB  = 0x517b
	magicCIFS = 0xff534d42
	magicSMB2 = 0xfe534d42
)

func onNetworkDrive(dir string) bool {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return false // a missing folder is reported by whoever opens the file
	}
	switch uint32(st.Type) {
	case magicNFS, magicSMB, magicCIFS, magicSMB2:
		return true
	}
	return false
}
