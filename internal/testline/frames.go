package testline

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
)

// upPrefix is what the subjects of frames begin with.
const upPrefix = "zq.up."

const mostLine = 64 << 10

// frames reads what a NATS client sends, message by message. What is no NATS is
// carried as it comes.
type frames struct {
	r   *bufio.Reader
	l   *Line
	raw bool
}

func newFrames(r io.Reader, l *Line) *frames {
	return &frames{r: bufio.NewReaderSize(r, mostLine), l: l}
}

func (f *frames) next() (piece, error) {
	if !f.raw {
		first, err := f.r.Peek(1)
		if err != nil {
			return piece{}, err
		}
		f.raw = first[0] < 'A' || first[0] > 'z'
	}
	if f.raw {
		return plain{f.r}.next()
	}
	line, err := f.r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		f.raw = true
		return piece{data: bytes.Clone(line)}, nil
	}
	if err != nil {
		return piece{}, err
	}
	data := bytes.Clone(line)
	words := bytes.Fields(data)
	if len(words) < 3 || !bytes.EqualFold(words[0], []byte("PUB")) && !bytes.EqualFold(words[0], []byte("HPUB")) {
		return piece{data: data}, nil
	}
	n, err := strconv.ParseUint(string(words[len(words)-1]), 10, 26)
	if f.raw = err != nil; f.raw {
		return piece{data: data}, nil // no NATS
	}
	body := make([]byte, n+2) // and the end of the line
	if _, err := io.ReadFull(f.r, body); err != nil {
		return piece{}, err
	}
	data = append(data, body...)
	if !bytes.HasPrefix(words[1], []byte(upPrefix)) {
		return piece{data: data}, nil
	}
	f.l.remember(data)
	return piece{data: data, frame: true}, nil
}
