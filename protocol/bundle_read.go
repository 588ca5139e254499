package protocol

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"strconv"
	"strings"
)

// Bundle is a bundle whose index has been read and is signed by the key it
// names. Whether that key is anybody's one knows, the caller has to find out.
type Bundle struct {
	Index  BundleIndex
	Digest string // of the index; names the bundle

	r    io.ReaderAt
	size int64
}

// Reasons why a bundle is not taken, told apart by their Code: CodeIncomplete
// for one that was cut off, CodeMalformed for what is no bundle or breaks its
// rules, CodeSignature and CodeHash for one that was altered.
func bundleFault(code Code, detail string) error { return Fault{Code: code, Detail: detail} }

var (
	errBundleCut     = bundleFault(CodeIncomplete, "摆渡包不完整：文件没有拷完，或被截断了")
	errBundleAltered = bundleFault(CodeHash, "摆渡包的内容被改动或损坏了")
)

// OpenBundle reads the index of a bundle of size bytes. An error that is not a
// Fault comes from r.
func OpenBundle(r io.ReaderAt, size int64) (*Bundle, error) {
	b := &Bundle{r: r, size: size}
	if err := b.frame(); err != nil {
		return nil, err
	}
	s, err := b.stream()
	if err != nil {
		return nil, err
	}
	b.Index, b.Digest = s.index, s.digest
	return b, nil
}

// frame checks the first and last bytes.
func (b *Bundle) frame() error {
	head, err := b.at(0, min(b.size, int64(len(bundleHead))))
	if err != nil {
		return err
	}
	if !strings.HasPrefix(bundleHead, head) {
		if strings.HasPrefix(head, "ZQB") {
			return bundleFault(CodeVersion, "摆渡包的版本无法识别，请升级程序")
		}
		return bundleFault(CodeMalformed, "这个文件不是摆渡包")
	}
	least := int64(len(bundleHead) + len(bundleTail))
	if b.size < least {
		return errBundleCut
	}
	tail, err := b.at(b.size-int64(len(bundleTail)), int64(len(bundleTail)))
	if err == nil && tail != bundleTail {
		err = errBundleCut
	}
	return err
}

func (b *Bundle) at(offset, n int64) (string, error) {
	data := make([]byte, n)
	if _, err := b.r.ReadAt(data, offset); err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("reading bundle: %w", err)
	}
	return string(data), nil
}

// bundleStream is a pass over the inside of a bundle.
type bundleStream struct {
	in     *source
	raw    *bufio.Reader
	z      *gzip.Reader
	index  BundleIndex
	digest string
}

