package storetest

import (
	"testing"
	"time"

	"zhanqun/hub/catalog"
	"zhanqun/hub/health/fresh"
	"zhanqun/hub/health/prober"
	"zhanqun/hub/health/uptime"
	"zhanqun/hub/store"
	"zhanqun/internal/fault"
)

// uptimeSuite is what watching the availability of sites demands of the store.
func uptimeSuite(t *testing.T, open Open) {
	t.Run("visits and days", func(t *testing.T) { testVisits(t, open) })
	t.Run("incidents", func(t *testing.T) { testIncidents(t, open) })
	t.Run("home pages", func(t *testing.T) { testHomePages(t, open) })
	t.Run("off line", func(t *testing.T) { testOffline(t, open) })
}

func recorded(t testing.TB, s *store.Store, p uptime.Probe, follow func(prober.Case) []uptime.Incident) bool {
	t.Helper()
	if follow == nil {
		follow = func(prober.Case) []uptime.Incident { return nil }
	}
	return must[bool](t)(s.RecordProbe(t.Context(), p, nil, follow))
}

func testVisits(t *testing.T, open Open) {
	clock := NewClock()
	s := open(t, clock.Now)
	Units(t, s)
	site, other := addSite(t, s, Sitang, "网", "http://sitang.example/"), addSite(t, s, Tangtou, "网", "http://tangtou.example/")
	day := uptime.Day0(clock.Now())
	slots := uptime.Slots(site.ID, day)
	first := uptime.Probe{Site: site.ID, Slot: slots[0], At: slots[0].Add(time.Second), Outcome: uptime.OK, Status: 200, Elapsed: 1200 * time.Millisecond}
	bad := uptime.Probe{Site: site.ID, Slot: slots[1], At: slots[1], Outcome: uptime.Failed, Cause: uptime.CauseStatus, Status: 502, Detail: "服务器出错", Elapsed: time.Second}
	again := bad
	again.Slot, again.At, again.Extra = slots[1].Add(time.Minute), slots[1].Add(time.Minute), true
	lost := uptime.Probe{Site: site.ID, Slot: slots[2], At: slots[2], Outcome: uptime.NoData, Cause: uptime.CauseOwnLine}
	for _, p := range []uptime.Probe{first, bad, again, lost, {Site: other.ID, Slot: slots[5], At: slots[5], Outcome: uptime.OK}} {
		if !recorded(t, s, p, nil) {
			t.Errorf("visit at %v was not recorded", p.Slot)
		}
	}
	if recorded(t, s, first, func(prober.Case) []uptime.Incident { t.Error("followed a visit that is on file"); return nil }) {
		t.Error("a visit counted twice")
	}
	days := must[[]uptime.Day](t)(s.Days(t.Context(), site.ID, day, day.AddDate(0, 0, 1)))
	if len(days) != 1 || days[0].OK != 1 || days[0].Failed != 1 || days[0].NoData != 1 || days[0].Hours[:4] != "oxn." ||
		days[0].Causes[uptime.CauseStatus] != 1 || days[0].Slowest != 1200*time.Millisecond || !days[0].Day.Equal(day) {
		t.Errorf("days %+v", days)
	}
	if got := must[map[string][]uptime.Day](t)(s.AllDays(t.Context(), day, day.AddDate(0, 0, 1))); len(got) != 2 || got[other.ID][0].OK != 1 {
		t.Errorf("days of all %+v", got)
	}
	visits := must[[]uptime.Probe](t)(s.Probes(t.Context(), site.ID, day, 2))
	if len(visits) != 2 || visits[0].Cause != uptime.CauseOwnLine || !visits[1].Extra || visits[1].Status != 502 || visits[1].Detail != "服务器出错" {
		t.Errorf("visits %+v", visits)
	}
	last := must[map[string]time.Time](t)(s.LastSlots(t.Context(), slots[1]))
	if len(last) != 2 || !last[site.ID].Equal(slots[2]) {
		t.Errorf("last slots %v", last)
	}
	testPending(t, s, uptime.Probe{Site: other.ID, Slot: slots[7], At: slots[7], Outcome: uptime.Pending, Cause: uptime.CauseTimeout, Detail: "没有应答"})
	if err := s.Forget(t.Context(), slots[2], day); err != nil {
		t.Fatal(err)
	}
	if visits := must[[]uptime.Probe](t)(s.Probes(t.Context(), site.ID, day, 10)); len(visits) != 1 {
		t.Errorf("kept %+v", visits)
	}
	if days := must[[]uptime.Day](t)(s.Days(t.Context(), site.ID, day, day.AddDate(0, 0, 1))); len(days) != 1 {
		t.Error("the day was forgotten with its visits")
	}
	if err := s.Forget(t.Context(), slots[2], day.AddDate(0, 0, 1)); err != nil {
		t.Fatal(err)
	}
	if days := must[[]uptime.Day](t)(s.Days(t.Context(), site.ID, day, day.AddDate(0, 0, 1))); len(days) != 0 {
		t.Errorf("kept %+v", days)
	}
}

