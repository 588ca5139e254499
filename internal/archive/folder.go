package archive

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"zhanqun/internal/disk"
	"zhanqun/internal/fault"
)

// makingPrefix begins the name of the folder in the data folder where its content
// is made: inside, because a data folder may be a disk of its own, which nothing
// can be moved over. One that is left of a restore that was killed is removed.
const makingPrefix = ".restoring-"

// Folder is an empty data folder that is being filled. Until Publish everything
// stands apart.
type Folder struct{ dir, made string }

// NewFolder prepares the data folder dir, which may not exist yet, of a program.
// One that holds anything is a fault of kind Conflict.
func NewFolder(dir, program string) (*Folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fault.Wrap(fault.Invalid, "无法建立数据目录 "+dir+"，请检查路径和权限。", err)
	}
	list, err := os.ReadDir(dir)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "读不了数据目录 "+dir+"，请检查权限。", err)
	}
	for _, f := range list {
		switch {
		case f.Name() == "lost+found": // of a disk of its own
		case strings.HasPrefix(f.Name(), makingPrefix):
			if err := os.RemoveAll(filepath.Join(dir, f.Name())); err != nil {
				return nil, fmt.Errorf("removing the rest of an earlier restore: %w", err)
			}
		default:
			return nil, fault.New(fault.Conflict, "数据目录 "+dir+" 不是空的，没有改动它。恢复只能写入空目录：请先停掉 "+program+" serve，把原目录改名留存，再恢复。")
		}
	}
	made, err := os.MkdirTemp(dir, makingPrefix)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "无法在数据目录 "+dir+" 里写文件，请检查权限。", err)
	}
	return &Folder{dir, made}, nil
}

// Path returns where name is made.
func (f *Folder) Path(name string) string { return filepath.Join(f.made, name) }

// Publish moves everything to its place, the file last after all others: a program
// that is started in between must find nothing it could begin with.
func (f *Folder) Publish(last string) error {
	list, err := os.ReadDir(f.made)
	if err != nil {
		return err
	}
	move := func(name string) error {
		if err := os.Rename(f.Path(name), filepath.Join(f.dir, name)); err != nil {
			return fmt.Errorf("moving what was restored to its place: %w", err)
		}
		return nil
	}
	found := false
	for _, e := range list {
		if found = found || e.Name() == last; e.Name() == last {
			continue
		}
		if err := move(e.Name()); err != nil {
			return err
		}
	}
	if err := disk.SyncDir(f.dir); err != nil || !found {
		return err
	}
	if err := move(last); err != nil {
		return err
	}
	return disk.SyncDir(f.dir)
}

// Remove takes away what was not published.
func (f *Folder) Remove() error { return os.RemoveAll(f.made) }
