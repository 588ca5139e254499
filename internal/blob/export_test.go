package blob

import (
	"fmt"
	"path/filepath"
	"sync/atomic"
	"syscall"
)

// FillDisk makes the store behave as on a disk with room for n more bytes,
// until the returned function is called.
func FillDisk(s *Store, n int64) (restore func()) {
	var room atomic.Int64
	room.Store(n)
	open := s.openFile
	s.openFile = func(name string, flag int) (file, error) {
		f, err := open(name, flag)
		return &smallFile{f, &room}, err
	}
	return func() { s.openFile = open; room.Store(1 << 40) }
}

// Trace returns a list that every use of a file below the store is added to.
func Trace(s *Store) *[]string {
	list := new([]string)
	open := s.openFile
	s.openFile = func(name string, flag int) (file, error) {
		f, err := open(name, flag)
		*list = append(*list, "open "+filepath.Ext(name))
		return &tracedFile{f, list}, err
	}
	return list
}

type tracedFile struct {
	file
	list *[]string
}

func (f *tracedFile) WriteAt(p []byte, off int64) (int, error) {
	*f.list = append(*f.list, fmt.Sprintf("write %d at %d", len(p), off))
	return f.file.WriteAt(p, off)
}

func (f *tracedFile) Sync() error {
	*f.list = append(*f.list, "sync")
	return f.file.Sync()
}

// SetFree makes the store believe in n free bytes.
func SetFree(s *Store, n uint64) { s.free = func(string) (uint64, error) { return n, nil } }

// smallFile writes what fits and then fails as Linux does.
type smallFile struct {
	file
	room *atomic.Int64
}

func (f *smallFile) Write(p []byte) (int, error) {
	return f.fit(p, f.file.Write)
}

func (f *smallFile) WriteAt(p []byte, off int64) (int, error) {
	return f.fit(p, func(p []byte) (int, error) { return f.file.WriteAt(p, off) })
}

func (f *smallFile) fit(p []byte, write func([]byte) (int, error)) (int, error) {
	left := f.room.Add(-int64(len(p)))
	if left >= 0 {
		return write(p)
	}
	n, err := write(p[:max(0, int64(len(p))+left)])
	if err == nil {
		err = syscall.ENOSPC
	}
	return n, err
}
