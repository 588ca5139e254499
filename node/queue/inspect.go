package queue

import (
	"path"
	"strings"

	"github.com/gabriel-vasile/mimetype"

	"zhanqun/internal/blob"
	"zhanqun/internal/content"
)

// inspect says under which name and type a file travels.
func (q *Queue) inspect(ref blob.Ref, name string) (safe, kind string, err error) {
	f, _, err := q.blobs.Get(ref.SHA256)
	if err != nil {
		return "", "", err
	}
	defer func() { _ = f.Close() }() // only read
	m, err := mimetype.DetectReader(f)
	if err != nil {
		return "", "", err
	}
	kind, _, _ = strings.Cut(m.String(), ";")
	return content.CleanLine(path.Base(strings.ReplaceAll(name, `\`, "/"))), kind, nil
}
