// Package archive keeps a whole data folder in one file: a tar compressed with
// zstd, which any system can unpack (tar --zstd -xf FILE).
//
// It promises:
//
//   - A file exists under its name whole, synced to disk and read again from end
//     to end, or it does not exist. Only its owner can read it: it holds keys.
//   - Every member carries the SHA-256 of its bytes, and the last member,
//     end.json, counts them and chains their digests: what is cut off, altered,
//     left out or put in is noticed by the reader.
//   - Memory does not grow with what is kept, on either side.
//
// Members keep the order they were written in. Their names are for the reader to
// judge: nothing here makes a file of a member.
package archive

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"

	"zhanqun/internal/fault"
)

// endName is the last member.
const endName = "end.json"

// digestRecord is where a member's header says the SHA-256 of its bytes.
const digestRecord = "ZHANQUN.sha256"

// mostWindow bounds what a compressed file may ask of the reader's memory; the
// writer asks for less.
const mostWindow = 16 << 20

// Member is one part of an archive.
type Member struct {
	Name   string
	Size   int64  // bytes
	SHA256 string // of its bytes, lower-case hex
}

// Sum is what an archive holds in all.
type Sum struct {
	Members int    `json:"members"`
	Bytes   int64  `json:"bytes"` // of the members, unpacked
	Chain   string `json:"chain"` // SHA-256 over a line "name, blank, digest" for each member
}

// tally adds members up.
type tally struct {
	sum   Sum
	chain hash.Hash
}

func newTally() *tally { return &tally{chain: sha256.New()} }

func (t *tally) add(m Member) {
	t.sum.Members++
	t.sum.Bytes += m.Size
	_, _ = fmt.Fprintf(t.chain, "%s %s\n", m.Name, m.SHA256) // a hash takes everything
}

func (t *tally) total() Sum {
	s := t.sum
	s.Chain = hex.EncodeToString(t.chain.Sum(nil))
	return s
}

// ErrDamaged is in the chain of every error that means: these are not the bytes
// that were written.
var ErrDamaged = errors.New("the archive is damaged")

func damaged(why string, err error) error {
	return fault.Wrap(fault.Invalid, "备份文件不完整或已损坏（"+why+"）。请换用另一份备份。", errors.Join(ErrDamaged, err))
}

func header(m Member) *tar.Header {
	return &tar.Header{Typeflag: tar.TypeReg, Name: m.Name, Size: m.Size, Mode: 0o600, Format: tar.FormatPAX,
		PAXRecords: map[string]string{digestRecord: m.SHA256}}
}
