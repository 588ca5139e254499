// Package listfile reads the lists an office keeps in a spreadsheet and saves
// as CSV. It promises to take what spreadsheets write, a byte order mark, GBK,
// CRLF, blanks around values, empty lines, heads in any order, and to name the
// line of whatever it cannot take.
package listfile

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"zhanqun/internal/content"
	"zhanqun/internal/fault"
)

// maxFile bounds a list, bytes.
const maxFile = 16 << 20

// Row is one line that is not empty.
type Row struct {
	Line  int      // of the file, from 1
	Width int      // cells the line has
	Cells []string // in the order of Shape.Columns, "" where the line has none
}

// Shape says which columns a list has.
type Shape struct {
	Columns int            // how many, in their usual order
	Needed  int            // the first of them that a line of heads must name
	Heads   map[string]int // words, in lower case, a head may have, to the column
	What    string         // what a row is, for messages: 单位, 网站
	Most    int            // rows at most
}

// Read returns the rows of a list. The first line is taken as heads if it names
// all needed columns; otherwise the columns stand in their usual order.
func Read(file io.Reader, s Shape) ([]Row, error) {
	text, err := readText(file)
	if err != nil {
		return nil, err
	}
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord, r.TrimLeadingSpace = -1, true
	order := make([]int, s.Columns)
	for i := range order {
		order[i] = i
	}
	var rows []Row
	for n := 0; ; n++ {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, readFault(err)
		}
		line, _ := r.FieldPos(0)
		for i := range record {
			record[i] = strings.TrimSpace(record[i])
		}
		if n == 0 {
			if found, ok := s.heads(record); ok {
				order = found
				continue
			}
		}
		if strings.Join(record, "") == "" {
			continue
		}
		if len(rows) == s.Most {
			return nil, fault.New(fault.TooLarge, fmt.Sprintf("一次最多导入 %d 个%s，请分成几个文件。", s.Most, s.What))
		}
		row := Row{Line: line, Width: len(record), Cells: make([]string, s.Columns)}
		for i, at := range order {
			if at >= 0 && at < len(record) {
				row.Cells[i] = record[at]
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// Fault says what is wrong with a line. Nothing of the file is taken over then.
func Fault(line int, what string) error {
	return fault.New(fault.Invalid, fmt.Sprintf("文件第 %d 行：%s。请改正后重新导入，这次没有导入任何内容。", line, strings.TrimRight(what, "。")))
}

// heads reports where the columns stand if record is a line of heads; -1 for a
// column the file does not have.
func (s Shape) heads(record []string) ([]int, bool) {
	order := make([]int, s.Columns)
	for i := range order {
		order[i] = -1
	}
	for i, word := range record {
		if at, known := s.Heads[strings.ToLower(word)]; known {
			order[at] = i
		}
	}
	for _, at := range order[:s.Needed] {
		if at < 0 {
			return nil, false
		}
	}
	return order, true
}

// readText returns the file as clean UTF-8.
func readText(file io.Reader) (string, error) {
	raw, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return "", fmt.Errorf("reading list: %w", err)
	}
	if len(raw) > maxFile {
		return "", fault.New(fault.TooLarge, fmt.Sprintf("文件超过 %d MiB，请分成几个文件。", maxFile>>20))
	}
	if bytes.HasPrefix(raw, []byte("PK\x03\x04")) || bytes.HasPrefix(raw, []byte("\xd0\xcf\x11\xe0")) {
		return "", fault.New(fault.Invalid, "这是表格文件，不是 CSV。请在表格软件里选“另存为”，类型选 CSV，再导入。")
	}
	text, _, replaced := content.DecodeText(raw)
	if replaced > 0 {
		return "", fault.New(fault.Invalid, "文件里有无法识别的字符。请在表格软件里另存为 CSV（UTF-8）后再导入。")
	}
	return text, nil
}

func readFault(err error) error {
	var p *csv.ParseError
	if errors.As(err, &p) {
		return fault.Wrap(fault.Invalid, fmt.Sprintf("文件第 %d 行：引号不成对。请改正后重新导入，这次没有导入任何内容。", p.Line), err)
	}
	return fmt.Errorf("reading list: %w", err)
}

// Cell is a text for a list that is written: no spreadsheet takes it for a formula.
func Cell(s string) string {
	if s != "" && strings.ContainsAny(s[:1], "=+-@\t\r") {
		return "'" + s
	}
	return s
}
