package content_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"image/jpeg"
	"runtime"
	"testing"

	"zhanqun/internal/content"
	"zhanqun/internal/fault"
)

// plainPNG is a whole PNG of one colour with that many bits a channel, colour
// type 0 (grey), 2 (RGB) or 6 (RGB and alpha): a picture of 100 million pixels is
// 100 KB.
func plainPNG(t testing.TB, w, h int, bits, colour byte) []byte {
	t.Helper()
	var b bytes.Buffer
	chunk := func(kind string, data []byte) {
		body := append([]byte(kind), data...)
		for _, v := range []any{uint32(len(data)), body, crc32.ChecksumIEEE(body)} {
			if err := binary.Write(&b, binary.BigEndian, v); err != nil {
				t.Fatal(err)
			}
		}
	}
	b.WriteString("\x89PNG\r\n\x1a\n")
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(w)), uint32(h))
	chunk("IHDR", append(head, bits, colour, 0, 0, 0))
	var data bytes.Buffer
	z := zlib.NewWriter(&data)
	channels := map[byte]int{0: 1, 2: 3, 6: 4}[colour]
	row := make([]byte, 1+w*channels*int(bits)/8)
	for range h {
		if _, err := z.Write(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	chunk("IDAT", data.Bytes())
	chunk("IEND", nil)
	return b.Bytes()
}

// progressive makes a JPEG say that it is progressive and 39 million pixels large.
func progressive(t testing.TB, b []byte) []byte {
	t.Helper()
	at := bytes.Index(b, []byte{0xff, 0xc0, 0, 17})
	if at < 0 {
		t.Fatal("no baseline frame")
	}
	b = bytes.Clone(b)
	b[at+1] = 0xc2
	binary.BigEndian.PutUint16(b[at+5:], 6000)
	binary.BigEndian.PutUint16(b[at+7:], 6500)
	return b
}

// allocated is how much memory f takes in all.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// What would take too much memory is refused before it takes any; what is let
// through takes what it was reckoned to take.
func TestImagesTakeBoundedMemory(t *testing.T) {
	const little = 1 << 20
	var big bytes.Buffer
	if err := jpeg.Encode(&big, corner(5000, 4000), nil); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		file []byte
		most uint64 // bytes; little for what has to be refused
	}{
		{"100 million pixels", plainPNG(t, 10_000, 10_000, 8, 0), little},
		{"36 million pixels of 16 bits", plainPNG(t, 6_000, 6_000, 16, 6), little},
		{"a bomb", bomb(60_000, 60_000), little},
		{"a bomb within the pixels", bomb(1, 39_000_000), 240 << 20},
		{"a progressive JPEG of 39 million pixels", progressive(t, big.Bytes()), little},
		{"a JPEG of 20 million pixels", big.Bytes(), 40 << 20},
		{"a PNG of 20 million pixels", plainPNG(t, 5_000, 4_000, 8, 6), 100 << 20},
	} {
		var shown, told error
		took := allocated(func() {
			_, shown = content.Thumbnail(t.Context(), bytes.NewReader(tt.file), 160)
		})
		looked := allocated(func() {
			_, told = content.Inspect("图", bytes.NewReader(tt.file), int64(len(tt.file)))
		})
		t.Logf("%s: %d KiB to show, %d KiB to look at: %v, %v", tt.name, took>>10, looked>>10, shown, told)
		if took > tt.most || looked > little {
			t.Errorf("%s took %d bytes to show and %d to look at", tt.name, took, looked)
		}
		if refused := tt.most == little; refused != fault.Is(told, fault.Invalid) || refused && !fault.Is(shown, fault.Invalid) {
			t.Errorf("%s: %v, %v", tt.name, shown, told)
		}
	}
}
