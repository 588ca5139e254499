package web

import (
	"net/http"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/hub/review"
	"zhanqun/internal/account"
	"zhanqun/internal/fault"
	"zhanqun/internal/ui"
	"zhanqun/internal/web"
	"zhanqun/protocol"
)

type itemsPage struct {
	ui.Page
	Items   []itemRow
	Filter  review.Query
	Columns []ui.Option
	States  []ui.Option
	Units   []ui.Option // to choose from; none where there are too many, or only one
	Older   string
	Newer   string
	Unit    catalog.Unit
	Due     string // name of the role that what is listed waits for, or ""
	Any     bool   // nothing is filtered
}

// listedStates is the order of states in the filter.
var listedStates = []protocol.State{protocol.StateReceived, protocol.StateInReview, protocol.StateReturned, protocol.StateRejected,
	protocol.StateApproved, protocol.StateAdopted, protocol.StateCorrected, protocol.StateWithdrawn}

func (s *Server) itemsPage(w http.ResponseWriter, r *http.Request, u access.User) error {
	ctx := r.Context()
	q, err := itemQuery(r, 50)
	if err != nil {
		return err
	}
	list, err := s.Review.List(ctx, u, q)
	if err != nil {
		return err
	}
	columns, err := s.Access.Columns(ctx)
	if err != nil {
		return err
	}
	lang := s.lang(r)
	p := &itemsPage{Items: s.rows(list.Items, columns, lang, false), Filter: q, Any: q.State == "" && q.Unit == "" && q.Column == "" && q.Text == "" && q.Role == ""}
	p.Title = ui.T(lang, "信息")
	p.Lead = ui.T(lang, "各单位报送的信息，最近收到的在最前。")
	if !u.May(access.ReadAll) {
		p.Lead = ui.T(lang, "本单位报送的信息，最近收到的在最前。")
	}
	p.Events = eventsURL
	p.Columns = append([]ui.Option{{Label: ui.T(lang, "全部栏目")}}, choices(columns)...)
	p.States = []ui.Option{{Label: ui.T(lang, "全部状态")}}
	for _, st := range listedStates {
		p.States = append(p.States, ui.Option{Value: string(st), Label: ui.T(lang, chips[string(st)].Word)})
	}
	if q.Role != "" {
		p.Due = ui.T(lang, account.Role(q.Role).Name())
	}
	if u.May(access.ReadAll) {
		if p.Units, err = s.unitOptions(r, ui.T(lang, "全部单位"), catalog.LevelTownship, catalog.LevelDepartment); err != nil {
			return err
		}
	}
	if q.Unit != "" {
		if p.Unit, err = s.Access.Unit(ctx, q.Unit); err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
	}
	if list.Next != "" {
		p.Older = web.WithParam(r, "cursor", list.Next)
	}
	if q.After.ID != "" {
		p.Newer = web.WithParam(r, "cursor", "")
	}
	return s.show(w, r, "items", p)
}

// choices are columns to look for; closed ones still hold items.
func choices(columns []catalog.Column) []ui.Option {
	options := columnOptions(columns)
	for i := range options {
		options[i].Disabled = false
	}
	return options
}
