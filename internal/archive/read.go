package archive

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"

	"github.com/klauspost/compress/zstd"

	"zhanqun/internal/fault"
)

// Reader reads an archive from its start. What it has handed out is only certain
// when Next has returned io.EOF: an archive may be cut off anywhere.
type Reader struct {
	file  *os.File
	zip   *zstd.Decoder
	tar   *tar.Reader
	tally *tally
	body  *body // of the present member
	done  bool
}

// Open opens the archive at path.
func Open(path string) (*Reader, error) {
	f, err := os.Open(path) // #nosec G304 -- named by the operator
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Wrap(fault.NotFound, "没有 "+path+" 这个文件。", err)
	}
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "读不了 "+path+"，请检查权限。", err)
	}
	z, err := zstd.NewReader(f, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(mostWindow), zstd.WithDecoderLowmem(true))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening archive %s: %w", path, err), f.Close())
	}
	return &Reader{file: f, zip: z, tar: tar.NewReader(z), tally: newTally()}, nil
}

// Close gives the file back.
func (r *Reader) Close() error {
	r.zip.Close()
	return r.file.Close()
}

// Sum is what has been read so far; after io.EOF, what the archive holds.
func (r *Reader) Sum() Sum { return r.tally.total() }

// Next returns the next member and its bytes, which have to be read before the
// next call or are skipped. Reading to their end compares their digest. io.EOF
// means that every member was whole and none is missing.
func (r *Reader) Next() (Member, io.Reader, error) {
	if r.done {
		return Member{}, nil, io.EOF
	}
	if r.body != nil {
		if _, err := io.Copy(io.Discard, r.body); err != nil {
			return Member{}, nil, err
		}
	}
	h, err := r.tar.Next()
	switch {
	case errors.Is(err, io.EOF):
		return Member{}, nil, damaged("后半部分缺失", io.ErrUnexpectedEOF)
	case err != nil && r.tally.sum.Members == 0:
		return Member{}, nil, damaged("不是备份文件", err)
	case err != nil:
		return Member{}, nil, damaged("读到一半读不下去", err)
	}
	m := Member{Name: h.Name, Size: h.Size, SHA256: h.PAXRecords[digestRecord]}
	if h.Typeflag != tar.TypeReg || len(m.SHA256) != 2*sha256.Size {
		return Member{}, nil, damaged("不是备份文件", nil)
	}
	r.body = &body{r: r.tar, hash: sha256.New(), want: m}
	if m.Name == endName {
		return Member{}, nil, r.end()
	}
	r.tally.add(m)
	return m, r.body, nil
}

// end compares what was read with what the last member says was written.
func (r *Reader) end() error {
	var want Sum
	data, err := io.ReadAll(io.LimitReader(r.body, 1<<10))
	if err == nil {
		err = json.Unmarshal(data, &want)
	}
	if err != nil {
		return damaged("结尾读不出来", err)
	}
	if got := r.tally.total(); got != want {
		return damaged("内容有增减", fmt.Errorf("read %+v, written %+v", got, want))
	}
	if _, err := r.tar.Next(); !errors.Is(err, io.EOF) {
		return damaged("结尾之后还有内容", err)
	}
	r.done = true
	return io.EOF
}

// body is a member's bytes, whose end is an error unless they are the right ones.
type body struct {
	r    io.Reader
	hash hash.Hash
	want Member
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	_, _ = b.hash.Write(p[:n]) // a hash takes everything
	switch {
	case err == nil:
		return n, nil
	case !errors.Is(err, io.EOF):
		return n, damaged("读到一半读不下去", err)
	case hex.EncodeToString(b.hash.Sum(nil)) != b.want.SHA256:
		return n, damaged(b.want.Name+" 的内容变了", nil)
	}
	return n, io.EOF
}

// Check reads the archive at path from end to end and lets each, which may be
// nil, judge every member.
func Check(path string, each func(Member, io.Reader) error) (sum Sum, err error) {
	r, err := Open(path)
	if err != nil {
		return Sum{}, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	for {
		m, bytes, err := r.Next()
		if errors.Is(err, io.EOF) {
			return r.Sum(), nil
		}
		if err == nil && each != nil {
			err = each(m, bytes)
		}
		if err != nil {
			return Sum{}, err
		}
	}
}
