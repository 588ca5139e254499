package content

import (
	"bytes"
	"io"
	"strings"

	"github.com/gabriel-vasile/mimetype"
)

// sniffLen is how much of a file its type is first guessed from.
const sniffLen = 4096

// plainTypes are decided by the first bytes alone.
var plainTypes = map[string]*fileType{
	"image/jpeg":      typeJPEG,
	"image/png":       typePNG,
	"image/apng":      typePNG,
	"image/gif":       typeGIF,
	"image/webp":      typeWebP,
	"application/pdf": typePDF,
	"video/mp4":       typeMP4,
	"video/x-m4v":     typeMP4,
	"audio/mpeg":      typeMP3,
}

// detect returns the type of a file by its content, or why it is refused.
// claimed is its extension: it picks between kinds of text and words the reason.
func detect(head []byte, r io.ReaderAt, size int64, claimed string) (*fileType, error) {
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return detectZip(r, size)
	case bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")):
		return detectOLE(head, r)
	case bytes.HasPrefix(head, []byte("ID3")):
		return typeMP3, nil // mimetype does not know one without a frame in sight
	}
	m := mimetype.Detect(head)
	name, _, _ := strings.Cut(m.String(), ";")
	if t := plainTypes[name]; t != nil {
		return t, nil
	}
	what, text := describe(m)
	if text {
		return textType(claimed)
	}
	if advice := adviceFor(name); advice != "" {
		return nil, refuse("%s", advice)
	}
	if extTypes[claimed] != nil {
		return nil, lie(claimed, what)
	}
	return nil, refuse("不支持这种文件（%s）。可以上传：图片（jpg、png、gif、webp）、PDF、OFD、Word、Excel、PPT、txt、csv、zip、mp4、mp3。", what)
}

// textType decides between kinds of text, which the content cannot.
func textType(claimed string) (*fileType, error) {
	switch t := extTypes[claimed]; {
	case t == typeCSV:
		return typeCSV, nil
	case t != nil && t != typeTxt:
		return nil, lie(claimed, "纯文本")
	case claimed == "txt" || claimed == "text" || claimed == "log" || claimed == "md" || len(claimed) > 5 || !asciiWord(claimed):
		return typeTxt, nil
	}
	return nil, refuse("不支持扩展名为 .%s 的文件。如果是文字，请另存为 .txt 后上传。", claimed)
}

// asciiWord reports whether s could be an extension rather than words after a
// full stop.
func asciiWord(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool { return !wordRune(r) || r >= 0x80 }) < 0
}

// describe puts what mimetype found into words. text is true for plain text and
// those kinds of it that nothing runs or renders.
func describe(m *mimetype.MIME) (what string, text bool) {
	for ; m != nil; m = m.Parent() {
		name, _, _ := strings.Cut(m.String(), ";")
		if what := described[name]; what != "" {
			return what, false
		}
		if name == "text/plain" {
			return "纯文本", true
		}
	}
	return "无法识别的格式", false
}

// described names types that must not pass as text or as something unknown.
var described = func() map[string]string {
	m := map[string]string{}
	for what, types := range map[string]string{
		"网页（HTML）":       "text/html application/xhtml+xml",
		"矢量图（SVG，可能含脚本）": "image/svg+xml",
		"XML":            "text/xml",
		"RTF 文档":         "text/rtf",
		"脚本程序": "text/javascript text/x-php text/x-python text/x-perl text/x-ruby text/x-lua text/x-tcl text/x-shellscript " +
			"application/x-bytecode.python",
		"程序文件": "application/vnd.microsoft.portable-executable application/x-elf application/x-executable application/x-sharedlib " +
			"application/x-object application/x-coredump application/x-mach-binary application/x-java-applet application/wasm " +
			"application/x-ms-shortcut application/x-shockwave-flash application/vnd.ms-htmlhelp " +
			"application/vnd.debian.binary-package application/x-rpm application/x-chrome-extension",
	} {
		for _, t := range strings.Fields(types) {
			m[t] = what
		}
	}
	return m
}()

// adviceFor returns what to do with common formats that are refused.
func adviceFor(mime string) string {
	switch mime {
	case "image/heic", "image/heif", "image/heic-sequence", "image/heif-sequence", "image/avif":
		return "这是手机的 HEIC（高效）格式照片，大多数浏览器打不开。请在手机“设置—相机—格式”里选“兼容性最佳”后重拍，" +
			"或把照片用微信、QQ 发给自己后保存成 JPG 再上传。"
	case "application/vnd.rar", "application/x-7z-compressed", "application/gzip", "application/x-tar", "application/x-bzip2",
		"application/x-xz", "application/zstd", "application/vnd.ms-cab-compressed":
		return "不支持这种压缩包。请直接上传里面的文件，或改用 zip 格式。"
	case "text/rtf":
		return "不支持 RTF 文档。请用 Word 或 WPS 打开，另存为 docx 后上传。"
	case "image/svg+xml":
		return ""
	}
	switch {
	case strings.HasPrefix(mime, "image/"):
		return "不支持这种图片格式。请用画图等软件打开，另存为 JPG 或 PNG 后上传。"
	case strings.HasPrefix(mime, "video/"):
		return "不支持这种视频格式。请转换成 MP4 后上传。"
	case strings.HasPrefix(mime, "audio/"), mime == "application/ogg":
		return "不支持这种音频格式。请转换成 MP3 后上传。"
	}
	return ""
}
