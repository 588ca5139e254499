package storetest

import (
	"testing"
	"time"

	"zhanqun/hub/health"
	"zhanqun/internal/fault"
)

// testLines holds that what a site hangs on is found by name or address, kept
// while nothing else is said, and never leads back to itself.
func testLines(t *testing.T, open Open) {
	clock := NewClock()
	s := open(t, clock.Now)
	ctx := t.Context()
	Units(t, s)
	save := func(list ...health.Site) error {
		for i := range list {
			list[i].Unit = Sitang
		}
		_, err := s.SaveSites(ctx, "test", list)
		return err
	}
	if err := save(health.Site{Name: "甲网", URL: "http://a.example/", Above: "机房"}, health.Site{Name: "机房", URL: "http://gateway.example/", Line: true}, health.Site{Name: "乙网", URL: "http://b.example/", Above: "http://a.example/"}); err != nil {
		t.Fatal(err)
	}
	if err := save(health.Site{Name: "甲网", URL: "http://a.example/"}); err != nil { // says nothing of lines
		t.Fatal(err)
	}
	by := func() map[string]health.Site {
		t.Helper()
		list := must[[]health.Site](t)(s.Sites(ctx, "", 10))
		sites := map[string]health.Site{}
		for _, site := range list {
			sites[site.Name] = site
		}
		return sites
	}
	sites := by()
	line := sites["机房"]
	if !line.Line || sites["甲网"].Parent != line.ID || sites["甲网"].ParentName != "机房" || sites["乙网"].Parent != sites["甲网"].ID {
		t.Errorf("sites %+v", sites)
	}
	for _, bad := range []struct{ id, above string }{{line.ID, "乙网"}, {line.ID, "机房"}, {sites["甲网"].ID, "乙网"}, {line.ID, "丙网"}} {
		if err := s.HangSite(ctx, "test", bad.id, bad.above); !fault.Is(err, fault.Invalid) {
			t.Errorf("hung on %s: %v", bad.above, err)
		}
	}
	if err := save(health.Site{Name: "丁网", URL: "http://d.example/", Above: "丁网"}); !fault.Is(err, fault.Invalid) {
		t.Errorf("hung on itself: %v", err)
	}
	if err := s.HangSite(ctx, "test", "nothing", "机房"); !fault.Is(err, fault.NotFound) {
		t.Errorf("a site that does not exist: %v", err)
	}
	if below := must[[]health.Site](t)(s.SitesBelow(ctx, line.ID, 5)); len(below) != 1 || below[0].Name != "甲网" {
		t.Errorf("below %+v", below)
	}
	if err := s.HangSite(ctx, "test", sites["甲网"].ID, health.NoParent); err != nil || by()["甲网"].Parent != "" {
		t.Errorf("still hangs on %q, %v", by()["甲网"].Parent, err)
	}
	if err := s.HangSite(ctx, "test", line.ID, "乙网"); err != nil {
		t.Errorf("no ring any more: %v", err)
	}
	if err := s.SiteDue(ctx, "test", line.ID); err != nil { // it has nothing to be read
		t.Fatal(err)
	}
	for _, site := range must[[]health.Site](t)(s.DueSites(ctx, clock.Now().Add(time.Hour), 10)) {
		if site.Line {
			t.Errorf("due to be read: %+v", site)
		}
	}
}
