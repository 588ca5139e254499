package web

import (
	"net/http"
	"strings"
	"testing"

	"zhanqun/hub/access"
	"zhanqun/internal/account"
)

// address is a route's pattern with the things of a furnished county put in.
func (f *furnished) address(pattern string) (method, path string) {
	method, path, _ = strings.Cut(pattern, " ")
	id := f.due
	switch {
	case strings.Contains(path, "/sites/"):
		id = f.site
	case strings.Contains(path, "/findings/"):
		id = f.finding
	case strings.HasPrefix(path, "/webhooks/"):
		id = f.hook
	case strings.HasPrefix(path, "/nodes/"):
		id = f.lost
	case strings.HasPrefix(path, "/users/"):
		id = f.Second.ID
	case strings.HasPrefix(path, "/refusals/"):
		id = f.refusal
	}
	photo := f.Item(f.due).Item.Attachments[0]
	return method, strings.NewReplacer("{id}", id, "{slug}", "headline", "{code}", "520624001", "{sha256}", photo.SHA256, "{name}", "x.jpg", "{revision}", "1", "{$}", "").Replace(path)
}

// Who may not do a thing is told so before anything is looked at; who may is
// never told he may not.
func TestRoutesAskWhoAsks(t *testing.T) {
	f := furnish(t, newCounty(t))
	for _, role := range []account.Role{account.RoleViewer, account.RoleReviewer, account.RoleChief, account.RoleAdmin, account.RoleLiaison, account.RoleVillage} {
		t.Run(string(role), func(t *testing.T) {
			page, program := f.as(t, role), f.program(t, role)
			for _, r := range append(f.srv.pageRoutes(), f.srv.apiRoutes()...) {
				method, path := f.address(r.pattern)
				if path == "/events" || method == http.MethodPost && strings.HasPrefix(path, "/account") {
					continue // the one does not end, the other is for everybody and about himself
				}
				v := page
				if strings.HasPrefix(path, api) {
					v = program
				}
				var a *answer
				switch {
				case method == http.MethodGet:
					a = v.get(path)
				case v == page:
					a = v.post(path)
				default:
					a = v.do(method, path, "application/json", strings.NewReader("{}"))
				}
				may := r.need == "" || f.people[role].May(r.need)
				if may == (a.Code == http.StatusForbidden) || a.Code == http.StatusUnauthorized || a.Code >= http.StatusInternalServerError {
					t.Errorf("%s: status %d, allowed: %v\n%s", a.what, a.Code, may, a.words())
				}
			}
		})
	}
}

// Those who only look change nothing but their own account, and a liaison sees
// no more than the items and findings of the own unit.
func TestLookersChangeNothing(t *testing.T) {
	c := newCounty(t)
	viewer, liaison := c.people[account.RoleViewer], c.people[account.RoleLiaison]
	open := map[string]bool{"GET /{$}": true, "GET /items": true, "GET /items/{id}": true, "GET /items/{id}/files/{sha256}/{name}": true,
		"GET /items/{id}/revisions/{revision}": true, "GET /findings": true, "GET /findings/{id}": true, "GET /events": true,
		"GET " + api + "/items": true, "GET " + api + "/items/{id}": true, "GET " + api + "/findings": true, "GET " + api + "/findings/{id}": true,
		"GET " + api + "/columns": true, "GET " + api + "/units": true}
	for _, r := range append(c.srv.pageRoutes(), c.srv.apiRoutes()...) {
		method, path, _ := strings.Cut(r.pattern, " ")
		if strings.HasPrefix(path, "/account") {
			continue
		}
		may := func(u access.User) bool { return r.need == "" || u.May(r.need) }
		if method != http.MethodGet && (may(viewer) || may(liaison)) {
			t.Errorf("%s: somebody who only looks may do it", r.pattern)
		}
		if may(liaison) != open[r.pattern] {
			t.Errorf("%s: a liaison may: %v", r.pattern, may(liaison))
		}
	}
}

func TestNobodySignedIn(t *testing.T) {
	f := furnish(t, newCounty(t))
	for _, r := range append(f.srv.pageRoutes(), f.srv.apiRoutes()...) {
		method, path := f.address(r.pattern)
		a := f.visit(t).do(method, path, "", nil)
		switch {
		case strings.HasPrefix(path, api):
			a.is(http.StatusUnauthorized)
		case method == http.MethodGet:
			a.is(http.StatusSeeOther)
			if to := a.to(); !strings.HasPrefix(to, "/signin?next=") {
				t.Errorf("%s leads to %s", a.what, to)
			}
		default: // there is no session, so there is no form of ours
			a.is(http.StatusForbidden)
		}
	}
	f.visit(t).get("/nowhere").is(http.StatusNotFound).says("没有这个页面")
	f.visit(t).do(http.MethodPost, "/items", "", nil).is(http.StatusForbidden)
	v := f.as(t, account.RoleViewer)
	if a := v.post("/items").is(http.StatusMethodNotAllowed); a.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("allowed: %q", a.Header().Get("Allow"))
	}
}

// Somebody whose password was given by another sets one of his own first.
func TestFirstPasswordComesFirst(t *testing.T) {
	c := newCounty(t)
	u, password, err := c.access.AddUser(t.Context(), c.people[account.RoleAdmin], access.NewUser{Login: "xin", Name: "新来的", Role: account.RoleReviewer})
	if err != nil {
		t.Fatal(err)
	}
	v := c.signedIn(t, u)
	for _, path := range []string{"/", "/items", "/combine", "/nodes"} {
		if a := v.get(path).is(http.StatusSeeOther); a.to() != "/account/password" {
			t.Errorf("%s leads to %s", path, a.to())
		}
	}
	v.get("/account/password").says("请先设置自己的密码")
	v.post("/account/password", "old", password, "password", "short", "again", "short").is(http.StatusUnprocessableEntity)
	v.post("/account/password", "old", password, "password", "春天里的第一声雷", "again", "春天里的第二声雷").is(http.StatusUnprocessableEntity).says("两次输入的新密码不一样")
	a := v.post("/account/password", "old", password, "password", "春天里的第一声惊雷响过山", "again", "春天里的第一声惊雷响过山")
	v.follow(a).is(http.StatusOK).says("密码已修改", "审稿台")
}
