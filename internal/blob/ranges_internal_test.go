package blob

import (
	"slices"
	"testing"
)

// FuzzRanges compares the range arithmetic with a plain set of bytes, and a
// journal of the same ranges with itself after encoding.
func FuzzRanges(f *testing.F) {
	f.Add([]byte{0, 10, 10, 20, 5, 3})
	f.Add([]byte{0, 0, 200, 255, 100, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		const size = 256 + 256
		var have [size]bool
		var rs []Range
		var journal []byte
		for i := 0; i+1 < len(b); i += 2 {
			r := Range{int64(b[i]), int64(b[i]) + int64(b[i+1])}
			all := true
			for j := r.Start; j < r.End; j++ {
				all = all && have[j]
				have[j] = true
			}
			if got := covered(rs, r); got != all {
				t.Fatalf("covered(%v, %v) = %v", rs, r, got)
			}
			rs = addRange(rs, r)
			if r.Start < r.End {
				journal = append(journal, encodeRecord(r)...)
			}
		}
		var want, gaps []Range
		for at := range int64(size) {
			into := &gaps
			if have[at] {
				into = &want
			}
			*into = addRange(*into, Range{at, at + 1})
		}
		if !slices.Equal(rs, want) || !slices.Equal(missing(rs, size), gaps) {
			t.Fatalf("ranges %v, missing %v, want %v and %v", rs, missing(rs, size), want, gaps)
		}
		if got, whole := decodeJournal(journal, size, size); !whole || !slices.Equal(got, rs) {
			t.Fatalf("journal %v, %v, want %v", got, whole, rs)
		}
	})
}

func FuzzJournal(f *testing.F) {
	f.Add(append(encodeRecord(Range{0, 5}), encodeRecord(Range{7, 9})...), int64(9), int64(8))
	f.Fuzz(func(t *testing.T, b []byte, size, onDisk int64) {
		rs, _ := decodeJournal(b, size, onDisk)
		last := int64(-1)
		for _, r := range rs {
			if r.Start <= last || r.End <= r.Start || r.End > size || r.End > onDisk {
				t.Fatalf("%v of a file of %d bytes, %d on disk", rs, size, onDisk)
			}
			last = r.End
		}
	})
}
