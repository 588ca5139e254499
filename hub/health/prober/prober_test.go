package prober_test

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"zhanqun/hub/access"
	"zhanqun/hub/health"
	"zhanqun/hub/health/linkcheck"
	"zhanqun/hub/health/prober"
	"zhanqun/hub/health/uptime"
	"zhanqun/hub/store"
	"zhanqun/hub/store/storetest"
	"zhanqun/internal/account"
	"zhanqun/internal/fault"
)

// network is one in which some addresses fail in some way.
type network struct {
	mu    sync.Mutex
	fails map[string]linkcheck.ErrorKind // by address; "" for the line itself
	asked []string
}

func (n *network) Check(_ context.Context, address string) linkcheck.Result {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.asked = append(n.asked, address)
	r := linkcheck.Result{URL: address, Elapsed: time.Second}
	kind, bad := n.fails[address]
	if line, cut := n.fails[""]; cut {
		kind, bad = line, true
	}
	if !bad {
		r.Verdict, r.Status = linkcheck.OK, 200
		return r
	}
	r.Verdict, r.Reason, r.ErrorKind = linkcheck.Dead, linkcheck.ReasonNetwork, kind
	return r
}

func (n *network) count(address string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	c := 0
	for _, a := range n.asked {
		if a == address {
			c++
		}
	}
	return c
}

type watch struct {
	*prober.Service
	t     *testing.T
	clock *storetest.Clock
	store *store.Store
	net   *network
}

const (
	portal  = "http://portal.example/"
	channel = "http://portal.example/town/"
	town    = "http://town.example/"
)

func newWatch(t *testing.T, urls ...string) (*watch, map[string]string) {
	t.Helper()
	clock := storetest.NewClock()
	s := storetest.SQLite(t, clock.Now)
	storetest.Units(t, s)
	var list []health.Site
	for _, u := range urls {
		list = append(list, health.Site{Unit: storetest.Sitang, Name: u, URL: u})
	}
	if _, err := s.SaveSites(t.Context(), "test", list); err != nil {
		t.Fatal(err)
	}
	sites, err := s.Sites(t.Context(), "", 10)
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]string{}
	for _, site := range sites {
		ids[site.URL] = site.ID
	}
	w := &watch{t: t, clock: clock, store: s, net: &network{fails: map[string]linkcheck.ErrorKind{}}}
	w.restart()
	// The tests begin at midnight, with what was due before it asked already.
	const before = 20 * time.Minute
	clock.Advance(24*time.Hour - before - clock.Now().Sub(uptime.Day0(clock.Now())))
	w.run(before)
	w.net.asked = nil
	return w, ids
}

func (w *watch) restart() {
	w.Service = prober.New(prober.Options{Store: w.store, Checker: w.net, Now: w.clock.Now, Log: slog.New(slog.DiscardHandler)})
}

// run lets the clock go on and asks whenever something is due.
func (w *watch) run(d time.Duration) {
	w.t.Helper()
	for end := w.clock.Now().Add(d); w.clock.Now().Before(end); {
		next, err := w.RunOnce(w.t.Context())
		if err != nil {
			w.t.Fatal(err)
		}
		step := min(max(next.Sub(w.clock.Now()), time.Second), end.Sub(w.clock.Now()))
		w.clock.Advance(max(step, time.Millisecond))
	}
}

func (w *watch) day(site string) uptime.Day {
	w.t.Helper()
	from := uptime.Day0(w.clock.Now().Add(-time.Minute))
	days, err := w.store.Days(w.t.Context(), site, from, from.AddDate(0, 0, 1))
	if err != nil || len(days) != 1 {
		w.t.Fatalf("days %v, %v", days, err)
	}
	return days[0]
}

