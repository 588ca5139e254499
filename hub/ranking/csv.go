package ranking

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"

	"zhanqun/hub/catalog"
	"zhanqun/hub/listfile"
)

// WriteCSV writes a table for spreadsheets: UTF-8 with a byte order mark, by
// which Excel knows it, one line a unit, townships first.
func (t Table) WriteCSV(w io.Writer) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	rows := [][]string{{"组别", "排名", "单位", "代码", "报送", "采用", "采用率", "退回", "不采用", "撤下", "市级采用", "省级采用", "国家级采用", "得分"}}
	for _, group := range []struct {
		name  string
		lines []Line
	}{{"乡镇（街道）", t.Townships}, {"部门", t.Departments}, {"村（社区）", t.Villages}} {
		for _, l := range group.lines {
			rank := ""
			if l.Rank > 0 {
				rank = strconv.Itoa(l.Rank)
			}
			rows = append(rows, []string{group.name, rank, listfile.Cell(l.Name), listfile.Cell(l.Unit), strconv.Itoa(l.Submitted), strconv.Itoa(l.Adopted), l.Rate(),
				strconv.Itoa(l.Returned), strconv.Itoa(l.Rejected), strconv.Itoa(l.Withdrawn), strconv.Itoa(l.AdoptedBy[catalog.OutletCity]),
				strconv.Itoa(l.AdoptedBy[catalog.OutletProvince]), strconv.Itoa(l.AdoptedBy[catalog.OutletState]), l.Points.String()})
		}
	}
	if err := out.WriteAll(rows); err != nil {
		return fmt.Errorf("writing ranking: %w", err)
	}
	return nil
}

// Rate is how much of what was sent in was adopted, in percent; empty when
// nothing was sent in. It can exceed 100: what was sent in before counts when it
// is adopted.
func (l Line) Rate() string {
	if l.Submitted == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f%%", 100*float64(l.Adopted)/float64(l.Submitted))
}
