package web

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"zhanqun/hub/catalog"
	"zhanqun/internal/account"
)

// Reading the record of acts is an act, on the page and by the interface, but
// whoever only follows it does not write it for ever.
func TestReadingTheAuditLogIsNoted(t *testing.T) {
	c := newCounty(t)
	anchor, _, err := c.Store.AnchorAudit(t.Context(), "2026-11-03")
	if err != nil {
		t.Fatal(err)
	}
	last := func() catalog.Audit {
		t.Helper()
		list, err := c.Store.AuditsBefore(t.Context(), 0, 1)
		if err != nil || len(list) != 1 {
			t.Fatal(list, err)
		}
		return list[0]
	}

	page := c.as(t, account.RoleAdmin).get("/audit")
	if page.Code != http.StatusOK || !strings.Contains(page.Body.String(), anchor.Hash) {
		t.Errorf("the page (%d) does not show the anchor", page.Code)
	}
	if a := last(); a.Act != catalog.ActAuditRead || a.Actor != c.people[account.RoleAdmin].Login {
		t.Errorf("after the page the last act is %+v", a)
	}

	program := c.program(t, account.RoleAdmin)
	read := last().Seq
	if a := program.get("/api/v1/audit?after=0"); a.Code != http.StatusOK || !strings.Contains(a.Body.String(), `"hash":"`+anchor.Hash) {
		t.Fatalf("%d %s", a.Code, a.Body)
	}
	end := last()
	if end.Act != catalog.ActAuditRead || end.Seq <= read {
		t.Errorf("after the interface the last act is %+v", end)
	}
	program.get("/api/v1/audit?after=" + strconv.FormatUint(end.Seq-1, 10)).is(http.StatusOK)
	if a := last(); a.Seq != end.Seq {
		t.Errorf("reading a reading was noted: %+v", a)
	}
}
