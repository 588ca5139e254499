package content

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"

	"golang.org/x/image/draw"
)

// Sizes are the sides of scaled images in pixels, as an address names them. There
// are only these, so that nobody makes the machine compute for nothing.
var Sizes = map[string]int{SmallImage: 160, LargeImage: 1200}

// Names of Sizes.
const (
	SmallImage = "160"  // beside the name of a file
	LargeImage = "1200" // to look at
)

// thumbQuality is where the eye stops seeing a difference in small photos.
const thumbQuality = 82

// decoding lets one image be decoded at a time: on a node with little memory
// two large photos at once are one too many.
var decoding = make(chan struct{}, 1)

// Thumbnail returns the image in r, scaled down to fit a square of max pixels a
// side, turned the right way up, on white, as JPEG. Being encoded anew it holds
// nothing of the camera or the place. An image that is small enough keeps its
// size. A damaged image, one beyond MaxPixels, or one that would take more than
// maxDecode of memory is a fault of kind Invalid, before anything of it is decoded.
func Thumbnail(ctx context.Context, r io.ReadSeeker, max int) ([]byte, error) {
	select {
	case decoding <- struct{}{}:
		defer func() { <-decoding }()
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting to decode an image: %w", ctx.Err())
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("reading an image: %w", err)
	}
	turn := orientation(r)
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("reading an image: %w", err)
	}
	cfg, format, err := image.DecodeConfig(r)
	if err != nil {
		return nil, errBadImage
	}
	if err := checkPixels(cfg); err != nil {
		return nil, err
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("reading an image: %w", err)
	}
	if err := checkCost(format, cfg, r); err != nil {
		return nil, err
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("reading an image: %w", err)
	}
	src, _, err := image.Decode(&contextReader{ctx, r})
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("decoding an image: %w", err)
	}
	if err != nil {
		return nil, errBadImage
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, upright(scale(src, max), turn), &jpeg.Options{Quality: thumbQuality}); err != nil {
		return nil, fmt.Errorf("encoding a thumbnail: %w", err)
	}
	return out.Bytes(), nil
}

// contextReader ends a decoding when its context ends.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// scale fits src into a square. A quick pass to twice the size and a careful one
// from there look like one careful pass and cost a third.
func scale(src image.Image, max int) *image.RGBA {
	w, h := src.Bounds().Dx(), src.Bounds().Dy()
	tw, th := fit(w, h, max)
	if w >= 4*tw && h >= 4*th {
		src = resize(draw.ApproxBiLinear, src, 2*tw, 2*th)
	}
	return resize(draw.CatmullRom, src, tw, th)
}

func resize(s draw.Scaler, src image.Image, w, h int) *image.RGBA {
	dst := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(dst, dst.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	s.Scale(dst, dst.Bounds(), src, src.Bounds(), draw.Over, nil)
	return dst
}

// fit returns w×h reduced to at most max a side, never less than one pixel.
func fit(w, h, max int) (int, int) {
	long := w
	if h > long {
		long = h
	}
	if max < 1 {
		max = 1
	}
	if long <= max {
		return w, h
	}
	side := func(n int) int {
		if n = int(int64(n) * int64(max) / int64(long)); n < 1 {
			n = 1
		}
		return n
	}
	return side(w), side(h)
}

// upright turns and mirrors img as its EXIF orientation asks.
func upright(img *image.RGBA, o exifOrientation) *image.RGBA {
	if o < 2 || o > 8 {
		return img
	}
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	dw, dh := w, h
	if o.swapsSides() {
		dw, dh = h, w
	}
	dst := image.NewRGBA(image.Rect(0, 0, dw, dh))
	for y := range h {
		for x := range w {
			rx, ry := w-1-x, h-1-y
			to := [...]image.Point{2: {rx, y}, 3: {rx, ry}, 4: {x, ry}, 5: {y, x}, 6: {ry, x}, 7: {ry, rx}, 8: {y, rx}}[o]
			dst.SetRGBA(to.X, to.Y, img.RGBAAt(x, y))
		}
	}
	return dst
}
