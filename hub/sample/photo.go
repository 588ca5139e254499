package sample

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
)

// Photo draws a small landscape, a different one for each seed, as JPEG.
func Photo(seed int) ([]byte, error) {
	const w, h = 800, 500
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	skies := []color.RGBA{{0xbf, 0xd9, 0xee, 255}, {0xe9, 0xd8, 0xc3, 255}, {0xc9, 0xd6, 0xdf, 255}}
	hills := []color.RGBA{{0x86, 0xa8, 0x8d, 255}, {0x5f, 0x8a, 0x6a, 255}, {0xd9, 0xc2, 0x6a, 255}, {0x45, 0x6b, 0x4f, 255}}
	sky := skies[seed%len(skies)]
	for y := range h {
		for x := range w {
			img.SetRGBA(x, y, shade(sky, 1+0.12*float64(y)/h))
		}
	}
	for layer, base := range hills {
		phase := float64(seed*7 + layer*13)
		for x := range w {
			f := float64(x)
			top := float64(h)*(0.42+0.13*float64(layer)) + 34*math.Sin(f/97+phase) + 15*math.Sin(f/31+2*phase)
			for y := max(int(top), 0); y < h; y++ {
				img.SetRGBA(x, y, shade(base, 1-0.25*(float64(y)-top)/h))
			}
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 80}); err != nil {
		return nil, fmt.Errorf("drawing photo: %w", err)
	}
	return b.Bytes(), nil
}

func shade(c color.RGBA, by float64) color.RGBA {
	part := func(v uint8) uint8 { return uint8(math.Max(0, math.Min(255, float64(v)*by))) }
	return color.RGBA{part(c.R), part(c.G), part(c.B), 255}
}
