package crawl

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
)

// journal is the file a run works in. It only grows, by frames: a frame holds
// the records that belong together, with their length and checksum before them,
// and counts whole or not at all. A record is found again by its offset.
type journal struct {
	f     *os.File
	frame []byte // under way; begins with room for its header
	base  int64  // where frame will begin in the file
	rec   int    // where the record under way begins in frame
}

const frameHeader = 8

// maxFrame bounds a frame that is read; one page cannot make a larger one.
const maxFrame = 1 << 30

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func openJournal(path string) (*journal, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening work file: %w", err)
	}
	return &journal{f: f, frame: make([]byte, frameHeader, 64<<10)}, nil
}

// reopen hands every record there is to replay and drops a frame at the end
// that is torn. Records can be read meanwhile.
func (j *journal) reopen(replay func(offset int64, record []byte) error) error {
	end, err := j.replay(replay)
	if err != nil {
		return err
	}
	if err := j.f.Truncate(end); err != nil {
		return fmt.Errorf("dropping torn end of work file: %w", err)
	}
	return nil
}

// replay returns where the last whole frame ends.
func (j *journal) replay(each func(int64, []byte) error) (end int64, err error) {
	in := bufio.NewReaderSize(j.f, 256<<10)
	var frame []byte
	for {
		var head [frameHeader]byte
		if _, err := io.ReadFull(in, head[:]); err != nil {
			return j.base, torn(err)
		}
		n := int(binary.LittleEndian.Uint32(head[:]))
		if n > maxFrame {
			return j.base, nil
		}
		if cap(frame) < n || cap(frame) > 1<<20 && n < 1<<20 {
			frame = make([]byte, n)
		}
		frame = frame[:n]
		if _, err := io.ReadFull(in, frame); err != nil {
			return j.base, torn(err)
		}
		if crc32.Checksum(frame, castagnoli) != binary.LittleEndian.Uint32(head[4:]) {
			return j.base, nil
		}
		at := j.base + frameHeader
		j.base += int64(frameHeader + n)
		for rest := frame; len(rest) > 0; {
			size, w := binary.Uvarint(rest)
			if w <= 0 || size > uint64(len(rest)-w) {
				return 0, errors.New("work file is damaged")
			}
			end := w + int(size)
			if err := each(at, rest[w:end]); err != nil {
				return 0, err
			}
			at += int64(end)
			rest = rest[end:]
		}
	}
}

// torn tells the end of a file from a failure to read it.
func torn(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return fmt.Errorf("reading work file: %w", err)
}

// recordRoom is what the length of a record may take before it.
const recordRoom = 5

// begin starts a record; its bytes are appended to j.frame.
func (j *journal) begin() {
	j.rec = len(j.frame)
	j.frame = append(j.frame, make([]byte, recordRoom)...)
}

// end closes the record and returns where it stands. The length is written in
// five bytes always, so that nothing has to be moved.
func (j *journal) end() int64 {
	n := uint64(len(j.frame) - j.rec - recordRoom)
	for i := range recordRoom - 1 {
		j.frame[j.rec+i] = byte(n)&0x7f | 0x80
		n >>= 7
	}
	j.frame[j.rec+recordRoom-1] = byte(n)
	return j.base + int64(j.rec)
}

// commit writes the frame under way, if there is anything in it.
func (j *journal) commit() error {
	if len(j.frame) == frameHeader {
		return nil
	}
	body := j.frame[frameHeader:]
	binary.LittleEndian.PutUint32(j.frame, uint32(len(body)))
	binary.LittleEndian.PutUint32(j.frame[4:], crc32.Checksum(body, castagnoli))
	if _, err := j.f.WriteAt(j.frame, j.base); err != nil {
		return fmt.Errorf("writing work file: %w", err)
	}
	j.base += int64(len(j.frame))
	if cap(j.frame) > 1<<20 {
		j.frame = make([]byte, frameHeader, 64<<10)
	}
	j.frame = j.frame[:frameHeader]
	return nil
}

// read returns the record at offset, in buf if it fits.
func (j *journal) read(offset int64, buf []byte) ([]byte, error) {
	if offset >= j.base {
		rest := j.frame[offset-j.base:]
		size, w := binary.Uvarint(rest)
		return append(buf[:0], rest[w:w+int(size)]...), nil
	}
	buf = buf[:cap(buf)]
	if len(buf) < 512 {
		buf = make([]byte, 512)
	}
	n, err := j.f.ReadAt(buf, offset)
	if n < recordRoom {
		return nil, fmt.Errorf("reading work file: %w", err)
	}
	size, w := binary.Uvarint(buf[:n])
	if w <= 0 || size > maxFrame {
		return nil, errors.New("work file is damaged")
	}
	need := w + int(size)
	if need > n {
		more := make([]byte, need)
		copy(more, buf[:n])
		if _, err := j.f.ReadAt(more[n:], offset+int64(n)); err != nil {
			return nil, fmt.Errorf("reading work file: %w", err)
		}
		buf = more
	}
	return buf[w:need], nil
}

func (j *journal) close() error {
	if err := j.f.Close(); err != nil {
		return fmt.Errorf("closing work file: %w", err)
	}
	return nil
}