// A visit that waits is on file and counts nowhere until it waits no more.
func testPending(t *testing.T, s *store.Store, p uptime.Probe) {
	t.Helper()
	since := p.Slot.Add(-time.Hour)
	day := func() uptime.Day {
		t.Helper()
		return must[[]uptime.Day](t)(s.Days(t.Context(), p.Site, uptime.Day0(p.Slot), uptime.Day0(p.Slot).AddDate(0, 0, 1)))[0]
	}
	if !recorded(t, s, p, nil) || recorded(t, s, p, nil) {
		t.Error("a visit that waits was recorded never or twice")
	}
	if d := day(); d.OK != 1 || d.Valid() != 1 || d.NoData != 0 {
		t.Errorf("it counted: %+v", d)
	}
	if last := must[map[string]time.Time](t)(s.LastSlots(t.Context(), since)); !last[p.Site].Equal(p.Slot) {
		t.Errorf("it is asked again: %v", last)
	}
	list := must[[]uptime.Probe](t)(s.PendingProbes(t.Context(), since))
	if len(list) != 1 || list[0].Detail != p.Detail || list[0].Cause != p.Cause || len(must[[]uptime.Probe](t)(s.PendingProbes(t.Context(), p.Slot.Add(time.Hour)))) != 0 {
		t.Errorf("waiting %+v", list)
	}
	p.Outcome = uptime.Failed
	if !recorded(t, s, p, nil) || recorded(t, s, p, nil) || len(must[[]uptime.Probe](t)(s.PendingProbes(t.Context(), since))) != 0 {
		t.Error("it was counted never or twice")
	}
	if d := day(); d.Failed != 1 || d.Causes[uptime.CauseTimeout] != 1 {
		t.Errorf("day %+v", d)
	}
}

func testIncidents(t *testing.T, open Open) {
	clock := NewClock()
	s := open(t, clock.Now)
	Units(t, s)
	site, child := addSite(t, s, Sitang, "门户", "http://sitang.example/"), addSite(t, s, Tangtou, "频道", "http://sitang.example/town/")
	down := uptime.Incident{ID: "i1", Site: site.ID, Since: clock.Now().Add(-time.Hour), OpenedAt: clock.Now(), Failures: 3, Cause: uptime.CauseTimeout, Detail: "打不开"}
	hidden := uptime.Incident{ID: "i2", Site: child.ID, Since: down.Since, OpenedAt: clock.Now(), Failures: 3, Root: site.ID}
	visit := func(site string, kin []string, follow func(prober.Case) []uptime.Incident) {
		t.Helper()
		at := clock.Advance(time.Minute)
		p := uptime.Probe{Site: site, Slot: at, At: at, Outcome: uptime.Failed, Cause: uptime.CauseTimeout, Extra: true}
		if !must[bool](t)(s.RecordProbe(t.Context(), p, kin, follow)) {
			t.Error("not recorded")
		}
	}
	head := eventHead(t, s)
	visit(site.ID, nil, func(c prober.Case) []uptime.Incident {
		if len(c.Open) != 0 || len(c.Visits[site.ID]) != 1 {
			t.Errorf("case %+v", c)
		}
		return []uptime.Incident{down, hidden}
	})
	same(t, "events", eventKinds(t, s, head), []string{"site.down"})
	same(t, "open", must[[]uptime.Incident](t)(s.OpenIncidents(t.Context())), []uptime.Incident{down, hidden})
	head = eventHead(t, s)
	visit(site.ID, []string{child.ID}, func(c prober.Case) []uptime.Incident {
		if c.Open[site.ID].ID != "i1" || c.Open[child.ID].Root != site.ID || len(c.Visits[site.ID]) != 2 {
			t.Errorf("case %+v", c)
		}
		over, free := c.Open[site.ID], c.Open[child.ID]
		over.Until, over.EndedAt, over.Failures = clock.Now(), clock.Now(), 4
		free.Root = ""
		return []uptime.Incident{over, free}
	})
	same(t, "events", eventKinds(t, s, head), []string{"site.up", "site.down"})
	got := must[[]uptime.Incident](t)(s.Incidents(t.Context(), site.ID, 5))
	if len(got) != 1 || got[0].Open() || got[0].Failures != 4 {
		t.Errorf("incidents %+v", got)
	}
	if got := must[[]uptime.Incident](t)(s.OpenIncidents(t.Context())); len(got) != 1 || got[0].ID != "i2" || got[0].Root != "" {
		t.Errorf("open %+v", got)
	}
}

