package web

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"

	"zhanqun/internal/fault"
)

// FormLimits bound one multipart form.
type FormLimits struct {
	Files     int   // number of files
	FileBytes int64 // size of each file
	Bytes     int64 // size of all files together
	TextBytes int64 // size of all other values together
}

// File is one file of a form while it arrives.
type File struct {
	Field string
	Name  string // as the browser sent it, without directories; not trusted
	Type  string // as the browser claims; not trusted
	io.Reader
}

// maxValues bounds the number of plain values of one form.
const maxValues = 1000

// ReadForm reads a multipart form in one pass without keeping files in memory
// or on disk: each file is handed to save while it arrives, the other values
// are returned. Files without a name and content (a file field left empty) are
// left out. Save's reader fails with a fault when the file is over a limit;
// what was saved of it is then for save to throw away.
func ReadForm(r *http.Request, lim FormLimits, save func(File) error) (url.Values, error) {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" || params["boundary"] == "" {
		return nil, fault.New(fault.Invalid, "没有收到表单。请用页面上的表单，或以 multipart/form-data 发送。")
	}
	values := url.Values{}
	reader := multipart.NewReader(r.Body, params["boundary"])
	var count, files int
	textLeft, bytesLeft := lim.TextBytes, lim.Bytes
	for {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			return values, nil
		}
		if err != nil {
			return nil, partError(err)
		}
		if part.FileName() == "" && part.Header.Get("Content-Type") != "application/octet-stream" {
			if count++; count > maxValues {
				return nil, fault.New(fault.Invalid, "表单里的项目太多。")
			}
			value, err := io.ReadAll(io.LimitReader(part, textLeft+1))
			if err != nil {
				return nil, partError(err)
			}
			if textLeft -= int64(len(value)); textLeft < 0 {
				return nil, fault.New(fault.TooLarge, "表单里的文字太多，请减少后再提交。")
			}
			values.Add(part.FormName(), string(value))
			continue
		}
		if part.FileName() == "" {
			continue // a file field nobody chose a file for
		}
		if files++; files > lim.Files {
			return nil, fault.New(fault.TooLarge, fmt.Sprintf("一次最多上传 %d 个文件。", lim.Files)).
				With(part.FormName(), fmt.Sprintf("一次最多上传 %d 个文件。", lim.Files))
		}
		body := &bounded{r: part, field: part.FormName(), name: part.FileName(), file: lim.FileBytes, all: &bytesLeft, max: lim}
		f := File{Field: part.FormName(), Name: part.FileName(), Type: part.Header.Get("Content-Type"), Reader: body}
		if err := save(f); err != nil {
			return nil, err
		}
	}
}

// partError tells a broken upload from one that is over the bound.
func partError(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return err
	}
	return fault.Wrap(fault.Invalid, "上传没有完成，请检查网络后重新提交。", err)
}

// bounded reads a file and fails once it, or all files together, is too large.
type bounded struct {
	r           io.Reader
	field, name string
	file        int64
	all         *int64
	max         FormLimits
}

func (b *bounded) Read(p []byte) (int, error) {
	left := min(b.file, *b.all)
	if int64(len(p)) > left+1 {
		p = p[:left+1] // one byte beyond tells full from too large
	}
	n, err := b.r.Read(p)
	b.file -= int64(n)
	*b.all -= int64(n)
	switch {
	case b.file < 0:
		return n - 1, b.tooLarge(fmt.Sprintf("“%s”超过单个文件的上限 %s。", b.name, size(b.max.FileBytes)))
	case *b.all < 0:
		return n - 1, b.tooLarge(fmt.Sprintf("文件合计超过上限 %s，请分几次提交。", size(b.max.Bytes)))
	case err != nil && !errors.Is(err, io.EOF):
		return n, partError(err)
	}
	return n, err
}

func (b *bounded) tooLarge(message string) error {
	return fault.New(fault.TooLarge, message).With(b.field, message)
}

// size says a limit in whole units.
func size(n int64) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MB", n>>20)
	case n >= 1<<10 && n%(1<<10) == 0:
		return fmt.Sprintf("%d KB", n>>10)
	}
	return fmt.Sprintf("%d 字节", n)
}
