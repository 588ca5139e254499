package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"zhanqun/hub/health"
	"zhanqun/hub/health/linkcheck"
	"zhanqun/hub/store"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// healthSuite is what the health area demands of the store.
func healthSuite(t *testing.T, open Open) {
	t.Run("sites", func(t *testing.T) { testSites(t, open) })
	t.Run("closed site", func(t *testing.T) { testClosedSite(t, open) })
	t.Run("lines", func(t *testing.T) { testLines(t, open) })
	t.Run("places", func(t *testing.T) { testPlaces(t, open) })
	t.Run("naming", func(t *testing.T) { testNaming(t, open) })
	t.Run("finding", func(t *testing.T) { testFinding(t, open) })
	t.Run("findings by page", func(t *testing.T) { testFindingPages(t, open) })
	t.Run("silent host", func(t *testing.T) { testHost(t, open) })
	t.Run("forgotten", func(t *testing.T) { testForgotten(t, open) })
	t.Run("columns", func(t *testing.T) { testSiteColumns(t, open) })
	t.Run("column days", func(t *testing.T) { testColumnDays(t, open) })
	t.Run("proposals", func(t *testing.T) { testProposals(t, open) })
	t.Run("one digest", func(t *testing.T) { testDigest(t, open) })
	t.Run("urging", func(t *testing.T) { testUrging(t, open) })
	t.Run("second opinion", func(t *testing.T) { testLooks(t, open) })
	t.Run("strike lapses", func(t *testing.T) { testLapse(t, open) })
	t.Run("findings of a period", func(t *testing.T) { testWithin(t, open) })
	t.Run("sites and columns", func(t *testing.T) { testFollow(t, open) })
	t.Run("handed over", func(t *testing.T) { testHandedOver(t, open) })
}

