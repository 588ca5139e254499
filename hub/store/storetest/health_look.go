package storetest

import (
	"testing"
	"time"

	"zhanqun/hub/health"
	"zhanqun/hub/intake"
	"zhanqun/hub/store"
	"zhanqun/protocol"
)

// testLooks holds that only nodes that know how are asked to look, once in a
// while, that what they saw is kept once, and that nobody answers unasked.
func testLooks(t *testing.T, open Open) {
	clock := NewClock()
	s := open(t, clock.Now)
	Units(t, s)
	able, old, away := NewSender(t, s, Sitang), NewSender(t, s, Tangtou), NewSender(t, s, Xujiaba)
	both := string(protocol.KindFindings) + " " + string(protocol.KindLook)
	if err := s.NoteSeen(t.Context(), []intake.Sighting{{Node: able.Node.ID, At: clock.Now(), Hello: true, Knows: both},
		{Node: old.Node.ID, At: clock.Now(), Hello: true, Knows: string(protocol.KindFindings)}, {Node: away.Node.ID, At: clock.Now().Add(-2 * time.Hour), Hello: true, Knows: both}}); err != nil {
		t.Fatal(err)
	}
	site := addSite(t, s, Sitang, "思唐街道网", "http://sitang.example/")
	if err := s.AddPlace(t.Context(), health.SiteOwner(site.ID), "/", health.NewPlace{URL: "http://wall.example/a", Element: "a", Unit: Sitang}); err != nil {
		t.Fatal(err)
	}
	f := kill(t, s, clock, "http://wall.example/a")
	ask := func() int { return must[int](t)(s.AskLooks(t.Context(), f.Target)) }
	if n := ask(); n != 1 {
		t.Fatalf("%d nodes asked, want the one that can and is there", n)
	}
	if n := ask(); n != 0 {
		t.Errorf("asked again at once: %d", n)
	}
	asked := func(node string) (list []*protocol.Look) {
		for _, m := range Words(t, s, node, 0) {
			if l, ok := m.(*protocol.Look); ok {
				list = append(list, l)
			}
		}
		return list
	}
	if len(asked(old.Node.ID)) != 0 || len(asked(away.Node.ID)) != 0 {
		t.Error("a node was asked that does not know how, or is away")
	}
	looks := asked(able.Node.ID)
	if len(looks) != 1 || looks[0].URL != "http://wall.example/a" || !looks[0].Page || !looks[0].Until.After(clock.Now()) {
		t.Fatalf("asked %+v", looks)
	}
	tally := must[store.FindingTally](t)(s.FindingTally(t.Context()))
	same(t, "tally", tally, store.FindingTally{Stages: []store.StageCount{{State: protocol.FindingOpen, N: 1}}, Messages: map[string]int{}, Unanswered: 1})
	stream := NewStream(t, s)
	seen := &protocol.Looked{Look: looks[0].ID, Status: 200, Bytes: 9, Millis: 12, At: clock.Now()}
	clock.Advance(time.Minute)
	stream.Send(old, old.Next(protocol.KindLooked, seen)) // not its own
	if list := must[[]health.Opinion](t)(s.Opinions(t.Context(), 10)); len(list) != 0 {
		t.Errorf("taken from a node that was not asked: %+v", list)
	}
	stream.Send(able, able.Next(protocol.KindLooked, seen))
	again := *seen
	again.Status = 404
	stream.Send(able, able.Next(protocol.KindLooked, &again))
	list := must[[]health.Opinion](t)(s.Opinions(t.Context(), 10))
	if len(list) != 1 || list[0].Looked.Status != 200 || list[0].Unit != "思唐街道" || list[0].Target != f.Target || list[0].URL != "http://wall.example/a" || !list[0].At.Equal(clock.Now()) {
		t.Fatalf("opinions %+v", list)
	}
	if err := s.Judge(t.Context(), f.Target, func(c health.Case) health.Effect {
		return health.Effect{Target: c.Target, Who: health.System, Steps: []health.Lapse{{Finding: f.ID, Note: "从思唐街道的线路能正常打开"}}}
	}); err != nil {
		t.Fatal(err)
	}
	if _, steps, err := s.Finding(t.Context(), f.ID); err != nil || steps[0].Kind != health.StepOpinion || steps[0].Note != "从思唐街道的线路能正常打开" {
		t.Errorf("history %+v, %v", steps, err)
	}
	if err := s.Weighed(t.Context(), list[0].ID); err != nil {
		t.Fatal(err)
	}
	if list := must[[]health.Opinion](t)(s.Opinions(t.Context(), 10)); len(list) != 0 {
		t.Errorf("weighed, and still there: %+v", list)
	}
	clock.Advance(13 * time.Hour)
	if err := s.NoteSeen(t.Context(), []intake.Sighting{{Node: able.Node.ID, At: clock.Now()}}); err != nil {
		t.Fatal(err)
	}
	if n := ask(); n != 1 {
		t.Errorf("%d asked half a day later", n)
	}
	// About an address nobody names: as often as is said.
	about := func() int { return must[int](t)(s.AskAbout(t.Context(), "http://home.example/", time.Hour)) }
	if first, second := about(), about(); first != 1 || second != 0 {
		t.Errorf("asked %d and %d", first, second)
	}
	for _, v := range []struct {
		url            string
		ago            time.Duration
		known, waiting int
	}{
		{"http://wall.example/a", 24 * time.Hour, 1, 1}, // asked half a day later once more
		{"http://wall.example/a", time.Hour, 0, 1},
		{"http://home.example/", time.Hour, 0, 1},
		{"http://home.example/", -time.Minute, 0, 0},
	} {
		on, waiting, err := s.OpinionsOn(t.Context(), v.url, clock.Now().Add(-v.ago))
		if err != nil || len(on) != v.known || waiting != v.waiting {
			t.Errorf("%s in %s: %+v, %d waited for, %v", v.url, v.ago, on, waiting, err)
		}
	}
}
