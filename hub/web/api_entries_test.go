package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"zhanqun/hub/catalog"
	"zhanqun/hub/store/storetest"
	"zhanqun/internal/account"
	"zhanqun/protocol"
)

type object = map[string]any

// An emergency over the interface: who may, what it must say, what comes after.
func TestAPIEmergency(t *testing.T) {
	c := newCounty(t)
	id := c.Submit(0, "headline")
	path := api + "/items/" + id + "/decisions"
	rush := object{"revision": 1, "action": "approve", "emergency": true, "comment": "山洪红色预警"}
	c.program(t, account.RoleReviewer).send("POST", path, rush).is(http.StatusForbidden).says("分管领导")
	chief := c.program(t, account.RoleChief)
	chief.send("POST", path, object{"revision": 1, "action": "approve", "emergency": true}).is(http.StatusUnprocessableEntity).says("理由")
	var got struct {
		State, DueRole string
		Emergency      bool
		Decisions      []catalog.Decision
	}
	chief.send("POST", path, rush).is(http.StatusOK).json(&got)
	if got.State != "adopted" || !got.Emergency || got.DueRole != "reviewer" || !got.Decisions[0].Emergency {
		t.Errorf("rushed: %+v", got)
	}
	c.program(t, account.RoleReviewer).send("POST", path, object{"revision": 1, "action": "approve"}).is(http.StatusOK)
	if i := c.Item(id).Item; i.Emergency || i.DueRole != "" {
		t.Errorf("confirmed: %+v", i)
	}
}

// The hour to publish at, over the interface.
func TestAPISchedule(t *testing.T) {
	c := newCounty(t)
	id := c.Submit(0, "township")
	v := c.program(t, account.RoleReviewer)
	hour := c.Clock.Now().Add(time.Hour)
	v.send("POST", api+"/items/"+id+"/schedule", object{"revision": 1, "publishAt": hour}).is(http.StatusConflict)
	v.send("POST", api+"/items/"+id+"/decisions", object{"revision": 1, "action": "approve", "publishAt": c.Clock.Now().Add(-time.Hour)}).is(http.StatusUnprocessableEntity)
	v.send("POST", api+"/items/"+id+"/decisions", object{"revision": 1, "action": "approve", "publishAt": hour}).is(http.StatusOK).says(`"publishAt":"` + hour.UTC().Format("2006-01-02T15:04:05Z"))
	v.send("POST", api+"/items/"+id+"/schedule", object{"revision": 7, "publishAt": hour}).is(http.StatusConflict).says(`"latest"`)
	v.send("POST", api+"/items/"+id+"/schedule", object{"revision": 1, "publishAt": nil}).is(http.StatusOK).says(`"state":"adopted"`)
}

// Columns and pins of a live entry, and a combination that names what was read.
func TestAPIEntries(t *testing.T) {
	c := newCounty(t)
	one, two := c.Submit(0, "township"), c.Submit(1, "township")
	v := c.program(t, account.RoleReviewer)
	form := object{"items": []any{object{"id": one, "revision": 1}, two}, "title": "两地", "body": "<p>文</p>"}
	c.Revise(one)
	v.send("POST", api+"/entries", form).is(http.StatusConflict).says(`"asked"`, `"latest"`, "第 2 稿")
	form["items"] = []any{object{"id": one, "revision": 2}, two}
	var made struct{ ID, URL string }
	v.send("POST", api+"/entries", form).is(http.StatusCreated).json(&made)

	path := api + "/entries/" + made.ID
	v.send("POST", path+"/columns", object{"columns": []string{"photo"}}).is(http.StatusUnprocessableEntity).says("原因")
	v.send("POST", path+"/columns", object{"columns": []string{}, "reason": "x"}).is(http.StatusUnprocessableEntity)
	v.send("POST", path+"/columns", object{"columns": []string{"headline"}, "reason": "重要"}).is(http.StatusForbidden)
	v.send("POST", path+"/columns", object{"columns": []string{"photo", "township"}, "reason": "图好"}).is(http.StatusOK)
	if e := c.Item(two).Entry; len(e.Columns) != 2 {
		t.Errorf("columns %v", e.Columns)
	}
	v.send("POST", path+"/pin", object{"until": "昨天", "reason": "x"}).is(http.StatusUnprocessableEntity)
	v.send("POST", path+"/pin", object{"until": "2026-11-05", "reason": "汛期"}).is(http.StatusOK)
	if until := c.Item(two).Entry.PinnedUntil; !until.Equal(time.Date(2026, 11, 5, 16, 0, 0, 0, time.UTC)) {
		t.Errorf("pinned until %v, want the end of the day", until)
	}
	v.send("POST", path+"/pin", object{"until": "", "reason": "过了"}).is(http.StatusOK).says(`"pinnedUntil":null`)
	v.send("POST", api+"/entries/01935f00-0000-7000-8000-000000000000/pin", object{"until": "", "reason": "x"}).is(http.StatusNotFound)
	c.program(t, account.RoleViewer).send("POST", path+"/pin", object{"until": "", "reason": "x"}).is(http.StatusForbidden)
}

// The ranking over the interface, for programs and for spreadsheets.
func TestAPIRankings(t *testing.T) {
	c := newCounty(t)
	id := c.Submit(0, "township", func(m *protocol.Submit) { m.Origin = storetest.SitangA })
	c.Decide(c.Reviewer, id, catalog.ActionApprove)
	v := c.program(t, account.RoleViewer)
	var got struct {
		Period struct{ ID, Name string }
		Rules  []struct {
			ID       string
			Official *bool
		}
		Townships, Villages []struct {
			Rank, Submitted, Adopted int
			Unit                     string
			Points                   float64
		}
		Ledger []struct{ Item, Rule string }
	}
	v.get(api + "/rankings?period=2026-11&unit=" + storetest.Sitang).is(http.StatusOK).json(&got)
	if got.Period.Name != "2026年11月" || len(got.Rules) != 1 || got.Rules[0].Official == nil || *got.Rules[0].Official || len(got.Townships) != 3 ||
		got.Townships[0].Unit != storetest.Sitang || got.Townships[0].Points != 1 || len(got.Villages) != 1 || len(got.Ledger) != 1 || got.Ledger[0].Item != id {
		t.Errorf("%+v", got)
	}
	v.get(api + "/rankings").is(http.StatusOK).says(`"id":"2026-11"`)
	csv := v.get(api + "/rankings?period=2026&format=csv").is(http.StatusOK)
	if !strings.HasPrefix(csv.Body.String(), "\ufeff组别,排名,单位") || !strings.Contains(csv.Header().Get("Content-Disposition"), "ranking-2026.csv") {
		t.Errorf("%v %s", csv.Header(), csv.Body)
	}
	v.get(api + "/rankings?period=x").is(http.StatusUnprocessableEntity).says("2026-11")
	v.get(api + "/rankings?format=xls").is(http.StatusUnprocessableEntity)
	c.program(t, account.RoleLiaison).get(api + "/rankings").is(http.StatusForbidden)
}
