package web

import (
	"time"

	"zhanqun/hub/catalog"
	"zhanqun/internal/ui"
)

// itemRow is an item as a list shows it.
type itemRow struct {
	catalog.Item
	ColumnName string
	State      string        // word on its chip; "" for the usual one
	Waiting    bool          // how long it has waited matters more than when it came
	Waited     time.Duration // since it was received
	Late       bool          // it has waited too long
}

// lateAfter is when an item has waited too long: units are told to expect an
// answer on the next day.
const lateAfter = 24 * time.Hour

// rows are items for a list; on the desk each says how long it has waited.
func (s *Server) rows(items []catalog.Item, columns []catalog.Column, lang ui.Lang, waiting bool) []itemRow {
	steps, names := map[string][]catalog.Step{}, columnNames(columns)
	for _, c := range columns {
		steps[c.Slug] = c.Steps
	}
	list := make([]itemRow, 0, len(items))
	for _, i := range items {
		r := itemRow{Item: i, ColumnName: names[i.Column], Waiting: waiting, Waited: s.Now().Sub(i.ReceivedAt)}
		r.Late = i.DueRole != "" && r.Waited >= lateAfter
		switch route := steps[i.Column]; {
		case !i.PublishAt.IsZero():
			r.State = ui.T(lang, "定时发布")
		case i.DueRole != "" && !i.State.Live() && i.Step >= 1 && i.Step <= len(route):
			r.State = ui.T(lang, "待%s", ui.T(lang, route[i.Step-1].Name))
		}
		list = append(list, r)
	}
	return list
}
