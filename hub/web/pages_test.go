package web

import (
	"net/http"
	"slices"
	"testing"

	"zhanqun/hub/store/storetest"
	"zhanqun/internal/account"
	"zhanqun/internal/ui/uitest"
)

// sight is one page in one state, as somebody sees it.
type sight struct {
	page string // template
	role account.Role
	path string
	form []string // sent to path, if any: it is a form that is shown again
}

// sights are all pages of a furnished county in the states that matter.
func (f *furnished) sights() []sight {
	const reviewer, chief, admin, viewer, liaison = account.RoleReviewer, account.RoleChief, account.RoleAdmin, account.RoleViewer, account.RoleLiaison
	list := []sight{
		{"desk", reviewer, "/", nil}, {"desk", chief, "/", nil}, {"items", reviewer, "/items", nil}, {"items", viewer, "/items?due=chief", nil},
		{"items", liaison, "/items?unit=" + storetest.Sitang, nil}, {"items", reviewer, "/items?q=没有", nil}, {"items", reviewer, "/items?limit=3", nil},
		{"combine", reviewer, "/combine", nil}, {"combine", reviewer, "/combine?item=" + f.due + "&item=" + f.private, nil},
		{"combine", reviewer, "/combine", []string{"part", f.private + ".1", "title", "", "body", "<p>一", "columns", "township"}},
		{"revision", reviewer, "/items/" + f.revised + "/revisions/1", nil}, {"revision", reviewer, "/items/" + f.revised + "/revisions/2", nil},
		{"item", reviewer, "/items/" + f.private + "/decide", []string{"revision", "1", "action", "approve"}},
		{"item", reviewer, "/items/" + f.due + "/decide", []string{"revision", "1", "action", "return"}},
		{"item", reviewer, "/items/" + f.due + "/decide", []string{"revision", "1", "action", "reject", "reason", "other"}},
		{"item", reviewer, "/items/" + f.revised + "/decide", []string{"revision", "1", "action", "approve"}},
		{"item", reviewer, "/items/" + f.due + "/decide", []string{"revision", "1", "action", "approve", "publishAt", "morgen"}},
		{"item", reviewer, "/items/" + f.live + "/adopt", []string{"outlet", "moon"}},
		{"item", chief, "/items/" + f.live + "/decide", []string{"revision", "1", "action", "withdraw"}},
		{"item", chief, "/items/" + f.private + "/decide", []string{"revision", "1", "action", "approve", "emergency", "1", "override", "热线"}},
		{"sites", reviewer, "/sites", nil}, {"sites", admin, "/sites", nil}, {"sites", admin, "/sites", []string{"name", "", "url", "x"}}, {"site", admin, "/sites/" + f.site, nil}, {"site", viewer, "/sites/" + f.site, nil},
		{"site", admin, "/sites/" + f.site + "/columns", []string{"name", "", "url", "x"}}, {"sitecolumn", admin, "/sites/" + f.site + "/columns/" + f.column, nil}, {"sitecolumn", admin, "/sites/" + f.site + "/columns/" + f.proposal, nil},
		{"sitecolumn", viewer, "/sites/" + f.site + "/columns/" + f.column, nil}, {"sitecolumn", admin, "/sites/" + f.site + "/columns/" + f.column + "/mark", []string{"mark", "static", "note", ""}},
		{"site", admin, "/sites/" + f.site + "/parent", []string{"parent", "moon"}}, {"site", admin, "/sites/" + f.site + "/offline", []string{"from", "2026-11-04T08:00", "to", "", "why", ""}}, {"report", viewer, "/sites/" + f.site + "/report", nil},
		{"report", viewer, "/sites/" + f.site + "/report?period=2026-Q3", nil}, {"board", reviewer, "/board", nil}, {"manual", admin, "/sites/" + f.site + "/manual", nil}, {"manual", admin, "/sites/" + f.site + "/manual", []string{"unanswered", "昨天", "act-surveys", "-1"}}, {"status", viewer, "/status", nil}, {"unithealth", viewer, "/board/" + storetest.Sitang, nil},
		{"findings", reviewer, "/findings", nil}, {"findings", reviewer, "/findings?state=closed", nil}, {"findings", reviewer, "/findings?site=" + f.site, nil},
		{"findings", reviewer, "/findings?state=found", nil}, {"findings", viewer, "/findings?state=overdue", nil}, {"finding", reviewer, "/findings/" + f.suspect, nil}, {"finding", admin, "/findings/" + f.late, nil}, {"finding", viewer, "/findings/" + f.down, nil},
		{"webhooks", admin, "/webhooks", nil}, {"webhooks", admin, "/webhooks", []string{"name", "", "kind", "json", "url", "x"}}, {"confirm", admin, "/webhooks/" + f.hook + "/remove", []string{}},
		{"circulars", reviewer, "/findings/circulars", nil}, {"circulars", viewer, "/findings/circulars?kind=week", nil}, {"circulars", admin, "/findings/circulars?kind=month&day=2026-01-01", nil}, {"circulars", chief, "/findings/circulars?kind=quarter", nil},
		{"finding", admin, "/findings/" + f.finding, nil}, {"finding", admin, "/findings/" + f.disputed, nil}, {"finding", admin, "/findings/" + f.disputed + "/settle", []string{"act", "keep"}},
		{"nodes", viewer, "/nodes", nil}, {"nodes", admin, "/nodes", nil}, {"sheets", admin, "/nodes/invite", []string{"unit", storetest.Xujiaba}}, {"nodes", admin, "/nodes/invite", []string{"unit", "x"}},
		{"invite", admin, "/nodes/invite", nil}, {"sheets", admin, "/nodes/invite/many", []string{"unit", storetest.Xujiaba, "unit", storetest.Sitang, "days", "30", "contact", "李敏 0856-1234567"}},
		{"invite", admin, "/nodes/invite/many", []string{"days", "7"}}, {"invite", admin, "/nodes/invite/many", []string{"unit", storetest.Sitang, "days", "0"}},
		{"node", admin, "/nodes/" + f.lost, nil}, {"sheets", admin, "/nodes/" + f.lost + "/replace", []string{}}, {"confirm", admin, "/nodes/" + f.lost + "/revoke", []string{}}, {"confirm", admin, "/nodes/" + f.lost + "/rotate", []string{}}, {"confirm", admin, "/nodes/" + f.lost + "/freeze", []string{"sure", "1"}},
		{"node", admin, "/nodes/" + f.waiting, nil}, {"node", viewer, "/nodes/" + f.waiting, nil}, {"confirm", admin, "/nodes/" + f.waiting + "/refuse", []string{}}, {"confirm", admin, "/nodes/" + f.waiting + "/refuse", []string{"sure", "1"}},
		{"units", viewer, "/units", nil}, {"units", admin, "/units?parent=" + storetest.Sitang, nil}, {"units", admin, "/units?parent=" + storetest.Xujiaba, nil},
		{"columns", viewer, "/columns", nil}, {"columns", admin, "/columns", nil}, {"column", admin, "/columns/headline", nil}, {"column", admin, "/columns/new", nil},
		{"column", admin, "/columns/new", []string{"slug", "A b"}}, {"users", admin, "/users", nil}, {"users", admin, "/users", []string{"login", "x"}}, {"user", admin, "/users/" + f.Second.ID, nil},
		{"user", admin, "/users/" + f.Second.ID, []string{"name", "", "role", "x"}}, {"user", admin, "/users/" + f.people[admin].ID, nil}, {"confirm", admin, "/users/" + f.Second.ID + "/disable", []string{}},
		{"refusals", reviewer, "/refusals", nil}, {"refusals", reviewer, "/refusals?node=" + f.lost, nil}, {"refusal", reviewer, "/refusals/" + f.refusal, nil},
		{"audit", chief, "/audit", nil}, {"audit", admin, "/audit?before=3", nil}, {"rankings", reviewer, "/rankings", nil}, {"rankings", reviewer, "/rankings?unit=" + storetest.Sitang, nil},
		{"account", reviewer, "/account", nil}, {"account", admin, "/account", nil}, {"account", reviewer, "/account/tokens", []string{"name", "新"}}, {"account", reviewer, "/account/tokens", []string{"name", ""}},
		{"password", reviewer, "/account/password", nil}, {"password", reviewer, "/account/password", []string{"old", "x", "password", "y", "again", "z"}},
		{"second", reviewer, "/account/second", nil}, {"second", reviewer, "/account/second/begin", []string{"password", "x"}}, {"confirm", admin, "/users/" + f.Second.ID + "/second/off", []string{}},
		{"signin", "", "/signin", nil}, {"signin", "", "/signin", []string{"login", "shen", "password", "x"}},
		{"error", reviewer, "/nowhere", nil}, {"error", viewer, "/combine", nil}, {"error", liaison, "/nodes", nil},
	}
	for _, id := range []string{f.due, f.private, f.secret, f.missing, f.revised, f.second, f.live, f.withdrew, f.returned} {
		for _, role := range []account.Role{reviewer, chief, viewer} {
			list = append(list, sight{"item", role, "/items/" + id, nil})
		}
	}
	return list
}

