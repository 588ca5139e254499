package web

import (
	"context"
	"net/http"
	"slices"
	"time"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/hub/health"
	"zhanqun/hub/health/prober"
	"zhanqun/internal/fault"
	"zhanqun/internal/web"
	"zhanqun/protocol"
)

// writeList answers with one page of anything; next is empty on the last page.
func writeList[T any](w http.ResponseWriter, name string, list []T, next string) error {
	return web.WriteJSON(w, http.StatusOK, map[string]any{name: some(list), "next": next})
}

// some makes a list that programs can walk of one that may be nil.
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// nextAfter is the key of the last row of a full page.
func nextAfter[T any](list []T, limit int, key func(T) string) string {
	if len(list) < limit {
		return ""
	}
	return key(list[len(list)-1])
}

// wordOf reads a parameter that is one of known words, or absent. A word with a
// slip must not pass for "there are none".
func wordOf(r *http.Request, name, unknown string, known ...string) (string, error) {
	word := r.FormValue(name)
	if word != "" && !slices.Contains(known, word) {
		return "", fault.Field(name, unknown)
	}
	return word, nil
}

func (s *Server) apiColumns(w http.ResponseWriter, r *http.Request, _ access.User) error {
	list, err := s.Access.Columns(r.Context())
	if err != nil {
		return err
	}
	return writeList(w, "columns", list, "")
}

func (s *Server) apiUnits(w http.ResponseWriter, r *http.Request, _ access.User) error {
	limit, err := web.Limit(r, 200, 500)
	if err != nil {
		return err
	}
	level, err := wordOf(r, "level", "没有这个级别。", catalog.LevelCounty, catalog.LevelDepartment, catalog.LevelTownship, catalog.LevelVillage)
	if err != nil {
		return err
	}
	list, err := s.Access.Units(r.Context(), access.UnitQuery{Parent: r.FormValue("parent"), Level: level,
		After: r.FormValue("cursor"), Limit: limit})
	if err != nil {
		return err
	}
	return writeList(w, "units", list, nextAfter(list, limit, func(u catalog.Unit) string { return u.Code }))
}

func (s *Server) apiNodes(w http.ResponseWriter, r *http.Request, _ access.User) error {
	limit, err := web.Limit(r, 100, 500)
	if err != nil {
		return err
	}
	state, err := wordOf(r, "state", unknownState, access.NodePending, access.NodeActive, access.NodeFrozen, access.NodeRevoked)
	if err != nil {
		return err
	}
	list, err := s.Access.Nodes(r.Context(), access.NodeQuery{Unit: r.FormValue("unit"), State: state,
		After: r.FormValue("cursor"), Limit: limit})
	if err != nil {
		return err
	}
	return writeList(w, "nodes", list, nextAfter(list, limit, func(n access.Node) string { return n.ID }))
}

func (s *Server) apiApproveNode(w http.ResponseWriter, r *http.Request, u access.User) error {
	n, err := s.Access.ApproveNode(r.Context(), u, r.PathValue("id"))
	if err != nil {
		return err
	}
	return web.WriteJSON(w, http.StatusOK, n)
}

func (s *Server) apiRotateNode(w http.ResponseWriter, r *http.Request, u access.User) error {
	n, err := s.Access.RotateNode(r.Context(), u, r.PathValue("id"))
	if err != nil {
		return err
	}
	return web.WriteJSON(w, http.StatusAccepted, n)
}

func (s *Server) apiRefuseNode(w http.ResponseWriter, r *http.Request, u access.User) error {
	var why struct {
		Reason string `json:"reason"`
	}
	if err := web.ReadJSON(r, &why); err != nil {
		return err
	}
	n, err := s.Access.RefuseNode(r.Context(), u, r.PathValue("id"), why.Reason)
	if err != nil {
		return err
	}
	return web.WriteJSON(w, http.StatusOK, n)
}

func (s *Server) apiSites(w http.ResponseWriter, r *http.Request, _ access.User) error {
	limit, err := web.Limit(r, 100, 500)
	if err != nil {
		return err
	}
	list, err := s.Health.Store.Sites(r.Context(), r.FormValue("cursor"), limit)
	if err != nil {
		return err
	}
	return writeList(w, "sites", list, nextAfter(list, limit, func(site health.Site) string { return site.ID }))
}

// siteDetail is a site with its newest findings.
type siteDetail struct {
	health.Site
	Recent       []health.Finding `json:"recent"`
	Availability prober.State     `json:"availability"`
}

