package verdict_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"zhanqun/hub/access"
	"zhanqun/hub/health"
	"zhanqun/hub/health/fresh"
	"zhanqun/hub/health/prober"
	"zhanqun/hub/health/rules"
	"zhanqun/hub/health/uptime"
	"zhanqun/hub/health/verdict"
	"zhanqun/hub/intake"
	"zhanqun/hub/store"
	"zhanqun/hub/store/storetest"
	"zhanqun/internal/account"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

type desk struct {
	*verdict.Service
	t     *testing.T
	clock *storetest.Clock
	store *store.Store
	site  health.Site
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, clock: storetest.NewClock()}
	d.store = storetest.SQLite(t, d.clock.Now)
	storetest.Units(t, d.store)
	if _, err := d.store.SaveSites(t.Context(), "test", []health.Site{{Unit: storetest.Sitang, Name: "门户", URL: "http://portal.example/"}}); err != nil {
		t.Fatal(err)
	}
	sites, err := d.store.Sites(t.Context(), "", 10)
	if err != nil {
		t.Fatal(err)
	}
	d.site = sites[0]
	d.Service, err = verdict.New(verdict.Options{Store: d.store, Sets: rules.Default(), Set: rules.DefaultSet, Portal: "http://portal.example", Watched: true, Links: true, Now: d.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *desk) veto(id string) rules.Veto {
	d.t.Helper()
	r, err := d.Site(d.t.Context(), d.site.ID)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, v := range r.Vetoes {
		if v.Clause == id {
			return v
		}
	}
	d.t.Fatalf("no veto %s", id)
	return rules.Veto{}
}

// What nobody found out is not checked; what is found out is judged.
func TestFacts(t *testing.T) {
	d := newDesk(t)
	for _, id := range []string{"V2", "V3a", "V4", "V5", "V6"} {
		if v := d.veto(id); v.State != rules.Unchecked {
			t.Errorf("%s of a new site: %s", id, v.State)
		}
	}
	if v := d.veto("V1"); v.State != rules.Insufficient {
		t.Errorf("availability of a new site: %s", v.State)
	}
	for n := range 8 { // seven whole days, and a part of today that does not count
		for h, slot := range uptime.Slots(d.site.ID, d.clock.Now().AddDate(0, 0, -n)) {
			if slot.After(d.clock.Now()) {
				continue
			}
			p := uptime.Probe{Site: d.site.ID, Slot: slot, At: slot, Outcome: uptime.OK}
			if n == 0 || n == 2 && h < 9 {
				p.Outcome, p.Cause = uptime.Failed, uptime.CauseTimeout
			}
			if _, err := d.store.RecordProbe(t.Context(), p, nil, func(prober.Case) []uptime.Incident { return nil }); err != nil {
				t.Fatal(err)
			}
		}
	}
	if v := d.veto("V1"); v.State != rules.Fallen || v.Count != 9 || v.Sample != 168 {
		t.Errorf("9 of 168 failed: %+v", v)
	}
	d.column("动态", storetest.Tangtou, fresh.News, -20)
	if v := d.veto("V3a"); v.Count != 1 || len(v.Owners) != 1 || v.Owners[0].Unit != storetest.Tangtou {
		t.Errorf("columns: %+v", v)
	}
	board, err := d.Cluster(t.Context())
	if err != nil || len(board.Sites) != 1 || board.Sites[0].Outcome != rules.Vetoed || len(board.Units) != 2 {
		t.Errorf("board %+v, %v", board, err)
	}
}

// column puts a column on file that changed some days ago.
func (d *desk) column(name, unit string, class fresh.Class, days int) {
	d.t.Helper()
	c := health.Column{Site: d.site.ID, Name: name, URL: "http://portal.example/" + name, Class: class, Unit: unit, Status: health.ColumnWatched}
	if _, err := d.store.SaveColumns(d.t.Context(), "test", []health.Column{c}); err != nil {
		d.t.Fatal(err)
	}
	list, err := d.store.SiteColumns(d.t.Context(), d.site.ID, "")
	if err != nil {
		d.t.Fatal(err)
	}
	for _, c := range list {
		if c.Name == name {
			c.State, c.LastUpdate, c.ReadAt = fresh.Stale, fresh.DayOf(d.clock.Now()).Add(days), d.clock.Now()
			if err := d.store.ColumnRead(d.t.Context(), c, fresh.History{}); err != nil {
				d.t.Fatal(err)
			}
		}
	}
}

// The parts share a store; what one leaves behind does not matter to the next.
func TestWitnesses(t *testing.T) {
	d := newDesk(t)
	t.Run("doubtful dates", func(t *testing.T) { testDoubtfulDates(t, d) })
	t.Run("home page", func(t *testing.T) { testHomePage(t, d) })
	t.Run("sheet", func(t *testing.T) { testSheet(t, d) })
}

// Dates that were made up afterwards are a sign of a veto, and no more until a
// person has looked.
func testDoubtfulDates(t *testing.T, d *desk) {
	d.t = t
	d.column("通知", storetest.Tangtou, fresh.News, -20)
	list, err := d.store.SiteColumns(t.Context(), d.site.ID, "")
	if err != nil {
		t.Fatal(err)
	}
	for flag, want := range map[fresh.Flag]rules.State{fresh.FlagFuture: rules.Unchecked, fresh.FlagRestamped: rules.Near, fresh.FlagBackDated: rules.Near} {
		list[0].Reading.Doubtful = []fresh.Item{{Title: "旧稿", Flags: []fresh.Flag{flag}}}
		if err := d.store.ColumnRead(t.Context(), list[0], fresh.History{}); err != nil {
			t.Fatal(err)
		}
		if v := d.veto("V4"); v.State != want || v.Count != 0 {
			t.Errorf("%s: %s with %d", flag, v.State, v.Count)
		}
	}
	list[0].Reading.Doubtful = nil
	if err := d.store.ColumnRead(t.Context(), list[0], fresh.History{}); err != nil {
		t.Fatal(err)
	}
}

// What the home page shows is believed, but for an old date that a younger column
// speaks against.
func testHomePage(t *testing.T, d *desk) {
	d.t = t
	day := func(n int) time.Time { return verdict.EndOf(fresh.DayOf(d.clock.Now()).Add(n), d.clock.Now()) }
	for _, v := range []struct {
		name   string
		home   prober.HomePage
		column int // days, 0 for none
		state  rules.State
		count  int
	}{
		{"could not be told", prober.HomePage{ReadAt: d.clock.Now()}, 0, rules.Unchecked, 0},
		{"yesterday", prober.HomePage{Told: true, Latest: day(-1), ReadAt: d.clock.Now()}, 0, rules.Clear, 1},
		{"today", prober.HomePage{Told: true, Latest: day(0), ReadAt: d.clock.Now()}, 0, rules.Clear, 0},
		{"eleven days ago", prober.HomePage{Told: true, Latest: day(-11), ReadAt: d.clock.Now()}, 0, rules.Near, 11},
		{"fifteen days ago", prober.HomePage{Told: true, Latest: day(-15), ReadAt: d.clock.Now()}, 0, rules.Fallen, 15},
		{"four items in the window", prober.HomePage{Told: true, Latest: day(-2), ReadAt: d.clock.Now(), Days: []fresh.Day{fresh.DayOf(day(-2)), fresh.DayOf(day(-3)), fresh.DayOf(day(-3)), fresh.DayOf(day(-40))}}, 0, rules.Clear, 2},
		{"no date at all", prober.HomePage{Told: true, ReadAt: d.clock.Now()}, 0, rules.Fallen, 15},
		{"read long ago", prober.HomePage{Told: true, Latest: day(-1), ReadAt: d.clock.Now().AddDate(0, 0, -4)}, 0, rules.Unchecked, 0},
		{"fifteen days ago, and the column too", prober.HomePage{Told: true, Latest: day(-15), ReadAt: d.clock.Now()}, -15, rules.Fallen, 15},
		{"fifteen days ago, but a column is younger", prober.HomePage{Told: true, Latest: day(-15), ReadAt: d.clock.Now()}, -2, rules.Unchecked, 0},
		{"yesterday, and a column is younger", prober.HomePage{Told: true, Latest: day(-3), ReadAt: d.clock.Now()}, -2, rules.Clear, 3},
	} {
		if err := d.store.SaveHomePage(t.Context(), d.site.ID, v.home); err != nil {
			t.Fatal(err)
		}
		if v.column != 0 {
			d.column("动态", storetest.Sitang, fresh.News, v.column)
		}
		if got := d.veto("V2"); got.State != v.state || got.Count != v.count {
			t.Errorf("%s: %s with %d, want %s with %d", v.name, got.State, got.Count, v.state, v.count)
		}
	}
}

// What a person looked at counts for a quarter and then has to be looked at again.
func testSheet(t *testing.T, d *desk) {
	d.t = t
	admin, yes := access.Local("test"), true
	sheet := verdict.Sheet{Channel: &yes, Unanswered: []time.Time{d.clock.Now().AddDate(0, -4, 0)}, Services: &rules.Services{Offered: true, Guides: 9}, Looked: true}
	if err := d.SaveSheet(t.Context(), admin, d.site.ID, sheet); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]rules.State{"V4": rules.Clear, "V5": rules.Fallen, "V6": rules.Clear} {
		if v := d.veto(id); v.State != want {
			t.Errorf("%s: %s, want %s", id, v.State, want)
		}
	}
	d.clock.Advance(verdict.SheetFor)
	for _, id := range []string{"V4", "V5", "V6"} {
		if v := d.veto(id); v.State != rules.Unchecked {
			t.Errorf("%s after a quarter: %s", id, v.State)
		}
	}
	sheet.Grave = []string{"首页领导姓名写错"}
	if err := d.SaveSheet(t.Context(), admin, d.site.ID, sheet); err != nil {
		t.Fatal(err)
	}
	if v := d.veto("V4"); v.State != rules.Fallen {
		t.Errorf("a grave fault: %s", v.State)
	}
	for name, bad := range map[string]verdict.Sheet{
		"a message of tomorrow": {Unanswered: []time.Time{d.clock.Now().Add(24 * time.Hour)}},
		"below nothing":         {Acts: map[string]int{"letters": -1}},
		"more short than all":   {Services: &rules.Services{Guides: 1, Short: 2}},
		"too many points":       {Given: map[string]rules.Given{"B1": {Points: rules.Whole(101)}}},
		"too long":              {Grave: []string{string(make([]byte, 601))}},
	} {
		if err := d.SaveSheet(t.Context(), admin, d.site.ID, bad); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := d.SaveSheet(t.Context(), access.User{Role: account.RoleViewer}, d.site.ID, sheet); !fault.Is(err, fault.Forbidden) {
		t.Errorf("a viewer: %v", err)
	}
}

// A veto that came near is told to the node of the unit that has a part in it, once
// people are told, and when it is over.
func TestNodesHear(t *testing.T) {
	d := newDesk(t)
	sender := storetest.NewSender(t, d.store, storetest.Tangtou)
	if err := d.store.NoteSeen(t.Context(), []intake.Sighting{{Node: sender.Node.ID, At: d.clock.Now(), Hello: true, Knows: string(protocol.KindVetoes)}}); err != nil {
		t.Fatal(err)
	}
	d.column("动态", storetest.Tangtou, fresh.News, -20)
	d.column("要闻", storetest.Sitang, fresh.News, -30)
	heard := func() (list []*protocol.Vetoes) {
		t.Helper()
		if err := d.RunOnce(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, m := range storetest.Words(t, d.store, sender.Node.ID, 0) {
			if v, ok := m.(*protocol.Vetoes); ok {
				list = append(list, v)
			}
		}
		return list
	}
	if got := heard(); len(got) != 0 {
		t.Errorf("told before it lasted: %+v", got)
	}
	d.clock.Advance(31 * time.Minute)
	got := heard()
	if len(got) != 1 || len(got[0].Vetoes) != 1 {
		t.Fatalf("told %+v", got)
	}
	if v := got[0].Vetoes[0]; v.State != protocol.VetoNear || v.Count != 2 || v.Own != 1 || v.Limit != 5 || len(v.Names) != 1 || v.Names[0] != "动态" || v.Site != "门户" || v.English == "" {
		t.Errorf("told %+v", v)
	}
	d.clock.Advance(10 * time.Minute)
	if got := heard(); len(got) != 1 {
		t.Errorf("told again without a change: %+v", got)
	}
	d.column("动态", storetest.Tangtou, fresh.News, 0)
	if got := heard(); len(got) != 2 || len(got[1].Vetoes) != 0 {
		t.Errorf("when its own part was mended: %+v", got)
	}
}

// A site that was closed down is judged with no others.
func TestClosedSite(t *testing.T) {
	d := newDesk(t)
	for _, want := range []int{1, 0} {
		board, err := d.Cluster(t.Context())
		if err != nil || len(board.Sites) != want {
			t.Errorf("%d sites judged, want %d, %v", len(board.Sites), want, err)
		}
		if want == 1 {
			if _, err := d.store.CloseSite(t.Context(), "li", d.site.ID, "并入县门户", func(f health.Finding) health.Finding { return f }); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestUnknownSet(t *testing.T) {
	if _, err := verdict.New(verdict.Options{Sets: rules.Default(), Set: "2030"}); err == nil {
		t.Error("a set that does not exist was accepted")
	}
}

// How a site is kept up is told apart from single late columns, by numbers that
// are settings, and a site that does not open is not judged.
func TestCondition(t *testing.T) {
	d := newDesk(t)
	condition := func() string {
		t.Helper()
		r, err := d.Site(t.Context(), d.site.ID)
		if err != nil {
			t.Fatal(err)
		}
		return r.Condition + " " + r.Updated
	}
	day := func(n int) string { return string(fresh.DayOf(d.clock.Now()).Add(n)) }
	if got := condition(); got != " " {
		t.Errorf("without columns %q", got)
	}
	d.column("动态", storetest.Tangtou, fresh.News, -400)
	if got := condition(); got != "zombie "+day(-400) {
		t.Errorf("all for 400 days: %q", got)
	}
	d.column("通知", storetest.Tangtou, fresh.Notice, -200)
	if got := condition(); got != "sleeping "+day(-200) {
		t.Errorf("the newest 200 days ago: %q", got)
	}
	d.Sleep.SiteZombie = 190
	if got := condition(); got != "zombie "+day(-200) {
		t.Errorf("by a setting of 190 days: %q", got)
	}
	home := prober.HomePage{Told: true, Latest: d.clock.Now().AddDate(0, 0, -3), ReadAt: d.clock.Now()}
	if err := d.store.SaveHomePage(t.Context(), d.site.ID, home); err != nil {
		t.Fatal(err)
	}
	if got := condition(); got != "stale "+day(-3) {
		t.Errorf("with a home page of three days ago: %q", got)
	}
	shut := d.site
	shut.State = health.SiteShut
	if err := d.store.SiteRead(t.Context(), shut); err != nil {
		t.Fatal(err)
	}
	if got := condition(); got != " " {
		t.Errorf("one that does not open: %q", got)
	}
}

// How many new items a home page shows is told from the days that are kept of it;
// where they were not counted the clause stays unchecked and says so.
func TestFewItems(t *testing.T) {
	d := newDesk(t)
	d.Set = "2015-census"
	today := fresh.DayOf(d.clock.Now())
	for _, v := range []struct {
		name string
		days []fresh.Day
		want string
	}{
		{"not counted", nil, "lacks"},
		{"four in the window", []fresh.Day{today.Add(-2), today.Add(-3), today.Add(-3), today.Add(-14), today.Add(-15), today.Add(-40)}, "5 for 4"},
		{"ten in the window", []fresh.Day{today, today, today.Add(-1), today.Add(-1), today.Add(-2), today.Add(-2), today.Add(-3), today.Add(-3), today.Add(-4), today.Add(-4)}, "nothing"},
	} {
		h := prober.HomePage{Told: true, Latest: verdict.EndOf(today.Add(-2), d.clock.Now()), Days: v.days, ReadAt: d.clock.Now()}
		if err := d.store.SaveHomePage(t.Context(), d.site.ID, h); err != nil {
			t.Fatal(err)
		}
		r, err := d.Site(t.Context(), d.site.ID)
		if err != nil {
			t.Fatal(err)
		}
		got := "nothing"
		for _, x := range r.Deductions {
			if x.Clause == "U1" {
				got = fmt.Sprintf("%s for %d", x.Points, x.Count)
			}
		}
		for _, l := range r.Lacks {
			if l.Clause == "U1" {
				got = "lacks"
			}
		}
		if got != v.want {
			t.Errorf("%s: %s, want %s", v.name, got, v.want)
		}
	}
}

// Columns on personnel and planning count by the clause of 2015 about them, and one
// with a period of its own by that.
func TestColumnClasses(t *testing.T) {
	d := newDesk(t)
	d.Set = "2015-census"
	d.column("人事任免", storetest.Tangtou, fresh.Personnel, -400)
	d.column("发展规划", storetest.Sitang, fresh.Plan, -300)
	r, err := d.Site(t.Context(), d.site.ID)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(r.Deductions, func(x rules.Deduction) bool { return x.Clause == "U4" })
	if i < 0 || r.Deductions[i].Count != 1 || r.Deductions[i].Owners[0].Unit != storetest.Tangtou {
		t.Errorf("deductions %+v", r.Deductions)
	}
	if v := d.veto("V3b"); v.Count != 1 {
		t.Errorf("by the classes' periods: %+v", v)
	}
	list, err := d.store.SiteColumns(t.Context(), d.site.ID, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range list {
		if _, err := d.store.EditColumn(t.Context(), "test", c.ID, func(c *health.Column) error { c.Days = 90; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if v := d.veto("V3b"); v.Count != 2 {
		t.Errorf("by periods of their own: %+v", v)
	}
}

// A column counts as it was for a day when it cannot be read, and as gone when its
// page is missing for half an hour; until then nothing is known of it.
func TestColumnsThatCannotBeRead(t *testing.T) {
	d := newDesk(t)
	d.column("动态", storetest.Tangtou, fresh.News, -20)
	list, err := d.store.SiteColumns(t.Context(), d.site.ID, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []struct {
		name   string
		reason fresh.Reason
		last   fresh.Day
		since  time.Duration // how long it has been so at its last reading
		count  int           // stale columns
		sample int           // columns that are known
	}{
		{"unread for an hour", fresh.ReasonUnread, list[0].LastUpdate, time.Hour, 1, 1},
		{"unread for a day less a minute", fresh.ReasonUnread, list[0].LastUpdate, 24*time.Hour - time.Minute, 1, 1},
		{"unread for a day", fresh.ReasonUnread, list[0].LastUpdate, 24 * time.Hour, 0, 0},
		{"unread, and never was", fresh.ReasonUnread, "", time.Hour, 0, 0},
		{"gone just now", fresh.ReasonGone, list[0].LastUpdate, 0, 0, 0},
		{"gone for 29 minutes", fresh.ReasonGone, list[0].LastUpdate, 29 * time.Minute, 0, 0},
		{"gone for half an hour", fresh.ReasonGone, list[0].LastUpdate, 30 * time.Minute, 1, 1},
		{"by script", fresh.ReasonScript, list[0].LastUpdate, time.Hour, 0, 0},
	} {
		c := list[0]
		c.State, c.LastUpdate, c.ReadAt = fresh.Unknown, v.last, d.clock.Now()
		c.Reading = health.ColumnReading{Reason: v.reason, Changed: d.clock.Now().Add(-v.since)}
		if err := d.store.ColumnRead(t.Context(), c, fresh.History{}); err != nil {
			t.Fatal(err)
		}
		got := d.veto("V3a")
		if got.Count != v.count || got.Sample != v.sample || got.Unchecked != 1-v.sample {
			t.Errorf("%s: %d stale of %d, %d unknown; want %d of %d", v.name, got.Count, got.Sample, got.Unchecked, v.count, v.sample)
		}
	}
	// A site whose columns are nearly all gone may be closed: that warns.
	r, err := d.Site(t.Context(), d.site.ID)
	if err != nil || len(r.Signs) != 0 {
		t.Errorf("signs %+v, %v", r.Signs, err)
	}
	c := list[0]
	c.State, c.ReadAt, c.Reading = fresh.Unknown, d.clock.Now(), health.ColumnReading{Reason: fresh.ReasonGone, Changed: d.clock.Now().Add(-time.Hour)}
	if err := d.store.ColumnRead(t.Context(), c, fresh.History{}); err != nil {
		t.Fatal(err)
	}
	if r, err = d.Site(t.Context(), d.site.ID); err != nil || len(r.Signs) != 1 {
		t.Errorf("signs of a site whose only column is gone: %+v, %v", r.Signs, err)
	}
}
