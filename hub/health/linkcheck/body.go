package linkcheck

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"strings"
)

// errEncoding says that a body is not compressed the way its header says.
var errEncoding = errors.New("body is not in its content encoding")

// unpack undoes a Content-Encoding the way browsers do. Labels that mean
// nothing are ignored. known is false when the body cannot be read here though
// a browser may (Brotli and zstd, which are not asked for).
func unpack(body io.Reader, encoding string) (unpacked io.Reader, known bool, err error) {
	layers := strings.Split(strings.ToLower(encoding), ",")
	for i := len(layers) - 1; i >= 0 && i >= len(layers)-3; i-- {
		layer := strings.TrimSpace(layers[i])
		switch layer {
		case "gzip", "x-gzip", "deflate":
		case "br", "zstd", "compress", "x-compress", "dcb", "dcz":
			return nil, false, nil
		default:
			continue
		}
		buffered := bufio.NewReader(body)
		if _, err := buffered.Peek(1); err == io.EOF {
			return buffered, true, nil // empty is empty in every encoding
		} else if err != nil {
			return nil, true, err
		}
		if body, err = inflate(buffered, layer); err != nil {
			return nil, true, err
		}
	}
	return body, true, nil
}

func inflate(r *bufio.Reader, layer string) (io.Reader, error) {
	head, _ := r.Peek(4)
	switch {
	case len(head) >= 2 && head[0] == 0x1f && head[1] == 0x8b:
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, errEncoding
		}
		z.Multistream(false) // browsers pass over what stands behind the end
		return broken{z}, nil
	case layer != "deflate":
		return nil, errEncoding
	case len(head) >= 2 && head[0]&0x0f == 8 && (int(head[0])<<8|int(head[1]))%31 == 0:
		z, err := zlib.NewReader(r)
		if err != nil {
			return nil, errEncoding
		}
		return broken{z}, nil
	}
	return broken{flate.NewReader(r)}, nil
}

// broken names the errors of damaged compressed data errEncoding and leaves
// those of the network below as they are. A wrong checksum behind whole data is
// no error, as it is none to browsers.
type broken struct{ io.Reader }

func (b broken) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	var corrupt flate.CorruptInputError
	switch {
	case errors.Is(err, gzip.ErrChecksum) || errors.Is(err, zlib.ErrChecksum):
		err = io.EOF
	case errors.As(err, &corrupt) || errors.Is(err, gzip.ErrHeader) || errors.Is(err, zlib.ErrHeader):
		err = errEncoding
	}
	return n, err
}

// readBody reads at most peek bytes, or page bytes if what came first looks
// like a page. more tells that the body went on.
func readBody(r io.Reader, isPage func(head []byte) bool, peek, page int64) (body []byte, more bool, err error) {
	body, err = readUpTo(r, nil, peek)
	if err == nil && isPage(body) {
		body, err = readUpTo(r, body, page)
	}
	if errors.Is(err, io.EOF) {
		return body, false, nil
	}
	return body, err == nil, err
}

// readUpTo appends to body until it holds limit bytes. Its error is nil when
// the limit was reached, io.EOF at the end.
func readUpTo(r io.Reader, body []byte, limit int64) ([]byte, error) {
	for int64(len(body)) < limit {
		if len(body) == cap(body) {
			body = append(body, make([]byte, max(4096, min(len(body), 4<<20)))...)[:len(body)]
		}
		room := body[len(body):min(int64(cap(body)), limit)]
		n, err := r.Read(room)
		body = body[:len(body)+n]
		if err != nil {
			return body, err
		}
	}
	return body, nil
}
