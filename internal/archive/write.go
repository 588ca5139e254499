package archive

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"

	"zhanqun/internal/disk"
	"zhanqun/internal/fault"
)

// Writer writes an archive. Either Commit or Abandon has to be called.
type Writer struct {
	path  string // final, absolute
	file  *os.File
	zip   *zstd.Encoder
	tar   *tar.Writer
	tally *tally
}

// Create begins the archive that will be at path. A path that is taken is a
// fault of kind Conflict: a backup never replaces another one.
func Create(path string) (*Writer, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("creating archive %s: %w", path, err)
	}
	if _, err := os.Lstat(abs); !errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Wrap(fault.Conflict, abs+" 已经存在，没有覆盖它。请换一个文件名，或先移走它。", errors.Join(fs.ErrExist, err))
	}
	// Made readable by its owner only; a name of its own for each attempt.
	f, err := os.CreateTemp(filepath.Dir(abs), filepath.Base(abs)+".*.part")
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "无法在 "+filepath.Dir(abs)+" 里写文件，请检查路径和权限。", err)
	}
	w := &Writer{path: abs, file: f, tally: newTally()}
	if w.zip, err = zstd.NewWriter(f, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1),
		zstd.WithWindowSize(4<<20), zstd.WithEncoderCRC(true)); err != nil {
		return nil, errors.Join(fmt.Errorf("creating archive %s: %w", abs, err), w.remove())
	}
	w.tar = tar.NewWriter(w.zip)
	return w, nil
}

// Add adds a member whose size and digest are known. Bytes from r that are not
// these are an error that spoils the archive.
func (w *Writer) Add(m Member, r io.Reader) error {
	if err := w.tar.WriteHeader(header(m)); err != nil {
		return fmt.Errorf("archiving %s: %w", m.Name, full(err))
	}
	h := sha256.New()
	if _, err := io.Copy(io.MultiWriter(w.tar, h), r); err != nil {
		return fmt.Errorf("archiving %s: %w", m.Name, full(err))
	}
	if sum := hex.EncodeToString(h.Sum(nil)); sum != m.SHA256 {
		return fmt.Errorf("archiving %s: its bytes have digest %s, not %s", m.Name, sum, m.SHA256)
	}
	if err := w.tar.Flush(); err != nil { // complains about bytes that are missing
		return fmt.Errorf("archiving %s: %w", m.Name, full(err))
	}
	w.tally.add(m)
	return nil
}

// AddBytes adds a member that is in memory.
func (w *Writer) AddBytes(name string, data []byte) error {
	sum := sha256.Sum256(data)
	return w.Add(Member{Name: name, Size: int64(len(data)), SHA256: hex.EncodeToString(sum[:])}, bytes.NewReader(data))
}

// AddFile adds a file of the disk, reading it twice: for its digest, and to copy
// it. The file must not change meanwhile.
func (w *Writer) AddFile(name, path string) (err error) {
	f, err := os.Open(path) // #nosec G304 -- of the data folder
	if err != nil {
		return fmt.Errorf("archiving %s: %w", name, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	h := sha256.New()
	size, err := io.Copy(h, f)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return fmt.Errorf("archiving %s: %w", name, err)
	}
	return w.Add(Member{Name: name, Size: size, SHA256: hex.EncodeToString(h.Sum(nil))}, f)
}

// Bytes is how much has been taken in so far.
func (w *Writer) Bytes() int64 { return w.tally.sum.Bytes }

// Commit ends the archive, syncs it, reads it again from end to end, lets check
// judge each member on the way, and gives the file its name. check may be nil.
func (w *Writer) Commit(check func(Member, io.Reader) error) (Sum, error) {
	sum := w.tally.total()
	if err := w.commit(sum, check); err != nil {
		return Sum{}, errors.Join(fmt.Errorf("writing archive %s: %w", w.path, err), w.Abandon())
	}
	return sum, nil
}

func (w *Writer) commit(sum Sum, check func(Member, io.Reader) error) error {
	end, err := json.Marshal(sum)
	if err != nil {
		return err
	}
	if err := w.AddBytes(endName, end); err != nil {
		return err
	}
	if err := errors.Join(w.tar.Close(), w.zip.Close(), w.file.Sync()); err != nil {
		return full(err)
	}
	part := w.file.Name()
	if err := w.file.Close(); err != nil {
		return full(err)
	}
	read, err := Check(part, check)
	if err != nil {
		return err
	}
	if read != sum {
		return damaged("读回来的内容与写入的不同", nil)
	}
	if err := os.Rename(part, w.path); err != nil {
		return err
	}
	w.file = nil
	return disk.SyncDir(filepath.Dir(w.path))
}

// Abandon removes what was written. After Commit it does nothing.
func (w *Writer) Abandon() error {
	if w.file == nil {
		return nil
	}
	_ = w.zip.Close() // its goroutines end; what it says no longer matters
	return w.remove()
}

func (w *Writer) remove() error {
	_ = w.file.Close()
	err := os.Remove(w.file.Name())
	w.file = nil
	return err
}

// full gives a full disk words.
func full(err error) error {
	if disk.IsFull(err) {
		return fault.Wrap(fault.Full, "磁盘空间不足，备份没有写成。请换一个位置，或清理磁盘后再试。", err)
	}
	return err
}
