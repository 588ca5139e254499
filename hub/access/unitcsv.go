package access

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"zhanqun/hub/catalog"
	"zhanqun/internal/content"
	"zhanqun/internal/fault"
)

// UnitRow is a unit and the line of the file it stands on.
type UnitRow struct {
	catalog.Unit
	Line int
}

const maxUnitFile = 16 << 20 // bytes

var levelNames = map[string]string{
	catalog.LevelCounty: "县", catalog.LevelDepartment: "部门",
	catalog.LevelTownship: "乡镇", catalog.LevelVillage: "村",
}

// levels are the words for a level that a file may use.
var levels = map[string]string{
	"county": catalog.LevelCounty, "县": catalog.LevelCounty, "区": catalog.LevelCounty, "市": catalog.LevelCounty,
	"department": catalog.LevelDepartment, "部门": catalog.LevelDepartment, "单位": catalog.LevelDepartment,
	"township": catalog.LevelTownship, "乡镇": catalog.LevelTownship, "镇": catalog.LevelTownship,
	"乡": catalog.LevelTownship, "街道": catalog.LevelTownship,
	"village": catalog.LevelVillage, "村": catalog.LevelVillage, "社区": catalog.LevelVillage, "居委会": catalog.LevelVillage,
}

// heads are the words a file may have above its columns.
var heads = map[string]int{
	"code": 0, "代码": 0, "单位代码": 0, "name": 1, "名称": 1, "单位名称": 1,
	"level": 2, "级别": 2, "层级": 2, "parent": 3, "上级": 3, "上级代码": 3,
}

// ReadUnits reads a CSV file with the columns code, name, level and parent, in
// any order when a first line names them. It takes what spreadsheets write: a
// byte order mark, GBK, CRLF, blanks around values, empty lines. An error names
// the line.
func ReadUnits(file io.Reader) ([]UnitRow, error) {
	text, err := readText(file)
	if err != nil {
		return nil, err
	}
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord = -1
	r.TrimLeadingSpace = true
	order := [4]int{0, 1, 2, 3}
	var rows []UnitRow
	first := map[string]int{}
	for n := 0; ; n++ {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, csvFault(err)
		}
		for i := range record {
			record[i] = strings.TrimSpace(record[i])
		}
		line, _ := r.FieldPos(0)
		if n == 0 {
			if found, ok := readHead(record); ok {
				order = found
				continue
			}
		}
		if strings.Join(record, "") == "" {
			continue
		}
		u, err := readUnit(record, order)
		if err != nil {
			return nil, lineFault(line, err.Error())
		}
		if first[u.Code] != 0 {
			return nil, lineFault(line, fmt.Sprintf("单位代码 %s 与第 %d 行重复", u.Code, first[u.Code]))
		}
		first[u.Code] = line
		rows = append(rows, UnitRow{u, line})
		if len(rows) > maxUnitImports {
			return nil, fault.New(fault.TooLarge, fmt.Sprintf("一次最多导入 %d 个单位，请分成几个文件。", maxUnitImports))
		}
	}
	if len(rows) == 0 {
		return nil, fault.New(fault.Invalid, "文件里没有单位。每行应有代码、名称、级别、上级代码四栏，用逗号隔开。")
	}
	return rows, nil
}

// readText returns the file as clean UTF-8.
func readText(file io.Reader) (string, error) {
	raw, err := io.ReadAll(io.LimitReader(file, maxUnitFile+1))
	if err != nil {
		return "", fmt.Errorf("reading units: %w", err)
	}
	if len(raw) > maxUnitFile {
		return "", fault.New(fault.TooLarge, fmt.Sprintf("文件超过 %d MiB，请分成几个文件。", maxUnitFile>>20))
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

// readHead reports where the four columns stand if record is a line of heads.
func readHead(record []string) (order [4]int, ok bool) {
	found := 0
	for i, word := range record {
		if at, known := heads[strings.ToLower(word)]; known {
			order[at] = i
			found++
		}
	}
	return order, found == len(order)
}

func readUnit(record []string, order [4]int) (catalog.Unit, error) {
	var v [4]string
	for i, at := range order {
		if at < len(record) {
			v[i] = record[at]
		}
	}
	u := catalog.Unit{Code: v[0], Name: v[1], Level: levels[strings.ToLower(v[2])], Parent: v[3]}
	switch {
	case len(record) < len(order):
		return u, fmt.Errorf("只有 %d 栏，应有代码、名称、级别、上级代码四栏", len(record))
	case !validCode(u.Code):
		return u, fmt.Errorf("单位代码 %q 无效，只能用字母、数字和连字符，最多 32 位", u.Code)
	case checkLine("name", "", u.Name, maxUnitName) != nil:
		return u, fmt.Errorf("单位名称 %q 无效，不能为空，最多 %d 个字", u.Name, maxUnitName)
	case u.Level == "":
		return u, fmt.Errorf("级别 %q 无法识别，请写 县、部门、乡镇 或 村", v[2])
	case u.Parent == u.Code:
		return u, errors.New("上级单位不能是自己")
	case u.Parent != "" && !validCode(u.Parent):
		return u, fmt.Errorf("上级代码 %q 无效", u.Parent)
	case u.Parent == "" && u.Level != catalog.LevelCounty:
		return u, errors.New("缺少上级代码")
	}
	return u, nil
}

// validCode reports whether s can be the code of a unit: it stands in addresses
// of pages and feeds.
func validCode(s string) bool {
	if s == "" || len(s) > 32 {
		return false
	}
	for _, b := range []byte(s) {
		if (b < 'a' || b > 'z') && (b < 'A' || b > 'Z') && (b < '0' || b > '9') && b != '-' {
			return false
		}
	}
	return true
}

func csvFault(err error) error {
	var p *csv.ParseError
	if errors.As(err, &p) {
		return fault.Wrap(fault.Invalid, fmt.Sprintf("文件第 %d 行：引号不成对。请改正后重新导入，这次没有导入任何内容。", p.Line), err)
	}
	return fmt.Errorf("reading units: %w", err)
}