// source remembers errors of the disk, which say nothing about the bundle.
type source struct {
	r   io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// stream begins a pass and reads the index.
func (b *Bundle) stream() (*bundleStream, error) {
	inside := io.NewSectionReader(b.r, int64(len(bundleHead)), b.size-int64(len(bundleHead)+len(bundleTail)))
	s := &bundleStream{in: &source{r: inside}}
	s.raw = bufio.NewReaderSize(s.in, 64<<10)
	var err error
	if s.z, err = gzip.NewReader(s.raw); err != nil {
		return nil, s.trouble(err)
	}
	s.z.Multistream(false)
	if err := s.readIndex(); err != nil {
		return nil, err
	}
	return s, nil
}

// trouble says what an error while reading means.
func (s *bundleStream) trouble(err error) error {
	var f Fault
	switch {
	case s.in.err != nil:
		return fmt.Errorf("reading bundle: %w", s.in.err)
	case errors.As(err, &f):
		return err
	}
	return errBundleAltered
}

func (s *bundleStream) readIndex() error {
	line, err := s.line()
	if err != nil {
		return err
	}
	number, sig64, _ := strings.Cut(line, " ")
	n, err := strconv.Atoi(number)
	if err != nil || n <= 0 || strconv.Itoa(n) != number {
		return errBundleAltered
	}
	if n > MaxBundleIndexBytes {
		return bundleFault(CodeTooLarge, "摆渡包的目录太大")
	}
	sig, err := base64.StdEncoding.DecodeString(sig64)
	if err != nil {
		return errBundleAltered
	}
	// As much as is there, and not as much as is claimed.
	var text bytes.Buffer
	if m, err := io.CopyN(&text, s.z, int64(n)+1); err != nil || m != int64(n)+1 {
		return s.trouble(err)
	}
	index := text.Bytes()[:n]
	if text.Bytes()[n] != '\n' || json.Unmarshal(index, &s.index) != nil {
		return errBundleAltered
	}
	from, err := ParsePublic(s.index.From)
	if err != nil || !from.Verify(BundleText(s.index.Dir, index), sig) {
		return bundleFault(CodeSignature, "摆渡包的签名不对：内容被改动过")
	}
	s.digest = HashOf(index)
	if f := s.index.check(); f != nil {
		return *f
	}
	return nil
}

// longestLine is more than the digits of an index's size and a signature take.
const longestLine = 128

func (s *bundleStream) line() (string, error) {
	var line []byte
	var one [1]byte
	for len(line) < longestLine {
		if _, err := io.ReadFull(s.z, one[:]); err != nil {
			return "", s.trouble(err)
		}
		if one[0] == '\n' {
			return string(line), nil
		}
		line = append(line, one[0])
	}
	return "", errBundleAltered
}

// BundleParts takes the parts of a bundle. Any of the functions may be nil.
type BundleParts struct {
	// Frame and Recall, for frames of Index.Recall, get what has been checked; it is
	// valid until they return.
	Frame, Recall func(data []byte) error
	// File gets what is checked while it is read: instead of its end the reader gives
	// an error if it is not what the index says.
	File func(part BundlePart, r io.Reader) error
}

// Walk hands out the parts of the bundle in order. Memory is bounded by one frame.
// An error of a function, or of ctx, ends the walk and is returned as it is.
func (b *Bundle) Walk(ctx context.Context, parts BundleParts) error {
	s, err := b.stream()
	if err != nil {
		return err
	}
	if s.digest != b.Digest { // the file was replaced meanwhile
		return errBundleAltered
	}
	if err := s.frames(ctx, b.Index.Frames, parts.Frame); err != nil {
		return err
	}
	if err := s.frames(ctx, b.Index.recalled(), parts.Recall); err != nil {
		return err
	}
	for _, p := range b.Index.Files {
		if err := s.file(ctx, p, parts.File); err != nil {
			return err
		}
	}
	return s.end()
}

func (s *bundleStream) frames(ctx context.Context, parts []BundlePart, take func(data []byte) error) error {
	data := make([]byte, 0, MaxFrameBytes)
	for _, p := range parts {
		if err := ctx.Err(); err != nil {
			return err
		}
		data = data[:p.Size]
		if _, err := io.ReadFull(s.z, data); err != nil {
			return s.trouble(err)
		}
		if HashOf(data) != p.SHA256 {
			return errBundleAltered
		}
		if take == nil {
			continue
		}
		if err := take(data); err != nil {
			return err
		}
	}
	return nil
}

// Verify reads the whole bundle and reports the first reason not to take it.
func (b *Bundle) Verify(ctx context.Context) error { return b.Walk(ctx, BundleParts{}) }

func (s *bundleStream) file(ctx context.Context, p BundlePart, take func(BundlePart, io.Reader) error) error {
	r := &partReader{ctx: ctx, s: s, part: p, left: p.Size, hash: sha256.New()}
	if take != nil {
		if err := take(p, r); err != nil {
			return err
		}
	}
	_, err := io.Copy(io.Discard, r) // what was not wanted is checked all the same
	return err
}

// partReader reads one file of a bundle.
type partReader struct {
	ctx  context.Context //nolint:containedctx // it lives as long as one call of Walk
	s    *bundleStream
	part BundlePart
	left int64
	hash hash.Hash
}

func (r *partReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	if r.left == 0 {
		if hex.EncodeToString(r.hash.Sum(nil)) != r.part.SHA256 {
			return 0, errBundleAltered
		}
		return 0, io.EOF
	}
	n, err := r.s.z.Read(p[:min(int64(len(p)), r.left)])
	r.hash.Write(p[:n])
	r.left -= int64(n)
	if err != nil && (r.left > 0 || !errors.Is(err, io.EOF)) {
		return n, r.s.trouble(err)
	}
	return n, nil
}

// end checks that nothing follows the last part.
func (s *bundleStream) end() error {
	var one [1]byte
	n, err := s.z.Read(one[:])
	if n > 0 || !errors.Is(err, io.EOF) {
		return s.trouble(err)
	}
	if _, err := s.raw.ReadByte(); !errors.Is(err, io.EOF) {
		return s.trouble(err)
	}
	return nil
}
