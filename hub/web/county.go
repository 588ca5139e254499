package web

import (
	"net/http"
	"strconv"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/hub/intake"
	"zhanqun/internal/fault"
	"zhanqun/internal/ui"
	"zhanqun/internal/web"
)

// listSize is the length of one page of units, nodes, users and records.
const listSize = 100

type nodesPage struct {
	ui.Page
	Nodes   []access.Node
	Invites []access.Invite
	Units   []ui.Option
	Unit    string
	Code    string // a join code just made; shown once
	Older   string
	Manage  bool
}

func (s *Server) nodesPage(w http.ResponseWriter, r *http.Request, u access.User) error {
	return s.showNodes(w, r, u, "", nil)
}

func (s *Server) showNodes(w http.ResponseWriter, r *http.Request, u access.User, code string, failed error) error {
	ctx := r.Context()
	nodes, err := s.Access.Nodes(ctx, access.NodeQuery{After: r.URL.Query().Get("cursor"), Limit: listSize})
	if err != nil {
		return err
	}
	lang := s.pages.Lang(r)
	p := &nodesPage{Nodes: nodes, Code: code, Unit: r.PostFormValue("unit"), Manage: u.May(access.Manage)}
	p.Title, p.Events = ui.T(lang, "节点"), "/events"
	p.Lead = ui.T(lang, "各乡镇装的报送程序。")
	if next := nextAfter(nodes, listSize, func(n access.Node) string { return n.ID }); next != "" {
		p.Older = withParam(r, "cursor", next)
	}
	if p.Manage {
		if p.Invites, err = s.Access.Invites(ctx, u); err != nil {
			return err
		}
		if p.Units, err = s.unitOptions(r, catalog.LevelTownship, catalog.LevelDepartment); err != nil {
			return err
		}
	}
	if failed != nil {
		return s.again(w, r, "nodes", p, &p.Page, failed)
	}
	return s.pages.Render(w, r, http.StatusOK, "nodes", p)
}

// unitOptions are the units of some levels as choices of a form, up to a bound
// a person can still look through.
func (s *Server) unitOptions(r *http.Request, levels ...string) ([]ui.Option, error) {
	options := []ui.Option{{Label: ui.T(s.pages.Lang(r), "请选择")}}
	for _, level := range levels {
		units, err := s.Access.Units(r.Context(), access.UnitQuery{Level: level, Limit: 500})
		if err != nil {
			return nil, err
		}
		for _, u := range units {
			options = append(options, ui.Option{Value: u.Code, Label: u.Name + "（" + u.Code + "）"})
		}
	}
	return options, nil
}

func (s *Server) invite(w http.ResponseWriter, r *http.Request, u access.User) error {
	code, _, err := s.Access.Invite(r.Context(), u, r.PostFormValue("unit"), s.Base(r), 0)
	if err != nil {
		return s.showNodes(w, r, u, "", err)
	}
	return s.showNodes(w, r, u, code.String(), nil)
}

type nodePage struct {
	ui.Page
	Node   access.Node
	Manage bool
}

