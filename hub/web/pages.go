package web

import (
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"time"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/hub/health"
	"zhanqun/hub/webhook"
	"zhanqun/internal/account"
	"zhanqun/internal/chinatime"
	"zhanqun/internal/fault"
	"zhanqun/internal/ui"
	"zhanqun/internal/web"
	"zhanqun/protocol"
)

//go:embed all:templates
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
	string(protocol.StateReturned): {Word: "已退回", Shape: "back", Tone: ui.Warn},
	string(protocol.StateRejected): {Word: "不采用", Shape: "cross", Tone: ui.Neutral},
	protocol.FindingFixing:         {Word: "已答复，待复查", Shape: "up", Tone: ui.Info},
	protocol.FindingRecheck:        {Word: "复查未通过", Shape: "triangle", Tone: ui.Bad},
	protocol.FindingClosed:         {Word: "已销号", Shape: "seal", Tone: ui.Neutral},
	protocol.FindingStruck:         {Word: "已核减", Shape: "cross", Tone: ui.Neutral},
	"veto-fallen":                  {Word: "已触发", Shape: "triangle", Tone: ui.Bad},
	"veto-near":                    {Word: "接近", Shape: "half", Tone: ui.Warn},
	"veto-insufficient":            {Word: "样本不足", Shape: "dots", Tone: ui.Neutral},
	"veto-unchecked":               {Word: "没有检查", Shape: "ring", Tone: ui.Neutral},
	"veto-clear":                   {Word: "未触发", Shape: "check", Tone: ui.Good},
	"outcome-vetoed":               {Word: "单项否决", Shape: "triangle", Tone: ui.Bad},
	"outcome-failed":               {Word: "不合格", Shape: "cross", Tone: ui.Bad},
	"outcome-incomplete":           {Word: "没有查全", Shape: "half", Tone: ui.Neutral},
	"outcome-passed":               {Word: "合格", Shape: "check", Tone: ui.Good},
	health.FindingFound:            {Word: "待核实", Shape: "half", Tone: ui.Warn},
	health.StepDeadline:            {Word: "已定整改期限", Shape: "ring", Tone: ui.Info},
	health.StepOpinion:             {Word: "乡镇线路复看", Shape: "dot", Tone: ui.Info},
	health.StepLapsed:              {Word: "核减已失效", Shape: "back", Tone: ui.Warn},
	protocol.StageReminded:         {Word: "已催办", Shape: "dot", Tone: ui.Warn},
	protocol.StageOverdue:          {Word: "已逾期", Shape: "triangle", Tone: ui.Bad},
	protocol.StageExposed:          {Word: "已曝光", Shape: "triangle", Tone: ui.Bad},
	protocol.StageSupervised:       {Word: "已督办", Shape: "triangle", Tone: ui.Bad},
	protocol.StageCirculated:       {Word: "已通报", Shape: "triangle", Tone: ui.Bad},
	webhook.Waiting:                {Word: "待推送", Shape: "dots", Tone: ui.Info},
	webhook.Dead:                   {Word: "没有送到", Shape: "cross", Tone: ui.Bad},
	"delivered":                    {Word: "已送到", Shape: "check", Tone: ui.Good},
	"paused":                       {Word: "已暂停", Shape: "bar", Tone: ui.Neutral},
	"line":                         {Word: "线路", Shape: "dots", Tone: ui.Info},
	"new":                          {Word: "待检查", Shape: "dots", Tone: ui.Neutral},
	"shut":                         {Word: "打不开", Shape: "triangle", Tone: ui.Bad},
	"fresh":                        {Word: "按时更新", Shape: "check", Tone: ui.Good},
	"stale":                        {Word: "超期未更新", Shape: "triangle", Tone: ui.Bad},
	"sleeping":                     {Word: "睡眠", Shape: "bar", Tone: ui.Bad},
	"condition-fresh":              {Word: "按时更新", Shape: "check", Tone: ui.Good},
	"condition-stale":              {Word: "有栏目超期", Shape: "triangle", Tone: ui.Warn},
	"condition-sleeping":           {Word: "睡眠网站", Shape: "bar", Tone: ui.Bad},
	"condition-zombie":             {Word: "僵尸网站", Shape: "cross", Tone: ui.Bad},
	"condition-unknown":            {Word: "无法判断", Shape: "half", Tone: ui.Neutral},
	"blank":                        {Word: "空白", Shape: "ring", Tone: ui.Bad},
	"unknown":                      {Word: "无法判断", Shape: "half", Tone: ui.Neutral},
	"proposed":                     {Word: "待确认", Shape: "half", Tone: ui.Warn},
	"static":                       {Word: "静态", Shape: "seal", Tone: ui.Neutral},
	"maintenance":                  {Word: "维护中", Shape: "bar", Tone: ui.Neutral},
	"doubtful":                     {Word: "日期存疑", Shape: "triangle", Tone: ui.Warn},
	"future":                       {Word: "日期在未来", Shape: "triangle", Tone: ui.Warn},
	"backdated":                    {Word: "补填旧日期", Shape: "triangle", Tone: ui.Bad},
	"restamped":                    {Word: "旧稿改新日期", Shape: "triangle", Tone: ui.Bad},
	"id_card":                      {Word: "含身份证号", Shape: "triangle", Tone: ui.Warn},
	"phone":                        {Word: "含手机号", Shape: "triangle", Tone: ui.Warn},
	"bank_card":                    {Word: "含银行卡号", Shape: "triangle", Tone: ui.Warn},
	"secrecy":                      {Word: "含密级标记", Shape: "bar", Tone: ui.Bad},
	"emergency":                    {Word: "待补审", Shape: "triangle", Tone: ui.Warn},
	"late":                         {Word: "等了一天以上", Shape: "triangle", Tone: ui.Warn},
	"silent":                       {Word: "还没有联系", Shape: "ring", Tone: ui.Neutral},
	"pending":                      {Word: "待批准", Shape: "half", Tone: ui.Warn},
	"skewed":                       {Word: "时钟不准", Shape: "triangle", Tone: ui.Warn},
	"approve":                      {Word: "通过", Shape: "check", Tone: ui.Good},
	"return":                       {Word: "退回", Shape: "back", Tone: ui.Warn},
	"reject":                       {Word: "不采用", Shape: "cross", Tone: ui.Neutral},
	"withdraw":                     {Word: "撤回", Shape: "bar", Tone: ui.Bad},
}

