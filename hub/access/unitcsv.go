package access

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"zhanqun/hub/catalog"
	"zhanqun/hub/listfile"
	"zhanqun/internal/fault"
)

// UnitRow is a unit and the line of the file it stands on.
type UnitRow struct {
	catalog.Unit
	Line int
}

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

// unitShape are the columns of a list of units and the words above them.
var unitShape = listfile.Shape{
	Columns: 4, Needed: 4, What: "单位", Most: maxUnitImports,
	Heads: map[string]int{
		"code": 0, "代码": 0, "单位代码": 0, "name": 1, "名称": 1, "单位名称": 1,
		"level": 2, "级别": 2, "层级": 2, "parent": 3, "上级": 3, "上级代码": 3,
	},
}

// ReadUnits reads a CSV file with the columns code, name, level and parent, in
// any order when a first line names them. It takes what spreadsheets write: a
// byte order mark, GBK, CRLF, blanks around values, empty lines. An error names
// the line.
func ReadUnits(file io.Reader) ([]UnitRow, error) {
	list, err := listfile.Read(file, unitShape)
	if err != nil {
		return nil, err
	}
	var rows []UnitRow
	first := map[string]int{}
	for _, row := range list {
		u, err := readUnit(row)
		if err != nil {
			return nil, listfile.Fault(row.Line, err.Error())
		}
		if first[u.Code] != 0 {
			return nil, listfile.Fault(row.Line, fmt.Sprintf("单位代码 %s 与第 %d 行重复", u.Code, first[u.Code]))
		}
		first[u.Code] = row.Line
		rows = append(rows, UnitRow{u, row.Line})
	}
	if len(rows) == 0 {
		return nil, fault.New(fault.Invalid, "文件里没有单位。每行应有代码、名称、级别、上级代码四栏，用逗号隔开。")
	}
	return rows, nil
}

func readUnit(row listfile.Row) (catalog.Unit, error) {
	v := row.Cells
	u := catalog.Unit{Code: v[0], Name: v[1], Level: levels[strings.ToLower(v[2])], Parent: v[3]}
	switch {
	case row.Width < len(v):
		return u, fmt.Errorf("只有 %d 栏，应有代码、名称、级别、上级代码四栏", row.Width)
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
