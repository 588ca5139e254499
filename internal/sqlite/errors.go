package sqlite

import (
	"errors"
	"fmt"

	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"zhanqun/internal/fault"
)

// IsConflict reports whether err says that a row with the same unique value
// is already there.
func IsConflict(err error) bool {
	switch code(err) {
	case lib.SQLITE_CONSTRAINT_UNIQUE, lib.SQLITE_CONSTRAINT_PRIMARYKEY, lib.SQLITE_CONSTRAINT_ROWID:
		return true
	}
	return false
}

// IsFull reports whether err says that the disk has no room left. Nothing of
// the transaction was kept.
func IsFull(err error) bool { return code(err)&0xff == lib.SQLITE_FULL }

// IsBusy reports whether err says that another process held the database for
// longer than BusyTimeout. Trying again later is right.
func IsBusy(err error) bool {
	c := code(err) & 0xff
	return c == lib.SQLITE_BUSY || c == lib.SQLITE_LOCKED
}

// IsRefused reports whether err says that the database cannot hold the values
// it was given: a broken constraint, a wrong type, too many bytes. Trying again
// is no use.
func IsRefused(err error) bool {
	switch code(err) & 0xff {
	case lib.SQLITE_CONSTRAINT, lib.SQLITE_MISMATCH, lib.SQLITE_TOOBIG:
		return true
	}
	return false
}

// code returns SQLite's extended result code in err's chain, or 0.
func code(err error) int {
	var e *driver.Error
	if errors.As(err, &e) {
		return e.Code()
	}
	return 0
}

// explain turns the failures an operator can mend into a sentence for him.
func explain(path string, err error) error {
	err = fmt.Errorf("opening SQLite database %s: %w", path, err)
	switch code(err) & 0xff {
	case lib.SQLITE_NOTADB, lib.SQLITE_CORRUPT:
		return fault.Wrap(fault.Internal, "数据库文件 "+path+" 已损坏，或者不是数据库。请从备份恢复，不要删除原文件。", err)
	case lib.SQLITE_CANTOPEN, lib.SQLITE_READONLY, lib.SQLITE_PERM:
		return fault.Wrap(fault.Internal, "无法写入数据库文件 "+path+"。请检查数据目录是否存在，以及运行程序的用户对它有没有读写权限。", err)
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
		return fault.Wrap(fault.Unavailable, "数据库文件 "+path+" 正被另一个程序占用。请先停止那个程序。", err)
	case lib.SQLITE_FULL:
		return fault.Wrap(fault.Full, "磁盘已满，无法打开数据库 "+path+"。请先腾出空间。", err)
	}
	return err
}
