package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhanqun/hub/health"
	"zhanqun/hub/health/rules"
	"zhanqun/hub/health/verdict"
	"zhanqun/hub/intake"
	"zhanqun/hub/store"
	"zhanqun/hub/webhook"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// verdictSuite is what judging sites demands of the store.
func verdictSuite(t *testing.T, open Open) {
	t.Run("faulty links", func(t *testing.T) { testDeadLinks(t, open) })
	t.Run("vetoes told", func(t *testing.T) { testVetoesTold(t, open) })
	t.Run("alarms", func(t *testing.T) { testAlarms(t, open) })
	t.Run("sheets", func(t *testing.T) { testSheets(t, open) })
}

// testDeadLinks holds that faulty links are counted by unit, class and place, and
// that a site's own home page is none of them.
func testDeadLinks(t *testing.T, open Open) {
	clock := NewClock()
	s := open(t, clock.Now)
	Units(t, s)
	site := addSite(t, s, Sitang, "门户", "http://portal.example/")
	place := func(page, url, unit string) {
		t.Helper()
		if err := s.AddPlace(t.Context(), health.SiteOwner(site.ID), page, health.NewPlace{URL: url, Element: "a", Unit: unit}); err != nil {
			t.Fatal(err)
		}
	}
	place(site.URL, site.URL, Sitang)
	place(site.URL, "http://dead.example/home", Sitang)
	place("http://portal.example/a", "http://dead.example/home", Sitang)
	place("http://portal.example/a", "http://dead.example/1", Sitang)
	place("http://portal.example/a", "http://dead.example/2", Sitang)
	place("http://portal.example/b", "http://dead.example/town", Tangtou)
	before := clock.Now()
	of := func(class string) func(*health.Finding) {
		return func(f *health.Finding) { f.Site, f.Class = site.ID, class }
	}
	kill(t, s, clock, site.URL, of("死链"))
	kill(t, s, clock, "http://dead.example/home", of("死链"))
	kill(t, s, clock, "http://dead.example/1", of("死链"), func(f *health.Finding) { f.DueAt = clock.Now().Add(-time.Minute) })
	kill(t, s, clock, "http://dead.example/2", of("内容死链"), func(f *health.Finding) { f.State = health.FindingFound })
	kill(t, s, clock, "http://dead.example/town", of("外链变异"))
	got := must[map[string][]rules.DeadLinks](t)(s.DeadLinks(t.Context(), site.ID))
	same(t, "faulty links", got, map[string][]rules.DeadLinks{site.ID: {
		{Unit: Sitang, UnitName: "思唐街道", Class: "内容死链", Count: 1, Doubtful: true},
		{Unit: Sitang, UnitName: "思唐街道", Class: "死链", Count: 1},
		{Unit: Sitang, UnitName: "思唐街道", Class: "死链", Home: true, Count: 1},
		{Unit: Tangtou, UnitName: "塘头镇", Class: "外链变异", Count: 1},
	}})
	same(t, "of all", must[map[string][]rules.DeadLinks](t)(s.DeadLinks(t.Context(), "")), got)
	same(t, "by class", must[map[string]int](t)(s.OpenClasses(t.Context())), map[string]int{"死链": 3, "内容死链": 1, "外链变异": 1})
	same(t, "overdue", must[map[string]int](t)(s.Overdue(t.Context())), map[string]int{Sitang: 1})
	columns := []health.Column{{Site: site.ID, Name: "动态", URL: "http://portal.example/dt/", Class: "news", Unit: Sitang, Status: health.ColumnWatched}}
	if _, err := s.SaveColumns(t.Context(), "test", columns); err != nil {
		t.Fatal(err)
	}
	same(t, "columns", must[map[string]int](t)(s.ColumnStates(t.Context())), map[string]int{"": 1})
	list := must[[]health.Finding](t)(s.Findings(t.Context(), health.FindingQuery{Site: site.ID, State: protocol.FindingOpen, Limit: 10}))
	clock.Advance(time.Hour)
	strike := func(f health.Finding, _ health.Target) health.Finding {
		f.State, f.Ending, f.ClosedAt = protocol.FindingStruck, protocol.EndingStruck, clock.Now()
		return f
	}
	if _, err := s.Settle(t.Context(), "admin", list[0].ID, strike); err != nil {
		t.Fatal(err)
	}
	counts := func(from, to time.Time) verdict.FindingCounts {
		return must[verdict.FindingCounts](t)(s.CountFindings(t.Context(), site.ID, from, to))
	}
	end := clock.Now().Add(time.Minute)
	same(t, "counts", counts(before, end), verdict.FindingCounts{Opened: 5, Closed: 1, Left: 4})
	same(t, "later", counts(end, end.Add(time.Hour)), verdict.FindingCounts{Left: 4})
	same(t, "earlier", counts(before.Add(-time.Hour), before), verdict.FindingCounts{})
}

func testSheets(t *testing.T, open Open) {
	clock := NewClock()
	s := open(t, clock.Now)
	Units(t, s)
	site := addSite(t, s, Sitang, "门户", "http://portal.example/")
	yes := true
	sheet := verdict.Sheet{Channel: &yes, Acts: map[string]int{"letters": 3}, Given: map[string]rules.Given{"S1": {Count: 2, Points: rules.Whole(1)}}, Who: "admin", At: clock.Now()}
	for range 2 { // the second takes the place of the first
		if err := s.SaveSheet(t.Context(), site.ID, sheet); err != nil {
			t.Fatal(err)
		}
		sheets := must[map[string]verdict.Sheet](t)(s.Sheets(t.Context(), ""))
		same(t, "sheets", sheets, map[string]verdict.Sheet{site.ID: sheet})
		sheet.Looked, sheet.Grave = true, []string{"首页领导姓名写错"}
	}
	if got := must[map[string]verdict.Sheet](t)(s.Sheets(t.Context(), "nothing")); len(got) != 0 {
		t.Errorf("sheets of nothing: %v", got)
	}
	if err := s.SaveSheet(t.Context(), "nothing", sheet); !fault.Is(err, fault.NotFound) {
		t.Errorf("a sheet of nothing: %v", err)
	}
	var _ verdict.Store = (*store.Store)(nil)
}

