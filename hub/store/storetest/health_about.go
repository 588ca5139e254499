package storetest

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"zhanqun/hub/health"
	"zhanqun/protocol"
)

// testFollow holds that a finding about a column lives beside those about links:
// it is told, answered and closed like them, and is none of them.
func testFollow(t *testing.T, open Open) {
	clock := NewClock()
	s := open(t, clock.Now)
	ctx := t.Context()
	Units(t, s)
	node, _ := Node(t, s, Sitang)
	site := addSite(t, s, Sitang, "思唐街道网", "http://sitang.example/")
	url := "http://sitang.example/tzgg/"
	if _, err := s.SaveColumns(ctx, "test", []health.Column{{Site: site.ID, URL: url, Name: "通知公告", Class: "notice", Status: health.ColumnWatched}}); err != nil {
		t.Fatal(err)
	}
	column := oneColumn(t, s, site.ID)
	about := health.About{Kind: health.AboutColumn, Subject: column.ID, Site: site.ID, Unit: Sitang}
	follow := func(decide func(last *health.Finding) []health.Finding) {
		t.Helper()
		if err := s.Follow(ctx, about, decide); err != nil {
			t.Fatal(err)
		}
	}
	id := uuid.Must(uuid.NewV7()).String()
	follow(func(last *health.Finding) []health.Finding {
		if last != nil {
			t.Errorf("there was %+v", last)
		}
		return []health.Finding{{ID: id, Kind: about.Kind, Subject: about.Subject, URL: url, Unit: Sitang, Site: site.ID, State: protocol.FindingOpen, Class: "空白栏目",
			OpenedAt: clock.Now(), DueAt: clock.Now().Add(time.Hour), Mark: "blank "}}
	})
	for {
		more, err := s.TellFindings(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			break
		}
	}
	f, steps, err := s.Finding(ctx, id)
	if err != nil || f.Kind != about.Kind || f.Subject != column.ID || f.URL != url || f.Node != node.ID || f.ToldAt.IsZero() || len(steps) != 1 || f.Mark != "blank " {
		t.Fatalf("finding %+v with %+v, %v", f, steps, err)
	}
	// A link to the same address is judged by itself.
	if err := s.AddPlace(ctx, health.SiteOwner(site.ID), site.URL, health.NewPlace{URL: url, Element: "a", Unit: Sitang}); err != nil {
		t.Fatal(err)
	}
	err = s.Judge(ctx, f.Target, func(c health.Case) health.Effect {
		if len(c.Findings) != 0 {
			t.Errorf("a link's case holds %+v", c.Findings)
		}
		return health.Effect{Target: c.Target}
	})
	if err != nil {
		t.Fatal(err)
	}
	links, err := s.DeadLinks(ctx, site.ID)
	if err != nil || len(links) != 0 {
		t.Errorf("faulty links %+v, %v", links, err)
	}
	list, err := s.OpenAbout(ctx, about.Kind)
	if err != nil || len(list) != 1 || list[0].ID != id {
		t.Errorf("open %+v, %v", list, err)
	}
	follow(func(last *health.Finding) []health.Finding {
		if last == nil || last.ID != id {
			t.Fatalf("last %+v", last)
		}
		last.State, last.Ending, last.ClosedAt = protocol.FindingClosed, protocol.EndingRecovered, clock.Now()
		return []health.Finding{*last}
	})
	if list, err = s.OpenAbout(ctx, about.Kind); err != nil || len(list) != 0 {
		t.Errorf("still open %+v, %v", list, err)
	}
	if i, err := s.Incident(ctx, "nothing"); err != nil || i.ID != "" {
		t.Errorf("an incident that does not exist: %+v, %v", i, err)
	}
}
