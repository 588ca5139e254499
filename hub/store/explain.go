package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"net"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"zhanqun/internal/fault"
	"zhanqun/internal/sqlite"
)

// Explain gives an error of any method that comes from the state of the database
// and not from what was asked its kind and words for a person. Others stay as
// they are. Of a transaction that failed so, nothing was kept.
func (s *Store) Explain(err error) error {
	switch {
	case err == nil || fault.KindOf(err) != fault.Internal || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		return err
	case s.d.full(err):
		return fault.Wrap(fault.Full, "县级平台的磁盘已满，这次没有保存，以前的内容都在。请管理员清理磁盘后再试。", err)
	case s.d.away(err):
		return fault.Wrap(fault.Unavailable, "县级平台的数据库暂时没有回答，这次没有保存，以前的内容都在。请稍后再试。", err)
	}
	return err
}

// full reports whether the database has no room left.
func (d dialect) full(err error) bool {
	if d.postgres {
		return pq.As(err, pqerror.DiskFull) != nil
	}
	return sqlite.IsFull(err)
}

// away reports whether the database could not be asked at all.
func (d dialect) away(err error) bool {
	if !d.postgres {
		return sqlite.IsBusy(err)
	}
	var told *pq.Error
	if errors.As(err, &told) {
		switch told.Code {
		case pqerror.TooManyConnections, pqerror.ObjectNotInPrerequisiteState:
			return true
		case pqerror.QueryCanceled:
			return false
		}
		return told.Code.Class() == pqerror.ClassConnectionException || told.Code.Class() == pqerror.ClassOperatorIntervention
	}
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
