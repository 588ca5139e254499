package web

import (
	"html/template"
	"net/http"
	"net/url"
	"strconv"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/hub/review"
	"zhanqun/internal/content"
	"zhanqun/internal/fault"
	"zhanqun/internal/ui"
	"zhanqun/protocol"
)

type itemsPage struct {
	ui.Page
	Items   []catalog.Item
	Filter  review.Query
	Columns []ui.Option
	Names   map[string]string // columns by slug
	States  []ui.Option
	Older   string
	Newer   string
	Unit    catalog.Unit
	Pick    bool // items can be picked for combining
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
	lang := s.pages.Lang(r)
	p := &itemsPage{Items: list.Items, Filter: q, Names: columnNames(columns), Pick: u.May(access.Review)}
	p.Title = ui.T(lang, "信息")
	p.Lead = ui.T(lang, "各单位报送的信息，最近收到的在最前。")
	p.Columns = append([]ui.Option{{Label: ui.T(lang, "全部栏目")}}, columnOptions(columns)...)
	p.States = []ui.Option{{Label: ui.T(lang, "全部状态")}}
	for _, st := range listedStates {
		p.States = append(p.States, ui.Option{Value: string(st), Label: ui.T(lang, catalog.StateNames[st])})
	}
	if q.Unit != "" {
		if p.Unit, err = s.Access.Unit(ctx, q.Unit); err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
	}
	if list.Next != "" {
		p.Older = withParam(r, "cursor", list.Next)
	}
	if q.After.ID != "" {
		p.Newer = withParam(r, "cursor", "")
	}
	return s.pages.Render(w, r, http.StatusOK, "items", p)
}

// withParam is the address of this page with one parameter changed.
func withParam(r *http.Request, name, value string) string {
	q := r.URL.Query()
	q.Set(name, value)
	if value == "" {
		q.Del(name)
	}
	if len(q) == 0 {
		return r.URL.Path
	}
	return r.URL.Path + "?" + q.Encode()
}

type itemPage struct {
	ui.Page
	D        review.Detail
	Text     catalog.Revision
	Body     template.HTML // cleaned
	Files    []ui.Upload
	History  []ui.Event
	Checks   []check
	StepName string
	Columns  []ui.Option
	Names    map[string]string
	Chosen   map[string]bool // columns it would be published in
	Reasons  []protocol.Reason
	Fields   []struct{ Key, Name string }
	Form     review.Request
	Override bool // personal data: approving asks for a reason
	Me       access.User
	Stale    *review.Stale
	Diff     *[2]string // the revision judged before, and the latest
	DiffFrom int
	Undo     *ui.Undo
	ShowDesk bool
	Outlets  []ui.Option
}

func (s *Server) itemPage(w http.ResponseWriter, r *http.Request, u access.User) error {
	p, err := s.newItemPage(r, u, r.PathValue("id"))
	if err != nil {
		return err
	}
	return s.pages.Render(w, r, http.StatusOK, "item", p)
}

func (s *Server) newItemPage(r *http.Request, u access.User, id string) (*itemPage, error) {
	ctx := r.Context()
	d, err := s.Review.Item(ctx, u, id)
	if err != nil {
		return nil, err
	}
	columns, err := s.Access.Columns(ctx)
	if err != nil {
		return nil, err
	}
	lang := s.pages.Lang(r)
	p := &itemPage{D: d, Text: d.Revisions[0], Checks: checksOf(d), Columns: columnOptions(columns), Names: columnNames(columns),
		Chosen: map[string]bool{}, Reasons: protocol.Reasons, Fields: review.Fields, Me: u, ShowDesk: u.May(access.Review)}
	p.Title = d.Item.Title
	p.Events = "/events"
	p.Body = s.itemBody(d)
	p.Files = itemFiles(d, lang)
	p.History = history(d, lang)
	p.Form = review.Request{Revision: d.Item.Revision}
	for _, c := range d.Columns {
		p.Chosen[c] = true
	}
	if k := d.Item.Step; k >= 1 && k <= len(d.Steps) {
		p.StepName = d.Steps[k-1].Name
	}
	for _, flag := range d.Item.Flags {
		p.Override = p.Override || flag != "secrecy"
	}
	if held := d.Held; held != nil {
		p.Undo = &ui.Undo{URL: "/items/" + id + "/undo", Until: held.DueAt}
	}
	p.Outlets = []ui.Option{{Value: review.OutletCity, Label: ui.T(lang, "市级")}, {Value: review.OutletProvince, Label: ui.T(lang, "省级")},
		{Value: review.OutletState, Label: ui.T(lang, "国家级")}}
	p.compare()
	return p, nil
}

