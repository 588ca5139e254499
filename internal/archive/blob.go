package archive

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"

	"zhanqun/internal/blob"
	"zhanqun/internal/fault"
)

// FilesDir begins the names of members that are attached files; their digest
// follows.
const FilesDir = "files/"

// AddBlob adds an attached file. A file that is gone or has changed on the disk
// is lost, which is no error. It is read twice: that its bytes have changed must
// be known before they are in the archive.
func (w *Writer) AddBlob(ctx context.Context, files *blob.Store, sha string) (lost bool, err error) {
	err = files.Verify(ctx, sha)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, blob.ErrCorrupt) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	r, size, err := files.Get(sha)
	if err != nil {
		return false, err
	}
	defer r.Close()
	return false, w.Add(Member{Name: FilesDir + sha, Size: size, SHA256: sha}, r)
}

// IsBlob reports whether m is an attached file. One whose name is not its digest
// is damage.
func (m Member) IsBlob() (bool, error) {
	sha, ok := strings.CutPrefix(m.Name, FilesDir)
	if ok && sha != m.SHA256 {
		return true, damaged("附件 "+sha+" 的内容不对", nil)
	}
	return ok, nil
}

// TakeBlob stores an attached file.
func TakeBlob(ctx context.Context, files *blob.Store, m Member, r io.Reader) error {
	ref, err := files.Put(ctx, r, m.Size)
	if err != nil {
		return err
	}
	if ref.SHA256 != m.SHA256 {
		return fault.Wrap(fault.Invalid, "备份里的附件 "+m.SHA256+" 内容不对，请换用另一份备份。", ErrDamaged)
	}
	return nil
}
