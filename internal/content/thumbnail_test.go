package content_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"zhanqun/internal/content"
	"zhanqun/internal/fault"
)

// turned puts an EXIF block with an orientation and a place into a JPEG.
func turned(b []byte, orientation uint16) []byte {
	tiff := []byte("MM\x00\x2a\x00\x00\x00\x08\x00\x02" +
		"\x01\x0f\x00\x02\x00\x00\x00\x04Cam\x00" +
		"\x01\x12\x00\x03\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00GPS-SECRET")
	binary.BigEndian.PutUint16(tiff[30:], orientation)
	seg := append([]byte("Exif\x00\x00"), tiff...)
	head := []byte{0xff, 0xd8, 0xff, 0xe1, 0, 0}
	binary.BigEndian.PutUint16(head[4:], uint16(len(seg)+2))
	return append(append(head, seg...), b[2:]...)
}

// corner is a white image with a red field in its top left corner.
func corner(w, h int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{255, 255, 255, 255}
			if x < w/3 && y < h/3 {
				c = color.RGBA{255, 0, 0, 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	return img
}

func thumb(t *testing.T, b []byte, max int) image.Image {
	t.Helper()
	out, err := content.Thumbnail(t.Context(), bytes.NewReader(b), max)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(out, []byte("GPS-SECRET")) || bytes.Contains(out, []byte("Exif")) {
		t.Error("the thumbnail carries EXIF data")
	}
	img, err := jpeg.Decode(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func isRed(img image.Image, x, y int) bool {
	r, g, _, _ := img.At(x, y).RGBA()
	return r > 0xc000 && g < 0x4000
}

func TestThumbnailStandsUpright(t *testing.T) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, corner(400, 200), nil); err != nil {
		t.Fatal(err)
	}
	// Where the corner that was at the top left is seen, for each orientation.
	for o, at := range map[uint16]string{
		0: "top left", 1: "top left", 2: "top right", 3: "bottom right", 4: "bottom left",
		5: "top left", 6: "top right", 7: "bottom right", 8: "bottom left", 9: "top left",
	} {
		img := thumb(t, turned(b.Bytes(), o), 100)
		w, h := img.Bounds().Dx(), img.Bounds().Dy()
		if tall := o >= 5 && o <= 8; tall && (w != 50 || h != 100) || !tall && (w != 100 || h != 50) {
			t.Errorf("orientation %d: %d×%d", o, w, h)
		}
		for _, p := range []struct {
			name string
			x, y int
		}{{"top left", 5, 5}, {"top right", w - 6, 5}, {"bottom left", 5, h - 6}, {"bottom right", w - 6, h - 6}} {
			if isRed(img, p.x, p.y) != (p.name == at) {
				t.Errorf("orientation %d: red at %s is %v", o, p.name, isRed(img, p.x, p.y))
			}
		}
	}
}

func TestThumbnailSizes(t *testing.T) {
	for _, tt := range []struct{ w, h, max, tw, th int }{
		{40, 30, 100, 40, 30}, {1000, 500, 100, 100, 50}, {300, 500, 100, 60, 100}, {2000, 1, 100, 100, 1}, {3, 3, 0, 1, 1},
	} {
		var b bytes.Buffer
		if err := png.Encode(&b, corner(tt.w, tt.h)); err != nil {
			t.Fatal(err)
		}
		if r := thumb(t, b.Bytes(), tt.max).Bounds(); r.Dx() != tt.tw || r.Dy() != tt.th {
			t.Errorf("%d×%d to %d: %v", tt.w, tt.h, tt.max, r)
		}
	}
}

func TestThumbnailOnWhite(t *testing.T) {
	img := thumb(t, pngOf(t, 20, 20), 10) // fully transparent
	if r, _, _, _ := img.At(5, 5).RGBA(); r < 0xf000 {
		t.Errorf("transparent became %v", img.At(5, 5))
	}
	thumb(t, gifOf(t), 10)
	thumb(t, webpSample(t), 10)
}

func TestThumbnailRefusals(t *testing.T) {
	whole := jpegOf(t, 200, 200)
	for name, b := range map[string][]byte{
		"bomb": bomb(20_000, 20_000), "no image": []byte("text"), "nothing": nil, "cut": whole[:len(whole)/2],
		"damaged EXIF": []byte("\xff\xd8\xff\xe1\x00\x10Exif\x00\x00MM\x00\x2a\xff\xff\xff\xff"),
	} {
		_, err := content.Thumbnail(t.Context(), bytes.NewReader(b), 100)
		if !fault.Is(err, fault.Invalid) || strings.Contains(name, "bomb") != strings.Contains(fault.Message(err), "20000×20000") {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := content.Thumbnail(ctx, bytes.NewReader(whole), 100); !errors.Is(err, context.Canceled) {
		t.Errorf("context ended: %v", err)
	}
}

func BenchmarkThumbnail(b *testing.B) {
	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, corner(4000, 3000), nil); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := content.Thumbnail(b.Context(), bytes.NewReader(photo.Bytes()), 480); err != nil {
			b.Fatal(err)
		}
	}
}
