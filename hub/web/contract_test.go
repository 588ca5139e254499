package web

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"zhanqun/hub/catalog"
	"zhanqun/hub/store/storetest"
	"zhanqun/internal/account"
	"zhanqun/internal/testenv"
	"zhanqun/protocol"
)

// described reads what the hub says of its interface.
func described(t testing.TB, v *visitor) *description {
	t.Helper()
	d := &description{}
	v.get("/api/openapi.json").is(http.StatusOK).json(d)
	return d
}

// promised are the addresses programs rely on; they stay.
const promised = `
GET /api/v1/items?state=&unit=&column=&q=&cursor=&limit=
GET /api/v1/items/{id}
POST /api/v1/items/{id}/decisions
POST /api/v1/entries
POST /api/v1/items/{id}/adoptions
GET /api/v1/events?after=
GET /api/v1/sites
GET /api/v1/sites/{id}
POST /api/v1/sites/{id}/checks
GET /api/v1/sites/{id}/verdict
GET /api/v1/findings?site=&state=
GET /api/v1/columns
GET /api/v1/units
GET /api/v1/nodes
GET /api/v1/rankings?period=
GET /api/v1/audit?after=`

// What programs rely on is described with its parameters.
func TestPromisesAreDescribed(t *testing.T) {
	d := described(t, newCounty(t).visit(t))
	for path, ops := range d.Paths {
		for method, op := range ops {
			if at := strings.Contains(path, "{id}"); at != d.takes(op, "id", "path") {
				t.Errorf("%s %s: the id in its address is not described", method, path)
			}
			if op.Responses["default"].Ref == "" {
				t.Errorf("%s %s: no answer for a fault", method, path)
			}
		}
	}
	for line := range strings.Lines(strings.TrimSpace(promised)) {
		pattern, query, _ := strings.Cut(strings.TrimSpace(line), "?")
		method, path, _ := strings.Cut(pattern, " ")
		op, ok := d.Paths[path][strings.ToLower(method)]
		if !ok {
			t.Errorf("%s was promised", pattern)
		}
		for name := range strings.SplitSeq(query, "&") {
			if name = strings.TrimSuffix(name, "="); name != "" && !d.takes(op, name, "query") {
				t.Errorf("%s takes no %s", pattern, name)
			}
		}
	}
}

// takes reports whether op has the parameter.
func (d *description) takes(op operation, name, in string) bool {
	for _, p := range op.Parameters {
		if q := d.Components.Parameters[strings.TrimPrefix(p.Ref, "#/components/parameters/")]; q.Name == name && q.In == in {
			return true
		}
	}
	return false
}

// holds demands that the answer is as the description of the route says.
func (a *answer) holds(d *description, method, path string) *answer {
	a.t.Helper()
	op := d.Paths[path][strings.ToLower(method)]
	kind, body := "application/json", op.Responses[strconv.Itoa(a.Code)].media
	if a.Code >= http.StatusBadRequest {
		kind, body = "application/problem+json", media{Content: map[string]struct{ Schema schema }{
			"application/problem+json": {Schema: schema{Ref: "#/components/schemas/Problem"}}}}
	}
	if got := a.Header().Get("Content-Type"); got != kind+"; charset=utf-8" {
		a.t.Fatalf("%s: status %d, content type %q: %s", a.what, a.Code, got, a.Body)
	}
	s, ok := body.Content[kind]
	if !ok {
		a.t.Fatalf("%s: status %d is not described", a.what, a.Code)
	}
	dec := json.NewDecoder(bytes.NewReader(a.Body.Bytes()))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		a.t.Fatalf("%s: %v", a.what, err)
	}
	for _, f := range d.faults(s.Schema, v, "answer") {
		a.t.Errorf("%s: %s", a.what, f)
	}
	return a
}

