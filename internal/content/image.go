package content

import (
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"strings"

	"golang.org/x/image/webp"
)

// MaxPixels is the largest image that is decoded: 40 million pixels are up to
// 160 MB of memory, and more than any page shows. A PNG of a megabyte can claim
// to be a thousand times that.
const MaxPixels = 40_000_000

var decodeConfig = map[string]func(io.Reader) (image.Config, error){
	typeJPEG.mime: jpeg.DecodeConfig,
	typePNG.mime:  png.DecodeConfig,
	typeGIF.mime:  gif.DecodeConfig,
	typeWebP.mime: webp.DecodeConfig,
}

// inspectImage reads an image's head, never its pixels.
func inspectImage(mime string, r io.ReaderAt, size int64) (*ImageInfo, error) {
	cfg, err := decodeConfig[mime](io.NewSectionReader(r, 0, size))
	if err != nil || cfg.Width <= 0 || cfg.Height <= 0 {
		return nil, errBadImage
	}
	if err := checkPixels(cfg); err != nil {
		return nil, err
	}
	if err := checkCost(strings.TrimPrefix(mime, "image/"), cfg, io.NewSectionReader(r, 0, size)); err != nil {
		return nil, err
	}
	info := &ImageInfo{W: cfg.Width, H: cfg.Height}
	if mime == typeJPEG.mime && orientation(io.NewSectionReader(r, 0, size)).swapsSides() {
		info.W, info.H = info.H, info.W
	}
	return info, nil
}

var errBadImage = refuse("图片已损坏或没有传完整，请在本机打开检查后重新选择。")

func checkPixels(cfg image.Config) error {
	if int64(cfg.Width)*int64(cfg.Height) > MaxPixels {
		return refuse("图片太大：%s，最多 4000 万像素。请先缩小再上传（例如用画图软件调整到宽 4000 像素）。",
			fmt.Sprintf("%d×%d", cfg.Width, cfg.Height))
	}
	return nil
}
