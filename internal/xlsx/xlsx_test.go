package xlsx

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestWrite(t *testing.T) {
	var b bytes.Buffer
	err := Write(&b, []Sheet{
		{Name: "可用性", Widths: []float64{20, 8.5}, Rows: [][]any{{"月份", "失败"}, {"=1+1", 3, ""}, {"a<b & \"c\"\x00", 1.25}}},
		{Name: "a/b:c*" + strings.Repeat("长", 40)},
	})
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		parts[f.Name] = string(text)
		for d := xml.NewDecoder(bytes.NewReader(text)); ; {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", f.Name, err)
			}
		}
	}
	first := parts["xl/worksheets/sheet1.xml"]
	for _, want := range []string{
		`<c r="A2" s="0" t="inlineStr"><is><t xml:space="preserve">=1+1</t>`, `<c r="B2" s="0"><v>3</v></c>`, `<c r="B3" s="0"><v>1.25</v></c>`,
		`a&lt;b &amp; &#34;c&#34;</t>`, `<c r="A1" s="1"`, `width="8.5"`, `fitToPage="1"`,
	} {
		if !strings.Contains(first, want) {
			t.Errorf("the sheet lacks %s:\n%s", want, first)
		}
	}
	if strings.Contains(first, `r="C2"`) || !strings.Contains(parts["xl/styles.xml"], `applyAlignment="1"`) {
		t.Error("an empty cell holds up a long text, or long texts are cut")
	}
	if !strings.Contains(parts["xl/workbook.xml"], `name="可用性"`) || !strings.Contains(parts["xl/workbook.xml"], `name="a b c `+strings.Repeat("长", 25)+`"`) {
		t.Errorf("workbook %s", parts["xl/workbook.xml"])
	}
	if err := Write(io.Discard, []Sheet{{Rows: [][]any{{true}}}}); err == nil {
		t.Error("a cell of an unknown kind was written")
	}
}

func TestLines(t *testing.T) {
	s := Sheet{Widths: []float64{11, 21}}
	for _, tt := range []struct {
		row  []any
		want int
	}{
		{[]any{"短", 3}, 1}, {[]any{"一二三四五"}, 1}, {[]any{"一二三四五六"}, 2}, {[]any{"abcdefghij"}, 1}, {[]any{"a\nb\nc"}, 3},
		{[]any{"短", strings.Repeat("长", 50)}, 5}, {[]any{"", "", "没有写宽度的一列不算" + strings.Repeat("长", 500)}, 1}, {[]any{strings.Repeat("长", 5000)}, maxLines},
	} {
		if got := s.lines(tt.row); got != tt.want {
			t.Errorf("%.40v: %d lines, want %d", tt.row, got, tt.want)
		}
	}
}

func TestColumn(t *testing.T) {
	for i, want := range map[int]string{0: "A", 25: "Z", 26: "AA", 51: "AZ", 52: "BA", 701: "ZZ", 702: "AAA"} {
		if got := column(i); got != want {
			t.Errorf("column %d is %s, want %s", i, got, want)
		}
	}
}
