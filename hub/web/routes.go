package web

import (
	"net/http"

	"zhanqun/hub/access"
	"zhanqun/internal/signin"
	"zhanqun/internal/ui"
	"zhanqun/internal/web"
	"zhanqun/protocol"
)

// route is an address for somebody signed in, and what he must be allowed to.
// An empty need lets everyone with an account in; what he then sees or may do
// is for the area to say.
type route struct {
	pattern string
	need    access.Action
	h       person
}

// api is where the programs' interface begins.
const api = "/api/v1"

// handler puts everything the hub answers on one mux. What is public stands
// outside the sessions, so that a feed reader costs no look into the database.
func (s *Server) handler() http.Handler {
	private := http.NewServeMux()
	private.Handle("GET /lang/{code}", s.pages.LangSwitch())
	private.HandleFunc("GET /signin", s.errs.Func(s.signinPage))
	private.HandleFunc("POST /signin", s.errs.Func(s.signin))
	private.HandleFunc("GET "+signin.StepURL, s.errs.Func(s.second.StepPage))
	private.HandleFunc("POST "+signin.StepURL, s.errs.Func(s.second.Step))
	private.HandleFunc("POST /signout", s.errs.Func(s.signout))
	for _, r := range append(s.pageRoutes(), s.apiRoutes()...) {
		private.HandleFunc(r.pattern, s.allowed(r.need, r.h))
	}
	private.HandleFunc("/", s.errs.Func(web.Unknown(private, errNotFound)))

	public := http.NewServeMux()
	public.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { plainText(w, http.StatusOK, "ok") })
	public.HandleFunc("GET /readyz", s.readyz)
	if s.Metrics != nil {
		public.Handle("GET /metrics", s.Metrics)
	}
	public.Handle("GET "+ui.StaticPrefix, ui.Static())
	public.HandleFunc("GET /api/openapi.json", s.errs.Func(openAPI))
	public.HandleFunc("POST "+protocol.EnrolPath, s.errs.Func(s.apiEnrol))
	if s.PublicStatus {
		public.HandleFunc("GET /status", s.errs.Func(s.statusPage))
	}
	s.Feed.Routes(public)
	public.Handle("/", web.Chain(routed(private), s.sessions.Load(s.errs), s.introduced(), web.Forgery(s.errs, s.sessions), s.identify()))
	return routed(public)
}

