package web

import (
	"io"
	"net/http"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/internal/fault"
	"zhanqun/internal/ui"
	"zhanqun/internal/web"
)

type unitsPage struct {
	ui.Page
	Units  []catalog.Unit
	Parent catalog.Unit
	Older  string
	Manage bool
}

func (s *Server) unitsPage(w http.ResponseWriter, r *http.Request, u access.User) error {
	p, err := s.newUnitsPage(r, u)
	if err != nil {
		return err
	}
	return s.show(w, r, "units", p)
}

func (s *Server) newUnitsPage(r *http.Request, u access.User) (*unitsPage, error) {
	ctx, lang := r.Context(), s.lang(r)
	q := access.UnitQuery{Parent: r.URL.Query().Get("parent"), After: r.URL.Query().Get("cursor"), Limit: listSize}
	units, err := s.Access.Units(ctx, q)
	if err != nil {
		return nil, err
	}
	p := &unitsPage{Units: units, Manage: u.May(access.Manage)}
	p.Title = ui.T(lang, "单位")
	p.Lead = ui.T(lang, "县、部门、乡镇和村，从清单导入。")
	if q.Parent != "" {
		if p.Parent, err = s.Access.Unit(ctx, q.Parent); err != nil {
			return nil, err
		}
		p.Title = p.Parent.Name
		p.Lead = ui.T(lang, "%s的下级单位。", p.Parent.Name)
	}
	p.Older = older(r, "cursor", units, func(u catalog.Unit) string { return u.Code })
	return p, nil
}

// unitFault puts a fault about a unit that does not exist to the field it was
// chosen in.
func unitFault(err error) error {
	if fault.Is(err, fault.NotFound) {
		return fault.Field("unit", "请选择单位。")
	}
	return err
}

func (s *Server) importUnits(w http.ResponseWriter, r *http.Request, u access.User) error {
	var total, changed int
	err := readList(r, func(f io.Reader) (err error) {
		total, changed, err = s.Access.ImportUnits(r.Context(), u, f)
		return err
	})
	if err != nil {
		p, pageErr := s.newUnitsPage(r, u)
		if pageErr != nil {
			return pageErr
		}
		return s.again(w, r, "units", p, &p.Page, err)
	}
	return s.done(w, r, "/units", ui.T(s.lang(r), "清单已导入：%d 个单位，%d 个有变化。", total, changed))
}

// readList hands the one file of a form to read. What is wrong with it is told
// at the field.
func readList(r *http.Request, read func(io.Reader) error) error {
	given := false
	_, err := web.ReadForm(r, web.FormLimits{Files: 1, FileBytes: maxUpload, Bytes: maxUpload, TextBytes: 4096}, func(f web.File) error {
		given = true
		return read(f)
	})
	switch {
	case err == nil && !given:
		return fault.Field("file", "请选择清单文件。")
	case fault.Is(err, fault.Invalid), fault.Is(err, fault.Conflict):
		return fault.Wrap(fault.Invalid, fault.Message(err), err).With("file", fault.Message(err))
	}
	return err
}
