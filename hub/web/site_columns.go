package web

import (
	"io"
	"net/http"
	"strconv"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/hub/health"
	"zhanqun/hub/health/fresh"
	"zhanqun/internal/fault"
	"zhanqun/internal/ui"
)

// siteColumnPage is one column of a site: what is known of it, and the forms
// that change it.
type siteColumnPage struct {
	ui.Page
	Site     health.Site
	C        health.Column
	Form     columnForm
	Units    []ui.Option
	Classes  []ui.Option
	Marks    []ui.Option
	Inspect  bool
	Manage   bool
	Evidence []string
	Sleeps   int // days without an update after which a column is called asleep
}

// columnForm is what a person sent that could not be taken.
type columnForm struct{ Name, URL, Unit, Class, Channel, Days, Mark, Note string }

func columnFormOf(r *http.Request) columnForm {
	return columnForm{Name: r.PostFormValue("name"), URL: r.PostFormValue("url"), Unit: r.PostFormValue("unit"), Class: r.PostFormValue("class"),
		Channel: r.PostFormValue("channel"), Days: r.PostFormValue("days")}
}

// terms are what the form settles of a column.
func (f columnForm) terms() (health.ColumnTerms, error) {
	t := health.ColumnTerms{Unit: f.Unit, Class: fresh.Class(f.Class)}
	if f.Days == "" {
		return t, nil
	}
	var err error
	if t.Days, err = strconv.Atoi(f.Days); err != nil {
		return t, fault.Field("days", "期限要写天数，如 30。")
	}
	return t, nil
}

func daysText(days int) string {
	if days == 0 {
		return ""
	}
	return strconv.Itoa(days)
}

// siteColumn returns the column an address names, if it is one of the site
// there.
func (s *Server) siteColumn(r *http.Request) (health.Site, health.Column, error) {
	site, err := s.Health.Store.Site(r.Context(), r.PathValue("id"))
	if err != nil {
		return site, health.Column{}, err
	}
	c, err := s.Health.Store.SiteColumn(r.Context(), r.PathValue("column"))
	if err == nil && c.Site != site.ID {
		err = fault.New(fault.NotFound, "没有这个栏目")
	}
	return site, c, err
}

func (s *Server) siteColumnPage(w http.ResponseWriter, r *http.Request, u access.User) error {
	p, err := s.newSiteColumnPage(r, u)
	if err != nil {
		return err
	}
	return s.show(w, r, "sitecolumn", p)
}

func (s *Server) newSiteColumnPage(r *http.Request, u access.User) (*siteColumnPage, error) {
	site, c, err := s.siteColumn(r)
	if err != nil {
		return nil, err
	}
	lang := s.lang(r)
	p := &siteColumnPage{Site: site, C: c, Inspect: u.May(access.Inspect), Manage: u.May(access.Manage), Classes: classOptions(lang), Sleeps: s.Inspect.Sleep.Set().ColumnSleeps}
	p.Form = columnForm{Unit: c.Unit, Class: string(c.Class), Days: daysText(c.Days), Mark: c.Mark}
	p.Marks = []ui.Option{
		{Value: "", Label: ui.T(lang, "照常检查")}, {Value: health.MarkStatic, Label: ui.T(lang, "静态栏目（机构职能、法规等）")},
		{Value: health.MarkClosed, Label: ui.T(lang, "专题已关闭或归档")}, {Value: health.MarkMaintenance, Label: ui.T(lang, "维护中")},
	}
	if p.Manage {
		if p.Units, err = s.unitOptions(r, ui.T(lang, "请选择"), catalog.LevelCounty, catalog.LevelDepartment, catalog.LevelTownship); err != nil {
			return nil, err
		}
	}
	p.Evidence = evidence(c.Reading, lang)
	p.Title, p.Lead, p.Events = c.Name, site.Name, eventsURL
	return p, nil
}

// evidence are the lines a reading rests on.
func evidence(r health.ColumnReading, lang ui.Lang) []string {
	var lines []string
	for _, f := range r.Facts {
		lines = append(lines, f.Line(func(key string, args ...any) string { return ui.T(lang, key, args...) }))
	}
	if r.Facts == nil {
		for _, line := range r.Evidence {
			lines = append(lines, ui.T(lang, line))
		}
	}
	return lines
}

func classOptions(lang ui.Lang) []ui.Option {
	var list []ui.Option
	for _, c := range fresh.Classes {
		list = append(list, ui.Option{Value: string(c), Label: ui.T(lang, c.Label())})
	}
	return list
}