// look fetches one page. What the form says comes with a status of its own.
func (s *sight) look(v *visitor) *answer {
	if s.form == nil {
		return v.get(s.path)
	}
	if v.token == "" {
		v.get("/signin")
	}
	return v.post(s.path, s.form...)
}

// Every page in every state is sound HTML, in both languages.
func TestPagesAreSound(t *testing.T) {
	f := furnish(t, newCounty(t))
	seen := map[string]bool{}
	visitors := map[string]*visitor{}
	for _, s := range f.sights() {
		for _, lang := range []string{"zh", "en"} {
			v := visitors[string(s.role)+lang]
			if v == nil {
				v = f.visit(t)
				if s.role != "" {
					v = f.as(t, s.role)
				}
				v.cookies["lang"] = lang
				visitors[string(s.role)+lang] = v
			}
			a := s.look(v)
			if a.Code == http.StatusSeeOther || a.Code >= http.StatusInternalServerError {
				t.Errorf("%s: status %d", a.what, a.Code)
				continue
			}
			for _, problem := range uitest.Check(a.Body.Bytes()) {
				t.Errorf("%s (%s): %s", a.what, lang, problem)
			}
			for _, link := range uitest.All(a.page(), "#errors a") {
				if to := uitest.Attr(link, "href"); uitest.Find(a.page(), to) == nil {
					t.Errorf("%s: the fault %q leads to %s, which is not there", a.what, uitest.Words(link), to)
				}
			}
		}
		seen[s.page] = true
	}
	for _, page := range f.srv.pages.Pages() {
		if !seen[page] && page != "secondstep" && page != "recovery" { // of a few moments, looked at in internal/ui
			t.Errorf("no sight of the page %s", page)
		}
	}
	for page := range seen {
		if !slices.Contains(f.srv.pages.Pages(), page) {
			t.Errorf("there is no page %s", page)
		}
	}
}

// What is wrong with a form stands there in the reader's language.
func TestFaultsInEnglish(t *testing.T) {
	f := furnish(t, newCounty(t))
	for _, s := range f.sights() {
		if s.form == nil || s.page == "confirm" && len(s.form) == 0 {
			continue
		}
		v := f.visit(t)
		if s.role != "" {
			v = f.as(t, s.role)
		}
		v.cookies["lang"] = "en"
		a := s.look(v)
		page := a.page()
		said := 0
		for _, selector := range []string{".flash.bad", ".strip.bad", ".field .error", "p.error"} {
			for _, n := range uitest.All(page, selector) {
				said++
				if words := uitest.Words(n); uitest.HasHan(words) {
					t.Errorf("%s says in Chinese: %s", a.what, words)
				}
			}
		}
		if a.Code >= http.StatusBadRequest && said == 0 {
			t.Errorf("%s: status %d and not a word why", a.what, a.Code)
		}
	}
}