func addSite(t testing.TB, s *store.Store, unit, name, url string) health.Site {
	t.Helper()
	if _, err := s.SaveSites(t.Context(), "test", []health.Site{{Unit: unit, Name: name, URL: url}}); err != nil {
		t.Fatal(err)
	}
	sites, err := s.Sites(t.Context(), "", 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, site := range sites {
		if site.URL == url {
			return site
		}
	}
	t.Fatalf("site %s was not saved", url)
	return health.Site{}
}

func testSites(t *testing.T, open Open) {
	clock := NewClock()
	s := open(t, clock.Now)
	Units(t, s)
	site := addSite(t, s, Sitang, "思唐街道网", "http://sitang.example/")
	if site.UnitName != "思唐街道" || site.State != health.SiteNew {
		t.Errorf("site %+v", site)
	}
	if again, err := s.SaveSites(t.Context(), "test", []health.Site{{Unit: Tangtou, Name: "改名", URL: site.URL}}); err != nil || again != 0 {
		t.Errorf("saved again: %d new, %v", again, err)
	}
	if got, err := s.Site(t.Context(), site.ID); err != nil || got.Unit != Tangtou || got.Name != "改名" {
		t.Errorf("renamed site %+v, %v", got, err)
	}
	if _, err := s.SaveSites(t.Context(), "test", []health.Site{{Unit: "000", Name: "x", URL: "http://x.example/"}}); !fault.Is(err, fault.Invalid) {
		t.Errorf("a site of an unknown unit: %v", err)
	}
	if _, err := s.Site(t.Context(), "nothing"); !fault.Is(err, fault.NotFound) {
		t.Errorf("a site that does not exist: %v", err)
	}
	due, err := s.DueSites(t.Context(), clock.Now(), 10)
	if err != nil || len(due) != 1 {
		t.Fatalf("a new site is not due: %v, %v", due, err)
	}
	site.State, site.ReadAt, site.NextAt, site.Pages = health.SiteOpen, clock.Now(), clock.Now().Add(time.Hour), 3
	if err := s.SiteRead(t.Context(), site); err != nil {
		t.Fatal(err)
	}
	if due, _ := s.DueSites(t.Context(), clock.Now(), 10); len(due) != 0 {
		t.Error("a site that was read is due at once")
	}
	if next, err := s.NextSite(t.Context()); err != nil || !next.Equal(site.NextAt) {
		t.Errorf("next due %v, %v; want %v", next, err, site.NextAt)
	}
	if err := s.SiteDue(t.Context(), "test", site.ID); err != nil {
		t.Fatal(err)
	}
	if due, _ := s.DueSites(t.Context(), clock.Now(), 10); len(due) != 1 {
		t.Error("a site a person wants checked is not due")
	}
	if err := s.SiteDue(t.Context(), "test", "nothing"); !fault.Is(err, fault.NotFound) {
		t.Errorf("checking a site that does not exist: %v", err)
	}
}

func testPlaces(t *testing.T, open Open) {
	clock := NewClock()
	s := open(t, clock.Now)
	Units(t, s)
	site := addSite(t, s, Sitang, "思唐街道网", "http://sitang.example/")
	owner := health.SiteOwner(site.ID)
	replace := func(page string, urls ...string) []string {
		t.Helper()
		var list []health.NewPlace
		for _, u := range urls {
			list = append(list, health.NewPlace{URL: u, Element: "a", Label: "链接", Unit: Sitang})
		}
		gone, err := s.ReplacePlaces(t.Context(), owner, page, list)
		if err != nil {
			t.Fatal(err)
		}
		return gone
	}
	replace("/", "http://a.example/", "http://b.example/", "http://a.example/")
	replace("/news", "http://b.example/")
	due, err := s.DueTargets(t.Context(), clock.Now(), 10)
	if err != nil || len(due) != 2 {
		t.Fatalf("%d targets due, want each address once (%v)", len(due), err)
	}
	// A link may belong to several units.
	both := []health.NewPlace{{URL: "http://a.example/", Element: "a", Unit: Sitang, Item: "i1"}, {URL: "http://a.example/", Element: "a", Unit: Tangtou, Item: "i2"}}
	if _, err := s.ReplacePlaces(t.Context(), health.EntryOwner("e"), "/entries/e", both); err != nil {
		t.Fatal(err)
	}
	first := due[slices.IndexFunc(due, func(d health.Target) bool { return d.URL == "http://a.example/" })]
	err = s.Judge(t.Context(), first.ID, func(c health.Case) health.Effect {
		if len(c.Places[Sitang]) != 2 || len(c.Places[Tangtou]) != 1 || c.Places[Tangtou][0].Item != "i2" {
			t.Errorf("places %+v", c.Places)
		}
		return health.Effect{Target: c.Target, Who: health.System}
	})
	if err != nil {
		t.Fatal(err)
	}
	replace("/", "http://a.example/")
	replace("/news")
	if due, _ := s.DueTargets(t.Context(), clock.Now(), 10); len(due) != 1 || due[0].URL != "http://a.example/" {
		t.Errorf("due %v: an address nobody names any more is still asked", due)
	}
}

// testNaming holds what is kept of the targets a site names: the first places,
// how many there are, and nothing when it names them no more.
func testNaming(t *testing.T, open Open) {
	clock := NewClock()
	s := open(t, clock.Now)
	Units(t, s)
	sender := NewSender(t, s, Sitang)
	site := addSite(t, s, Sitang, "思唐街道网", "http://sitang.example/")
	other := addSite(t, s, Sitang, "二网", "http://er.example/")
	site.NextAt, other.NextAt = clock.Now().AddDate(1, 0, 0), clock.Now().AddDate(1, 0, 0)
	site.WholeAt, site.Cut, site.PassBegan, site.PassPages, site.PassKnown, site.PassAsked = clock.Now(), "pages", clock.Now(), 7, 30, 20
	well(t, s.SiteRead(t.Context(), site))
	well(t, s.SiteRead(t.Context(), other))
	if got := must[health.Site](t)(s.Site(t.Context(), site.ID)); got.PassPages != 7 || got.PassKnown != 30 || got.PassAsked != 20 ||
		!got.PassBegan.Equal(clock.Now()) || !got.WholeAt.Equal(clock.Now()) || got.Cut != "pages" {
		t.Errorf("site %+v", got)
	}
	name := func(site health.Site, url string, total int, pages ...string) string {
		t.Helper()
		n := health.Naming{Owner: health.SiteOwner(site.ID), URL: url, Total: total}
		for _, p := range pages {
			n.Places = append(n.Places, health.Place{Page: p, Element: "a", Label: "附件", Unit: Sitang, SeenAt: clock.Now()})
		}
		return must[string](t)(s.Name(t.Context(), n))
	}
	id := name(site, "http://dead.example/", 400, "/1", "/2")
	name(other, "http://dead.example/", 1, "/9")
	well(t, s.AddPlace(t.Context(), health.EntryOwner("e"), "/entries/e", health.NewPlace{URL: "http://dead.example/", Element: "a", Unit: Sitang}))
	f := kill(t, s, clock, "http://dead.example/")
	if told := lastFinding(t, s, sender.Node.ID); told.Total != 402 || len(told.Places) != 4 {
		t.Errorf("told of %d places, %d in all", len(told.Places), told.Total)
	}
	got, _, err := s.Finding(t.Context(), f.ID)
	if err != nil || got.Total != 402 || len(got.Places) != 4 {
		t.Errorf("%d places of %d, %v", len(got.Places), got.Total, err)
	}
	list := must[[]health.Naming](t)(s.Named(t.Context(), health.SiteOwner(site.ID), 10))
	if len(list) != 1 || list[0].Target != id || list[0].URL != "http://dead.example/" || len(list[0].Places) != 2 || !list[0].Places[0].SeenAt.Equal(clock.Now()) {
		t.Errorf("the site names %+v", list)
	}

	// The unit says that it has mended it: its pages are to be read again, once.
	at := clock.Advance(time.Minute)
	NewStream(t, s).Send(sender, sender.Next(protocol.KindAnswer, &protocol.Answer{Finding: f.ID, Answer: protocol.AnswerFixed, By: "张秀英", At: at}))
	at = clock.Advance(time.Minute)
	places := must[[]health.Place](t)(s.Answered(t.Context(), []string{id, "none"}))
	if len(places) != 4 {
		t.Fatalf("%d pages to read again", len(places))
	}
	for _, p := range places {
		well(t, s.PlaceRead(t.Context(), p, p.Page == "/2", at))
	}
	if oldest := must[[]health.Place](t)(s.PlacesOf(t.Context(), id, 2)); len(oldest) != 1 || oldest[0].Page != "/2" || !oldest[0].SeenAt.Equal(at) {
		t.Errorf("places by when they were read: %+v", oldest)
	}
	if left := must[[]health.Place](t)(s.Answered(t.Context(), []string{id})); len(left) != 0 {
		t.Errorf("still to be read again: %+v", left)
	}
	if got, _, _ = s.Finding(t.Context(), f.ID); len(got.Places) != 1 || got.Places[0].Page != "/2" || got.Total != 399 {
		t.Errorf("after its pages were read again: %d of %+v", got.Total, got.Places)
	}
	if got := must[time.Time](t)(s.NextDue(t.Context())); got.After(at) {
		t.Errorf("still named and due only at %v", got)
	}
	if again := name(site, "http://dead.example/", 0); again != id {
		t.Errorf("named by another id: %s", again)
	}
	if got, _, _ = s.Finding(t.Context(), f.ID); len(got.Places) != 0 || got.Total != 0 {
		t.Errorf("named no more, in %d of %+v", got.Total, got.Places)
	}
	if due, _ := s.DueTargets(t.Context(), clock.Now().AddDate(1, 0, 0), 10); len(due) != 0 {
		t.Errorf("what nobody names is due: %+v", due)
	}
}

// judgeWith makes the target of url dead, with a finding as edit has it.
func judgeWith(t testing.TB, s *store.Store, clock *Clock, url string, edit ...func(*health.Finding)) {
	t.Helper()
	due, err := s.DueTargets(t.Context(), clock.Now(), 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range due {
		if target.URL != url {
			continue
		}
		err := s.Judge(t.Context(), target.ID, func(c health.Case) health.Effect {
			e := health.Effect{Target: c.Target, Who: health.System}
			e.Target.State, e.Target.NextAt, e.Target.CheckedAt = linkcheck.StateDead, clock.Now().Add(time.Hour), clock.Now()
			e.Target.Looks = []health.Look{{Look: linkcheck.Look{At: clock.Now(), Verdict: linkcheck.Dead}, Status: 404}}
			for unit, places := range c.Places {
				f := health.Finding{ID: uuid.Must(uuid.NewV7()).String(), Target: c.Target.ID, URL: url, Unit: unit, State: protocol.FindingOpen,
					Class: "死链", Status: 404, Reason: "两次 404", Looks: 2, FirstBad: clock.Now(), LastBad: clock.Now(), OpenedAt: clock.Now(),
					Site: siteOf(places), Places: places}
				for _, change := range edit {
					change(&f)
				}
				e.Findings = append(e.Findings, f)
			}
			return e
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// kill makes the target of url dead, tells the nodes, and returns its open finding.
func kill(t testing.TB, s *store.Store, clock *Clock, url string, edit ...func(*health.Finding)) health.Finding {
	t.Helper()
	judgeWith(t, s, clock, url, edit...)
	tell(t, s)
	list, err := s.Findings(t.Context(), health.FindingQuery{State: health.StateActive, Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		if f.URL == url {
			return f
		}
	}
	t.Fatalf("no finding for %s", url)
	return health.Finding{}
}

// settling is a decision as the health area makes them.
func settling(strike bool, note string) func(health.Finding, health.Target) health.Finding {
	return func(f health.Finding, _ health.Target) health.Finding {
		f.Note, f.State = note, protocol.FindingOpen
		if strike {
			f.State, f.Ending, f.ClosedAt, f.Mark = protocol.FindingStruck, protocol.EndingStruck, time.Now(), `{"status":404}`
		}
		return f
	}
}

// tell tells the nodes what they have still to hear of.
func tell(t testing.TB, s *store.Store) {
	t.Helper()
	for {
		more, err := s.TellFindings(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			return
		}
	}
}

func siteOf(places []health.Place) string {
	for _, p := range places {
		if len(p.Owner) > 5 && p.Owner[:5] == "site:" {
			return p.Owner[5:]
		}
	}
	return ""
}

func testFinding(t *testing.T, open Open) {
	clock := NewClock()
	s := open(t, clock.Now)
	Units(t, s)
	sender := NewSender(t, s, Sitang)
	node := sender.Node
	site := addSite(t, s, Sitang, "思唐街道网", "http://sitang.example/")
	for _, page := range []string{"/", "/news"} {
		if _, err := s.ReplacePlaces(t.Context(), health.SiteOwner(site.ID), page,
			[]health.NewPlace{{URL: "http://dead.example/", Element: "a", Label: "办事指南", Unit: Sitang}}); err != nil {
			t.Fatal(err)
		}
	}
	f := kill(t, s, clock, "http://dead.example/")
	if f.Node != node.ID || f.SiteName != "思唐街道网" || f.UnitName != "思唐街道" {
		t.Errorf("finding %+v", f)
	}
	got, steps, err := s.Finding(t.Context(), f.ID)
	if err != nil || len(got.Places) != 2 || len(steps) != 1 {
		t.Fatalf("one dead target on two pages: %d places, %d steps, %v", len(got.Places), len(steps), err)
	}
	if site, _ := s.Site(t.Context(), site.ID); site.Findings != 1 {
		t.Errorf("the site counts %d findings", site.Findings)
	}
	told := lastFinding(t, s, node.ID)
	if told.ID != f.ID || told.Total != 2 || told.Advice == "" || told.State != protocol.FindingOpen {
		t.Errorf("the node was told %+v", told)
	}
	stream := NewStream(t, s)
	answer := &protocol.Answer{Finding: f.ID, Answer: protocol.AnswerFixed, Note: "已更换", By: "张秀英", At: clock.Now()}
	clock.Advance(time.Minute)
	stream.Send(sender, sender.Next(protocol.KindAnswer, answer))
	if told := lastFinding(t, s, node.ID); told.State != protocol.FindingFixing {
		t.Errorf("answered, and the node was told %+v", told)
	}
	if due, _ := s.DueTargets(t.Context(), clock.Now(), 10); len(due) != 1 {
		t.Error("the target is not looked at again after the answer")
	}
	if got, _, _ := s.Finding(t.Context(), f.ID); got.Answer != protocol.AnswerFixed || !got.AnsweredAt.Equal(clock.Now()) {
		t.Errorf("answer on file: %+v", got)
	}
	gone, err := s.ReplacePlaces(t.Context(), health.SiteOwner(site.ID), "/", nil)
	if err != nil || len(gone) != 1 {
		t.Errorf("targets to judge anew after a place went: %v, %v", gone, err)
	}
	if _, err := s.Settle(t.Context(), "admin", f.ID, settling(true, "实测可以打开")); err != nil {
		t.Fatal(err)
	}
	if told := lastFinding(t, s, node.ID); told.State != protocol.FindingStruck || told.Note == "" {
		t.Errorf("struck off, and the node was told %+v", told)
	}
	late := *answer
	stream.Send(sender, sender.Next(protocol.KindAnswer, &late))
	if got, _, _ := s.Finding(t.Context(), f.ID); got.State != protocol.FindingStruck {
		t.Errorf("an answer after striking off made it %s", got.State)
	}
	if _, err := s.Settle(t.Context(), "admin", f.ID, settling(true, "再来一次")); !fault.Is(err, fault.Conflict) {
		t.Errorf("settled twice: %v", err)
	}
	if _, _, err := s.Finding(t.Context(), "nothing"); !fault.Is(err, fault.NotFound) {
		t.Errorf("a finding that does not exist: %v", err)
	}
}

// lastFinding returns the last word on a finding that the hub had for a node.
func lastFinding(t testing.TB, s *store.Store, node string) *protocol.Finding {
	t.Helper()
	var last *protocol.Finding
	for _, m := range Words(t, s, node, 0) {
		if f, ok := m.(*protocol.Finding); ok {
			last = f
		}
	}
	if last == nil {
		t.Fatal("the node was told of no finding")
	}
	return last
}

func testFindingPages(t *testing.T, open Open) {
	clock := NewClock()
	s := open(t, clock.Now)
	Units(t, s)
	site := addSite(t, s, Sitang, "思唐街道网", "http://sitang.example/")
	var urls []health.NewPlace
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		urls = append(urls, health.NewPlace{URL: "http://" + name + ".example/", Element: "a", Unit: Sitang})
	}
	if _, err := s.ReplacePlaces(t.Context(), health.SiteOwner(site.ID), "/", urls); err != nil {
		t.Fatal(err)
	}
	for _, u := range urls {
		kill(t, s, clock, u.URL) // all within one millisecond of the clock
	}
	seen := map[string]bool{}
	q := health.FindingQuery{Site: site.ID, Limit: 2}
	for {
		list, err := s.Findings(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range list {
			if seen[f.ID] {
				t.Fatalf("finding %s on two pages", f.ID)
			}
			seen[f.ID] = true
		}
		if len(list) < q.Limit {
			break
		}
		q.Before, q.BeforeID = list[len(list)-1].UpdatedAt, list[len(list)-1].ID
	}
	if len(seen) != len(urls) {
		t.Errorf("%d findings on all pages, want %d", len(seen), len(urls))
	}
}

func well(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
