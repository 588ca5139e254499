package sqlite

import "zhanqun/internal/fault"

// refuseNetworkDrive keeps database files off drives of other machines, where
// neither locks nor shared memory can be relied on and a database is quietly
// destroyed.
func refuseNetworkDrive(dir string) error {
	if !onNetworkDrive(dir) {
		return nil
	}
	return fault.New(fault.Invalid, "数据目录 "+dir+" 在网络盘或共享文件夹上，数据库放在那里会损坏。请改用本机硬盘。")
}
