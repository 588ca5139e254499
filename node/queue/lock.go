package queue

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"zhanqun/internal/dirlock"
	"zhanqun/internal/fault"
)

// lockPatience is how long Lock tries: a command that only asks whether a
// service runs holds the lock for an instant.
const lockPatience = time.Second

// Lock makes this process the service of the data folder until Close. Commands
// may run beside it; a second service is refused with a fault of kind Conflict.
func (q *Queue) Lock(ctx context.Context) error {
	q.lockMu.Lock()
	defer q.lockMu.Unlock()
	if q.lock != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	l, err := dirlock.Wait(ctx, filepath.Join(q.dir, lockName))
	if errors.Is(err, dirlock.ErrHeld) {
		return fault.Wrap(fault.Conflict, "数据目录 "+q.dir+" 已有一个 node serve 在运行。请先停掉那一个，或者用 --config 指定另一个数据目录。", err)
	}
	if err == nil {
		err = l.Note(fmt.Sprintf("进程 %d", os.Getpid()))
	}
	if err != nil {
		return fmt.Errorf("locking data folder: %w", err)
	}
	q.lock = l
	return nil
}

// Serving reports whether a service runs in the data folder, in this process or
// another.
func (q *Queue) Serving() (bool, error) {
	q.lockMu.Lock()
	defer q.lockMu.Unlock()
	if q.lock != nil {
		return true, nil
	}
	l, _, err := dirlock.Try(filepath.Join(q.dir, lockName))
	if errors.Is(err, dirlock.ErrHeld) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("looking for a running service: %w", err)
	}
	return false, l.Release()
}

func (q *Queue) unlock() error {
	q.lockMu.Lock()
	defer q.lockMu.Unlock()
	if q.lock == nil {
		return nil
	}
	err := q.lock.Release()
	q.lock = nil
	return err
}