func TestAnswersAreAsDescribed(t *testing.T) {
	f := furnish(t, newCounty(t))
	reviewer, chief, admin := f.program(t, account.RoleReviewer), f.program(t, account.RoleChief), f.program(t, account.RoleAdmin)
	d := described(t, reviewer)
	approve := map[string]any{"revision": 1, "action": "approve"}
	for _, tt := range []struct {
		who          *visitor
		method, path string // as described
		at           string // as asked, without the part before the path's parameters
		body         any
		status       int
	}{
		{reviewer, "GET", "/api/v1/items", "?limit=50", nil, 200},
		{reviewer, "GET", "/api/v1/items", "?state=received&unit=" + storetest.Sitang + "&column=photo&q=x&order=oldest", nil, 200},
		{reviewer, "GET", "/api/v1/items", "?state=lost", nil, 422},
		{reviewer, "GET", "/api/v1/items", "?limit=-1", nil, 422},
		{reviewer, "GET", "/api/v1/items", "?cursor=x", nil, 422},
		{reviewer, "GET", "/api/v1/items", "?unit=%00", nil, 422},
		{reviewer, "GET", "/api/v1/items/{id}", f.live, nil, 200},
		{reviewer, "GET", "/api/v1/items/{id}", f.private, nil, 200},
		{reviewer, "GET", "/api/v1/items/{id}", f.missing, nil, 200},
		{reviewer, "GET", "/api/v1/items/{id}", f.revised, nil, 200},
		{reviewer, "GET", "/api/v1/items/{id}", f.withdrew, nil, 200},
		{reviewer, "GET", "/api/v1/items/{id}", "nowhere", nil, 404},
		{reviewer, "POST", "/api/v1/items/{id}/claim", f.due, nil, 200},
		{reviewer, "GET", "/api/v1/items/{id}", f.due, nil, 200},
		{reviewer, "DELETE", "/api/v1/items/{id}/claim", f.due, nil, 200},
		{reviewer, "POST", "/api/v1/items/{id}/decisions", f.due, approve, 200},
		{reviewer, "POST", "/api/v1/items/{id}/decisions", f.due, approve, 409},
		{reviewer, "POST", "/api/v1/items/{id}/decisions", f.revised, approve, 409},
		{reviewer, "POST", "/api/v1/items/{id}/decisions", f.private, approve, 422},
		{reviewer, "POST", "/api/v1/items/{id}/decisions", f.secret, approve, 422},
		{reviewer, "POST", "/api/v1/items/{id}/decisions", f.secret, []int{1}, 422},
		{reviewer, "POST", "/api/v1/items/{id}/decisions", f.secret, map[string]any{"revision": 1, "action": "reject", "reason": "涉密或不宜公开"}, 200},
		{reviewer, "POST", "/api/v1/items/{id}/decisions", f.live, map[string]any{"revision": 1, "action": "withdraw", "reason": "error"}, 403},
		{admin, "POST", "/api/v1/items/{id}/decisions", f.revised, map[string]any{"revision": 2, "action": "approve"}, 403},
		{reviewer, "POST", "/api/v1/items/{id}/adoptions", f.live, map[string]any{"outlet": "province", "at": "2026-11-03"}, 201},
		{reviewer, "POST", "/api/v1/items/{id}/adoptions", f.live, map[string]any{"outlet": "world"}, 422},
		{reviewer, "POST", "/api/v1/entries", "", map[string]any{"items": []string{f.revised}, "title": "综合", "body": "<p>正文</p>", "columns": []string{"township"}}, 201},
		{reviewer, "POST", "/api/v1/entries", "", map[string]any{"items": []string{}}, 422},
		{reviewer, "GET", "/api/v1/events", "?after=0&limit=1000", nil, 200},
		{reviewer, "GET", "/api/v1/events", "?after=-1", nil, 422},
		{reviewer, "GET", "/api/v1/columns", "", nil, 200},
		{reviewer, "GET", "/api/v1/units", "?level=township&limit=2", nil, 200},
		{reviewer, "GET", "/api/v1/units", "?level=planet", nil, 422},
		{reviewer, "GET", "/api/v1/nodes", "", nil, 200},
		{reviewer, "GET", "/api/v1/nodes", "?state=frozen", nil, 200},
		{reviewer, "GET", "/api/v1/nodes", "?state=asleep", nil, 422},
		{reviewer, "GET", "/api/v1/nodes", "?state=pending", nil, 200},
		{reviewer, "POST", "/api/v1/nodes/{id}/approve", f.waiting, nil, 403},
		{admin, "POST", "/api/v1/nodes/{id}/refuse", f.waiting, map[string]any{"reason": ""}, 422},
		{admin, "POST", "/api/v1/nodes/{id}/approve", f.waiting, nil, 200},
		{admin, "POST", "/api/v1/nodes/{id}/refuse", f.waiting, map[string]any{"reason": "不是本单位的电脑"}, 409},
		{admin, "POST", "/api/v1/nodes/{id}/approve", "nowhere", nil, 404},
		{admin, "POST", "/api/v1/nodes/{id}/rotate", f.waiting, nil, 202},
		{reviewer, "POST", "/api/v1/nodes/{id}/rotate", f.waiting, nil, 403},
		{admin, "POST", "/api/v1/nodes/{id}/rotate", "nowhere", nil, 404},
		{reviewer, "GET", "/api/v1/sites", "", nil, 200},
		{reviewer, "GET", "/api/v1/sites/{id}", f.site, nil, 200},
		{reviewer, "GET", "/api/v1/sites/{id}/verdict", f.site, nil, 200},
		{reviewer, "GET", "/api/v1/sites/{id}/verdict", "nowhere", nil, 404},
		{reviewer, "POST", "/api/v1/sites/{id}/checks", f.site, nil, 202},
		{reviewer, "POST", "/api/v1/sites/{id}/checks", "nowhere", nil, 404},
		{reviewer, "GET", "/api/v1/sites/{id}/columns", f.site, nil, 200},
		{reviewer, "GET", "/api/v1/sites/{id}/columns", "nowhere", nil, 404},
		{reviewer, "GET", "/api/v1/findings", "?site=" + f.site + "&state=active", nil, 200},
		{reviewer, "GET", "/api/v1/findings", "?state=gone", nil, 422},
		{reviewer, "GET", "/api/v1/findings/{id}", f.disputed, nil, 200},
		{reviewer, "GET", "/api/v1/findings", "?state=overdue", nil, 200},
		{reviewer, "GET", "/api/v1/circulars", "", nil, 200},
		{reviewer, "GET", "/api/v1/circulars", "?kind=quarter", nil, 200},
		{reviewer, "GET", "/api/v1/circulars", "?kind=hour", nil, 422},
		{reviewer, "GET", "/api/v1/audit", "", nil, 403},
		{chief, "GET", "/api/v1/audit", "?after=3&limit=1000", nil, 200},
		{f.visit(t), "GET", "/api/v1/items", "", nil, 401},
		{f.visit(t), "POST", "/api/v1/enrol", "", map[string]any{"secret": "x"}, 422},
	} {
		at, query, _ := strings.Cut(tt.at, "?")
		address := strings.Replace(tt.path, "{id}", at, 1)
		if query != "" {
			address += "?" + query
		}
		var a *answer
		if tt.body != nil {
			a = tt.who.send(tt.method, address, tt.body)
		} else {
			a = tt.who.do(tt.method, address, "", nil)
		}
		a.is(tt.status).holds(d, tt.method, tt.path)
	}
	reviewer.do("PUT", "/api/v1/items", "", nil).is(http.StatusMethodNotAllowed).holds(d, "PUT", "")
	reviewer.get("/api/v1/nowhere").is(http.StatusNotFound).holds(d, "GET", "")
}

