// Package xlsx writes plain tables as a workbook that spreadsheet programs open.
//
// It promises that a text stays a text, whatever it begins with, so that nothing
// in it is taken for a formula; that numbers are numbers; and that characters the
// format cannot hold are left out. It knows no formats but a bold first row; long
// texts go on in a second line of their cell, and a table is printed as wide as
// its sheet of paper.
package xlsx

import (
	"archive/zip"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Sheet is one table. A cell is a string, an int, or a float64.
type Sheet struct {
	Name   string    // at most 31 characters, without : \ / ? * [ ]
	Widths []float64 // of columns, in characters; may be shorter than a row
	Rows   [][]any   // the first one is the head
}

// Type is the media type of a workbook.
const Type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

const (
	namespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
	relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	packaged  = "http://schemas.openxmlformats.org/package/2006/"
)

// Write writes a workbook of the sheets.
func Write(w io.Writer, sheets []Sheet) error {
	z := zip.NewWriter(w)
	parts := []struct{ name, text string }{
		{"[Content_Types].xml", contentTypes(len(sheets))},
		{"_rels/.rels", `<Relationships xmlns="` + packaged + `relationships"><Relationship Id="rId1" Type="` + relations + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
		{"xl/workbook.xml", workbook(sheets)},
		{"xl/_rels/workbook.xml.rels", workbookRelations(len(sheets))},
		{"xl/styles.xml", styles},
	}
	for _, p := range parts {
		if err := part(z, p.name, p.text); err != nil {
			return err
		}
	}
	for i, s := range sheets {
		text, err := s.xml()
		if err != nil {
			return err
		}
		if err := part(z, fmt.Sprintf("xl/worksheets/sheet%d.xml", i+1), text); err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("writing workbook: %w", err)
	}
	return nil
}

func part(z *zip.Writer, name, text string) error {
	f, err := z.Create(name)
	if err == nil {
		_, err = io.WriteString(f, xml.Header+text)
	}
	if err != nil {
		return fmt.Errorf("writing workbook: %w", err)
	}
	return nil
}

func contentTypes(n int) string {
	const main = "application/vnd.openxmlformats-officedocument.spreadsheetml."
	var b strings.Builder
	b.WriteString(`<Types xmlns="` + packaged + `content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
		`<Override PartName="/xl/workbook.xml" ContentType="` + main + `sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="` + main + `styles+xml"/>`)
	for i := range n {
		fmt.Fprintf(&b, `<Override PartName="/xl/worksheets/sheet%d.xml" ContentType="%sworksheet+xml"/>`, i+1, main)
	}
	return b.String() + `</Types>`
}

func workbook(sheets []Sheet) string {
	var b strings.Builder
	b.WriteString(`<workbook xmlns="` + namespace + `" xmlns:r="` + relations + `"><sheets>`)
	for i, s := range sheets {
		fmt.Fprintf(&b, `<sheet name="%s" sheetId="%d" r:id="rId%d"/>`, escape(sheetName(s.Name, i)), i+1, i+1)
	}
	return b.String() + `</sheets></workbook>`
}

func workbookRelations(n int) string {
	var b strings.Builder
	b.WriteString(`<Relationships xmlns="` + packaged + `relationships">`)
	for i := range n {
		fmt.Fprintf(&b, `<Relationship Id="rId%d" Type="%s/worksheet" Target="worksheets/sheet%d.xml"/>`, i+1, relations, i+1)
	}
	fmt.Fprintf(&b, `<Relationship Id="rId%d" Type="%s/styles" Target="styles.xml"/>`, n+1, relations)
	return b.String() + `</Relationships>`
}

// styles has two ways to write a cell: plain, and bold for the head.
const styles = `<styleSheet xmlns="` + namespace + `"><fonts count="2"><font><sz val="11"/><name val="宋体"/></font><font><b/><sz val="11"/><name val="宋体"/></font></fonts>` +
	`<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>` +
	`<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>` +
	`<cellXfs count="2"><xf fontId="0" xfId="0" applyAlignment="1"><alignment vertical="top" wrapText="1"/></xf><xf fontId="1" applyFont="1" xfId="0"/></cellXfs></styleSheet>`

func (s Sheet) xml() (string, error) {
	var b strings.Builder
	b.WriteString(`<worksheet xmlns="` + namespace + `"><sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>`)
	if len(s.Widths) > 0 {
		b.WriteString(`<cols>`)
		for i, w := range s.Widths {
			fmt.Fprintf(&b, `<col min="%d" max="%d" width="%s" customWidth="1"/>`, i+1, i+1, strconv.FormatFloat(w, 'f', -1, 64))
		}
		b.WriteString(`</cols>`)
	}
	b.WriteString(`<sheetData>`)
	for i, row := range s.Rows {
		height := ""
		if n := s.lines(row); n > 1 && i > 0 {
			height = fmt.Sprintf(` ht="%d" customHeight="1"`, 15*n)
		}
		fmt.Fprintf(&b, `<row r="%d"%s>`, i+1, height)
		style := 0
		if i == 0 {
			style = 1
		}
		for j, cell := range row {
			at := column(j) + strconv.Itoa(i+1)
			switch v := cell.(type) {
			case string:
				if v == "" {
					continue // nothing, so that a long text before it may go on here
				}
				fmt.Fprintf(&b, `<c r="%s" s="%d" t="inlineStr"><is><t xml:space="preserve">%s</t></is></c>`, at, style, escape(v))
			case int:
				fmt.Fprintf(&b, `<c r="%s" s="%d"><v>%d</v></c>`, at, style, v)
			case float64:
				fmt.Fprintf(&b, `<c r="%s" s="%d"><v>%s</v></c>`, at, style, strconv.FormatFloat(v, 'f', -1, 64))
			default:
				return "", fmt.Errorf("writing workbook: a cell cannot hold %T", cell)
			}
		}
		b.WriteString(`</row>`)
	}
	// Printed, a table is as wide as its sheet of A4 and as long as it needs.
	return b.String() + `</sheetData><pageSetup paperSize="9" orientation="landscape" fitToWidth="1" fitToHeight="0"/></worksheet>`, nil
}

// maxLines is how many lines of a row are shown at most; programs refuse more
// than 409 points.
const maxLines = 27

// lines is how many lines a row needs. Not every program finds that out by
// itself. Characters outside ASCII are twice as wide.
func (s Sheet) lines(row []any) int {
	most := 1
	for i, cell := range row {
		text, ok := cell.(string)
		if !ok || i >= len(s.Widths) {
			continue
		}
		n := 0
		for line := range strings.SplitSeq(text, "\n") {
			width := 0.0
			for _, r := range line {
				if width++; r > '~' {
					width++
				}
			}
			n += 1 + int(max(width-1, 0)/max(s.Widths[i]-1, 1))
		}
		most = max(most, n)
	}
	return min(most, maxLines)
}

// column names a column: A, B, …, Z, AA.
func column(i int) string {
	name := ""
	for i++; i > 0; i = (i - 1) / 26 {
		name = string(rune('A'+(i-1)%26)) + name
	}
	return name
}

// sheetName makes a name programs accept.
func sheetName(name string, i int) string {
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`:\/?*[]'`, r) {
			return ' '
		}
		return r
	}, name)
	if runes := []rune(name); len(runes) > 31 {
		name = string(runes[:31])
	}
	if strings.TrimSpace(name) == "" {
		return fmt.Sprintf("Sheet%d", i+1)
	}
	return name
}

// maxCell is how many characters a cell holds.
const maxCell = 32_767

func escape(text string) string {
	text = strings.ToValidUTF8(text, "")
	if utf8.RuneCountInString(text) > maxCell {
		text = string([]rune(text)[:maxCell])
	}
	text = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0xFFFE || r == 0xFFFF {
			return -1
		}
		return r
	}, text)
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder does not fail
	return b.String()
}
