package web

import (
	"net/http"
	"time"

	"zhanqun/internal/ui"
	"zhanqun/internal/web"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// row is one item of a list.
type row struct {
	queue.Item
	ColumnName  string
	VillageName string
	Chip        string // name of the chip
	Why         string // why it needs somebody here, or ""
}

func (s *Server) rows(list []queue.Item, settings queue.Settings, a queue.Actor, lang ui.Lang) []row {
	rows := make([]row, 0, len(list))
	for i := range list {
		it := &list[i]
		r := row{Item: *it, ColumnName: columnName(settings, it.Column), Chip: chipOf(it)}
		if it.Village != "" && a.Township() {
			r.VillageName = villageName(settings, it.Village)
		}
		switch it.State {
		case queue.Drafting, queue.Refused, queue.State(protocol.StateReturned), queue.State(protocol.StateRejected):
			r.Why = sayOf(it, a, lang).Why
		}
		rows = append(rows, r)
	}
	return rows
}

// chipOf is the chip of an item: its state, or what overlays it.
func chipOf(i *queue.Item) string {
	switch {
	case i.Withdrawing:
		return "withdrawing"
	case i.State == queue.Drafting && i.Comment != "":
		return "sent_back"
	}
	return string(i.State)
}

type itemsPage struct {
	ui.Page
	Items    []row
	Filter   queue.Filter
	Counts   queue.Counts
	Tab      string
	States   []ui.Option
	Columns  []ui.Option
	Villages []ui.Option // empty when there is nothing to choose
	Newer    string
	Older    string
	Filtered bool
}

// listedStates is the order of states in the filter.
var listedStates = []queue.State{queue.Drafting, queue.Awaiting, queue.Queued, queue.Sent, queue.Received,
	queue.State(protocol.StateInReview), queue.State(protocol.StateReturned), queue.Refused, queue.State(protocol.StateApproved),
	queue.State(protocol.StateAdopted), queue.State(protocol.StateCorrected), queue.State(protocol.StateRejected), queue.State(protocol.StateWithdrawn)}

func stateName(s queue.State) string {
	if c, ok := chips[string(s)]; ok {
		return c.Word
	}
	return ui.Chips()[string(s)].Word
}

func (s *Server) itemsPage(w http.ResponseWriter, r *http.Request, a queue.Account) error {
	ctx, lang, actor := r.Context(), s.pages.Lang(r), a.Actor()
	f := filterOf(r)
	list, next, err := s.Queue.List(ctx, actor, f, r.FormValue("cursor"), 30)
	if err != nil {
		return err
	}
	settings, err := s.Queue.Settings(ctx)
	if err != nil {
		return err
	}
	p := &itemsPage{Items: s.rows(list, settings, actor, lang), Filter: f, Tab: tabOf(f)}
	if p.Counts, err = s.Queue.Counts(ctx, actor); err != nil {
		return err
	}
	p.Filtered = f != (queue.Filter{})
	p.Title = ui.T(lang, "信息")
	p.Lead = ui.T(lang, "本镇写的信息和县里的答复，最近写的在最前。")
	if !actor.Township() {
		p.Lead = ui.T(lang, "本村写的信息和镇里、县里的答复，最近写的在最前。")
	}
	p.States = []ui.Option{{Label: ui.T(lang, "全部状态")}}
	for _, st := range listedStates {
		p.States = append(p.States, ui.Option{Value: string(st), Label: ui.T(lang, stateName(st))})
	}
	p.Columns = []ui.Option{{Label: ui.T(lang, "全部栏目")}}
	for _, c := range settings.Columns {
		p.Columns = append(p.Columns, ui.Option{Value: c.Slug, Label: c.Name})
	}
	if actor.Township() {
		p.Villages = villageOptions(settings, ui.T(lang, "全部来源"))
	}
	if next != "" {
		p.Older = web.WithParam(r, "cursor", next)
	}
	if r.FormValue("cursor") != "" {
		p.Newer = web.WithParam(r, "cursor", "")
	}
	return s.pages.Render(w, r, http.StatusOK, "items", p)
}

// tabOf is the tab a filter belongs to.
func tabOf(f queue.Filter) string {
	switch {
	case f.Due:
		return "due"
	case f.State == queue.Drafting || f.State == queue.Awaiting:
		return string(f.State)
	}
	return ""
}

// villageOptions are the villages to choose from, after a first choice that
// means none; nothing when there are no villages.
func villageOptions(settings queue.Settings, none string) []ui.Option {
	if len(settings.Villages) == 0 {
		return nil
	}
	list := []ui.Option{{Label: none}}
	for _, v := range settings.Villages {
		list = append(list, ui.Option{Value: v.Code, Label: v.Name})
	}
	return list
}

// history tells what happened to an item, newest first.
func history(d *queue.Detail, lang ui.Lang) []ui.Event {
	t := func(key string, args ...any) string { return ui.T(lang, key, args...) }
	events := make([]ui.Event, 0, len(d.History))
	before := ""
	for i := range d.History {
		step := &d.History[i]
		e := ui.Event{At: step.At, Who: step.By, Text: step.Text}
		switch step.Act {
		case queue.ActCreated:
			e.Title = t("开始写")
		case queue.ActSubmitted:
			e.Title = t("提交第 %d 稿", step.Revision)
		case queue.ActAsked:
			e.Title = t("提交给镇里")
		case queue.ActEndorsed:
			e.Title, e.Tone = t("镇里签发第 %d 稿，报送县里", step.Revision), ui.Good
		case queue.ActSentBack:
			e.Title, e.Tone = t("镇里退回"), ui.Warn
		case queue.ActRecalled:
			e.Title = t("从镇里收回")
		case queue.ActWithdraw:
			e.Title, e.Tone = t("申请撤回"), ui.Warn
		case queue.ActReceived:
			e.Title, e.Tone = t("县里收到第 %d 稿", step.Revision), ui.Info
			if before == queue.ActWithdraw {
				e.Title = t("县里收到撤回申请")
			}
		case queue.ActRefused:
			e.Title, e.Tone = t("县里没有收下"), ui.Bad
			if step.Refusal != nil {
				e.Text = t(step.Refusal.Message)
			}
		case queue.ActStatus:
			if step.Status != nil {
				e = statusEvent(step.Status, step.At, lang)
			}
		default:
			e.Title = step.Act
		}
		before = step.Act
		events = append(events, e)
	}
	for i, j := 0, len(events)-1; i < j; i, j = i+1, j-1 {
		events[i], events[j] = events[j], events[i]
	}
	return events
}

// statusEvent is one word of the county.
func statusEvent(st *protocol.Status, learnt time.Time, lang ui.Lang) ui.Event {
	e := ui.Event{At: st.At, Title: ui.T(lang, "第 %d 稿", st.Revision), Who: st.By, State: string(st.State), Text: whyOf(st, lang)}
	if e.At.IsZero() {
		e.At = learnt
	}
	switch st.State {
	case protocol.StateAdopted, protocol.StateCorrected, protocol.StateApproved:
		e.Tone = ui.Good
	case protocol.StateReturned:
		e.Tone = ui.Warn
	case protocol.StateWithdrawn, protocol.StateRejected:
	default:
		e.Tone = ui.Info
	}
	switch {
	case st.State == protocol.StateInReview && st.StepName != "":
		e.Text = joinText(ui.T(lang, "%s（第 %d 步，共 %d 步）", st.StepName, st.Step, st.Steps), e.Text)
	case st.State.Live() && st.Outlet != "":
		e.Text, e.URL = joinText(ui.T(lang, outletName(st.Outlet)), e.Text), st.URL
	}
	return e
}

func joinText(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + " · " + b
}
