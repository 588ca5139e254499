package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"zhanqun/hub/health"
	"zhanqun/hub/health/linkcheck"
	"zhanqun/hub/intake"
	"zhanqun/hub/store"
	"zhanqun/protocol"
)

// killAll makes n addresses of one unit's site dead without telling anybody.
func killAll(t testing.TB, s *store.Store, clock *Clock, site health.Site, n int) {
	t.Helper()
	var list []health.NewPlace
	for i := range n {
		list = append(list, health.NewPlace{URL: fmt.Sprintf("http://dead.example/%03d", i), Element: "a", Label: "链接", Unit: site.Unit})
	}
	if _, err := s.ReplacePlaces(t.Context(), health.SiteOwner(site.ID), "/", list); err != nil {
		t.Fatal(err)
	}
	due, err := s.DueTargets(t.Context(), clock.Now(), n)
	if err != nil || len(due) != n {
		t.Fatalf("%d targets due, %v", len(due), err)
	}
	for _, target := range due {
		err := s.Judge(t.Context(), target.ID, func(c health.Case) health.Effect {
			e := health.Effect{Target: c.Target, Who: health.System}
			e.Target.State, e.Target.NextAt = linkcheck.StateDead, clock.Now().Add(time.Hour)
			e.Findings = []health.Finding{{ID: uuid.Must(uuid.NewV7()).String(), Target: c.Target.ID, Unit: site.Unit, State: protocol.FindingOpen, Class: "死链", Status: 404,
				Reason: "两次 404", Looks: 2, FirstBad: clock.Now(), LastBad: clock.Now(), OpenedAt: clock.Now(), DueAt: clock.Now().AddDate(0, 0, 14), Site: site.ID}}
			return e
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// testDigest holds that what one pass finds is one entry for a node that reads
// such an entry, one each for a node that does not, and said once.
func testDigest(t *testing.T, open Open) {
	const n = 100
	clock := NewClock()
	s := open(t, clock.Now)
	Units(t, s)
	count := func(node string) (entries, told int) {
		t.Helper()
		for _, m := range Words(t, s, node, 0) {
			switch m := m.(type) {
			case *protocol.Finding:
				entries, told = entries+1, told+1
			case *protocol.Findings:
				entries, told = entries+1, told+len(m.Findings)
			}
		}
		return entries, told
	}
	modern, old := NewSender(t, s, Sitang).Node, NewSender(t, s, Tangtou).Node
	if err := s.NoteSeen(t.Context(), []intake.Sighting{{Node: modern.ID, At: clock.Now(), Hello: true, Knows: string(protocol.KindFindings)}, {Node: old.ID, At: clock.Now(), Hello: true}}); err != nil {
		t.Fatal(err)
	}
	killAll(t, s, clock, addSite(t, s, Sitang, "思唐街道网", "http://sitang.example/"), n)
	if entries, _ := count(modern.ID); entries != 0 {
		t.Errorf("%d entries before the pass is over", entries)
	}
	tell(t, s)
	tell(t, s)
	if entries, told := count(modern.ID); entries != 1 || told != n {
		t.Errorf("%d findings in %d entries, want %d in one", told, entries, n)
	}
	list, err := s.Findings(t.Context(), health.FindingQuery{Unit: Sitang, Limit: 1})
	if err != nil || len(list) != 1 || !list[0].ToldAt.Equal(clock.Now()) {
		t.Errorf("when it was told is not noted: %+v, %v", list, err)
	}
	second := addSite(t, s, Tangtou, "塘头镇网", "http://tangtou.example/")
	var places []health.NewPlace
	for i := range 3 {
		places = append(places, health.NewPlace{URL: fmt.Sprintf("http://other.example/%d", i), Element: "a", Unit: Tangtou})
	}
	if _, err := s.ReplacePlaces(t.Context(), health.SiteOwner(second.ID), "/", places); err != nil {
		t.Fatal(err)
	}
	for _, p := range places {
		kill(t, s, clock, p.URL)
	}
	if entries, told := count(old.ID); entries != 3 || told != 3 {
		t.Errorf("a node that knows no digest: %d findings in %d entries", told, entries)
	}
}

// testUrging holds that what is due is urged, that an answer stops that, and that
// each step is in the history and is told.
func testUrging(t *testing.T, open Open) {
	clock := NewClock()
	s := open(t, clock.Now)
	Units(t, s)
	sender := NewSender(t, s, Sitang)
	stream := NewStream(t, s)
	site := addSite(t, s, Sitang, "思唐街道网", "http://sitang.example/")
	if err := s.AddPlace(t.Context(), health.SiteOwner(site.ID), "/", health.NewPlace{URL: "http://dead.example/", Element: "a", Unit: Sitang}); err != nil {
		t.Fatal(err)
	}
	f := kill(t, s, clock, "http://dead.example/", func(f *health.Finding) {
		f.DueAt, f.UrgeAt = clock.Now().Add(time.Hour), clock.Now().Add(time.Hour)
	})
	due := func() int { return len(must[[]health.Finding](t)(s.DueUrges(t.Context(), clock.Now(), 10))) }
	if due() != 0 {
		t.Error("urged before its time")
	}
	clock.Advance(2 * time.Hour)
	if due() != 1 {
		t.Fatal("not urged in time")
	}
	urge := func(stage string) {
		t.Helper()
		err := s.Urge(t.Context(), f.ID, func(f health.Finding) (health.Finding, health.Step) {
			f.Stage, f.UrgeAt = stage, clock.Now().Add(time.Hour)
			if stage == "" {
				return f, health.Step{}
			}
			return f, health.Step{Kind: stage, Note: "期限已过"}
		})
		if err != nil {
			t.Fatal(err)
		}
		tell(t, s)
	}
	urge(protocol.StageOverdue)
	if told := lastFinding(t, s, sender.Node.ID); told.Stage != protocol.StageOverdue || !told.Due.Equal(f.DueAt) || told.Note != "" {
		t.Errorf("told %+v", told)
	}
	_, steps, err := s.Finding(t.Context(), f.ID)
	if err != nil || len(steps) != 2 || steps[0].Kind != protocol.StageOverdue || steps[0].Note != "期限已过" || steps[0].Who != health.System {
		t.Errorf("history %+v, %v", steps, err)
	}
	if due() != 0 {
		t.Error("urged again at once")
	}
	before := len(Words(t, s, sender.Node.ID, 0))
	urge("")
	if after := len(Words(t, s, sender.Node.ID, 0)); after != before {
		t.Error("told although nothing is new")
	}
	if list := must[[]health.Finding](t)(s.Findings(t.Context(), health.FindingQuery{State: health.StateActive, Limit: 10})); len(list) != 1 {
		t.Errorf("%d open", len(list))
	}
	urge(protocol.StageExposed)
	if list := must[[]health.Finding](t)(s.Findings(t.Context(), health.FindingQuery{State: health.StateOverdue, Limit: 10})); len(list) != 1 {
		t.Errorf("%d overdue", len(list))
	}
	stream.Send(sender, sender.Next(protocol.KindAnswer, &protocol.Answer{Finding: f.ID, Answer: protocol.AnswerFixed, By: "张秀英", At: clock.Now()}))
	clock.Advance(2 * time.Hour)
	if due() != 0 {
		t.Error("a unit that has answered is urged")
	}
	if err := s.Urge(t.Context(), f.ID, func(f health.Finding) (health.Finding, health.Step) {
		t.Error("urged after the answer")
		return f, health.Step{}
	}); err != nil {
		t.Fatal(err)
	}
}

// testLapse holds that a strike ends when the rules say so, and only then.
func testLapse(t *testing.T, open Open) {
	clock := NewClock()
	s := open(t, clock.Now)
	Units(t, s)
	site := addSite(t, s, Sitang, "思唐街道网", "http://sitang.example/")
	if err := s.AddPlace(t.Context(), health.SiteOwner(site.ID), "/", health.NewPlace{URL: "http://dead.example/", Element: "a", Unit: Sitang}); err != nil {
		t.Fatal(err)
	}
	f := kill(t, s, clock, "http://dead.example/")
	if _, err := s.Settle(t.Context(), "admin", f.ID, settling(true, "实测可以打开")); err != nil {
		t.Fatal(err)
	}
	c := judged(t, s, f.URL, nil)
	if len(c.Findings) != 1 || c.Findings[0].Mark != `{"status":404}` || c.Findings[0].Ending != protocol.EndingStruck {
		t.Fatalf("the strike holds: %+v", c.Findings)
	}
	if err := s.Judge(t.Context(), f.Target, func(c health.Case) health.Effect {
		return health.Effect{Target: c.Target, Who: health.System, Lapsed: []health.Lapse{{Finding: f.ID, Note: "目标变了"}}}
	}); err != nil {
		t.Fatal(err)
	}
	if c := judged(t, s, f.URL, nil); len(c.Findings) != 0 {
		t.Errorf("the strike is over: %+v", c.Findings)
	}
	_, steps, err := s.Finding(t.Context(), f.ID)
	if err != nil || steps[0].Kind != health.StepLapsed || steps[0].Note != "目标变了" {
		t.Errorf("history %+v, %v", steps, err)
	}
}

// testWithin holds that a report is given what was open in its period, and
// nothing a person has not looked at.
func testWithin(t *testing.T, open Open) {
	clock := NewClock()
	s := open(t, clock.Now)
	Units(t, s)
	site := addSite(t, s, Sitang, "思唐街道网", "http://sitang.example/")
	at := clock.Now()
	for name, edit := range map[string]func(*health.Finding){
		"open":  func(f *health.Finding) { f.DueAt = at.AddDate(0, 0, 14) },
		"later": func(f *health.Finding) { f.OpenedAt, f.DueAt = at.AddDate(0, 0, 9), at.AddDate(0, 0, 20) },
		"closed": func(f *health.Finding) {
			f.DueAt, f.State, f.ClosedAt = at.AddDate(0, 0, 14), protocol.FindingClosed, at.Add(time.Hour)
		},
		"before": func(f *health.Finding) {
			f.DueAt, f.State, f.ClosedAt = at.AddDate(0, 0, 14), protocol.FindingClosed, at.AddDate(0, 0, -2)
		},
		"suspect": func(f *health.Finding) { f.State = health.FindingFound },
	} {
		url := "http://" + name + ".example/"
		if err := s.AddPlace(t.Context(), health.SiteOwner(site.ID), "/"+name, health.NewPlace{URL: url, Element: "a", Unit: Sitang}); err != nil {
			t.Fatal(err)
		}
		judgeWith(t, s, clock, url, edit)
	}
	list, err := s.FindingsWithin(t.Context(), at.AddDate(0, 0, -1), at.AddDate(0, 0, 1), 10)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, f := range list {
		got[f.URL] = true
	}
	same(t, "within", got, map[string]bool{"http://open.example/": true, "http://closed.example/": true})
}
