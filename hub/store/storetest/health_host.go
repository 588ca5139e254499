package storetest

import (
	"testing"
	"time"

	"zhanqun/hub/health"
	"zhanqun/hub/health/linkcheck"
	"zhanqun/hub/store"
	"zhanqun/protocol"
)

// judged returns the case of the target of url, as a rule sees it, and leaves it
// with what edit makes of it.
func judged(t testing.TB, s *store.Store, url string, edit func(*health.Target)) health.Case {
	t.Helper()
	due, err := s.DueTargets(t.Context(), time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC), 100)
	if err != nil {
		t.Fatal(err)
	}
	var seen health.Case
	for _, target := range due {
		if target.URL != url {
			continue
		}
		if err := s.Judge(t.Context(), target.ID, func(c health.Case) health.Effect {
			seen = c
			if edit != nil {
				edit(&c.Target)
			}
			return health.Effect{Target: c.Target, Who: health.System}
		}); err != nil {
			t.Fatal(err)
		}
	}
	return seen
}

// testHost holds that a rule is told where another address of the same host made
// a finding of its silence, and who answered last.
func testHost(t *testing.T, open Open) {
	clock := NewClock()
	s := open(t, clock.Now)
	Units(t, s)
	for unit, urls := range map[string][]string{
		Sitang: {"http://down.example/a", "http://down.example/b", "http://other.example/"}, Tangtou: {"http://down.example/b"},
	} {
		site := addSite(t, s, unit, "网", "http://"+unit+".example/")
		for _, u := range urls {
			if err := s.AddPlace(t.Context(), health.SiteOwner(site.ID), "/", health.NewPlace{URL: u, Element: "a", Unit: unit}); err != nil {
				t.Fatal(err)
			}
		}
	}
	f := kill(t, s, clock, "http://down.example/a", func(f *health.Finding) { f.Host = "down.example" })
	if f.Host != "down.example" {
		t.Errorf("finding %+v", f)
	}
	c := judged(t, s, "http://down.example/b", nil)
	if !c.Silent[Sitang] || c.Silent[Tangtou] || len(c.Places) != 2 {
		t.Errorf("the other address: %+v", c)
	}
	if c := judged(t, s, "http://down.example/a", nil); len(c.Silent) != 0 {
		t.Errorf("the address of the finding itself: %+v", c)
	}
	if c := judged(t, s, "http://other.example/", nil); len(c.Silent) != 0 {
		t.Errorf("another host: %+v", c)
	}
	if _, err := s.Settle(t.Context(), "admin", f.ID, settling(true, "实测可以打开")); err != nil {
		t.Fatal(err)
	}
	if c := judged(t, s, "http://down.example/b", nil); !c.Silent[Sitang] {
		t.Error("a false alarm comes back for the next address of the host")
	}

	for _, u := range []string{"http://other.example/", "http://down.example/b"} {
		at := clock.Advance(time.Minute)
		judged(t, s, u, func(target *health.Target) {
			target.State, target.CheckedAt, target.NextAt = linkcheck.StateAlive, at, at.Add(time.Hour)
		})
	}
	same(t, "answered last", must[[]string](t)(s.LastAnswered(t.Context(), 5)), []string{"http://down.example/b", "http://other.example/"})
}

// testForgotten holds that what nobody names any more is neither asked nor
// passed by again and again, and is taken up when it is named again.
func testForgotten(t *testing.T, open Open) {
	clock := NewClock()
	s := open(t, clock.Now)
	Units(t, s)
	site := addSite(t, s, Sitang, "网", "http://sitang.example/")
	owner := health.SiteOwner(site.ID)
	replace := func(urls ...string) {
		t.Helper()
		var list []health.NewPlace
		for _, u := range urls {
			list = append(list, health.NewPlace{URL: u, Element: "a", Unit: Sitang})
		}
		if _, err := s.ReplacePlaces(t.Context(), owner, "/", list); err != nil {
			t.Fatal(err)
		}
	}
	next := func() time.Time { return must[time.Time](t)(s.NextDue(t.Context())) }
	replace("http://a.example/")
	if !next().Equal(clock.Now()) {
		t.Errorf("a new address is due at %v", next())
	}
	replace()
	if !next().IsZero() {
		t.Errorf("an address nobody names is due at %v", next())
	}
	at := clock.Advance(time.Minute)
	replace("http://a.example/")
	if !next().Equal(at) {
		t.Errorf("named again, and due at %v", next())
	}
	judged(t, s, "http://a.example/", func(target *health.Target) { target.NextAt = at.Add(time.Hour) })
	replace("http://a.example/", "http://b.example/") // still named: its hour stays
	judged(t, s, "http://b.example/", func(target *health.Target) { target.NextAt = at.Add(2 * time.Hour) })
	if !next().Equal(at.Add(time.Hour)) {
		t.Errorf("read again, and due at %v", next())
	}
}

// testHandedOver holds that a node that joins late is told what is open, and that
// a repair under review is known as such.
func testHandedOver(t *testing.T, open Open) {
	o := NewOffice(t, open)
	item, entry := o.publish(0, "township")
	site := addSite(t, o.Store, Xujiaba, "许家坝镇网", "http://xujiaba.example/")
	for owner, p := range map[string]health.NewPlace{
		health.EntryOwner(entry):  {URL: "http://dead.example/", Element: "a", Unit: Sitang, Item: item},
		health.SiteOwner(site.ID): {URL: "http://gone.example/", Element: "a", Unit: Xujiaba},
	} {
		if err := o.AddPlace(t.Context(), owner, "/", p); err != nil {
			t.Fatal(err)
		}
	}
	f := kill(t, o.Store, o.Clock, "http://gone.example/")
	if f.Node != "" {
		t.Fatalf("a unit without a node has one: %+v", f)
	}
	late := NewSender(t, o.Store, Xujiaba)
	told := lastFinding(t, o.Store, late.Node.ID)
	if told.ID != f.ID || told.State != protocol.FindingOpen || len(told.Places) != 1 || told.Site != "许家坝镇网" {
		t.Errorf("told %+v", told)
	}
	if _, err := o.Settle(t.Context(), "admin", f.ID, settling(false, "请尽快处理")); err != nil {
		t.Fatal(err)
	}
	if told := lastFinding(t, o.Store, late.Node.ID); told.Note != "请尽快处理" {
		t.Errorf("told %+v", told)
	}

	mine := kill(t, o.Store, o.Clock, "http://dead.example/")
	pending := func() bool {
		t.Helper()
		f, _, err := o.Finding(t.Context(), mine.ID)
		if err != nil || len(f.Places) != 1 {
			t.Fatalf("finding %+v, %v", f, err)
		}
		return f.Places[0].Pending
	}
	if pending() {
		t.Error("nothing waits for review")
	}
	o.Revise(item)
	if !pending() {
		t.Error("the newer text is not known to wait")
	}
	o.Decide(o.Reviewer, item, "return")
	if pending() {
		t.Error("what was returned is still waited for")
	}
}
