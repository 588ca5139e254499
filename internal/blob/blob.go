// Package blob keeps files in a folder under the SHA-256 of their content.
//
// It promises: a file is there whole and on disk, or not at all, whatever is
// killed, unplugged or full at any instant; the same content is kept once; a
// name is 64 hexadecimal digits or no name, and every path is opened through
// os.Root, so nothing outside the folder can be read or written; a large file
// can arrive in pieces in any order, each piece durable when WriteAt returns,
// and be continued after a crash of either side.
//
// Layout: ab/cdef… holds the file whose digest begins with abcdef; incoming
// holds files being written; partial holds files arriving in pieces. One
// process uses a folder at a time, and its goroutines may share a Store freely;
// a command beside it may put and get whole files.
package blob

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"

	"zhanqun/internal/disk"
	"zhanqun/internal/fault"
)

const (
	incomingDir = "incoming"
	partialDir  = "partial"
	hexLen      = 64
)

// Ref names a stored file.
type Ref struct {
	SHA256 string // 64 lower-case hexadecimal digits
	Size   int64  // bytes
}

// Store is one folder of files. Open makes it, Close gives its handles back.
type Store struct {
	dir  string
	root *os.Root

	shardMu sync.Mutex
	shards  map[string]bool // shard folders known to be durable

	partialMu sync.Mutex
	partials  map[string]*partialState // those with an open handle

	// Replaced by tests that fill the disk.
	openFile func(name string, flag int) (file, error)
	free     func(dir string) (uint64, error)
}

// file is what the store needs of an open file.
type file interface {
	io.Writer
	io.WriterAt
	io.ReaderAt
	Truncate(size int64) error
	Stat() (fs.FileInfo, error)
	Sync() error
	Close() error
}

// Open opens the folder dir, and makes it if it is not there.
func Open(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, full("making blob folder", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("opening blob folder: %w", err)
	}
	s := &Store{
		dir:      dir,
		root:     root,
		shards:   map[string]bool{},
		partials: map[string]*partialState{},
		free:     Free,
	}
	s.openFile = func(name string, flag int) (file, error) { return root.OpenFile(name, flag, 0o600) }
	for _, sub := range []string{incomingDir, partialDir} {
		if err := s.ensureDir(sub); err != nil {
			return nil, errors.Join(err, root.Close())
		}
	}
	return s, nil
}

// Close releases the folder. Files already handed out by Get stay readable.
func (s *Store) Close() error { return s.root.Close() }

// Dir returns the folder the store was opened on.
func (s *Store) Dir() string { return s.dir }

// ValidName reports whether sha can name a file: 64 lower-case hexadecimal digits.
func ValidName(sha string) bool {
	if len(sha) != hexLen {
		return false
	}
	for i := range len(sha) {
		if c := sha[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// pathOf returns where the file sha lives, below the root. os.Root takes
// slashes on every system.
func pathOf(sha string) string { return sha[:2] + "/" + sha[2:] }

// ensureDir makes the folder name below the root and its entry durable. The
// lock is held over the sync, so that nobody puts a file into a folder whose
// own entry a power cut could still take away.
func (s *Store) ensureDir(name string) error {
	s.shardMu.Lock()
	defer s.shardMu.Unlock()
	if s.shards[name] {
		return nil
	}
	if err := s.root.Mkdir(name, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return full("making blob folder", err)
	}
	if err := s.syncDir("."); err != nil {
		return err
	}
	s.shards[name] = true
	return nil
}

// publish moves the finished, synced file at tmp to its place, or drops it when
// the same content is already there.
func (s *Store) publish(tmp string, ref Ref) error {
	shard, dst := ref.SHA256[:2], pathOf(ref.SHA256)
	if err := s.ensureDir(shard); err != nil {
		return err
	}
	if s.hasSize(ref) {
		// A fresh date keeps collectors of unused files away from it.
		now := time.Now()
		_ = s.root.Chtimes(dst, now, now)
		_ = s.root.Remove(tmp) // a leftover is swept later
		return s.syncDir(shard)
	}
	if err := s.root.Rename(tmp, dst); err != nil {
		// Windows refuses to replace a file someone is reading: then the same
		// content has arrived twice at once, and one copy is enough.
		if !s.hasSize(ref) {
			return full("moving a file to its place", err)
		}
		_ = s.root.Remove(tmp)
	}
	return s.syncDir(shard)
}

// hasSize reports whether the file is there with the size its content must
// have. One that a damaged disk cut short is not, and is replaced.
func (s *Store) hasSize(ref Ref) bool {
	info, err := s.root.Stat(pathOf(ref.SHA256))
	return err == nil && info.Mode().IsRegular() && info.Size() == ref.Size
}

// full wraps err; when the cause is a full disk it becomes a fault of kind Full
// with a sentence for the person who was saving.
func full(doing string, err error) error {
	err = fmt.Errorf("%s: %w", doing, err)
	if disk.IsFull(err) {
		return fault.Wrap(fault.Full, fullMessage, err)
	}
	return err
}

const fullMessage = "磁盘空间不足，这个文件没有保存。已有内容不受影响，请清理磁盘后再试。"
