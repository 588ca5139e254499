package tomldir

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"
)

func TestEach(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	most := Limits{Files: 2, Bytes: 10}
	odd := errors.New("没有年份")
	for _, tt := range []struct {
		name   string
		folder fstest.MapFS
		refuse string
		want   string // texts that were taken
		err    string
	}{
		{"by name", fstest.MapFS{"b.toml": file("b"), "a.toml": file("a"), "c.txt": file("c")}, "", "a b ", ""},
		{"none", fstest.MapFS{"c.txt": file("c")}, "", "", ""},
		{"too many", fstest.MapFS{"a.toml": file(""), "b.toml": file(""), "c.toml": file("")}, "", "", "日历目录里的文件太多（超过 2 个）"},
		{"too large", fstest.MapFS{"a.toml": file("12345678901")}, "", "", "日历 a.toml：文件太大（超过 0 KiB）"},
		{"GBK", fstest.MapFS{"a.toml": file("\xc4\xea")}, "", "", "日历 a.toml：不是 UTF-8 编码，请另存为 UTF-8"},
		{"refused", fstest.MapFS{"a.toml": file("a"), "b.toml": file("b")}, "a", "", "日历 a.toml：没有年份"},
	} {
		got := ""
		err := Each(tt.folder, "日历", most, func(_ string, text []byte) error {
			if string(text) == tt.refuse {
				return odd
			}
			got += string(text) + " "
			return nil
		})
		if got != tt.want || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: %q, %v", tt.name, got, err)
		}
	}
}
