package web

import (
	"net/http"
	"net/url"
	"strings"

	"zhanqun/internal/fault"
	"zhanqun/internal/signin"
	"zhanqun/internal/web"
	"zhanqun/node/queue"
)

// routes are all pages and the whole interface.
func (s *Server) routes(mux *http.ServeMux) {
	mux.Handle("GET /lang/{code}", s.pages.LangSwitch())
	mux.HandleFunc("GET /signin", s.errs.Func(s.signinPage))
	mux.HandleFunc("POST /signin", s.errs.Func(s.signin))
	mux.HandleFunc("GET /trust", s.errs.Func(s.trustPage))
	mux.HandleFunc("GET /ca.crt", s.errs.Func(s.authority))
	mux.HandleFunc("GET "+signin.StepURL, s.errs.Func(s.second.StepPage))
	mux.HandleFunc("POST "+signin.StepURL, s.errs.Func(s.second.Step))
	mux.HandleFunc("POST /signout", s.errs.Func(s.signout))
	mux.HandleFunc("GET /account/password", s.signedIn(s.passwordPage))
	mux.HandleFunc("POST /account/password", s.signedIn(s.changePassword))
	mux.HandleFunc("GET "+signin.SecondURL, s.signedIn(s.second.Page))
	mux.HandleFunc("POST "+signin.SecondURL+"/begin", s.signedIn(s.second.Begin))
	mux.HandleFunc("POST "+signin.SecondURL+"/confirm", s.signedIn(s.second.Confirm))
	mux.HandleFunc("POST "+signin.SecondURL+"/codes", s.signedIn(s.second.Codes))
	mux.HandleFunc("POST "+signin.SecondURL+"/off", s.signedIn(s.second.Off))
	mux.HandleFunc("POST /account/signout", s.signedIn(s.signoutAll))
	mux.HandleFunc("POST /account/signins/{id}/end", s.signedIn(s.endSignIn))

	mux.HandleFunc("GET /{$}", s.signedIn(s.home))
	mux.HandleFunc("GET /events", s.signedIn(s.liveEvents))
	mux.HandleFunc("GET /items", s.signedIn(s.itemsPage))
	mux.HandleFunc("GET /items/new", s.signedIn(s.newPage))
	mux.HandleFunc("POST /items/new", s.signedIn(s.save))
	mux.HandleFunc("GET /items/{id}", s.signedIn(s.itemPage))
	mux.HandleFunc("GET /items/{id}/edit", s.signedIn(s.editPage))
	mux.HandleFunc("POST /items/{id}/edit", s.signedIn(s.save))
	mux.HandleFunc("POST /items/{id}/submit", s.signedIn(s.submit))
	mux.HandleFunc("POST /items/{id}/discard", s.signedIn(s.discard))
	mux.HandleFunc("GET /items/{id}/withdraw", s.signedIn(s.withdrawPage))
	mux.HandleFunc("POST /items/{id}/withdraw", s.signedIn(s.withdraw))
	mux.HandleFunc("POST /items/{id}/sendback", s.township(s.sendBack))
	mux.HandleFunc("GET /files/{sha256}/{name}", s.signedIn(s.file))
	mux.HandleFunc("GET /findings", s.signedIn(s.findingsPage))
	mux.HandleFunc("GET /findings/{id}", s.signedIn(s.findingPage))
	mux.HandleFunc("POST /findings/{id}/answer", s.township(s.answer))
	mux.HandleFunc("GET /queue", s.signedIn(s.queuePage))
	mux.HandleFunc("POST /queue/push", s.signedIn(s.push))
	mux.HandleFunc("GET /notices", s.signedIn(s.noticesPage))
	mux.HandleFunc("POST /notices/{id}/read", s.signedIn(s.readNotice))
	mux.HandleFunc("GET /people", s.township(s.peoplePage))
	mux.HandleFunc("POST /people", s.township(s.addPerson))
	mux.HandleFunc("GET /people/{login}", s.township(s.personPage))
	mux.HandleFunc("POST /people/{login}/{act}", s.township(s.changePerson))
	mux.HandleFunc("POST /people/{login}/signins/{id}/end", s.township(s.endPersonSignIn))

	const api = "/api/v1"
	mux.HandleFunc("POST "+api+"/attachments", s.signedIn(s.apiAttach))
	mux.HandleFunc("GET "+api+"/items", s.signedIn(s.apiItems))
	mux.HandleFunc("POST "+api+"/items", s.signedIn(s.apiCreate))
	mux.HandleFunc("GET "+api+"/items/{id}", s.signedIn(s.apiItem))
	mux.HandleFunc("PUT "+api+"/items/{id}", s.signedIn(s.apiUpdate))
	mux.HandleFunc("POST "+api+"/items/{id}/submit", s.signedIn(s.apiSubmit))
	mux.HandleFunc("POST "+api+"/items/{id}/withdraw", s.signedIn(s.apiWithdraw))
	mux.HandleFunc("GET "+api+"/queue", s.signedIn(s.apiQueue))
	mux.HandleFunc("GET "+api+"/findings", s.signedIn(s.apiFindings))
	mux.HandleFunc("POST "+api+"/findings/{id}/answer", s.signedIn(s.apiAnswer))
	mux.HandleFunc("/", s.errs.Func(web.Unknown(mux, errNotFound)))
}

var errNotFound = fault.New(fault.NotFound, "没有这个页面。可能是地址写错了，或内容已被移走。")

// takesFiles reports whether the request may carry attached files.
func takesFiles(path string) bool {
	return path == "/items/new" || path == "/api/v1/attachments" || strings.HasPrefix(path, "/items/") && strings.HasSuffix(path, "/edit")
}

// person is a handler for somebody who is signed in.
type person func(w http.ResponseWriter, r *http.Request, a queue.Account) error

// signedIn lets only people with an account through. What has to come first does,
// except for programs: a token was made by somebody who had done it.
func (s *Server) signedIn(h person) http.HandlerFunc {
	return s.errs.Func(func(w http.ResponseWriter, r *http.Request) error {
		a, ok := who(r.Context())
		switch {
		case !ok && !web.IsAPI(r) && (r.Method == http.MethodGet || r.Method == http.MethodHead):
			http.Redirect(w, r, "/signin?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
			return nil
		case !ok:
			return fault.New(fault.Unauthenticated, "请先登录。")
		}
		switch first := s.first(a); {
		case first == "" || web.BearerToken(r) != "" || r.URL.Path == first || strings.HasPrefix(r.URL.Path, first+"/"):
			return h(w, r, a)
		case web.IsAPI(r):
			return fault.New(fault.Forbidden, "请先在页面上设置自己的密码和二次验证。")
		default:
			http.Redirect(w, r, first, http.StatusSeeOther)
			return nil
		}
	})
}

// first is where somebody has to go before anywhere else, "" for nowhere: a
// password of his own comes first, and then the second factor the county demands.
func (s *Server) first(a queue.Account) string {
	switch {
	case s.Queue.MustChange(a):
		return "/account/password"
	case s.Queue.MustSetUpSecond(a):
		return signin.SecondURL
	}
	return ""
}

// township lets only the township's own liaisons through.
func (s *Server) township(h person) http.HandlerFunc {
	return s.signedIn(func(w http.ResponseWriter, r *http.Request, a queue.Account) error {
		if !a.Actor().Township() {
			return fault.New(fault.Forbidden, "这件事由镇里的信息员来做，请联系镇里。")
		}
		return h(w, r, a)
	})
}
