package listfile_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/simplifiedchinese"

	"zhanqun/hub/listfile"
	"zhanqun/internal/fault"
)

var shape = listfile.Shape{Columns: 3, Needed: 2, Heads: map[string]int{"code": 0, "代码": 0, "name": 1, "名称": 1, "note": 2}, What: "单位", Most: 3}

func TestRead(t *testing.T) {
	gbk, err := simplifiedchinese.GBK.NewEncoder().String("代码,名称\r\n1,塘头镇\r\n")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, text, want string }{
		{"usual order, no heads", "1,a,x\n2,b,y\n", "1:1/a/x 2:2/b/y"},
		{"heads in another order", "名称,代码\na,1\n", "2:1/a/"},
		{"a column more than heads need", "note,code,name,other\nx,1,a,z\n", "2:1/a/x"},
		{"byte order mark, CRLF, blanks, empty lines", "\ufeffcode,name\r\n\r\n 1 , a \r\n,,\r\n", "3:1/a/"},
		{"GBK", gbk, "2:1/塘头镇/"},
		{"line break inside quotes", "1,\"a\nb\"\n2,c\n", "1:1/a\nb/ 3:2/c/"},
		{"nothing", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rows, err := listfile.Read(strings.NewReader(tt.text), shape)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range rows {
				got = append(got, string(rune('0'+r.Line))+":"+strings.Join(r.Cells, "/"))
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, " ")); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadFaults(t *testing.T) {
	tests := []struct{ name, text, says string }{
		{"a spreadsheet", "PK\x03\x04rest", "另存为"},
		{"an open quote", "1,a\n\"2,b\n", "第 2 行"},
		{"not text", "1,\xff\xfe\xff\n", "无法识别"},
		{"too many", "1,a\n2,a\n3,a\n4,a\n", "最多导入 3 个单位"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := listfile.Read(strings.NewReader(tt.text), shape)
			if err == nil || fault.KindOf(err) == fault.Internal || !strings.Contains(fault.Message(err), tt.says) {
				t.Errorf("error %v, want one that says %q", err, tt.says)
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add("code,name\n1,a\n")
	f.Add("\"\n\",\r,\x00")
	f.Fuzz(func(t *testing.T, text string) {
		rows, err := listfile.Read(strings.NewReader(text), shape)
		if err != nil && fault.KindOf(err) == fault.Internal {
			t.Fatalf("an error without words: %v", err)
		}
		for _, r := range rows {
			if r.Line < 1 || len(r.Cells) != shape.Columns {
				t.Fatalf("row %+v", r)
			}
		}
	})
}
