package blob

import (
	"encoding/binary"
	"hash/crc32"
	"slices"
)

// Range is a stretch of a file, Start inclusive, End exclusive, in bytes.
type Range struct {
	Start, End int64
}

// addRange puts r into sorted, non-touching ranges and keeps them so.
func addRange(rs []Range, r Range) []Range {
	if r.Start >= r.End {
		return rs
	}
	i, _ := slices.BinarySearchFunc(rs, r, func(a, b Range) int {
		if a.End < b.Start {
			return -1
		}
		return 1
	})
	j := i
	for j < len(rs) && rs[j].Start <= r.End {
		r.Start, r.End = min(r.Start, rs[j].Start), max(r.End, rs[j].End)
		j++
	}
	return slices.Replace(rs, i, j, r)
}

// covered reports whether all of r is in rs.
func covered(rs []Range, r Range) bool {
	for _, have := range rs {
		if have.Start <= r.Start && r.End <= have.End {
			return true
		}
	}
	return r.Start >= r.End
}

// missing returns what of [0, size) is not in rs.
func missing(rs []Range, size int64) []Range {
	var out []Range
	var at int64
	for _, have := range rs {
		if have.Start > at {
			out = append(out, Range{at, have.Start})
		}
		at = have.End
	}
	if at < size {
		out = append(out, Range{at, size})
	}
	return out
}

// A record of the journal beside a partial file: which range is on disk. It is
// written and synced after its data, so a record that is there speaks the truth.
const recordLen = 20

func encodeRecord(r Range) []byte {
	b := make([]byte, recordLen)
	binary.LittleEndian.PutUint64(b, uint64(r.Start))   // #nosec G115 -- never negative
	binary.LittleEndian.PutUint64(b[8:], uint64(r.End)) // #nosec G115 -- never negative
	binary.LittleEndian.PutUint32(b[16:], crc32.ChecksumIEEE(b[:16]))
	return b
}

// decodeJournal reads the records of a journal for a file of the given size, of
// which only onDisk bytes are there. whole is false when something had to be
// left out: a torn tail, or a range the disk no longer holds.
func decodeJournal(b []byte, size, onDisk int64) (rs []Range, whole bool) {
	whole = len(b)%recordLen == 0
	for ; len(b) >= recordLen; b = b[recordLen:] {
		start := int64(binary.LittleEndian.Uint64(b))   // #nosec G115 -- checked below
		end := int64(binary.LittleEndian.Uint64(b[8:])) // #nosec G115 -- checked below
		if binary.LittleEndian.Uint32(b[16:]) != crc32.ChecksumIEEE(b[:16]) ||
			start < 0 || end <= start || end > size {
			return rs, false // what follows a damaged record is not trusted either
		}
		if end > onDisk {
			whole = false
			end = onDisk
		}
		rs = addRange(rs, Range{start, end})
	}
	return rs, whole
}