func testOffline(t *testing.T, open Open) {
	clock := NewClock()
	s := open(t, clock.Now)
	Units(t, s)
	site := addSite(t, s, Sitang, "网", "http://sitang.example/")
	now := clock.Now()
	running := uptime.Offline{ID: "o1", Site: site.ID, From: now.Add(-time.Hour), To: now.Add(time.Hour), Why: "改版", Who: "admin"}
	coming := uptime.Offline{ID: "o2", Site: site.ID, From: now.Add(24 * time.Hour), To: now.Add(48 * time.Hour), Why: "搬迁", Who: "admin"}
	for _, o := range []uptime.Offline{running, coming} {
		if err := s.SaveOffline(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	if got := must[[]uptime.Offline](t)(s.OfflineNow(t.Context(), now)); len(got) != 1 || got[0].ID != "o1" || got[0].Why != "改版" || !got[0].At.Equal(now) {
		t.Errorf("now %+v", got)
	}
	if got := must[[]uptime.Offline](t)(s.OfflineNow(t.Context(), running.To)); len(got) != 0 {
		t.Errorf("when it is over %+v", got)
	}
	if got := must[[]uptime.Offline](t)(s.Offlines(t.Context(), site.ID, 5)); len(got) != 2 || got[0].ID != "o2" {
		t.Errorf("all %+v", got)
	}
	for _, id := range []string{"o1", "o2"} {
		if err := s.EndOffline(t.Context(), "admin", id); err != nil {
			t.Fatal(err)
		}
		if err := s.EndOffline(t.Context(), "admin", id); !fault.Is(err, fault.Conflict) {
			t.Errorf("%s ended twice: %v", id, err)
		}
	}
	if got := must[[]uptime.Offline](t)(s.Offlines(t.Context(), site.ID, 5)); len(got) != 1 || !got[0].To.Equal(now) {
		t.Errorf("kept %+v", got)
	}
	if err := s.SaveOffline(t.Context(), uptime.Offline{ID: "o3", Site: "nothing", From: now, To: now.Add(time.Hour)}); !fault.Is(err, fault.NotFound) {
		t.Errorf("of a site that does not exist: %v", err)
	}
}

func eventHead(t testing.TB, s *store.Store) uint64 {
	t.Helper()
	return must[uint64](t)(s.EventHead(t.Context()))
}

func eventKinds(t testing.TB, s *store.Store, after uint64) []string {
	t.Helper()
	var kinds []string
	for _, e := range must[[]catalog.Event](t)(s.Events(t.Context(), after, 100)) {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

func testHomePages(t *testing.T, open Open) {
	clock := NewClock()
	s := open(t, clock.Now)
	Units(t, s)
	site := addSite(t, s, Sitang, "网", "http://sitang.example/")
	for _, h := range []prober.HomePage{{ReadAt: clock.Now()}, {Told: true, Latest: clock.Now().Add(-time.Hour), ReadAt: clock.Now()},
		{Told: true, Latest: clock.Now(), ReadAt: clock.Now(), Days: []fresh.Day{"2026-11-02", "2026-11-01"}}, {Told: true, ReadAt: clock.Now(), Days: []fresh.Day{}}} {
		if err := s.SaveHomePage(t.Context(), site.ID, h); err != nil {
			t.Fatal(err)
		}
		same(t, "home pages", must[map[string]prober.HomePage](t)(s.HomePages(t.Context())), map[string]prober.HomePage{site.ID: h})
	}
}
