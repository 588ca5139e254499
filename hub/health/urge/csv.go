package urge

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"time"

	"zhanqun/hub/listfile"
	"zhanqun/internal/chinatime"
	"zhanqun/protocol"
)

// StageLabel is the name of a stage; empty for none.
func StageLabel(stage string) string {
	return map[string]string{protocol.StageReminded: "临近期限", protocol.StageOverdue: "已逾期", protocol.StageExposed: "已曝光",
		protocol.StageSupervised: "已督办", protocol.StageCirculated: "已通报"}[stage]
}

// WriteCSV writes a report for spreadsheets: UTF-8 with a byte order mark, by
// which Excel knows it; first the units, then, behind an empty line, the cases.
func (r Report) WriteCSV(w io.Writer) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	rows := [][]string{{r.Period.Kind.Label(), r.Period.Name, "截至", r.At.In(chinatime.Zone).Format("2006-01-02 15:04")},
		{"单位", "代码", "新发现", "已整改", "其中逾期整改", "已核减", "未整改", "其中已逾期", "按期整改率"}}
	for _, l := range append(r.Units, Line{Name: "合计", Found: r.Sum.Found, Mended: r.Sum.Mended, Late: r.Sum.Late, Struck: r.Sum.Struck, Open: r.Sum.Open, Overdue: r.Sum.Overdue}) {
		rate := ""
		if n := l.OnTime(); n >= 0 {
			rate = strconv.Itoa(n) + "%"
		}
		rows = append(rows, []string{listfile.Cell(l.Name), listfile.Cell(l.Unit), strconv.Itoa(l.Found), strconv.Itoa(l.Mended), strconv.Itoa(l.Late),
			strconv.Itoa(l.Struck), strconv.Itoa(l.Open), strconv.Itoa(l.Overdue), rate})
	}
	rows = append(rows, []string{""}, []string{"单位", "站点", "地址", "类别", "发现", "期限", "逾期天数", "进展"})
	for _, e := range r.Cases {
		over := ""
		if e.Over > 0 {
			over = strconv.Itoa(e.Over)
		}
		rows = append(rows, []string{listfile.Cell(e.UnitName), listfile.Cell(e.Site), listfile.Cell(e.URL), e.Class, dateText(e.Opened), dateText(e.Due), over, StageLabel(e.Stage)})
	}
	if err := out.WriteAll(rows); err != nil {
		return fmt.Errorf("writing report: %w", err)
	}
	return nil
}

func dateText(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.In(chinatime.Zone).Format(time.DateOnly)
}
