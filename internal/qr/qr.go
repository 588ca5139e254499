// Package qr draws a text as a QR code a page can hold. It promises that what is
// drawn reads back as the text, with the white border the standard asks for, and
// that it needs neither script nor an image with an address of its own.
package qr

import (
	"fmt"
	"image/color"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// border is the white margin, in modules (ISO/IEC 18004, 9.1).
const border = 4

// Code is a drawing: the content of an SVG with the viewBox "0 0 Size Size".
type Code struct {
	Size int    // modules along one side, border included
	Path string // attribute d of a path that is the dark modules
}

// Draw draws a text of at most about 2,300 bytes. Of the printed code 15 % may be
// lost to folds and stains.
func Draw(text string) (Code, error) {
	code, err := qr.Encode(text, qr.M, qr.Unicode)
	if err != nil {
		return Code{}, fmt.Errorf("drawing a QR code: %w", err)
	}
	side := code.Bounds().Dx()
	dark := func(x, y int) bool { return x < side && code.At(x, y) == color.Black }
	var path strings.Builder
	for y := range side {
		for x := 0; x < side; x++ {
			from := x
			for dark(x, y) {
				x++
			}
			if x > from { // a run of dark modules is one rectangle
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", from+border, y+border, x-from, x-from)
			}
		}
	}
	return Code{Size: side + 2*border, Path: path.String()}, nil
}
