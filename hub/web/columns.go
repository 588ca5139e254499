package web

import (
	"net/http"
	"strconv"
	"strings"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/internal/account"
	"zhanqun/internal/fault"
	"zhanqun/internal/ui"
)

type columnsPage struct {
	ui.Page
	Columns []catalog.Column
	Manage  bool
}

func (s *Server) columnsPage(w http.ResponseWriter, r *http.Request, u access.User) error {
	list, err := s.Access.Columns(r.Context())
	if err != nil {
		return err
	}
	p := &columnsPage{Columns: list, Manage: u.May(access.Manage)}
	p.Title = ui.T(s.lang(r), "栏目")
	p.Lead = ui.T(s.lang(r), "每个栏目的审核步骤。改动只影响以后的审核。")
	return s.show(w, r, "columns", p)
}

// columnSteps is how many steps the form of a column offers: as many as a column
// can have, so that saving never takes one away.
const columnSteps = 5

// usualSteps are what steps are mostly called.
var usualSteps = []string{"初审", "复审", "终审"}

// newColumn stands where the slug would be in the address of the form for a
// column that does not exist yet.
const newColumn = "new"

type columnPage struct {
	ui.Page
	Column catalog.Column
	Steps  [columnSteps]catalog.Step
	Hint   string // what to call steps
	Roles  []ui.Option
	New    bool
}

func (s *Server) columnPage(w http.ResponseWriter, r *http.Request, _ access.User) error {
	c := catalog.Column{}
	if slug := r.PathValue("slug"); slug != newColumn {
		var err error
		if c, err = s.Access.Column(r.Context(), slug); err != nil {
			return err
		}
	}
	return s.show(w, r, "column", s.newColumnPage(r, c))
}

func (s *Server) newColumnPage(r *http.Request, c catalog.Column) *columnPage {
	lang := s.lang(r)
	p := &columnPage{Column: c, New: r.PathValue("slug") == newColumn}
	copy(p.Steps[:], c.Steps)
	words := make([]string, len(usualSteps))
	for i, word := range usualSteps {
		words[i] = ui.T(lang, word)
	}
	p.Hint = ui.T(lang, "名称留空的一行不算一步。常用的名称：%s。", strings.Join(words, ui.T(lang, "、")))
	p.Roles = []ui.Option{{Value: string(account.RoleReviewer), Label: ui.T(lang, account.RoleReviewer.Name())},
		{Value: string(account.RoleChief), Label: ui.T(lang, account.RoleChief.Name())}}
	p.Title = c.Name
	if p.New {
		p.Title = ui.T(lang, "新栏目")
	}
	p.Lead = ui.T(lang, "步骤从上到下依次审，每步由不同的人审。")
	return p
}

func (s *Server) saveColumn(w http.ResponseWriter, r *http.Request, u access.User) error {
	c := catalog.Column{Slug: r.PathValue("slug"), Name: strings.TrimSpace(r.PostFormValue("name")), Closed: r.PostFormValue("closed") != ""}
	if c.Slug == newColumn {
		c.Slug = strings.TrimSpace(r.PostFormValue("slug"))
	}
	c.Position, _ = strconv.Atoi(r.PostFormValue("position")) // what is no number stands first
	for i := range columnSteps {
		n := strconv.Itoa(i)
		if name := strings.TrimSpace(r.PostFormValue("step" + n)); name != "" {
			c.Steps = append(c.Steps, catalog.Step{Name: name, Role: r.PostFormValue("role" + n)})
		}
	}
	err := s.freeSlug(r, c.Slug)
	if err == nil {
		err = s.Access.SaveColumn(r.Context(), u, c)
	}
	if err != nil {
		p := s.newColumnPage(r, c)
		return s.again(w, r, "column", p, &p.Page, err)
	}
	return s.done(w, r, "/columns", ui.T(s.lang(r), "栏目已保存，并通知各节点。"))
}

// freeSlug keeps the form for a new column from changing one there is.
func (s *Server) freeSlug(r *http.Request, slug string) error {
	if r.PathValue("slug") != newColumn {
		return nil
	}
	_, err := s.Access.Column(r.Context(), slug)
	switch {
	case err == nil, slug == newColumn:
		return fault.Field("slug", "这个代号已经用了，请换一个。")
	case fault.Is(err, fault.NotFound):
		return nil
	}
	return err
}
