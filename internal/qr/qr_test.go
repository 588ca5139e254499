package qr_test

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"zhanqun/internal/qr"
)

// paint fills the rectangles of a drawing, as a browser does.
func paint(t *testing.T, c qr.Code, scale int) image.Image {
	t.Helper()
	page := image.NewGray(image.Rect(0, 0, c.Size*scale, c.Size*scale))
	draw.Draw(page, page.Bounds(), image.White, image.Point{}, draw.Src)
	for _, run := range strings.Split(strings.TrimSuffix(c.Path, "z"), "z") {
		var x, y, w, back int
		if _, err := fmt.Sscanf(run, "M%d %dh%dv1h-%d", &x, &y, &w, &back); err != nil || back != w {
			t.Fatalf("run %q: %v", run, err)
		}
		draw.Draw(page, image.Rect(x*scale, y*scale, (x+w)*scale, (y+1)*scale), image.NewUniform(color.Black), image.Point{}, draw.Src)
	}
	return page
}

// Another program reads what was drawn.
func TestDrawReadsBack(t *testing.T) {
	for _, text := range []string{
		"zq1-eyJoIjoiaHR0cHM6Ly96cS5leGFtcGxlLmdvdi5jbiIsInMiOiJ6cWlfSldZX0swMEFrZkE5VGJ5bXVTN1hHVmJiTEh0dTZfRXVUNWdRMlNsdyJ9",
		"zq1-" + strings.Repeat("aB3_-", 200),
		"0",
		"许家坝镇 的入网码",
	} {
		c, err := qr.Draw(text)
		if err != nil {
			t.Fatal(err)
		}
		bitmap, err := gozxing.NewBinaryBitmapFromImage(paint(t, c, 4))
		if err != nil {
			t.Fatal(err)
		}
		got, err := qrcode.NewQRCodeReader().Decode(bitmap, nil)
		if err != nil || got.GetText() != text {
			t.Errorf("%q reads back as %v, %v", text, got, err)
		}
	}
}

func TestDrawTooMuch(t *testing.T) {
	if c, err := qr.Draw(strings.Repeat("x", 3000)); err == nil {
		t.Errorf("3,000 bytes fit into %d modules", c.Size)
	}
}
