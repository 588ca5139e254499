package web

import (
	"embed"
	"html/template"
	"io/fs"
	"net/http"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/internal/account"
	"zhanqun/internal/fault"
	"zhanqun/internal/ui"
	"zhanqun/internal/web"
	"zhanqun/protocol"
)

//go:embed templates
var templates embed.FS

var errNotFound = fault.New(fault.NotFound, "没有这个页面。可能是地址写错了，或内容已被移走。")

// Templates returns the pages of the hub, for the program and its tests.
func Templates() fs.FS {
	sub, err := fs.Sub(templates, "templates")
	if err != nil { // the folder is embedded above
		panic(err)
	}
	return sub
}

// chips are states as the county sees them; the rest are those of both programs.
var chips = map[string]ui.Chip{
	string(protocol.StateReceived): {Word: "待审", Shape: "dot", Tone: ui.Info},
	string(protocol.StateApproved): {Word: "待附件到齐", Shape: "check", Tone: ui.Good},
	string(protocol.StateRejected): {Word: "不采用", Shape: "cross", Tone: ui.Neutral},
	protocol.FindingFixing:         {Word: "已答复，待复查", Shape: "up", Tone: ui.Info},
	protocol.FindingRecheck:        {Word: "复查未通过", Shape: "triangle", Tone: ui.Bad},
	protocol.FindingClosed:         {Word: "已销号", Shape: "seal", Tone: ui.Neutral},
	protocol.FindingStruck:         {Word: "已核减", Shape: "cross", Tone: ui.Neutral},
	"new":                          {Word: "待检查", Shape: "dots", Tone: ui.Neutral},
	"shut":                         {Word: "打不开", Shape: "triangle", Tone: ui.Bad},
	"id_card":                      {Word: "含身份证号", Shape: "triangle", Tone: ui.Warn},
	"phone":                        {Word: "含手机号", Shape: "triangle", Tone: ui.Warn},
	"bank_card":                    {Word: "含银行卡号", Shape: "triangle", Tone: ui.Warn},
	"secrecy":                      {Word: "含密级标记", Shape: "bar", Tone: ui.Bad},
	"approve":                      {Word: "通过", Shape: "check", Tone: ui.Good},
	"return":                       {Word: "退回", Shape: "back", Tone: ui.Warn},
	"reject":                       {Word: "不采用", Shape: "cross", Tone: ui.Neutral},
	"withdraw":                     {Word: "撤回", Shape: "bar", Tone: ui.Bad},
}

func newPages(s *Server) (*ui.Renderer, error) {
	return ui.New(ui.Options{Templates: Templates(), Brand: "站群 · 县级平台", Chips: chips, Fill: s.fill, Now: s.Now,
		Funcs: template.FuncMap{"roleName": roleName, "reasonName": reasonName, "inc": func(i int) int { return i + 1 }}})
}

func roleName(r account.Role) string { return r.Name() }

// reasonName is the name of a coded reason; free text stays as it is.
func reasonName(code string) string {
	if r, ok := protocol.ReasonOf(code); ok {
		return r.Name
	}
	return code
}

// fill sets what all pages have in common.
func (s *Server) fill(r *http.Request, p *ui.Page) {
	ctx := r.Context()
	p.FormToken = web.FormToken(ctx)
	if f := s.sessions.TakeFlash(ctx); f != nil {
		p.Flash = &ui.Flash{Tone: ui.Tone(f.Tone), Text: ui.T(p.Lang, f.Text)}
		if f.Undo != "" {
			p.Flash.Undo = &ui.Undo{URL: f.Undo, Until: f.Until, Fields: f.Fields}
		}
	}
	u, ok := who(ctx)
	if !ok {
		return
	}
	p.User = &ui.UserBox{Name: u.Name, Role: ui.T(p.Lang, u.Role.Name()), Unit: u.UnitName, URL: "/account"}
	p.Nav = nav(u, r.URL.Path, p.Lang)
}

// section is one entry of the navigation and who sees it.
type section struct {
	label, url string
	need       access.Action
}

var sections = []section{
	{"信息", "/items", ""}, {"综合", "/combine", access.Review}, {"站点", "/sites", access.ReadAll}, {"预警", "/findings", ""},
	{"节点", "/nodes", access.ReadAll}, {"单位", "/units", access.ReadAll}, {"栏目", "/columns", access.ReadAll},
	{"人员", "/users", access.Manage}, {"拒收", "/refusals", access.ReadAll}, {"操作记录", "/audit", access.Audit},
}

func nav(u access.User, path string, lang ui.Lang) []ui.NavItem {
	var list []ui.NavItem
	if u.May(access.Review) {
		list = append(list, ui.NavItem{Label: ui.T(lang, "审稿台"), URL: "/", Current: path == "/"})
	}
	for _, n := range sections {
		if n.need == "" || u.May(n.need) {
			list = append(list, ui.NavItem{Label: ui.T(lang, n.label), URL: n.url,
				Current: path == n.url || len(path) > len(n.url) && path[:len(n.url)+1] == n.url+"/"})
		}
	}
	return list
}

// renderError writes the page for a failed request.
func (s *Server) renderError(w http.ResponseWriter, r *http.Request, p web.Problem) error {
	f := &ui.Failure{Status: p.Status, Text: p.Detail, RequestID: p.RequestID, Back: "/"}
	return s.pages.Fail(w, r, f)
}

// again renders a form once more with what is wrong, or returns an error that
// no field of the form can carry.
func (s *Server) again(w http.ResponseWriter, r *http.Request, page string, p ui.Data, base *ui.Page, err error) error {
	fields := fault.Fields(err)
	if fields == nil {
		if k := fault.KindOf(err); k != fault.Invalid && k != fault.Conflict && k != fault.Limited && k != fault.Unauthenticated {
			return err
		}
		base.Flash = &ui.Flash{Tone: ui.Bad, Text: fault.Message(err)}
	}
	base.Errors = fields
	return s.pages.Render(w, r, fault.KindOf(err).Status(), page, p)
}

// done flashes a sentence and goes to a page.
func (s *Server) done(w http.ResponseWriter, r *http.Request, text, to string) error {
	s.sessions.Flash(r.Context(), web.Flash{Tone: string(ui.Good), Text: text})
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// columnOptions are the choices of a column field.
func columnOptions(columns []catalog.Column) []ui.Option {
	options := make([]ui.Option, 0, len(columns))
	for _, c := range columns {
		options = append(options, ui.Option{Value: c.Slug, Label: c.Name, Disabled: c.Closed})
	}
	return options
}

func columnNames(columns []catalog.Column) map[string]string {
	names := map[string]string{}
	for _, c := range columns {
		names[c.Slug] = c.Name
	}
	return names
}
