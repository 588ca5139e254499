package content

import (
	"bufio"
	"encoding/binary"
	"image"
	"image/color"
	"io"
)

// maxDecode is the most memory one image may take while it is scaled down. One is
// decoded at a time, so this is also what all of them take.
const maxDecode = 256 << 20

// checkCost refuses an image that could not be shown small within maxDecode. r is
// at its start.
func checkCost(format string, cfg image.Config, r io.Reader) error {
	if int64(float64(cfg.Width)*float64(cfg.Height)*bytesPerPixel(format, cfg.ColorModel, r)) > maxDecode {
		return refuse("图片太大：%d×%d，按它的存储方式处理起来占用内存太多。请另存为普通 JPG，或缩小到宽 4000 像素后再上传。", cfg.Width, cfg.Height)
	}
	return nil
}

// bytesPerPixel is how much memory the decoders of the standard library take at
// most, as they are written.
func bytesPerPixel(format string, model color.Model, r io.Reader) float64 {
	switch format {
	case "png": // an interlaced one is put together from passes, the last of half its size
		switch model {
		case color.RGBA64Model, color.NRGBA64Model, color.Gray16Model: // 16 bits a channel, perhaps with a transparent colour
			return 1.5 * 8
		}
		if _, paletted := model.(color.Palette); paletted {
			return 1.5
		}
		return 1.5 * 4
	case "jpeg":
		samples, progressive := jpegSamples(r)
		if model == color.CMYKModel {
			samples += 4 // it is turned into another form as a whole
		}
		if progressive {
			return samples * (1 + 4) // all coefficients are kept until the end
		}
		return samples
	case "gif":
		return 1
	}
	return 8 // WebP: the picture and what it is predicted from
}

// jpegSamples returns how many samples a JPEG keeps per pixel, and whether it is
// progressive (ISO/IEC 10918-1, B.2.2). One that is damaged is taken for the
// worst: decoding it ends at once.
func jpegSamples(r io.Reader) (perPixel float64, progressive bool) {
	b := bufio.NewReader(r)
	if _, err := b.Discard(2); err != nil {
		return 4, true
	}
	for range maxSegments {
		var head [4]byte // marker and length
		if _, err := io.ReadFull(b, head[:]); err != nil || head[0] != 0xff {
			return 4, true
		}
		n := int(binary.BigEndian.Uint16(head[2:])) - 2
		if head[1] != 0xc0 && head[1] != 0xc1 && head[1] != 0xc2 {
			if _, err := b.Discard(n); n < 0 || err != nil {
				return 4, true
			}
			continue
		}
		frame := make([]byte, max(n, 0))
		if _, err := io.ReadFull(b, frame); err != nil || n < 6 || n < 6+3*int(frame[5]) {
			return 4, true
		}
		most, sum := 0, 0 // of how often each component is sampled
		for i := range int(frame[5]) {
			factors := frame[6+3*i+1]
			area := int(factors>>4) * int(factors&15)
			most, sum = max(most, area), sum+area
		}
		return float64(sum) / float64(max(most, 1)), head[1] == 0xc2
	}
	return 4, true
}