func (s *Server) nodePage(w http.ResponseWriter, r *http.Request, u access.User) error {
	n, err := s.Access.NodeByID(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	p := &nodePage{Node: n, Manage: u.May(access.Manage)}
	p.Title = n.UnitName + " · " + n.Name
	return s.pages.Render(w, r, http.StatusOK, "node", p)
}

// changeNode freezes, releases or revokes a node. Revoking cannot be undone, so
// it is asked once more.
func (s *Server) changeNode(w http.ResponseWriter, r *http.Request, u access.User) error {
	ctx, id := r.Context(), r.PathValue("id")
	reason := r.PostFormValue("reason")
	var err error
	switch r.PathValue("act") {
	case "freeze":
		_, err = s.Access.FreezeNode(ctx, u, id, reason)
	case "release":
		_, err = s.Access.ReleaseNode(ctx, u, id)
	case "revoke":
		if r.PostFormValue("sure") == "" {
			return s.askRevoke(w, r, id)
		}
		_, err = s.Access.RevokeNode(ctx, u, id, reason)
	default:
		return errNotFound
	}
	if err != nil {
		return err
	}
	return s.done(w, r, "节点状态已更改。", "/nodes/"+id)
}

func (s *Server) askRevoke(w http.ResponseWriter, r *http.Request, id string) error {
	n, err := s.Access.NodeByID(r.Context(), id)
	if err != nil {
		return err
	}
	lang := s.pages.Lang(r)
	c := &ui.Confirm{Thing: n.UnitName + " · " + n.Name, Danger: true, Action: ui.T(lang, "吊销"), Back: "/nodes/" + id,
		Text:   ui.T(lang, "吊销后这台机器立即断开，不能再报送，也不能恢复；要再用须重新入网。已收到的信息不受影响。"),
		Hidden: map[string]string{"sure": "1"}, Fields: []ui.Field{{Name: "reason", Label: ui.T(lang, "原因"), Required: true}}}
	c.Title = ui.T(lang, "吊销节点")
	return s.pages.Confirm(w, r, c)
}

type unitsPage struct {
	ui.Page
	Units  []catalog.Unit
	Parent string
	Older  string
	Manage bool
}

func (s *Server) unitsPage(w http.ResponseWriter, r *http.Request, u access.User) error {
	return s.showUnits(w, r, u, nil)
}

func (s *Server) showUnits(w http.ResponseWriter, r *http.Request, u access.User, failed error) error {
	q := access.UnitQuery{Parent: r.URL.Query().Get("parent"), After: r.URL.Query().Get("cursor"), Limit: listSize}
	units, err := s.Access.Units(r.Context(), q)
	if err != nil {
		return err
	}
	lang := s.pages.Lang(r)
	p := &unitsPage{Units: units, Parent: q.Parent, Manage: u.May(access.Manage)}
	p.Title = ui.T(lang, "单位")
	p.Lead = ui.T(lang, "县、部门、乡镇和村，从清单导入。")
	if next := nextAfter(units, listSize, func(u catalog.Unit) string { return u.Code }); next != "" {
		p.Older = withParam(r, "cursor", next)
	}
	if failed != nil {
		return s.again(w, r, "units", p, &p.Page, failed)
	}
	return s.pages.Render(w, r, http.StatusOK, "units", p)
}

func (s *Server) importUnits(w http.ResponseWriter, r *http.Request, u access.User) error {
	total, changed := -1, 0
	_, err := web.ReadForm(r, web.FormLimits{Files: 1, FileBytes: maxUpload, Bytes: maxUpload, TextBytes: 4096}, func(f web.File) error {
		var err error
		total, changed, err = s.Access.ImportUnits(r.Context(), u, f)
		return err
	})
	if err == nil && total < 0 {
		err = fault.Field("file", "请选择单位清单文件。")
	}
	if err != nil {
		if fault.Fields(err) == nil && fault.Is(err, fault.Invalid) {
			err = fault.Field("file", fault.Message(err))
		}
		return s.showUnits(w, r, u, err)
	}
	return s.done(w, r, "清单已导入："+strconv.Itoa(total)+" 个单位，"+strconv.Itoa(changed)+" 个有变化。", "/units")
}

type refusalsPage struct {
	ui.Page
	Refusals []intake.Kept
	Older    string
}

func (s *Server) refusalsPage(w http.ResponseWriter, r *http.Request, _ access.User) error {
	q := intake.KeptQuery{Node: r.FormValue("node"), Before: r.FormValue("cursor"), Limit: listSize}
	list, err := s.Intake.Refusals(r.Context(), q)
	if err != nil {
		return err
	}
	lang := s.pages.Lang(r)
	p := &refusalsPage{Refusals: list}
	p.Title = ui.T(lang, "拒收的报文")
	p.Lead = ui.T(lang, "不能接收的报文原样留在这里，已告知对方原因。")
	if next := nextAfter(list, listSize, func(k intake.Kept) string { return k.ID }); next != "" {
		p.Older = withParam(r, "cursor", next)
	}
	return s.pages.Render(w, r, http.StatusOK, "refusals", p)
}

type auditPage struct {
	ui.Page
	Audits []catalog.Audit
	Older  string
}

func (s *Server) auditPage(w http.ResponseWriter, r *http.Request, _ access.User) error {
	after, err := number(r, "after")
	if err != nil {
		return err
	}
	list, err := s.Log.Audits(r.Context(), after, listSize)
	if err != nil {
		return err
	}
	p := &auditPage{Audits: list}
	lang := s.pages.Lang(r)
	p.Title = ui.T(lang, "操作记录")
	p.Lead = ui.T(lang, "谁在什么时候做了什么，从最早的开始。")
	if n := len(list); n == listSize {
		p.Older = withParam(r, "after", strconv.FormatUint(list[n-1].Seq, 10))
	}
	return s.pages.Render(w, r, http.StatusOK, "audit", p)
}
