package web

import (
	"net/http"
	"strings"
	"testing"

	"zhanqun/hub/catalog"
	"zhanqun/hub/review"
	"zhanqun/hub/store/storetest"
	"zhanqun/internal/account"
	"zhanqun/internal/ui/uitest"
	"zhanqun/protocol"
)

// The ranking says who stands where, by whose rules, and where each point comes
// from, to everybody who reads all.
func TestRankingsPage(t *testing.T) {
	c := newCounty(t)
	id := c.Submit(0, "township", func(m *protocol.Submit) { m.Title, m.Origin = "村里修了路", storetest.SitangA })
	c.Decide(c.Reviewer, id, catalog.ActionApprove)
	if err := c.Desk.Adopt(t.Context(), c.Reviewer, id, review.Outlet{Outlet: review.OutletCity}); err != nil {
		t.Fatal(err)
	}
	v := c.as(t, account.RoleViewer)
	page := v.get("/rankings").is(http.StatusOK).says("2026年11月", "不是官方", "思唐街道", "塘头镇", "城北社区", "100.0%")
	if first := uitest.Words(page.find("#main tbody tr")); !strings.HasPrefix(first, "1") || !strings.Contains(first, "思唐街道") || !strings.HasSuffix(first, "6") {
		t.Errorf("first line: %q", first)
	}
	if body := page.Body.String(); !strings.Contains(body, "/rankings?period=2026-10") || strings.Contains(body, "period=2026-12") {
		t.Error("the months around are not those that can be looked at")
	}
	v.get("/rankings?period=2026-10").is(http.StatusOK).says("2026年10月").lacks("村里修了路")
	v.get("/rankings?period=2026-Q4&unit="+storetest.Sitang).is(http.StatusOK).says("2026年四季度", "思唐街道的得分从哪里来", "村里修了路", "县级门户采用 · 乡镇传真", "市级采用")
	v.get("/rankings?unit=" + storetest.Tangtou).is(http.StatusOK).says("这个时段没有得分")
	if csv := v.get("/rankings?period=2026&format=csv").is(http.StatusOK); !strings.HasPrefix(csv.Header().Get("Content-Type"), "text/csv") {
		t.Errorf("%v", csv.Header())
	}
	v.get("/rankings?period=x").is(http.StatusUnprocessableEntity)
	c.as(t, account.RoleLiaison).get("/rankings").is(http.StatusForbidden)
}
