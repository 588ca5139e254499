package web

import (
	"net/http"

	"zhanqun/hub/access"
	"zhanqun/internal/ui"
	"zhanqun/internal/web"
	"zhanqun/protocol"
)

// publicRoutes need nobody to be signed in and touch no session.
func (s *Server) publicRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /readyz", s.errs.Func(s.readyz))
	if s.Metrics != nil {
		mux.Handle("GET /metrics", s.Metrics)
	}
	mux.Handle("GET /static/", ui.Static())
	mux.HandleFunc("GET /api/openapi.json", s.errs.Func(openAPI))
	mux.HandleFunc("POST "+protocol.EnrolPath, s.errs.Func(s.apiEnrol))
	s.Feed.Routes(mux)
}

// routes are the pages and the interface, each for somebody signed in.
func (s *Server) routes(mux *http.ServeMux) {
	mux.Handle("GET /lang/{lang}", s.pages.LangSwitch())
	mux.HandleFunc("GET /signin", s.errs.Func(s.signinPage))
	mux.HandleFunc("POST /signin", s.errs.Func(s.signin))
	mux.HandleFunc("POST /signout", s.errs.Func(s.signout))
	mux.HandleFunc("GET /account", s.signedIn(s.accountPage))
	mux.HandleFunc("GET /account/password", s.signedIn(s.passwordPage))
	mux.HandleFunc("POST /account/password", s.signedIn(s.changePassword))
	mux.HandleFunc("POST /account/tokens", s.signedIn(s.addToken))
	mux.HandleFunc("POST /account/tokens/{id}/revoke", s.signedIn(s.revokeToken))

	mux.HandleFunc("GET /{$}", s.signedIn(s.home))
	mux.HandleFunc("GET /events", s.signedIn(s.liveEvents))
	mux.HandleFunc("GET /items", s.signedIn(s.itemsPage))
	mux.HandleFunc("GET /items/{id}", s.signedIn(s.itemPage))
	mux.HandleFunc("GET /items/{id}/files/{sha256}/{name}", s.signedIn(s.itemFile))
	mux.HandleFunc("GET /items/{id}/revisions/{revision}", s.signedIn(s.revisionPage))
	mux.HandleFunc("POST /items/{id}/decide", s.signedIn(s.decide))
	mux.HandleFunc("POST /items/{id}/undo", s.signedIn(s.undo))
	mux.HandleFunc("POST /items/{id}/claim", s.signedIn(s.claim))
	mux.HandleFunc("POST /items/{id}/release", s.signedIn(s.release))
	mux.HandleFunc("POST /items/{id}/adopt", s.allowed(access.Adopt, s.adopt))
	mux.HandleFunc("GET /combine", s.allowed(access.Review, s.combinePage))
	mux.HandleFunc("POST /combine", s.allowed(access.Review, s.combine))

	mux.HandleFunc("GET /sites", s.allowed(access.ReadAll, s.sitesPage))
	mux.HandleFunc("POST /sites", s.allowed(access.Manage, s.addSite))
	mux.HandleFunc("GET /sites/{id}", s.allowed(access.ReadAll, s.sitePage))
	mux.HandleFunc("POST /sites/{id}/check", s.allowed(access.Inspect, s.checkSite))
	mux.HandleFunc("GET /findings", s.signedIn(s.findingsPage))
	mux.HandleFunc("GET /findings/{id}", s.signedIn(s.findingPage))
	mux.HandleFunc("POST /findings/{id}/settle", s.allowed(access.Inspect, s.settle))

	mux.HandleFunc("GET /nodes", s.allowed(access.ReadAll, s.nodesPage))
	mux.HandleFunc("POST /nodes/invite", s.allowed(access.Manage, s.invite))
	mux.HandleFunc("GET /nodes/{id}", s.allowed(access.ReadAll, s.nodePage))
	mux.HandleFunc("POST /nodes/{id}/{act}", s.allowed(access.Manage, s.changeNode))
	mux.HandleFunc("GET /units", s.allowed(access.ReadAll, s.unitsPage))
	mux.HandleFunc("POST /units/import", s.allowed(access.Manage, s.importUnits))
	mux.HandleFunc("GET /columns", s.allowed(access.ReadAll, s.columnsPage))
	mux.HandleFunc("GET /columns/{slug}", s.allowed(access.Manage, s.columnPage))
	mux.HandleFunc("POST /columns/{slug}", s.allowed(access.Manage, s.saveColumn))
	mux.HandleFunc("GET /users", s.allowed(access.Manage, s.usersPage))
	mux.HandleFunc("POST /users", s.allowed(access.Manage, s.addUser))
	mux.HandleFunc("GET /users/{id}", s.allowed(access.Manage, s.userPage))
	mux.HandleFunc("POST /users/{id}", s.allowed(access.Manage, s.editUser))
	mux.HandleFunc("POST /users/{id}/{act}", s.allowed(access.Manage, s.changeUser))
	mux.HandleFunc("GET /refusals", s.allowed(access.ReadAll, s.refusalsPage))
	mux.HandleFunc("GET /audit", s.allowed(access.Audit, s.auditPage))
	s.apiRoutes(mux)
	mux.HandleFunc("/", s.errs.Func(notFound))
}

func (s *Server) apiRoutes(mux *http.ServeMux) {
	const api = "/api/v1"
	mux.HandleFunc("GET "+api+"/items", s.signedIn(s.apiItems))
	mux.HandleFunc("GET "+api+"/items/{id}", s.signedIn(s.apiItem))
	mux.HandleFunc("POST "+api+"/items/{id}/decisions", s.signedIn(s.apiDecide))
	mux.HandleFunc("POST "+api+"/items/{id}/claim", s.signedIn(s.apiClaim))
	mux.HandleFunc("DELETE "+api+"/items/{id}/claim", s.signedIn(s.apiRelease))
	mux.HandleFunc("POST "+api+"/items/{id}/adoptions", s.signedIn(s.apiAdopt))
	mux.HandleFunc("POST "+api+"/entries", s.signedIn(s.apiCombine))
	mux.HandleFunc("GET "+api+"/events", s.allowed(access.ReadAll, s.apiEvents))
	mux.HandleFunc("GET "+api+"/columns", s.signedIn(s.apiColumns))
	mux.HandleFunc("GET "+api+"/units", s.signedIn(s.apiUnits))
	mux.HandleFunc("GET "+api+"/nodes", s.allowed(access.ReadAll, s.apiNodes))
	mux.HandleFunc("GET "+api+"/sites", s.allowed(access.ReadAll, s.apiSites))
	mux.HandleFunc("GET "+api+"/sites/{id}", s.allowed(access.ReadAll, s.apiSite))
	mux.HandleFunc("POST "+api+"/sites/{id}/checks", s.allowed(access.Inspect, s.apiCheckSite))
	mux.HandleFunc("GET "+api+"/findings", s.signedIn(s.apiFindings))
	mux.HandleFunc("GET "+api+"/findings/{id}", s.signedIn(s.apiFinding))
	mux.HandleFunc("GET "+api+"/audit", s.allowed(access.Audit, s.apiAudit))
}

func notFound(http.ResponseWriter, *http.Request) error { return errNotFound }

func (s *Server) readyz(w http.ResponseWriter, r *http.Request) error {
	if err := s.Ready(r.Context()); err != nil {
		return err
	}
	return web.WriteJSON(w, http.StatusOK, map[string]string{"status": "ready", "version": s.Version})
}