// chip is how a state is shown.
func (s *Server) chip(state string) ui.Chip {
	if c, ok := chips[state]; ok {
		return c
	}
	return sharedChips[state]
}

// sharedChips are the states both programs show alike.
var sharedChips = ui.Chips()

// brand is the name in the header.
const brand = "站群 · 县级平台"

func newPages(s *Server) (*ui.Renderer, error) {
	return ui.New(ui.Options{Templates: Templates(), Brand: brand, Chips: chips, Fill: s.fill, Now: s.Now,
		Funcs: template.FuncMap{"roleName": roleName, "cutWord": cutWord, "actor": actorName, "inc": func(i int) int { return i + 1 },
			"local": func(at time.Time) string { // as a form field wants it; empty for none
				if at.IsZero() {
					return ""
				}
				return at.In(chinatime.Zone).Format("2006-01-02T15:04")
			},
			"clock": func(at time.Time) string { return at.In(chinatime.Zone).Format("15:04:05") }}})
}

// roleName is the name of a role, given as such or as a column's step has it.
func roleName(r any) string { return account.Role(fmt.Sprint(r)).Name() }

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
	p.Brand = ui.T(p.Lang, brand)
	p.FormToken = web.FormToken(ctx)
	// A page that fetches itself anew in the background must not use up the
	// message meant for the page the person is waiting for.
	if r.Header.Get("X-Live") == "" {
		if f := s.sessions.TakeFlash(ctx); f != nil {
			p.Flash = &ui.Flash{Tone: ui.Tone(f.Tone), Text: f.Text}
			if f.Undo != "" {
				p.Flash.Undo = &ui.Undo{URL: f.Undo, Until: f.Until, Fields: f.Fields}
			}
		}
	}
	u, ok := who(ctx)
	if !ok {
		return
	}
	p.User = &ui.UserBox{Name: u.Name, Role: ui.T(p.Lang, u.Role.Name()), Unit: u.UnitName, URL: "/account"}
	p.Nav = nav(u, r.URL.Path, p.Lang)
}

// eventsURL is where pages that keep themselves fresh listen.
const eventsURL = "/events"

// section is one entry of the navigation and who sees it.
type section struct {
	label, url string
	need       access.Action
}

var sections = []section{
	{"信息", "/items", ""}, {"综合", "/combine", access.Review}, {"总览", "/board", access.ReadAll}, {"站点", "/sites", access.ReadAll}, {"预警", "/findings", ""},
	{"排名", "/rankings", access.ReadAll},
	{"节点", "/nodes", access.ReadAll}, {"单位", "/units", access.ReadAll}, {"栏目", "/columns", access.ReadAll},
	{"人员", "/users", access.Manage}, {"推送", "/webhooks", access.Manage}, {"拒收", "/refusals", access.ReadAll}, {"操作记录", "/audit", access.Audit},
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
	if p.Status == http.StatusUnauthorized {
		f.Back = "/signin"
	}
	return s.pages.Fail(w, r, f)
}

// lang is the language this person reads.
func (s *Server) lang(r *http.Request) ui.Lang { return s.pages.Lang(r) }

// show renders a page.
func (s *Server) show(w http.ResponseWriter, r *http.Request, page string, p ui.Data) error {
	return s.pages.Render(w, r, http.StatusOK, page, p)
}

// again renders a form once more with what is wrong, or returns an error that
// no form can help with.
func (s *Server) again(w http.ResponseWriter, r *http.Request, page string, p ui.Data, base *ui.Page, err error) error {
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Conflict, fault.Forbidden, fault.Limited, fault.Unauthenticated, fault.TooLarge:
	default:
		return err
	}
	base.Errors = fault.Fields(err)
	if base.Errors == nil {
		base.Flash = &ui.Flash{Tone: ui.Bad, Text: ui.T(s.lang(r), fault.Message(err))}
	}
	return s.pages.Render(w, r, fault.KindOf(err).Status(), page, p)
}

// done goes to a page and says there what was done.
func (s *Server) done(w http.ResponseWriter, r *http.Request, to, text string) error {
	s.sessions.Flash(r.Context(), web.Flash{Tone: string(ui.Good), Text: text})
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// undone goes to a page and says there why nothing was done.
func (s *Server) undone(w http.ResponseWriter, r *http.Request, to string, err error) error {
	if k := fault.KindOf(err); k != fault.Conflict && k != fault.Forbidden && k != fault.Invalid {
		return err
	}
	s.sessions.Flash(r.Context(), web.Flash{Tone: string(ui.Bad), Text: ui.T(s.lang(r), fault.Message(err))})
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