func (s *Server) pageRoutes() []route {
	return []route{
		{"GET /account", "", s.accountPage},
		{"GET /account/password", "", s.passwordPage},
		{"POST /account/password", "", s.changePassword},
		{"GET " + signin.SecondURL, "", s.second.Page},
		{"POST " + signin.SecondURL + "/begin", "", s.second.Begin},
		{"POST " + signin.SecondURL + "/confirm", "", s.second.Confirm},
		{"POST " + signin.SecondURL + "/codes", "", s.second.Codes},
		{"POST " + signin.SecondURL + "/off", "", s.second.Off},
		{"POST /account/signout", "", s.signoutAll},
		{"POST /account/signins/{id}/end", "", s.endSignIn},
		{"POST /account/tokens", "", s.addToken},
		{"POST /account/tokens/{id}/revoke", "", s.revokeToken},

		{"GET /{$}", "", s.home},
		{"GET /events", "", s.liveEvents},
		{"POST /next", access.Review, s.next},
		{"GET /items", "", s.itemsPage},
		{"GET /items/{id}", "", s.itemPage},
		{"GET /items/{id}/files/{sha256}/{name}", "", s.itemFile},
		{"GET /items/{id}/revisions/{revision}", "", s.revisionPage},
		{"POST /items/{id}/decide", access.Review, s.decide},
		{"POST /items/{id}/undo", access.Review, s.undo},
		{"POST /items/{id}/claim", access.Review, s.claim},
		{"POST /items/{id}/release", access.Review, s.release},
		{"POST /items/{id}/adopt", access.Adopt, s.adopt},
		{"POST /items/{id}/schedule", access.Review, s.schedule},
		{"POST /items/{id}/repost", access.Review, s.repost},
		{"POST /items/{id}/pin", access.Review, s.pin},
		{"GET /combine", access.Review, s.combinePage},
		{"POST /combine", access.Review, s.combine},

		{"GET /sites", access.ReadAll, s.sitesPage},
		{"POST /sites", access.Manage, s.addSite},
		{"POST /sites/import", access.Manage, s.importSites},
		{"GET /sites/{id}", access.ReadAll, s.sitePage},
		{"POST /sites/{id}/check", access.Inspect, s.checkSite},
		{"POST /sites/{id}/close", access.Manage, s.closeSite},
		{"POST /sites/{id}/parent", access.Manage, s.hangSite},
		{"POST /sites/{id}/offline", access.Inspect, s.announceOffline},
		{"POST /sites/{id}/offline/end", access.Inspect, s.endOffline},
		{"GET /sites/{id}/manual", access.Inspect, s.manualPage},
		{"POST /sites/{id}/manual", access.Inspect, s.saveManual},
		{"GET /sites/{id}/report", access.ReadAll, s.reportPage},
		{"GET /board", access.ReadAll, s.boardPage},
		{"GET /board/{code}", access.ReadAll, s.unitHealthPage},
		{"POST /sites/{id}/columns", access.Manage, s.addSiteColumn},
		{"POST /sites/{id}/columns/import", access.Manage, s.importSiteColumns},
		{"POST /sites/{id}/columns/discover", access.Manage, s.discoverColumns},
		{"GET /sites/{id}/columns/{column}", access.ReadAll, s.siteColumnPage},
		{"POST /sites/{id}/columns/{column}/mark", access.Inspect, s.markColumn},
		{"POST /sites/{id}/columns/{column}/settle", access.Manage, s.settleColumn},
		{"POST /sites/{id}/columns/{column}", access.Manage, s.editColumn},
		{"GET /findings", "", s.findingsPage},
		{"GET /findings/{id}", "", s.findingPage},
		{"POST /findings/{id}/settle", access.Inspect, s.settle},
		{"POST /findings/{id}/opinion", access.Inspect, s.askOpinion},

		{"GET /findings/circulars", access.ReadAll, s.circularsPage},

		{"GET /rankings", access.ReadAll, s.rankingsPage},
		{"GET /nodes", access.ReadAll, s.nodesPage},
		{"GET /nodes/invite", access.Manage, s.invitePage},
		{"POST /nodes/invite", access.Manage, s.invite},
		{"POST /nodes/invite/many", access.Manage, s.inviteMany},
		{"GET /nodes/{id}", access.ReadAll, s.nodePage},
		{"POST /nodes/{id}/freeze", access.Manage, s.freezeNode},
		{"POST /nodes/{id}/release", access.Manage, s.releaseNode},
		{"POST /nodes/{id}/revoke", access.Manage, s.revokeNode},
		{"POST /nodes/{id}/approve", access.Manage, s.approveNode},
		{"POST /nodes/{id}/refuse", access.Manage, s.refuseNode},
		{"POST /nodes/{id}/rotate", access.Manage, s.rotateNode},
		{"POST /nodes/{id}/replace", access.Manage, s.replaceNode},
		{"GET /units", access.ReadAll, s.unitsPage},
		{"POST /units/import", access.Manage, s.importUnits},
		{"GET /columns", access.ReadAll, s.columnsPage},
		{"GET /columns/{slug}", access.Manage, s.columnPage},
		{"POST /columns/{slug}", access.Manage, s.saveColumn},
		{"GET /users", access.Manage, s.usersPage},
		{"POST /users", access.Manage, s.addUser},
		{"GET /users/{id}", access.Manage, s.userPage},
		{"POST /users/{id}", access.Manage, s.editUser},
		{"POST /users/{id}/disable", access.Manage, s.disableUser},
		{"POST /users/{id}/enable", access.Manage, s.enableUser},
		{"POST /users/{id}/reset", access.Manage, s.resetPassword},
		{"POST /users/{id}/second/off", access.Manage, s.dropSecond},
		{"POST /users/{id}/signout", access.Manage, s.signoutUser},
		{"POST /users/{id}/signins/{signin}/end", access.Manage, s.endUserSignIn},
		{"GET /webhooks", access.Manage, s.hooksPage},
		{"POST /webhooks", access.Manage, s.addHook},
		{"POST /webhooks/{id}/test", access.Manage, s.testHook},
		{"POST /webhooks/{id}/pause", access.Manage, s.pauseHook},
		{"POST /webhooks/{id}/resume", access.Manage, s.resumeHook},
		{"POST /webhooks/{id}/remove", access.Manage, s.removeHook},
		{"GET /refusals", access.ReadAll, s.refusalsPage},
		{"GET /refusals/{id}", access.ReadAll, s.refusalPage},
		{"GET /audit", access.Audit, s.auditPage},
	}
}

func (s *Server) apiRoutes() []route {
	return []route{
		{"GET " + api + "/items", "", s.apiItems},
		{"GET " + api + "/items/{id}", "", s.apiItem},
		{"POST " + api + "/items/{id}/decisions", access.Review, s.apiDecide},
		{"POST " + api + "/items/{id}/claim", access.Review, s.apiClaim},
		{"DELETE " + api + "/items/{id}/claim", access.Review, s.apiRelease},
		{"POST " + api + "/items/{id}/adoptions", access.Adopt, s.apiAdopt},
		{"POST " + api + "/items/{id}/schedule", access.Review, s.apiSchedule},
		{"POST " + api + "/entries", access.Review, s.apiCombine},
		{"POST " + api + "/entries/{id}/columns", access.Review, s.apiRepost},
		{"POST " + api + "/entries/{id}/pin", access.Review, s.apiPin},
		{"GET " + api + "/rankings", access.ReadAll, s.apiRankings},
		{"GET " + api + "/events", access.ReadAll, s.apiEvents},
		{"GET " + api + "/columns", "", s.apiColumns},
		{"GET " + api + "/units", "", s.apiUnits},
		{"GET " + api + "/nodes", access.ReadAll, s.apiNodes},
		{"POST " + api + "/nodes/{id}/approve", access.Manage, s.apiApproveNode},
		{"POST " + api + "/nodes/{id}/rotate", access.Manage, s.apiRotateNode},
		{"POST " + api + "/nodes/{id}/refuse", access.Manage, s.apiRefuseNode},
		{"GET " + api + "/sites", access.ReadAll, s.apiSites},
		{"GET " + api + "/sites/{id}", access.ReadAll, s.apiSite},
		{"GET " + api + "/sites/{id}/verdict", access.ReadAll, s.apiVerdict},
		{"POST " + api + "/sites/{id}/checks", access.Inspect, s.apiCheckSite},
		{"GET " + api + "/sites/{id}/columns", access.ReadAll, s.apiSiteColumns},
		{"GET " + api + "/findings", "", s.apiFindings},
		{"GET " + api + "/findings/{id}", "", s.apiFinding},
		{"GET " + api + "/circulars", access.ReadAll, s.apiCirculars},
		{"GET " + api + "/audit", access.Audit, s.apiAudit},
	}
}