// compare shows what changed since the revision that was judged last, or since
// the one on the portal.
func (p *itemPage) compare() {
	from := p.D.Item.LiveRevision
	for _, dec := range p.D.Decisions {
		if dec.Revision < p.D.Item.Revision {
			from = dec.Revision
		}
	}
	if from == 0 || from == p.D.Item.Revision {
		return
	}
	for _, v := range p.D.Revisions {
		if v.Revision == from {
			p.Diff = &[2]string{plain(v), plain(p.Text)}
			p.DiffFrom = from
		}
	}
}

func plain(v catalog.Revision) string { return v.Title + "\n" + content.ToText(v.Body) }

// itemBody is the cleaned text with the addresses of its files put in.
func (s *Server) itemBody(d review.Detail) template.HTML {
	body := d.Item.Body
	names := map[string]string{}
	for _, a := range d.Item.Attachments {
		names[a.SHA256] = a.Name
	}
	html := content.ResolveImages(body, func(sha256 string) string {
		name, ok := names[sha256]
		if !ok {
			return ""
		}
		return fileURL(d.Item.ID, sha256, name)
	})
	return template.HTML(html) //nolint:gosec // cleaned by content.Sanitize in review.Item; only addresses were put in
}

func fileURL(item, sha256, name string) string {
	return "/items/" + item + "/files/" + sha256 + "/" + url.PathEscape(name)
}

func itemFiles(d review.Detail, lang ui.Lang) []ui.Upload {
	var list []ui.Upload
	for _, a := range d.Item.Attachments {
		f := ui.Upload{Name: a.Name, Type: a.Type, Size: a.Size, Note: a.Alt}
		if d.Arrived[a.SHA256] {
			f.URL = fileURL(d.Item.ID, a.SHA256, a.Name)
			if isImage(a.Type) {
				f.Thumb = f.URL
			}
		} else {
			f.Note = ui.T(lang, "正在传送，还没有到齐")
		}
		list = append(list, f)
	}
	return list
}

func isImage(media string) bool { return len(media) > 6 && media[:6] == "image/" }

// history tells what happened to an item, newest first.
func history(d review.Detail, lang ui.Lang) []ui.Event {
	var list []ui.Event
	for _, v := range d.Revisions {
		title := ui.T(lang, "收到第 %d 稿", v.Revision)
		list = append(list, ui.Event{At: v.ReceivedAt, Title: title, Who: d.Item.UnitName, Text: v.Note})
	}
	for _, dec := range d.Decisions {
		e := ui.Event{At: dec.At, Title: ui.T(lang, "第 %d 稿", dec.Revision), Who: dec.Name, State: dec.Action, Text: decisionText(dec, lang)}
		list = append(list, e)
	}
	for _, a := range d.Adoptions {
		list = append(list, ui.Event{At: a.At, Title: ui.T(lang, outletName(a.Outlet)) + ui.T(lang, "采用"), Text: a.URL, Tone: ui.Good})
	}
	sortEvents(list)
	return list
}

func decisionText(dec catalog.Decision, lang ui.Lang) string {
	text := ""
	if dec.Reason != "" {
		text = ui.T(lang, reasonName(dec.Reason))
	}
	for _, f := range dec.Fields {
		for _, known := range review.Fields {
			if known.Key == f {
				text += " · " + ui.T(lang, known.Name)
			}
		}
	}
	if dec.Comment != "" {
		if text != "" {
			text += "："
		}
		text += dec.Comment
	}
	return text
}

func outletName(outlet string) string {
	switch outlet {
	case review.OutletCity:
		return "市级"
	case review.OutletProvince:
		return "省级"
	case review.OutletState:
		return "国家级"
	}
	return "县级门户"
}

// itemFile serves a file of an item to somebody who may read the item.
func (s *Server) itemFile(w http.ResponseWriter, r *http.Request, u access.User) error {
	d, err := s.Review.Item(r.Context(), u, r.PathValue("id"))
	if err != nil {
		return err
	}
	for _, v := range d.Revisions {
		for _, a := range v.Attachments {
			if a.SHA256 == r.PathValue("sha256") {
				return s.Files.ServeFile(w, r, a)
			}
		}
	}
	return errNotFound
}

// revisionPage shows one text of an item as it was sent, beside the latest.
func (s *Server) revisionPage(w http.ResponseWriter, r *http.Request, u access.User) error {
	n, err := strconv.Atoi(r.PathValue("revision"))
	if err != nil {
		return errNotFound
	}
	v, err := s.Review.Revision(r.Context(), u, r.PathValue("id"), n)
	if err != nil {
		return err
	}
	d, err := s.Review.Item(r.Context(), u, r.PathValue("id"))
	if err != nil {
		return err
	}
	p := &revisionPage{V: v, Old: plain(v), New: plain(d.Revisions[0]), Latest: d.Item.Revision}
	p.Title = ui.T(s.pages.Lang(r), "第 %d 稿：%s", v.Revision, v.Title)
	return s.pages.Render(w, r, http.StatusOK, "revision", p)
}

type revisionPage struct {
	ui.Page
	V        catalog.Revision
	Old, New string
	Latest   int
}