// testVetoesTold holds that nodes that read it hear how the vetoes stand in which
// their unit has a part: once, again when that changes, and that it is over.
func testVetoesTold(t *testing.T, open Open) {
	clock := NewClock()
	s := open(t, clock.Now)
	Units(t, s)
	modern, old := NewSender(t, s, Sitang).Node, NewSender(t, s, Tangtou).Node
	knows := string(protocol.KindFindings) + " " + string(protocol.KindVetoes)
	if err := s.NoteSeen(t.Context(), []intake.Sighting{{Node: modern.ID, At: clock.Now(), Hello: true, Knows: knows}, {Node: old.ID, At: clock.Now(), Hello: true, Knows: string(protocol.KindFindings)}}); err != nil {
		t.Fatal(err)
	}
	told := func(node string) (list []*protocol.Vetoes) {
		t.Helper()
		for _, m := range Words(t, s, node, 0) {
			if v, ok := m.(*protocol.Vetoes); ok {
				list = append(list, v)
			}
		}
		return list
	}
	tell := func(units map[string][]protocol.Veto) {
		t.Helper()
		for range 2 {
			if err := s.TellVetoes(t.Context(), units); err != nil {
				t.Fatal(err)
			}
		}
	}
	tell(nil)
	if got := told(modern.ID); len(got) != 0 {
		t.Errorf("told of nothing: %+v", got)
	}
	near := protocol.Veto{Site: "门户", Title: "栏目不更新", State: protocol.VetoNear, Says: "2 个栏目不更新，达到 5 个即单项否决。", Count: 2, Limit: 5, Own: 1, Names: []string{"通知公告"}, Official: true}
	tell(map[string][]protocol.Veto{Sitang: {near}, Tangtou: {near}})
	if got := told(modern.ID); len(got) != 1 || len(got[0].Vetoes) != 1 || !cmp.Equal(got[0].Vetoes[0], near) || !got[0].At.Equal(clock.Now()) {
		t.Errorf("told %+v", got)
	}
	near.Count = 3
	tell(map[string][]protocol.Veto{Sitang: {near}})
	tell(map[string][]protocol.Veto{})
	if got := told(modern.ID); len(got) != 3 || got[1].Vetoes[0].Count != 3 || got[2].Vetoes == nil || len(got[2].Vetoes) != 0 {
		t.Errorf("told %+v", got)
	}
	if got := told(old.ID); len(got) != 0 {
		t.Errorf("a node that does not read it was told %+v", got)
	}
}

// testAlarms holds that what people were told of vetoes is kept, found by site,
// handed to webhooks once, and forgotten in the end.
func testAlarms(t *testing.T, open Open) {
	clock := NewClock()
	s := open(t, clock.Now)
	ctx := t.Context()
	Units(t, s)
	site, other := addSite(t, s, Sitang, "门户", "http://portal.example/"), addSite(t, s, Tangtou, "镇", "http://town.example/")
	addHook(t, s, clock.Now())
	if _, err := s.HookFindings(ctx, 10, func([]webhook.Change, []webhook.Hook) []webhook.Delivery { return nil }); err != nil {
		t.Fatal(err)
	}
	standing := verdict.Standing{Site: site.ID, Clause: "V3a", Seen: rules.Near, SeenAt: clock.Now(), Told: rules.Clear}
	save := func(st verdict.Standing, alarms ...verdict.Alarm) {
		t.Helper()
		if err := s.SaveStandings(ctx, []verdict.Standing{st}, alarms, clock.Now().Add(-time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	save(standing)
	near := verdict.Alarm{ID: "a1", At: clock.Now(), Site: site.ID, SiteName: "门户", From: rules.Clear, State: rules.Near, Clause: "V3a", Count: 3, Limit: 5, Owners: []rules.Owner{{Unit: Tangtou, Count: 1}}}
	standing.Told, standing.ToldAt = rules.Near, clock.Now()
	save(standing, near)
	same(t, "standings", must[map[[2]string]verdict.Standing](t)(s.VetoStandings(ctx)), map[[2]string]verdict.Standing{{site.ID, "V3a"}: standing})
	later := near
	later.ID, later.Site, later.At = "a2", other.ID, clock.Advance(time.Minute)
	save(verdict.Standing{Site: other.ID, Clause: "V1", Seen: rules.Fallen, Told: rules.Fallen}, later)
	same(t, "all", must[[]verdict.Alarm](t)(s.Alarms(ctx, "", 5)), []verdict.Alarm{later, near})
	same(t, "of one site", must[[]verdict.Alarm](t)(s.Alarms(ctx, site.ID, 5)), []verdict.Alarm{near})
	var told []string
	for range 2 {
		if _, err := s.HookFindings(ctx, 10, func(changes []webhook.Change, _ []webhook.Hook) []webhook.Delivery {
			for _, c := range changes {
				told = append(told, c.Veto.ID)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	same(t, "told", told, []string{"a1", "a2"})
	clock.Advance(2 * time.Hour)
	last := near
	last.ID, last.At = "a3", clock.Now()
	save(standing, last)
	same(t, "kept", must[[]verdict.Alarm](t)(s.Alarms(ctx, "", 5)), []verdict.Alarm{last})
}
