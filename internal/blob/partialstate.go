package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"

	"zhanqun/internal/fault"
)

// Bounds on what one partial may cost beside its content: a sender of one-byte
// pieces must not fill the disk with journal or the memory with ranges.
const (
	maxRecords = 1 << 16 // 1.3 MB of journal, then it is rewritten
	maxRanges  = 1 << 12 // holes a file may have at once
)

// partialState is what all handles on one arriving file share.
type partialState struct {
	mu      sync.Mutex
	key     string // names its files: sender, digest and size
	ref     Ref
	handles int // guarded by Store.partialMu
	done    bool
	data    file // nil once closed
	journal file
	records int64 // in the journal
	ranges  []Range
}

// finished reports whether the file arrived whole while somebody still holds a
// handle.
func (st *partialState) finished() bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.done
}

var errPartialClosed = errors.New("partial file is not open")

// open opens both files and reads back what is on disk.
func (st *partialState) open(s *Store) (err error) {
	defer func() {
		if err != nil {
			st.closeFiles()
		}
	}()
	if st.data, err = s.openFile(st.dataPath(), openKeep); err != nil {
		st.data = nil
		return full("opening a partial file", err)
	}
	if st.journal, err = s.openFile(st.journalPath(), openKeep); err != nil {
		st.journal = nil
		return full("opening a partial file", err)
	}
	if err := s.syncDir(partialDir); err != nil {
		return err
	}
	info, err := st.data.Stat()
	if err != nil {
		return fmt.Errorf("opening a partial file: %w", err)
	}
	raw, err := io.ReadAll(io.NewSectionReader(st.journal, 0, 2*maxRecords*recordLen))
	if err != nil {
		return fmt.Errorf("reading a partial file's journal: %w", err)
	}
	ranges, whole := decodeJournal(raw, st.ref.Size, info.Size())
	st.ranges, st.records = ranges, int64(len(raw)/recordLen)
	if !whole {
		return st.rewriteJournal()
	}
	return nil
}

// write puts chunk on disk, then the record that says so.
func (st *partialState) write(r Range, chunk []byte) error {
	if st.data == nil {
		return errPartialClosed
	}
	if len(st.ranges) >= maxRanges {
		return fault.New(fault.Invalid, "文件片段过于零散，请按顺序重新上传。")
	}
	if st.records >= maxRecords {
		if err := st.rewriteJournal(); err != nil {
			return err
		}
	}
	if _, err := st.data.WriteAt(chunk, r.Start); err != nil {
		return full("writing a piece", err)
	}
	if err := st.data.Sync(); err != nil {
		return full("syncing a piece", err)
	}
	// Written at its own place, not appended: a record torn by a full disk is
	// overwritten by the next one.
	if _, err := st.journal.WriteAt(encodeRecord(r), st.records*recordLen); err != nil {
		return full("recording a piece", err)
	}
	if err := st.journal.Sync(); err != nil {
		return full("recording a piece", err)
	}
	st.records++
	st.ranges = addRange(st.ranges, r)
	return nil
}

// rewriteJournal makes the journal say exactly what ranges says. A crash in the
// middle only forgets pieces, which are then sent again.
func (st *partialState) rewriteJournal() error {
	st.records = 0
	if err := st.journal.Truncate(0); err != nil {
		return full("rewriting a journal", err)
	}
	var all []byte
	for _, r := range st.ranges {
		all = append(all, encodeRecord(r)...)
	}
	if _, err := st.journal.WriteAt(all, 0); err != nil {
		return full("rewriting a journal", err)
	}
	if err := st.journal.Sync(); err != nil {
		return full("rewriting a journal", err)
	}
	st.records = int64(len(st.ranges))
	return nil
}

// reset forgets everything received, journal first: a record never outlives
// its data.
func (st *partialState) reset() error {
	if st.data == nil {
		return errPartialClosed
	}
	st.ranges = nil
	if err := st.rewriteJournal(); err != nil {
		return err
	}
	if err := st.data.Truncate(0); err != nil {
		return full("emptying a partial file", err)
	}
	return nil
}

// commit hashes the complete file and publishes it.
func (st *partialState) commit(ctx context.Context, s *Store) error {
	if st.data == nil {
		return errPartialClosed
	}
	h := sha256.New()
	whole := io.NewSectionReader(st.data, 0, st.ref.Size)
	if _, err := io.Copy(h, &contextReader{ctx, whole}); err != nil {
		return fmt.Errorf("checking a partial file: %w", err)
	}
	if hex.EncodeToString(h.Sum(nil)) != st.ref.SHA256 {
		wrong := fault.New(fault.Invalid, "文件内容与校验值不符，已收到的部分作废，请重新上传。")
		return errors.Join(wrong, st.reset())
	}
	st.closeFiles() // Windows moves no open file; everything is synced already
	if err := s.publish(st.dataPath(), st.ref); err != nil {
		return errors.Join(err, st.open(s))
	}
	st.done = true
	_ = s.root.Remove(st.journalPath()) // a leftover is swept later
	return nil
}

// close closes the files, and removes them when they hold nothing.
func (st *partialState) close(s *Store) error {
	if st.data == nil {
		return nil
	}
	st.closeFiles()
	if len(st.ranges) > 0 {
		return nil
	}
	for _, name := range []string{st.journalPath(), st.dataPath()} {
		if err := s.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("removing a partial file: %w", err)
		}
	}
	return nil
}

// closeFiles closes what is open. Nothing is lost by a failing close: every
// piece that counts was synced.
func (st *partialState) closeFiles() {
	for _, f := range []file{st.data, st.journal} {
		if f != nil {
			_ = f.Close()
		}
	}
	st.data, st.journal = nil, nil
}
