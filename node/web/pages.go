package web

import (
	"embed"
	"html/template"
	"io/fs"
	"net/http"
	"slices"
	"strings"

	"zhanqun/internal/account"
	"zhanqun/internal/fault"
	"zhanqun/internal/ui"
	"zhanqun/internal/web"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

//go:embed all:templates
var templates embed.FS

// Templates returns the pages of the node, for the program and its tests.
func Templates() fs.FS {
	sub, err := fs.Sub(templates, "templates")
	if err != nil { // the folder is embedded above
		panic(err)
	}
	return sub
}

// chips are states as the township sees them; the rest are those of both
// programs.
var chips = map[string]ui.Chip{
	string(queue.Awaiting):         {Word: "待签发", Shape: "half", Tone: ui.Warn},
	string(queue.Queued):           {Word: "已存本机，待发", Shape: "dots", Tone: ui.Neutral},
	string(queue.Sent):             {Word: "已发出，待县里确认", Shape: "up", Tone: ui.Info},
	string(protocol.StateReturned): {Word: "退回待改", Shape: "back", Tone: ui.Warn},
	"withdrawing":                  {Word: "撤回中", Shape: "bar", Tone: ui.Warn},
	"editing":                      {Word: "改稿未提交", Shape: "pen", Tone: ui.Neutral},
	"sent_back":                    {Word: "镇里退回", Shape: "back", Tone: ui.Warn},
	"veto-fallen":                  {Word: "已触发", Shape: "triangle", Tone: ui.Bad},
	"veto-near":                    {Word: "接近", Shape: "half", Tone: ui.Warn},
	"unread":                       {Word: "未读", Shape: "dot", Tone: ui.Info},
}

func newPages(s *Server) (*ui.Renderer, error) {
	return ui.New(ui.Options{Templates: Templates(), Brand: "站群 · 信息报送", Chips: chips, Fill: s.fill, Now: s.Now,
		Funcs: template.FuncMap{"roleName": func(r account.Role) string { return r.Name() }, "lines": lines}})
}

// lines are the paragraphs of a plain text.
func lines(text string) []string {
	return slices.DeleteFunc(strings.Split(text, "\n"), func(s string) bool { return strings.TrimSpace(s) == "" })
}

// fill sets what all pages have in common. A page whose frame cannot be read is
// still worth showing, so faults here are only logged.
func (s *Server) fill(r *http.Request, p *ui.Page) {
	ctx := r.Context()
	p.FormToken = web.FormToken(ctx)
	p.Brand = ui.T(p.Lang, p.Brand)
	// A page that fetches itself anew must not take the message meant for the
	// reader's next page.
	if r.Header.Get("X-Live") == "" {
		if f := s.sessions.TakeFlash(ctx); f != nil && p.Flash == nil {
			p.Flash = &ui.Flash{Tone: ui.Tone(f.Tone), Text: ui.T(p.Lang, f.Text)}
		}
	}
	a, ok := who(ctx)
	if !ok {
		return
	}
	settings, err := s.Queue.Settings(ctx)
	if err != nil {
		s.Log.ErrorContext(ctx, "page frame not read", "part", "settings", "err", err)
	}
	unit := settings.Unit.Name
	if unit != "" {
		p.Brand = ui.T(p.Lang, "站群 · %s", unit)
	}
	box := &ui.UserBox{Name: a.Name, Role: ui.T(p.Lang, a.Role.Name()), URL: "/account/password"}
	if a.Village != "" { // the township stands in the brand
		box.Unit = villageName(settings, a.Village)
	}
	p.User = box
	if s.first(a) != "" {
		return // first things first: every other page leads back to this one
	}
	counts, err := s.Queue.Counts(ctx, a.Actor())
	if err != nil {
		s.Log.ErrorContext(ctx, "page frame not read", "part", "counts", "err", err)
	}
	p.Nav = nav(a.Actor(), counts, r.URL.Path, p.Lang)
	if p.Events, err = s.liveAddress(ctx); err != nil {
		s.Log.ErrorContext(ctx, "page frame not read", "part", "live", "err", err)
	}
	if r.URL.Path == "/queue" {
		return // says all of it, and more
	}
	if p.Line, err = s.lineState(r, p.Lang); err != nil {
		s.Log.ErrorContext(ctx, "page frame not read", "part", "line", "err", err)
	}
}

func nav(a queue.Actor, c queue.Counts, path string, lang ui.Lang) []ui.NavItem {
	list := []ui.NavItem{
		{Label: ui.T(lang, "首页"), URL: "/"},
		{Label: ui.T(lang, "信息"), URL: "/items", Count: int(c.Due)},
		{Label: ui.T(lang, "预警"), URL: "/findings", Count: int(c.Findings)},
		{Label: ui.T(lang, "队列"), URL: "/queue"},
		{Label: ui.T(lang, "通知"), URL: "/notices", Count: int(c.Notices)},
	}
	if a.Township() {
		list = append(list, ui.NavItem{Label: ui.T(lang, "人员"), URL: "/people"})
	}
	for i := range list {
		u := list[i].URL
		list[i].Current = path == u || u != "/" && len(path) > len(u) && path[:len(u)+1] == u+"/"
	}
	return list
}

// renderError writes the page for a failed request.
func (s *Server) renderError(w http.ResponseWriter, r *http.Request, p web.Problem) error {
	return s.pages.Fail(w, r, &ui.Failure{Status: p.Status, Text: p.Detail, RequestID: p.RequestID, Back: "/"})
}

// again renders a form once more with what is wrong, or returns an error that
// filling in the form differently, or later, cannot mend.
func (s *Server) again(w http.ResponseWriter, r *http.Request, page string, p ui.Data, base *ui.Page, err error) error {
	fields := fault.Fields(err)
	switch k := fault.KindOf(err); {
	case k == fault.Internal || k == fault.Forbidden || k == fault.NotFound:
		return err
	case fields == nil:
		base.Flash = &ui.Flash{Tone: ui.Bad, Text: ui.T(s.pages.Lang(r), fault.Message(err))}
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

func columnName(s queue.Settings, slug string) string {
	if c, ok := s.Column(slug); ok {
		return c.Name
	}
	return slug
}

func villageName(s queue.Settings, code string) string {
	if u, ok := s.Village(code); ok {
		return u.Name
	}
	return code
}
