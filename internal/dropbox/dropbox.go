// Package dropbox handles the files that stand in for a line: bundles that a
// person or a device carries across an air gap (网闸).
//
// It promises:
//   - A bundle appears under its name whole and on disk, or not at all.
//   - A watched folder is looked through in bounded time and memory, whatever
//     lies in it. What is still being copied is left alone; what was taken goes
//     into done, what cannot be taken goes into bad with a text that says why.
//   - What is wrong with a bundle is told apart in plain words and by exit code.
package dropbox

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// Ext is how names of bundles end.
const Ext = ".zqb"

// partExt is behind the name of a file that is being written. The dot in front
// hides it from devices that take whatever they see.
const partExt = ".part"

// What carries bundles runs under another name than we do, and reads them as one
// of the folder's group.
const (
	fileMode   = 0o640
	folderMode = 0o750
)

// Write makes the file at path of what write writes: under its name it is there
// whole or not at all. A file that is there already is a fault of kind Conflict.
func Write(path string, write func(io.Writer) error) (err error) {
	if _, err := os.Lstat(path); err == nil {
		return fault.New(fault.Conflict, "文件 "+path+" 已经有了，没有覆盖。请换一个文件名，或先移走它。")
	}
	dir, name := filepath.Split(path)
	part := filepath.Join(dir, "."+name+partExt)
	f, err := os.OpenFile(part, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, fileMode) // #nosec G302 G304 -- the file the operator names
	if err != nil {
		return cannotWrite(path, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, ignoreGone(os.Remove(part)))
		}
	}()
	w := &noting{w: f}
	out := bufio.NewWriterSize(w, 256<<10)
	err = write(out)
	if err == nil {
		err = out.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	closing := f.Close()
	if w.err != nil {
		return cannotWrite(path, w.err)
	}
	if err != nil {
		return err
	}
	if err := errors.Join(closing, os.Rename(part, path)); err != nil {
		return cannotWrite(path, err)
	}
	syncDir(filepath.Dir(path))
	return nil
}

// noting remembers an error of the disk, to tell it from one of who writes.
type noting struct {
	w   io.Writer
	err error
}

func (n *noting) Write(p []byte) (int, error) {
	m, err := n.w.Write(p)
	if err != nil {
		n.err = err
	}
	return m, err
}

func cannotWrite(path string, err error) error {
	return fault.Wrap(fault.Internal, "写不了文件 "+path+"，请检查文件夹是否存在、有没有写权限和剩余空间。（"+reason(err)+"）", err)
}

// reason is the system's own word, without the path that is told already.
func reason(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}

// syncDir makes the names in a folder durable where the system can: a memory
// stick or a network drive may not, and a bundle that got lost is sent again.
func syncDir(dir string) {
	if d, err := os.Open(dir); err == nil { // #nosec G304 -- the folder just written to
		_ = d.Sync()
		_ = d.Close()
	}
}

func ignoreGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// File is an open bundle.
type File struct {
	*protocol.Bundle
	f *os.File
}

// Open opens the bundle at path; see protocol.OpenBundle.
func Open(path string) (*File, error) {
	f, err := os.Open(path) // #nosec G304 -- the file the operator names
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "读不了文件 "+path+"，请检查文件名和权限。（"+reason(err)+"）", err)
	}
	b, err := Read(f)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &File{Bundle: b, f: f}, nil
}

// Read reads the index of the bundle in f.
func Read(f *os.File) (*protocol.Bundle, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("reading bundle: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fault.New(fault.Invalid, "这不是一个文件，请写摆渡包文件的名字。")
	}
	return protocol.OpenBundle(f, info.Size())
}

// Close closes the file.
func (f *File) Close() error { return f.f.Close() }

// Left lists bundles of one sender and direction that still lie in a folder,
// oldest first. Carrying devices may have taken any of them.
func Left(dir, who string, direction protocol.Direction) ([]Name, error) {
	names, err := list(dir)
	if err != nil {
		return nil, err
	}
	var left []Name
	for _, name := range names {
		if n, ok := ParseName(name); ok && n.Who == who && n.Dir == direction {
			left = append(left, n)
		}
	}
	return left, nil
}

// SweepParts removes what a writer that was killed has left in a folder.
func SweepParts(dir string, before time.Time) error {
	d, err := os.Open(dir) // #nosec G304 -- the folder of the settings
	if err != nil {
		return fmt.Errorf("looking for leftovers: %w", err)
	}
	defer d.Close()
	entries, err := d.ReadDir(maxListed)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("looking for leftovers: %w", err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") || !strings.HasSuffix(e.Name(), Ext+partExt) {
			continue
		}
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() && info.ModTime().Before(before) {
			if err := ignoreGone(os.Remove(filepath.Join(dir, e.Name()))); err != nil {
				return fmt.Errorf("removing a leftover: %w", err)
			}
		}
	}
	return nil
}