// A node joins as the description says.
func TestEnrolIsAsDescribed(t *testing.T) {
	c := newCounty(t)
	d := described(t, c.visit(t))
	code, _, err := c.access.Invite(t.Context(), storetest.Admin(), storetest.Xujiaba, storetest.Portal, 0)
	if err != nil {
		t.Fatal(err)
	}
	key, err := protocol.NewNodeKey()
	if err != nil {
		t.Fatal(err)
	}
	c.visit(t).send("POST", protocol.EnrolPath, storetest.EnrolRequest(code.Secret, key)).is(http.StatusOK).holds(d, "POST", protocol.EnrolPath)
}

// A list is walked to its end by the cursors it gives, and every item is whole.
func TestItemsOfTheInterface(t *testing.T) {
	f := furnish(t, newCounty(t))
	v := f.program(t, account.RoleViewer)
	type list struct {
		Items []map[string]any
		Next  string
	}
	var ids []string
	for cursor := ""; ; {
		var page list
		v.get("/api/v1/items?limit=4&cursor=" + cursor).is(http.StatusOK).json(&page)
		for _, i := range page.Items {
			ids = append(ids, i["id"].(string))
			for _, name := range []string{"id", "unit", "unitName", "origin", "title", "body", "column", "source", "author", "revision", "state", "step",
				"submittedAt", "receivedAt", "attachments", "flags"} {
				if _, ok := i[name]; !ok {
					t.Errorf("item %s lacks %s", i["id"], name)
				}
			}
			var one map[string]any
			v.get("/api/v1/items/" + i["id"].(string)).json(&one)
			if body, _ := i["body"].(string); body == "" || body != one["body"] {
				t.Errorf("the list has %q for the text of %s, the item %q", body, i["id"], one["body"])
			}
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if slices.Sort(ids); len(ids) != 11 || len(slices.Compact(slices.Clone(ids))) != len(ids) {
		t.Errorf("%d items: %v", len(ids), ids)
	}
	var secret list
	v.get("/api/v1/items?column=policy").json(&secret)
	if len(secret.Items) != 1 || secret.Items[0]["flags"].([]any)[0] != "secrecy" {
		t.Errorf("items of a column: %v", secret.Items)
	}
}

// A decision on a text that is not the latest brings both.
func TestConflictBringsBothTexts(t *testing.T) {
	f := furnish(t, newCounty(t))
	var p struct {
		Status        int
		Latest, Asked *catalog.Revision
	}
	f.program(t, account.RoleReviewer).send("POST", "/api/v1/items/"+f.revised+"/decisions", map[string]any{"revision": 1, "action": "approve"}).
		is(http.StatusConflict).json(&p)
	if p.Status != http.StatusConflict || p.Asked == nil || p.Asked.Revision != 1 || p.Latest == nil || p.Latest.Revision != 2 || !strings.Contains(p.Latest.Body, "1280户") {
		t.Errorf("problem: %+v", p)
	}
}

// Whatever stands in an address or a form, the databases never see what they
// would stumble over.
func TestOddTextIsNoFaultOfOurs(t *testing.T) {
	testenv.Postgres(t)
	c := newCountyOn(t, storetest.Postgres)
	v := c.as(t, account.RoleAdmin)
	fill := strings.NewReplacer("{id}", "%00", "{slug}", "%00", "{name}", "%ff", "{sha256}", "%00", "{revision}", "1", "{$}", "", "{code}", "%00")
	for _, r := range append(c.srv.pageRoutes(), c.srv.apiRoutes()...) {
		method, path, _ := strings.Cut(r.pattern, " ")
		path = fill.Replace(path)
		if path == "/events" {
			continue // it does not end
		}
		for _, query := range []string{"", "?cursor=%00&unit=%00&q=%ff&state=%00&node=%00&parent=%00&site=%00&item=%00", "?cursor=%F0%9F&unit=%27%22%3B--"} {
			if a := v.do(method, path+query, "", nil); a.Code >= http.StatusInternalServerError {
				t.Errorf("%s: status %d", a.what, a.Code)
			}
		}
	}
	for _, a := range []*answer{v.post("/signin", "login", "a\x00", "password", "b"), v.post("/users", "login", "\xff", "name", "a\x00"), v.post("/sites", "unit", "\x00")} {
		a.is(http.StatusUnprocessableEntity)
	}
}
