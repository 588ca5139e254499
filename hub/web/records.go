package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/hub/intake"
	"zhanqun/internal/content"
	"zhanqun/internal/ui"
	"zhanqun/internal/web"
	"zhanqun/protocol"
)

// older is the address of the page after a full one, or "".
func older[T any](r *http.Request, param string, list []T, key func(T) string) string {
	if next := nextAfter(list, listSize, key); next != "" {
		return web.WithParam(r, param, next)
	}
	return ""
}

type refusalsPage struct {
	ui.Page
	Refusals []intake.Kept
	Node     string
	Older    string
}

func (s *Server) refusalsPage(w http.ResponseWriter, r *http.Request, _ access.User) error {
	q := intake.KeptQuery{Node: r.FormValue("node"), Before: r.FormValue("cursor"), Limit: listSize}
	list, err := s.Intake.Refusals(r.Context(), q)
	if err != nil {
		return err
	}
	lang := s.lang(r)
	p := &refusalsPage{Refusals: list, Node: q.Node}
	p.Title = ui.T(lang, "拒收的报文")
	p.Lead = ui.T(lang, "不能接收的报文原样留在这里，已告知对方原因。")
	p.Older = older(r, "cursor", list, func(k intake.Kept) string { return k.ID })
	return s.show(w, r, "refusals", p)
}

type refusalPage struct {
	ui.Page
	K    intake.Kept
	Text string // the message as far as it can be shown
	Cut  bool
}

// maxShown is how much of a refused message a page shows.
const maxShown = 64 << 10

func (s *Server) refusalPage(w http.ResponseWriter, r *http.Request, _ access.User) error {
	k, err := s.Intake.Refused(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	p := &refusalPage{K: k, Cut: len(k.Raw) > maxShown}
	p.Text = content.CleanText(strings.ToValidUTF8(string(k.Raw[:min(len(k.Raw), maxShown)]), "\uFFFD"))
	lang := s.lang(r)
	p.Title, p.Lead = ui.T(lang, "拒收的报文"), ui.T(lang, k.Message)
	return s.show(w, r, "refusal", p)
}

type auditPage struct {
	ui.Page
	Audits []auditRow
	Anchor *catalog.Audit // the newest, on the first page
	Older  string
	Newer  string
}

// auditRow is an act in words.
type auditRow struct {
	catalog.Audit
	Word string // "" for an act without a name
	Link string // page of the thing it was done to, or "" where there is none the reader may see
	Name string // short for the thing
}

func (s *Server) auditPage(w http.ResponseWriter, r *http.Request, u access.User) error {
	before, err := number(r, "before")
	if err != nil {
		return err
	}
	list, err := s.Log.AuditsBefore(r.Context(), before, listSize)
	if err != nil {
		return err
	}
	if err := s.noteReading(r, u, list); err != nil {
		return err
	}
	lang := s.lang(r)
	p := &auditPage{}
	if before == 0 {
		anchors, err := s.Log.AuditAnchors(r.Context(), 1)
		if err != nil {
			return err
		}
		if len(anchors) > 0 {
			p.Anchor = &anchors[0]
		}
	}
	for _, a := range list {
		p.Audits = append(p.Audits, auditRow{Audit: a, Word: ui.T(lang, actNames[a.Act]), Link: actLink(a, u), Name: shortRef(a.Ref)})
	}
	p.Title = ui.T(lang, "操作记录")
	p.Lead = ui.T(lang, "谁在什么时候做了什么，最近的在最前。")
	p.Older = older(r, "before", list, func(a catalog.Audit) string { return strconv.FormatUint(a.Seq, 10) })
	if before > 0 {
		p.Newer = web.WithParam(r, "before", "")
	}
	return s.show(w, r, "audit", p)
}

// noteReading records who read the audit log. A reading that shows nothing but
// readings is not noted, or whoever follows the log would write it for ever.
func (s *Server) noteReading(r *http.Request, u access.User, list []catalog.Audit) error {
	if !slices.ContainsFunc(list, func(a catalog.Audit) bool { return a.Act != catalog.ActAuditRead }) {
		return nil
	}
	from, to := list[0].Seq, list[len(list)-1].Seq
	return s.Log.NoteAudit(r.Context(), u.Login, catalog.ActAuditRead, "", map[string]uint64{"from": min(from, to), "through": max(from, to)})
}

// actLink is where u can see the thing an act was done to.
func actLink(a catalog.Audit, u access.User) string {
	if a.Ref == "" {
		return ""
	}
	kind, act, _ := strings.Cut(a.Act, ".")
	switch {
	case a.Act == "node.invite": // what it names is the unit
		return "/units?parent=" + url.QueryEscape(a.Ref)
	case kind == "token" && act == "add":
		kind = "user"
	}
	folder, ok := map[string]string{"item": "/items/", "node": "/nodes/", "user": "/users/", "site": "/sites/", "finding": "/findings/",
		"entry": "/entries/", "column": "/columns/"}[kind]
	if !ok || (kind == "user" || kind == "column") && !u.May(access.Manage) {
		return ""
	}
	return folder + url.PathEscape(a.Ref)
}

// shortRef tells one thing of a page from another without filling the line: of a
// UUID its end, which chance made.
func shortRef(ref string) string {
	if len(ref) == 36 && protocol.ValidUUID(ref) {
		return "…" + ref[24:]
	}
	return ref
}

// actorName is who did an act, as people call it.
func actorName(actor string) string {
	if who, ok := strings.CutPrefix(actor, "local:"); ok {
		return "本机 " + who
	}
	if node, ok := strings.CutPrefix(actor, "node:"); ok {
		return "节点 " + node
	}
	return actor
}