func (w *watch) open() []uptime.Incident {
	w.t.Helper()
	list, err := w.store.OpenIncidents(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

// Without a line nobody is down, and nobody is well either.
func TestOwnLine(t *testing.T) {
	w, ids := newWatch(t, portal, town, "http://third.example/", "http://fourth.example/")
	w.run(2 * time.Hour)
	answered(t, w, "http://a.example/", "http://b.example/")
	w.net.fails[""] = linkcheck.KindDNSPassing
	w.run(4 * time.Hour)
	delete(w.net.fails, "")
	w.run(2 * time.Hour)
	for url, id := range ids {
		if d := w.day(id); d.Failed != 0 || d.NoData < 3 || d.Causes[uptime.CauseOwnLine] != d.NoData {
			t.Errorf("%s: %+v", url, d)
		}
	}
	if list := w.open(); len(list) != 0 {
		t.Errorf("incidents %+v", list)
	}
}

// answered notes that addresses answered not long ago.
func answered(t *testing.T, w *watch, urls ...string) {
	t.Helper()
	for _, u := range urls {
		if err := w.store.AddPlace(t.Context(), health.EntryOwner("e"), "/", health.NewPlace{URL: u, Element: "a", Unit: storetest.Sitang}); err != nil {
			t.Fatal(err)
		}
	}
	due, err := w.store.DueTargets(t.Context(), w.clock.Now(), 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range due {
		err := w.store.Judge(t.Context(), target.ID, func(c health.Case) health.Effect {
			c.Target.State, c.Target.CheckedAt, c.Target.NextAt = linkcheck.StateAlive, w.clock.Now(), w.clock.Now().Add(time.Hour)
			return health.Effect{Target: c.Target, Who: health.System}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// When a portal is down, its channels are behind it: one incident alarms. When it
// is back and a channel is not, that one alarms on its own.
func TestOneIncidentAtTheRoot(t *testing.T) {
	w, ids := newWatch(t, portal, channel, town)
	w.net.fails[portal], w.net.fails[channel] = linkcheck.KindRefused, linkcheck.KindRefused
	w.run(3 * time.Hour)
	alarms := func() []string {
		var list []string
		for _, i := range w.open() {
			if i.Root == "" {
				list = append(list, i.Site)
			}
		}
		return list
	}
	if got := alarms(); len(got) != 1 || got[0] != ids[portal] {
		t.Fatalf("alarms of %v in %+v", got, w.open())
	}
	if len(w.open()) != 2 {
		t.Errorf("the channel's time off is not on file: %+v", w.open())
	}
	delete(w.net.fails, portal)
	w.run(2 * time.Hour)
	if got := alarms(); len(got) != 1 || got[0] != ids[channel] {
		t.Errorf("alarms of %v", got)
	}
}

func TestAnnouncedOffline(t *testing.T) {
	w, ids := newWatch(t, town, portal)
	inspector := access.Local("test")
	now := w.clock.Now()
	for name, o := range map[string]uptime.Offline{
		"no reason":  {Site: ids[town], From: now, To: now.Add(time.Hour)},
		"backwards":  {Site: ids[town], From: now.Add(2 * time.Hour), To: now.Add(time.Hour), Why: "改版"},
		"long past":  {Site: ids[town], From: now.Add(-48 * time.Hour), To: now.Add(time.Hour), Why: "改版"},
		"over":       {Site: ids[town], From: now.Add(-2 * time.Hour), To: now.Add(-time.Hour), Why: "改版"},
		"for a year": {Site: ids[town], From: now, To: now.AddDate(1, 0, 0), Why: "改版"},
		"no times":   {Site: ids[town], Why: "改版"},
	} {
		if err := w.Announce(t.Context(), inspector, o); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := w.Announce(t.Context(), access.User{Role: account.RoleViewer}, uptime.Offline{}); !fault.Is(err, fault.Forbidden) {
		t.Errorf("a viewer: %v", err)
	}
	if err := w.Announce(t.Context(), inspector, uptime.Offline{Site: ids[town], From: now, To: now.Add(6 * time.Hour), Why: "改版，已报市政府办"}); err != nil {
		t.Fatal(err)
	}
	w.net.fails[town] = linkcheck.KindRefused
	w.run(6 * time.Hour)
	if d := w.day(ids[town]); d.Planned < 6 || d.Failed != 0 || len(w.open()) != 0 {
		t.Errorf("day %+v, incidents %+v", d, w.open())
	}
	w.run(2 * time.Hour) // still down when the time is over: that is an alarm
	if len(w.open()) != 1 {
		t.Errorf("incidents %+v", w.open())
	}
}

// A day has its 24 visits. A start in the middle of it all asks nothing twice,
// and what the hub slept through is no data.
func TestADay(t *testing.T) {
	w, ids := newWatch(t, town)
	w.run(24 * time.Hour)
	if d := w.day(ids[town]); d.OK != uptime.PerDay || d.Hours != strings.Repeat("o", 24) || w.net.count(town) != uptime.PerDay {
		t.Errorf("day %+v, asked %d times", d, w.net.count(town))
	}
	w.run(3 * time.Hour)
	for range 5 {
		w.restart()
		w.run(time.Second)
	}
	if n := w.net.count(town); n != uptime.PerDay+3 {
		t.Errorf("asked %d times in 3 hours", n-uptime.PerDay)
	}
	w.Ask(ids[town])
	w.run(time.Second)
	if n := w.net.count(town); n != uptime.PerDay+4 || w.day(ids[town]).OK != 3 {
		t.Errorf("asked %d times, counted %d", n, w.day(ids[town]).OK)
	}
	w.clock.Advance(18 * time.Hour)
	w.run(3 * time.Hour)
	d := w.day(ids[town])
	if d.OK < 6 || d.OK > 7 || d.Failed != 0 || d.Lost() != uptime.PerDay-d.OK {
		t.Errorf("day %+v", d)
	}
	days, _ := w.store.Days(t.Context(), ids[town], d.Day, d.Day.AddDate(0, 0, 1))
	if s := uptime.Complete(days, w.clock.Now(), uptime.Official); s.Verdict(uptime.Official) != uptime.Insufficient {
		t.Errorf("share %+v", s)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.Run(ctx)
	}()
	cancel()
	<-done // Run ends with its context
}

// One failure is a record and no alarm; several confirmed soon after one another
// are an incident; the all-clear waits as well. A blip that is gone ten minutes
// later warns nobody.
func TestIncident(t *testing.T) {
	w, ids := newWatch(t, town, portal)
	toSlot := func() {
		w.run(uptime.Next(ids[town], w.clock.Now()).Sub(w.clock.Now()) + time.Second)
	}
	w.net.fails[town] = linkcheck.KindTimeout
	toSlot()
	delete(w.net.fails, town)
	w.run(2 * time.Hour)
	if list, _ := w.store.Incidents(t.Context(), ids[town], 5); len(list) != 0 {
		t.Errorf("incidents after a blip %+v", list)
	}

	w.net.fails[town] = linkcheck.KindRefused
	toSlot()
	if len(w.open()) != 0 || w.day(ids[town]).Failed != 2 {
		t.Fatalf("after one failure: %+v", w.open())
	}
	w.run(21 * time.Minute)
	open := w.open()
	if len(open) != 1 || open[0].Site != ids[town] || open[0].Failures != 3 || open[0].Cause != uptime.CauseConnect || open[0].Root != "" {
		t.Fatalf("after three failures: %+v", open)
	}
	if d := w.day(ids[town]); d.Failed != 2 {
		t.Errorf("confirming counted in the share: %+v", d)
	}
	delete(w.net.fails, town)
	toSlot()
	if len(w.open()) != 1 {
		t.Error("one good visit was taken for the all-clear")
	}
	w.run(11 * time.Minute)
	if len(w.open()) != 0 {
		t.Errorf("still open: %+v", w.open())
	}
	list, err := w.store.Incidents(t.Context(), ids[town], 5)
	if err != nil || len(list) != 1 || !list[0].Until.After(list[0].Since) {
		t.Errorf("incidents %+v, %v", list, err)
	}
	if w.Counts()[uptime.Failed] != 4 {
		t.Errorf("counts %v", w.Counts())
	}
}

// A site that is really down is found out although nothing else was due: others
// that answered not long ago are asked. Its home page is read twice a day, once
// it opens.
func TestAlone(t *testing.T) {
	w, ids := newWatch(t, town)
	read := 0
	latest := w.clock.Now().Add(-time.Hour)
	w.Home = func(context.Context, health.Site) prober.HomePage {
		read++
		return prober.HomePage{Latest: latest, Told: true}
	}
	answered(t, w, "http://a.example/", "http://b.example/")
	w.net.fails[town] = linkcheck.KindTimeout
	w.run(2 * time.Hour)
	if list := w.open(); len(list) != 1 || list[0].Site != ids[town] {
		t.Errorf("incidents %+v", list)
	}
	if !slices.Contains(w.net.asked, "http://a.example/") && !slices.Contains(w.net.asked, "http://b.example/") {
		t.Error("nobody else was asked")
	}
	if read != 0 {
		t.Errorf("read %d times while it was down", read)
	}
	delete(w.net.fails, town)
	w.run(15 * time.Hour)
	if read != 2 {
		t.Errorf("read %d times in 15 hours", read)
	}
	pages, err := w.store.HomePages(t.Context())
	if err != nil || !pages[ids[town]].Told || !pages[ids[town]].Latest.Equal(latest) {
		t.Errorf("home pages %v, %v", pages, err)
	}
}

// When the line that sites are said to hang on does not answer, their failures are
// no data, and the line has the one incident. What is down by itself is so.
func TestBehindALine(t *testing.T) {
	const gateway = "http://gateway.example/"
	urls := []string{gateway, town, "http://a.example/", "http://b.example/", "http://c.example/"}
	w, ids := newWatch(t, urls[1:]...)
	list := []health.Site{{Unit: storetest.Sitang, Name: "县政务机房", URL: gateway, Line: true}}
	for _, u := range urls[2:] {
		list = append(list, health.Site{Unit: storetest.Sitang, Name: u, URL: u, Above: "县政务机房"})
	}
	if _, err := w.store.SaveSites(t.Context(), "test", list); err != nil {
		t.Fatal(err)
	}
	for _, u := range append([]string{gateway}, urls[2:]...) {
		w.net.fails[u] = linkcheck.KindTimeout
	}
	w.run(4 * time.Hour)
	open := w.open()
	if len(open) != 1 || open[0].Cause != uptime.CauseTimeout || open[0].Site == ids[town] {
		t.Fatalf("incidents %+v", open)
	}
	line, err := w.store.Site(t.Context(), open[0].Site)
	if err != nil || !line.Line {
		t.Errorf("the incident is of %+v, %v", line, err)
	}
	for _, u := range urls[2:] {
		if d := w.day(ids[u]); d.Failed != 0 || d.NoData < 3 || d.Causes[uptime.CauseParent] != d.NoData {
			t.Errorf("%s: %+v", u, d)
		}
	}
	delete(w.net.fails, gateway)
	delete(w.net.fails, urls[3])
	delete(w.net.fails, urls[4])
	w.run(3 * time.Hour)
	if open := w.open(); len(open) != 1 || open[0].Site != ids[urls[2]] {
		t.Errorf("with the line back: %+v", open)
	}
	// A line is well when anything at all answers, and it is never read.
	w.net.fails[gateway] = linkcheck.KindTruncated
	w.run(2 * time.Hour)
	due, err := w.store.DueSites(t.Context(), w.clock.Now(), 10)
	if err != nil || slices.ContainsFunc(due, func(s health.Site) bool { return s.Line }) {
		t.Errorf("due to be read: %+v, %v", due, err)
	}
}

// What opens from another line is no failure; what does not is. Until others have
// answered a visit counts as nothing, and not longer than ten minutes.
func TestElsewhere(t *testing.T) {
	w, ids := newWatch(t, town, portal)
	says := health.Witness{Opens: true, Words: "从塘头镇的线路能正常打开（状态码 200，0.8 秒）。"}
	var failed time.Time
	w.Elsewhere = func(_ context.Context, site health.Site, at time.Time) (health.Witness, error) {
		if site.URL != town {
			t.Errorf("asked about %s, which opens", site.URL)
		}
		failed = at
		return says, nil
	}
	w.net.fails[town] = linkcheck.KindTimeout
	w.run(4 * time.Hour)
	if d := w.day(ids[town]); d.Failed != 0 || d.Causes[uptime.CauseElsewhere] != 4 || len(w.open()) != 0 {
		t.Errorf("day %+v, incidents %+v", d, w.open())
	}
	pending := func() int {
		list, err := w.store.PendingProbes(t.Context(), w.clock.Now().Add(-24*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	toSlot := func() {
		w.run(uptime.Next(ids[town], w.clock.Now()).Sub(w.clock.Now()) + time.Second)
	}
	// Asked and not answered: it waits; the answer comes three minutes later.
	says = health.Witness{Waits: true}
	toSlot()
	at := failed
	w.run(3 * time.Minute)
	if d := w.day(ids[town]); pending() != 1 || d.Failed != 0 || d.NoData != 4 {
		t.Errorf("%d wait, day %+v", pending(), d)
	}
	if !failed.Equal(at) {
		t.Errorf("asked about %s, it failed at %s", failed, at)
	}
	says = health.Witness{Opens: true, Words: "从塘头镇的线路能正常打开。"}
	w.run(2 * time.Minute)
	if d := w.day(ids[town]); pending() != 0 || d.Failed != 0 || d.Causes[uptime.CauseElsewhere] != 5 || len(w.open()) != 0 {
		t.Errorf("%d wait, day %+v", pending(), d)
	}
	// No answer within ten minutes: it counts, also for a program that was started
	// meanwhile.
	says = health.Witness{Waits: true}
	toSlot()
	elsewhere := w.Elsewhere
	w.restart()
	w.Elsewhere = elsewhere
	w.run(8 * time.Minute)
	if d := w.day(ids[town]); pending() != 1 || d.Failed != 0 {
		t.Errorf("%d wait, day %+v", pending(), d)
	}
	w.run(4 * time.Minute)
	if d := w.day(ids[town]); pending() != 0 || d.Failed != 1 || d.Causes[uptime.CauseTimeout] != 1 {
		t.Errorf("%d wait, day %+v", pending(), d)
	}
	if w.Counts()[uptime.Failed] < 1 || w.Counts()[uptime.Pending] != 0 {
		t.Errorf("counts %v", w.Counts())
	}
	// Nor from anywhere else: it counts at once.
	says = health.Witness{}
	w.run(2 * time.Hour)
	if d := w.day(ids[town]); d.Failed < 2 || len(w.open()) != 1 {
		t.Errorf("down for everybody: %+v, %+v", d, w.open())
	}
}

// A site that was closed down is not asked.
func TestClosedSite(t *testing.T) {
	w, ids := newWatch(t, town, portal)
	if _, err := w.store.CloseSite(t.Context(), "li", ids[town], "并入县门户", func(f health.Finding) health.Finding { return f }); err != nil {
		t.Fatal(err)
	}
	w.run(3 * time.Hour)
	if w.net.count(town) != 0 || w.net.count(portal) < 2 {
		t.Errorf("asked %d times, another %d times", w.net.count(town), w.net.count(portal))
	}
}
