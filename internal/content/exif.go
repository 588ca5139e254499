package content

import (
	"bufio"
	"encoding/binary"
	"io"
)

// exifOrientation says how a photo must be turned to be seen as it was taken:
// 1 as it is, 2–8 as EXIF numbers them, 0 unknown.
type exifOrientation int

// swapsSides reports whether width and height change places.
func (o exifOrientation) swapsSides() bool { return o >= 5 && o <= 8 }

const (
	maxSegments    = 64     // JPEG segments looked at before giving up
	tagOrientation = 0x0112 // EXIF 2.3, table 4
)

// orientation reads the EXIF orientation of a JPEG, 0 if it has none.
func orientation(r io.Reader) exifOrientation {
	b := bufio.NewReader(r)
	var soi [2]byte
	if _, err := io.ReadFull(b, soi[:]); err != nil || soi != [2]byte{0xff, 0xd8} {
		return 0
	}
	for range maxSegments {
		var head [4]byte // marker and length
		if _, err := io.ReadFull(b, head[:]); err != nil || head[0] != 0xff || head[1] == 0xda {
			return 0
		}
		n := int(binary.BigEndian.Uint16(head[2:])) - 2
		if n < 0 {
			return 0
		}
		if head[1] != 0xe1 {
			if _, err := b.Discard(n); err != nil {
				return 0
			}
			continue
		}
		seg := make([]byte, n)
		if _, err := io.ReadFull(b, seg); err != nil {
			return 0
		}
		if len(seg) > 6 && string(seg[:6]) == "Exif\x00\x00" {
			return tiffOrientation(seg[6:])
		}
	}
	return 0
}

// tiffOrientation looks the tag up in the first directory of a TIFF block.
func tiffOrientation(b []byte) exifOrientation {
	if len(b) < 8 {
		return 0
	}
	var order binary.ByteOrder = binary.LittleEndian
	if string(b[:2]) == "MM" {
		order = binary.BigEndian
	}
	at := int64(order.Uint32(b[4:]))
	if at+2 > int64(len(b)) {
		return 0
	}
	count := int64(order.Uint16(b[at:]))
	for i := range count {
		entry := at + 2 + 12*i
		if entry+12 > int64(len(b)) {
			return 0
		}
		if order.Uint16(b[entry:]) == tagOrientation {
			if v := order.Uint16(b[entry+8:]); v <= 8 {
				return exifOrientation(v)
			}
			return 0
		}
	}
	return 0
}
