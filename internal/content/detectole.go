package content

import (
	"encoding/binary"
	"io"
	"unicode/utf16"
)

// Numbers of the OLE compound file format, MS-CFB 2.2.
const (
	oleHeader   = 512
	oleFATStart = 76  // where the header lists the sectors of the FAT
	oleFATCount = 109 // how many it lists
	oleEndChain = 0xfffffffe
	oleEntry    = 128 // size of one directory entry
	oleSectors  = 64  // how much of the directory is looked at
)

// detectOLE tells the documents of old Office and WPS apart by the names of
// their streams.
func detectOLE(head []byte, r io.ReaderAt) (*fileType, error) {
	var t *fileType
	macros := false
	names, ok := oleNames(head, r)
	for _, name := range names {
		switch name {
		case "EncryptedPackage", "EncryptionInfo":
			return nil, refuse("文件设有打开密码，审核员无法查看。请去掉密码后上传。")
		case "_VBA_PROJECT", "_VBA_PROJECT_CUR", "Macros":
			macros = true
		case "WordDocument":
			t = typeDoc
		case "Workbook", "Book":
			t = typeXls
		case "PowerPoint Document":
			t = typePpt
		}
	}
	switch {
	case t != nil && macros:
		return nil, errMacros
	case t != nil:
		return t, nil
	case !ok:
		return nil, refuse("文件已损坏或没有传完整。请在本机打开检查后重新上传。")
	}
	return nil, refuse("不支持这种文件。旧版 Office 文件只能是 doc、xls、ppt，请另存后上传。")
}

// oleNames returns the names in the directory of a compound file. ok is false
// when the structure could not be followed to its end.
func oleNames(head []byte, r io.ReaderAt) (names []string, ok bool) {
	if len(head) < oleHeader {
		return nil, false
	}
	size := int64(512)
	if binary.LittleEndian.Uint16(head[30:]) == 12 {
		size = 4096
	}
	sector := make([]byte, size)
	next := binary.LittleEndian.Uint32(head[48:])
	for range oleSectors {
		if next == oleEndChain {
			return names, true
		}
		if _, err := r.ReadAt(sector, (int64(next)+1)*size); err != nil {
			return names, false
		}
		for e := sector; len(e) >= oleEntry; e = e[oleEntry:] {
			names = append(names, oleName(e))
		}
		if next, ok = oleNext(head, r, next, size); !ok {
			return names, false
		}
	}
	return names, true
}

// oleNext returns the sector after one, from the file allocation table.
func oleNext(head []byte, r io.ReaderAt, sector uint32, size int64) (uint32, bool) {
	perSector := size / 4
	index := int64(sector) / perSector
	if index >= oleFATCount {
		return 0, false
	}
	table := binary.LittleEndian.Uint32(head[oleFATStart+4*index:])
	var b [4]byte
	if _, err := r.ReadAt(b[:], (int64(table)+1)*size+4*(int64(sector)%perSector)); err != nil {
		return 0, false
	}
	return binary.LittleEndian.Uint32(b[:]), true
}

// oleName reads the name of a directory entry.
func oleName(e []byte) string {
	n := int(binary.LittleEndian.Uint16(e[64:]))/2 - 1 // without its final zero
	if n <= 0 || n > 31 {
		return ""
	}
	u := make([]uint16, n)
	for i := range u {
		u[i] = binary.LittleEndian.Uint16(e[2*i:])
	}
	return string(utf16.Decode(u))
}
