package blob

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"

	"zhanqun/internal/fault"
)

// Put stores what r yields, at most max bytes, and returns its name. When Put
// returns without error the file is on disk under its name; otherwise nothing
// is visible. More than max bytes is a fault of kind TooLarge, a full disk one
// of kind Full. Content already there is not stored twice.
func (s *Store) Put(ctx context.Context, r io.Reader, max int64) (Ref, error) {
	tmp := incomingDir + "/put-" + rand.Text()
	f, err := s.openFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return Ref{}, full("making a temporary file", err)
	}
	ref, err := fill(ctx, f, r, max)
	if err == nil {
		err = s.publish(tmp, ref)
	}
	if err != nil {
		_ = s.root.Remove(tmp) // a leftover is swept later
		return Ref{}, err
	}
	return ref, nil
}

// fill copies r into f, hashing on the way, and closes f with its data on disk.
func fill(ctx context.Context, f file, r io.Reader, max int64) (ref Ref, err error) {
	closed := false
	defer func() {
		if !closed {
			_ = f.Close() // the error that matters is already being returned
		}
	}()
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, h), &contextReader{ctx, io.LimitReader(r, max+1)})
	if err != nil {
		return Ref{}, full("writing a file", err)
	}
	if n > max {
		return Ref{}, fault.New(fault.TooLarge, "文件太大：最多 "+sizeText(max)+"。请压缩或分成几个文件。")
	}
	if err := f.Sync(); err != nil {
		return Ref{}, full("syncing a file", err)
	}
	closed = true
	if err := f.Close(); err != nil {
		return Ref{}, full("closing a file", err)
	}
	return Ref{SHA256: hex.EncodeToString(h.Sum(nil)), Size: n}, nil
}

// contextReader ends a copy when its context ends.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// sizeText says a number of bytes the way people do.
func sizeText(n int64) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%.4g MB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.4g KB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d 字节", n)
}
