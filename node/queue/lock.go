package queue

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"zhanqun/internal/fault"
)

var errLocked = errors.New("held by another process")

// lockPatience is how long Lock tries: another process that only asks whether a
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
	again := time.NewTicker(lockPatience / 20)
	defer again.Stop()
	for {
		f, err := q.tryLock()
		if err == nil {
			q.lock = f
			return nil
		}
		if !errors.Is(err, errLocked) {
			return fmt.Errorf("locking data folder: %w", err)
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return fault.Wrap(fault.Conflict, "数据目录 "+q.dir+" 已有一个 node serve 在运行。请先停掉那一个，或者用 --config 指定另一个数据目录。", err)
		}
	}
}

// Serving reports whether a service runs in the data folder, in this process or
// another.
func (q *Queue) Serving() (bool, error) {
	q.lockMu.Lock()
	defer q.lockMu.Unlock()
	if q.lock != nil {
		return true, nil
	}
	f, err := q.tryLock()
	if errors.Is(err, errLocked) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("looking for a running service: %w", err)
	}
	return false, f.Close()
}

// tryLock opens and locks the file; closing it gives the lock back.
func (q *Queue) tryLock() (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(q.dir, lockName), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := lockFile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func (q *Queue) unlock() error {
	q.lockMu.Lock()
	defer q.lockMu.Unlock()
	if q.lock == nil {
		return nil
	}
	err := q.lock.Close()
	q.lock = nil
	return err
}

// syncDir makes the names in a folder durable. Windows has no such call and
// writes names with the files.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir) // #nosec G304 -- the data folder
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
