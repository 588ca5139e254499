package access_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/simplifiedchinese"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/internal/fault"
)

const plain = `code,name,level,parent
520624,思南县,county,5206
520624001,思唐街道,township,520624
520624001001,城北社区,village,520624001
`

func units(t *testing.T, text string) []catalog.Unit {
	t.Helper()
	rows, err := access.ReadUnits(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	list := make([]catalog.Unit, len(rows))
	for i, r := range rows {
		list[i] = r.Unit
	}
	return list
}

// Every form a spreadsheet writes reads as the same units.
func TestReadUnitsForgives(t *testing.T) {
	want := units(t, plain)
	if len(want) != 3 || want[2] != (catalog.Unit{Code: "520624001001", Name: "城北社区", Level: "village", Parent: "520624001"}) {
		t.Fatalf("read %+v", want)
	}
	gbk, err := simplifiedchinese.GBK.NewEncoder().String(plain)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"byte order mark": "\ufeff" + plain,
		"GBK":             gbk,
		"CRLF":            strings.ReplaceAll(plain, "\n", "\r\n"),
		"no line end":     strings.TrimSpace(plain),
		"empty lines":     strings.ReplaceAll(plain, "\n", "\n\n ,,,\n"),
		"blanks":          strings.ReplaceAll(plain, ",", " , "),
		"quotes":          strings.ReplaceAll(plain, "思唐街道", `"思唐街道"`),
		"no heads":        strings.SplitN(plain, "\n", 2)[1],
		"Chinese heads":   strings.Replace(plain, "code,name,level,parent", "代码,名称,级别,上级", 1),
		"Chinese levels":  strings.NewReplacer("county,5", "县,5", "township", "街道", "village", "社区").Replace(plain),
		"another order":   "parent,level,name,code\n5206,county,思南县,520624\n520624,township,思唐街道,520624001\n520624001,village,城北社区,520624001001\n",
		"more columns":    strings.NewReplacer("parent\n", "parent,备注\n", "5206\n", "5206,x\n").Replace(plain),
	} {
		if diff := cmp.Diff(want, units(t, text)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestReadUnitsNamesTheLine(t *testing.T) {
	for _, tt := range []struct{ name, text, says string }{
		{"level", strings.Replace(plain, "township", "乡镇级", 1), "第 3 行：级别"},
		{"short", "520624,思南县,county,5206\n520624001,思唐街道\n", "第 2 行：只有 2 栏"},
		{"code", strings.Replace(plain, "520624001,", "520624/001,", 1), "第 3 行：单位代码"},
		{"no code", strings.Replace(plain, "520624001,思", ",思", 1), "第 3 行：单位代码"},
		{"no name", strings.Replace(plain, "城北社区", "", 1), "第 4 行：单位名称"},
		{"long name", strings.Replace(plain, "城北社区", strings.Repeat("长", 61), 1), "第 4 行：单位名称"},
		{"twice", plain + "520624001,思唐镇,township,520624\n", "第 5 行：单位代码 520624001 与第 3 行重复"},
		{"own parent", plain + "520624002,甲,township,520624002\n", "第 5 行：上级单位不能是自己"},
		{"no parent", plain + "520624002,甲,township,\n", "第 5 行：缺少上级代码"},
		{"after a record of two lines", "\"520624\",\"思南\n县\",county,5206\n", "第 1 行：单位名称"},
		{"quote", plain + "520624002,\"甲,township,520624\n", "引号"},
		{"empty", "", "没有单位"},
		{"heads only", "code,name,level,parent\n", "没有单位"},
		{"not text", "\xff\x81\x00\xffcode", "无法识别"},
		{"spreadsheet itself", "PK\x03\x04\x00\x00\x80\xff", "另存为"},
		{"old spreadsheet", "\xd0\xcf\x11\xe0\xa1\xb1", "另存为"},
	} {
		_, err := access.ReadUnits(strings.NewReader(tt.text))
		if !fault.Is(err, fault.Invalid) || !strings.Contains(fault.Message(err), tt.says) {
			t.Errorf("%s: %q, want to hear %q", tt.name, fault.Message(err), tt.says)
		}
	}
}

func TestReadUnitsIsBounded(t *testing.T) {
	if _, err := access.ReadUnits(strings.NewReader(strings.Repeat("x", 17<<20))); !fault.Is(err, fault.TooLarge) {
		t.Errorf("17 MiB: %v", err)
	}
}

// Whatever the file holds, reading it ends in units that could be written back,
// or in a fault for a person.
func FuzzReadUnits(f *testing.F) {
	f.Add(plain)
	f.Add("\ufeff代码,名称,级别,上级\r\n1,\"a\"\"b\",县,\r\n")
	gbk, _ := simplifiedchinese.GBK.NewEncoder().String(plain)
	f.Add(gbk)
	f.Fuzz(func(t *testing.T, text string) {
		rows, err := access.ReadUnits(strings.NewReader(text))
		if err != nil {
			if fault.KindOf(err) == fault.Internal {
				t.Errorf("no words for a person: %v", err)
			}
			return
		}
		seen := map[string]bool{}
		for _, r := range rows {
			if r.Line < 1 || r.Code == "" || r.Name == "" || r.Level == "" || seen[r.Code] {
				t.Errorf("unit %+v", r)
			}
			seen[r.Code] = true
		}
	})
}
