// Package tomldir reads folders of TOML files that come as data: rule sets,
// calendars. It promises that the number of files and the size of each are
// bounded, that a folder without any is none to complain of, and that its errors,
// in plain Chinese, name the file for whoever wrote it.
package tomldir

import (
	"errors"
	"fmt"
	"io/fs"
	"unicode/utf8"
)

// Limits bound what is read.
type Limits struct {
	Files int
	Bytes int64 // of one file
}

var errUTF8 = errors.New("不是 UTF-8 编码，请另存为 UTF-8")

// Each calls take with the name and the text of each *.toml file of folder, by
// name. what is what the files hold, as in “检查指标”. An error of take ends the
// reading; the file's name is put before it.
func Each(folder fs.FS, what string, most Limits, take func(name string, text []byte) error) error {
	names, err := fs.Glob(folder, "*.toml")
	if err == nil && len(names) == 0 {
		_, err = fs.Stat(folder, ".")
	}
	if err != nil {
		return fmt.Errorf("读不了%s目录：%w", what, err)
	}
	if len(names) > most.Files {
		return fmt.Errorf("%s目录里的文件太多（超过 %d 个）", what, most.Files)
	}
	for _, name := range names {
		text, err := read(folder, name, most.Bytes)
		if err == nil {
			err = take(name, text)
		}
		if err != nil {
			return fmt.Errorf("%s %s：%w", what, name, err)
		}
	}
	return nil
}

func read(folder fs.FS, name string, most int64) ([]byte, error) {
	info, err := fs.Stat(folder, name)
	if err != nil {
		return nil, fmt.Errorf("读不了：%w", err)
	}
	if info.Size() > most {
		return nil, fmt.Errorf("文件太大（超过 %d KiB）", most>>10)
	}
	text, err := fs.ReadFile(folder, name)
	if err != nil {
		return nil, fmt.Errorf("读不了：%w", err)
	}
	if !utf8.Valid(text) {
		return nil, errUTF8
	}
	return text, nil
}
