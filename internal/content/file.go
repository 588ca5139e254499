package content

import (
	"fmt"
	"io"

	"zhanqun/internal/fault"
)

// FileField is the form field that refusals of Inspect stand at.
const FileField = "file"

// FileInfo is what Inspect found out about an attachment.
type FileInfo struct {
	Name  string     // safe base name with the right extension, at most 200 bytes
	Type  string     // media type by content, one of a short list
	Ext   string     // the extension of Name, lower case, with its dot
	Size  int64      // bytes
	Image *ImageInfo // nil unless it is an image
}

// ImageInfo is the size of an image as it is seen, its EXIF orientation applied.
type ImageInfo struct {
	W, H int // pixels
}

// Inspect looks at an attachment before it is kept: r holds its size bytes, name
// is what the sender called it. Type and extension are decided by the content;
// a name that claims something else is corrected among kinds that are alike
// (a PNG called .jpg) and refused otherwise (a web page called .jpg).
//
// Every refusal is a fault of kind Invalid at the field "file" that says why and
// what to do; any other error is a failure to read.
func Inspect(name string, r io.ReaderAt, size int64) (FileInfo, error) {
	if size <= 0 {
		return FileInfo{}, refuse("文件是空的（0 字节），请检查原文件后重新选择。")
	}
	claimed := extOf(name)
	if forbiddenExt[claimed] {
		return FileInfo{}, refuse("不能上传扩展名为 .%s 的文件：这类文件在别人电脑上打开会运行程序或脚本。", claimed)
	}
	head := make([]byte, min(size, sniffLen))
	if n, err := r.ReadAt(head, 0); n < len(head) {
		return FileInfo{}, fmt.Errorf("reading the start of an attachment: %w", err)
	}
	ft, err := detect(head, r, size, claimed)
	if err != nil {
		return FileInfo{}, err
	}
	ext, err := ft.extFor(claimed)
	if err != nil {
		return FileInfo{}, err
	}
	info := FileInfo{Name: safeName(name, ext), Type: ft.mime, Ext: "." + ext, Size: size}
	if ft.family == famImage {
		if info.Image, err = inspectImage(ft.mime, r, size); err != nil {
			return FileInfo{}, err
		}
	}
	return info, nil
}

// refuse is a refusal with its reason at the field.
func refuse(format string, args ...any) error {
	return fault.Field(FileField, fmt.Sprintf(format, args...))
}