func (s *Server) apiSite(w http.ResponseWriter, r *http.Request, _ access.User) error {
	site, err := s.Health.Store.Site(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	recent, err := s.Health.Store.Findings(r.Context(), health.FindingQuery{Site: site.ID, Limit: 50})
	if err != nil {
		return err
	}
	state, err := s.Uptime.State(r.Context(), site.ID, s.Inspect.Window(), stripDays)
	if err != nil {
		return err
	}
	return web.WriteJSON(w, http.StatusOK, siteDetail{site, some(recent), state})
}

func (s *Server) apiCheckSite(w http.ResponseWriter, r *http.Request, u access.User) error {
	if err := s.Health.CheckNow(r.Context(), u, r.PathValue("id")); err != nil {
		return err
	}
	s.Uptime.Ask(r.PathValue("id"))
	site, err := s.Health.Store.Site(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return web.WriteJSON(w, http.StatusAccepted, site)
}

// findingCursor is where a page of findings ended.
type findingCursor struct {
	At time.Time `json:"at"`
	ID string    `json:"id"`
}

// unknownState is said of a state in an address that there is not.
const unknownState = "没有这个状态。"

var findingStates = []string{health.StateActive, health.StateOverdue, health.FindingFound, protocol.FindingOpen, protocol.FindingFixing, protocol.FindingDisputed, protocol.FindingRecheck,
	protocol.FindingClosed, protocol.FindingStruck}

// findingQuery reads the filter of a list of findings. Who may not read all
// sees those of the own unit.
func (s *Server) findingQuery(r *http.Request, u access.User, def int) (health.FindingQuery, error) {
	limit, err := web.Limit(r, def, 500)
	if err != nil {
		return health.FindingQuery{}, err
	}
	state, err := wordOf(r, "state", unknownState, findingStates...)
	if err != nil {
		return health.FindingQuery{}, err
	}
	var c findingCursor
	if _, err := web.Cursor(r, "cursor", &c); err != nil {
		return health.FindingQuery{}, err
	}
	q := health.FindingQuery{Site: r.FormValue("site"), Unit: r.FormValue("unit"), State: state,
		Before: c.At, BeforeID: c.ID, Limit: limit}
	if !u.May(access.ReadAll) {
		if u.Unit == "" {
			return q, u.Need(access.ReadAll)
		}
		q.Unit, q.Told = u.Unit, true
	}
	return q, nil
}

// findings returns one page and the cursor of the next.
func (s *Server) findings(ctx context.Context, q health.FindingQuery) ([]health.Finding, string, error) {
	list, err := s.Health.Store.Findings(ctx, q)
	if err != nil || len(list) < q.Limit {
		return list, "", err
	}
	last := list[len(list)-1]
	next, err := web.NextCursor(findingCursor{last.UpdatedAt, last.ID})
	return list, next, err
}

func (s *Server) apiFindings(w http.ResponseWriter, r *http.Request, u access.User) error {
	q, err := s.findingQuery(r, u, 100)
	if err != nil {
		return err
	}
	list, next, err := s.findings(r.Context(), q)
	if err != nil {
		return err
	}
	return writeList(w, "findings", list, next)
}

func (s *Server) apiFinding(w http.ResponseWriter, r *http.Request, u access.User) error {
	f, steps, err := s.finding(r, u)
	if err != nil {
		return err
	}
	return web.WriteJSON(w, http.StatusOK, struct {
		health.Finding
		History []health.Step `json:"history"`
	}{f, some(steps)})
}

func (s *Server) finding(r *http.Request, u access.User) (health.Finding, []health.Step, error) {
	f, steps, err := s.Health.Store.Finding(r.Context(), r.PathValue("id"))
	if err == nil && (!u.MayRead(f.Unit, "") || f.State == health.FindingFound && !u.May(access.ReadAll)) {
		err = fault.New(fault.NotFound, "没有这条预警。")
	}
	return f, steps, err
}

func (s *Server) apiAudit(w http.ResponseWriter, r *http.Request, u access.User) error {
	after, err := number(r, "after")
	if err != nil {
		return err
	}
	limit, err := web.Limit(r, 100, 1000)
	if err != nil {
		return err
	}
	list, err := s.Log.Audits(r.Context(), after, limit)
	if err != nil {
		return err
	}
	if err := s.noteReading(r, u, list); err != nil {
		return err
	}
	next := after
	if n := len(list); n > 0 {
		next = list[n-1].Seq
	}
	return web.WriteJSON(w, http.StatusOK, map[string]any{"audit": some(list), "next": next})
}

// apiEnrol answers POST protocol.EnrolPath: a node asks for its identity. The
// secret in the code is the credential, so nobody has to be signed in; tries are
// limited by address.
func (s *Server) apiEnrol(w http.ResponseWriter, r *http.Request) error {
	if wait, ok := s.enrols.Allow(web.ByAddress(r)); !ok {
		return web.RetryAfter(fault.New(fault.Limited, "尝试太频繁，请稍后再试。"), wait)
	}
	var e protocol.Enrol
	if err := web.ReadJSON(r, &e); err != nil {
		return err
	}
	answer, err := s.Access.EnrolFrom(r.Context(), web.Address(r), e)
	if err != nil {
		return err
	}
	return web.WriteJSON(w, http.StatusOK, answer)
}
