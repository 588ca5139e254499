package storetest

import (
	"testing"
	"time"

	"zhanqun/hub/health"
	"zhanqun/hub/health/fresh"
	"zhanqun/hub/health/prober"
	"zhanqun/hub/health/uptime"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// testClosedSite holds that nothing of a closed site is due, open or named, that it
// is on file by whose word, and that all of it is due when it is watched again.
func testClosedSite(t *testing.T, open Open) {
	clock := NewClock()
	s := open(t, clock.Now)
	ctx := t.Context()
	Units(t, s)
	sender := NewSender(t, s, Sitang)
	site, other := addSite(t, s, Sitang, "思唐街道网", "http://sitang.example/"), addSite(t, s, Tangtou, "镇网", "http://tangtou.example/")
	column := health.Column{Site: site.ID, URL: "http://sitang.example/tzgg/", Name: "通知公告", Class: fresh.Notice, Status: health.ColumnWatched}
	must[int](t)(s.SaveColumns(ctx, "test", []health.Column{column}))
	c := oneColumn(t, s, site.ID)
	for _, owner := range []string{health.SiteOwner(site.ID), health.SiteOwner(other.ID)} {
		well(t, s.AddPlace(ctx, owner, "/", health.NewPlace{URL: "http://both.example/", Element: "a", Unit: Tangtou}))
	}
	well(t, s.AddPlace(ctx, health.SiteOwner(site.ID), "/", health.NewPlace{URL: "http://dead.example/", Element: "a", Unit: Sitang}))
	link := kill(t, s, clock, "http://dead.example/")
	down := uptime.Incident{ID: "i1", Site: site.ID, Since: clock.Now(), OpenedAt: clock.Now(), Failures: 3, Cause: uptime.CauseTimeout}
	recorded(t, s, uptime.Probe{Site: site.ID, Slot: clock.Now(), At: clock.Now(), Outcome: uptime.Failed}, func(prober.Case) []uptime.Incident { return []uptime.Incident{down} })
	about := health.Finding{ID: "0193a5f0-0000-7000-8000-0000000000a1", Kind: health.AboutSite, Subject: "i1", URL: site.URL, Unit: Sitang, Site: site.ID, State: protocol.FindingOpen, Class: health.ClassDown, OpenedAt: clock.Now()}
	well(t, s.Follow(ctx, health.About{Kind: health.AboutSite, Subject: "i1", Site: site.ID, Unit: Sitang}, func(*health.Finding) []health.Finding { return []health.Finding{about} }))
	tell(t, s)

	end := func(f health.Finding) health.Finding {
		f.State, f.Ending, f.Note, f.ClosedAt = protocol.FindingClosed, protocol.EndingWaived, "站点已关停", clock.Now()
		return f
	}
	gone := must[[]string](t)(s.CloseSite(ctx, "li", site.ID, "并入县门户", end))
	if len(gone) != 1 || gone[0] != link.Target {
		t.Errorf("to be judged anew: %v", gone)
	}
	if _, err := s.CloseSite(ctx, "li", site.ID, "再关一次", end); !fault.Is(err, fault.Conflict) {
		t.Errorf("closed twice: %v", err)
	}
	got := must[health.Site](t)(s.Site(ctx, site.ID))
	if !got.Closed() || !got.ClosedAt.Equal(clock.Now()) || got.ClosedBy != "li" || got.ClosedNote != "并入县门户" {
		t.Errorf("closed %+v", got)
	}
	// What was under way when it was closed changes nothing.
	well(t, s.SiteRead(ctx, health.Site{ID: site.ID, State: health.SiteOpen, NextAt: clock.Now()}))
	well(t, s.ColumnRead(ctx, health.Column{ID: c.ID, State: fresh.Fresh, NextAt: clock.Now()}, fresh.History{}))
	well(t, s.SiteDue(ctx, "test", site.ID))
	late := clock.Now().AddDate(1, 0, 0)
	due := must[[]health.Site](t)(s.DueSites(ctx, late, 10))
	if len(due) != 1 || due[0].ID != other.ID || len(must[[]health.Column](t)(s.DueColumns(ctx, late, 10))) != 0 {
		t.Errorf("due %+v", due)
	}
	if targets := must[[]health.Target](t)(s.DueTargets(ctx, late, 10)); len(targets) != 1 || targets[0].URL != "http://both.example/" {
		t.Errorf("targets due %+v", targets)
	}
	same(t, "columns counted", must[map[string]int](t)(s.ColumnStates(ctx)), map[string]int{})
	if list := must[[]uptime.Incident](t)(s.OpenIncidents(ctx)); len(list) != 0 {
		t.Errorf("incidents %+v", list)
	}
	if f, _, err := s.Finding(ctx, about.ID); err != nil || f.State != protocol.FindingClosed || f.Ending != protocol.EndingWaived {
		t.Errorf("its own finding %+v, %v", f, err)
	}
	tell(t, s)
	if told := lastFinding(t, s, sender.Node.ID); told.ID != about.ID || told.State != protocol.FindingClosed {
		t.Errorf("the node heard %+v", told)
	}

	clock.Advance(time.Hour)
	well(t, s.ReopenSite(ctx, "wang", site.ID, "恢复"))
	if err := s.ReopenSite(ctx, "wang", site.ID, "恢复"); !fault.Is(err, fault.Conflict) {
		t.Errorf("opened twice: %v", err)
	}
	if got := must[health.Site](t)(s.Site(ctx, site.ID)); got.Closed() || got.ClosedBy != "wang" || got.ClosedNote != "恢复" {
		t.Errorf("open again %+v", got)
	}
	if len(must[[]health.Site](t)(s.DueSites(ctx, clock.Now(), 10))) != 2 || len(must[[]health.Column](t)(s.DueColumns(ctx, clock.Now(), 10))) != 1 {
		t.Error("not due when it is watched again")
	}
}