func (s *Server) markColumn(w http.ResponseWriter, r *http.Request, u access.User) error {
	site, c, err := s.siteColumn(r)
	if err != nil {
		return err
	}
	mark, note := r.PostFormValue("mark"), r.PostFormValue("note")
	if _, err := s.Health.MarkColumn(r.Context(), u, c.ID, mark, note); err != nil {
		return s.siteColumnAgain(w, r, u, columnForm{Mark: mark, Note: note}, err)
	}
	return s.done(w, r, "/sites/"+site.ID+"/columns/"+c.ID, ui.T(s.lang(r), "已保存，理由记入操作记录。"))
}

func (s *Server) settleColumn(w http.ResponseWriter, r *http.Request, u access.User) error {
	site, c, err := s.siteColumn(r)
	if err != nil {
		return err
	}
	var take bool
	switch r.PostFormValue("act") {
	case "take":
		take = true
	case "dismiss":
	default:
		return fault.New(fault.Invalid, "请选择确认，或不是栏目。")
	}
	form := columnFormOf(r)
	terms, err := form.terms()
	if err == nil || !take {
		_, err = s.Health.SettleColumn(r.Context(), u, c.ID, take, terms)
	}
	if err != nil {
		return s.siteColumnAgain(w, r, u, form, err)
	}
	if take {
		return s.done(w, r, "/sites/"+site.ID, ui.T(s.lang(r), "栏目已确认，开始定时检查。"))
	}
	return s.done(w, r, "/sites/"+site.ID, ui.T(s.lang(r), "已记下这不是栏目，以后不再提示。"))
}

func (s *Server) editColumn(w http.ResponseWriter, r *http.Request, u access.User) error {
	site, c, err := s.siteColumn(r)
	if err != nil {
		return err
	}
	form := columnFormOf(r)
	terms, err := form.terms()
	if err == nil {
		_, err = s.Health.EditColumn(r.Context(), u, c.ID, terms)
	}
	if err != nil {
		return s.siteColumnAgain(w, r, u, form, err)
	}
	return s.done(w, r, "/sites/"+site.ID+"/columns/"+c.ID, ui.T(s.lang(r), "已保存，马上按新的期限检查一次。"))
}

func (s *Server) siteColumnAgain(w http.ResponseWriter, r *http.Request, u access.User, form columnForm, err error) error {
	p, pageErr := s.newSiteColumnPage(r, u)
	if pageErr != nil {
		return pageErr
	}
	p.Form = form
	return s.again(w, r, "sitecolumn", p, &p.Page, err)
}

func (s *Server) addSiteColumn(w http.ResponseWriter, r *http.Request, u access.User) error {
	id := r.PathValue("id")
	form := columnFormOf(r)
	terms, err := form.terms()
	if err == nil {
		column := health.Column{Site: id, Name: form.Name, URL: form.URL, Unit: terms.Unit, Class: terms.Class, Channel: form.Channel, Days: terms.Days}
		_, err = s.Health.SaveColumns(r.Context(), u, []health.Column{column})
	}
	if err != nil {
		return s.siteAgain(w, r, u, form, err)
	}
	return s.done(w, r, "/sites/"+id, ui.T(s.lang(r), "栏目已登记，马上开始检查。"))
}

func (s *Server) importSiteColumns(w http.ResponseWriter, r *http.Request, u access.User) error {
	var total, added int
	err := readList(r, func(f io.Reader) (err error) {
		total, added, err = s.Health.ImportColumns(r.Context(), u, f)
		return err
	})
	if err != nil {
		return s.siteAgain(w, r, u, columnForm{}, err)
	}
	return s.done(w, r, "/sites/"+r.PathValue("id"), ui.T(s.lang(r), "清单已导入：%d 个栏目，%d 个是新的。", total, added))
}

func (s *Server) discoverColumns(w http.ResponseWriter, r *http.Request, u access.User) error {
	id := r.PathValue("id")
	n, err := s.Health.DiscoverColumns(r.Context(), u, id)
	if err != nil {
		return s.siteAgain(w, r, u, columnForm{}, err)
	}
	if n == 0 {
		return s.done(w, r, "/sites/"+id, ui.T(s.lang(r), "首页导航里没有新的栏目。"))
	}
	return s.done(w, r, "/sites/"+id, ui.T(s.lang(r), "从首页导航找到 %d 个可能的栏目，读过之后请逐个确认。", n))
}

func (s *Server) apiSiteColumns(w http.ResponseWriter, r *http.Request, _ access.User) error {
	site, err := s.Health.Store.Site(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	after := r.FormValue("cursor")
	list, err := s.Health.Store.SiteColumns(r.Context(), site.ID, after)
	if err != nil {
		return err
	}
	return writeList(w, "columns", list, nextAfter(list, health.MaxColumns, func(c health.Column) string { return c.ID }))
}
