package health_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"zhanqun/hub/access"
	"zhanqun/hub/health"
	"zhanqun/hub/health/crawl"
	"zhanqun/hub/health/foreign"
	"zhanqun/hub/health/linkcheck"
	"zhanqun/hub/health/prober"
	"zhanqun/hub/health/uptime"
	"zhanqun/hub/intake"
	"zhanqun/hub/sample"
	"zhanqun/hub/store"
	"zhanqun/hub/store/storetest"
	"zhanqun/internal/account"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// watch is a health service on a real store and a real checker, with a clock
// that only moves when told.
type watch struct {
	*health.Service
	t     *testing.T
	clock *storetest.Clock
	store *store.Store
}

func newWatch(t *testing.T) *watch {
	t.Helper()
	clock := storetest.NewClock()
	s := storetest.SQLite(t, clock.Now)
	storetest.Units(t, s)
	look := linkcheck.Options{AllowPrivate: func(netip.Addr) bool { return true }, PerHostInterval: -1, Timeout: 5 * time.Second, Now: clock.Now, Resolver: nobody{}, Advertises: foreign.Default().Page}
	checker := linkcheck.New(look)
	t.Cleanup(checker.Close)
	o := health.Options{Store: s, Checker: checker, Now: clock.Now, Log: slog.New(slog.DiscardHandler)}
	o.Crawl = crawl.Options{Dir: t.TempDir(), Pace: -1, Pause: time.Nanosecond, Check: look, Foreign: foreign.Default()}
	return &watch{Service: health.New(o), t: t, clock: clock, store: s}
}

// nobody is a resolver that knows no name.
type nobody struct{}

func (nobody) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
}

// settle runs passes until nothing is due any more.
func (w *watch) settle() {
	w.t.Helper()
	for range 50 {
		more, err := w.RunOnce(w.t.Context())
		if err != nil {
			w.t.Fatal(err)
		}
		if !more {
			return
		}
	}
	w.t.Fatal("there is always more to do")
}

func (w *watch) findings(state string) []health.Finding {
	w.t.Helper()
	list, err := w.Store.Findings(w.t.Context(), health.FindingQuery{State: state, Limit: 100})
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

func (w *watch) site(unit, name, url string) health.Site {
	w.t.Helper()
	if err := w.SaveSite(w.t.Context(), access.Local("test"), health.Site{Unit: unit, Name: name, URL: url}); err != nil {
		w.t.Fatal(err)
	}
	sites, err := w.Store.Sites(w.t.Context(), "", 10)
	if err != nil || len(sites) == 0 {
		w.t.Fatal(err)
	}
	return sites[len(sites)-1]
}

func (w *watch) siteByURL(url string) health.Site {
	w.t.Helper()
	sites, err := w.Store.Sites(w.t.Context(), "", 100)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, site := range sites {
		if site.URL == url {
			return site
		}
	}
	w.t.Fatalf("no site %s", url)
	return health.Site{}
}

// TestSampleSite holds that exactly the faults of a site become findings, each
// with its places, and only after a second look at a later time.
func TestSampleSite(t *testing.T) {
	for _, s := range sample.Sites() {
		t.Run(s.Name, func(t *testing.T) {
			w := newWatch(t)
			server := httptest.NewServer(s)
			defer server.Close()
			w.site(storetest.Sitang, s.Name, server.URL+"/")
			w.settle()
			if got := w.findings(""); len(got) != 0 {
				t.Fatalf("%d findings after the first look", len(got))
			}
			w.clock.Advance(31 * time.Minute)
			w.settle()
			want := map[string]bool{}
			for _, path := range s.Faulty {
				want[server.URL+path] = true
			}
			for _, f := range w.findings(health.StateActive) {
				if !want[f.URL] {
					t.Errorf("false alarm: %s (%s)", f.URL, f.Reason)
				}
				delete(want, f.URL)
				full, _, err := w.Store.Finding(t.Context(), f.ID)
				if err != nil || len(full.Places) == 0 || !strings.HasPrefix(full.Places[0].Page, server.URL) {
					t.Errorf("finding %s has places %v, %v", f.URL, full.Places, err)
				}
			}
			if len(want) > 0 {
				t.Errorf("not found: %v", want)
			}
		})
	}
}

// TestRepairCloses holds the loop: a page that comes back closes its finding,
// one that stays away after an answer is open again.
func TestRepairCloses(t *testing.T) {
	var repaired atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		switch {
		case r.URL.Path == "/":
			_, _ = w.Write([]byte(`<!DOCTYPE html><title>镇政府</title><h1>镇政府</h1><p>欢迎访问本镇网站，这里发布工作动态。</p><a href="/guide.html">办事指南</a>`))
		case repaired.Load():
			_, _ = w.Write([]byte(`<!DOCTYPE html><title>办事指南</title><h1>办事指南</h1><p>请携带身份证和户口簿到便民服务中心办理。</p>`))
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	w := newWatch(t)
	w.site(storetest.Sitang, "思唐街道网", server.URL+"/")
	w.settle()
	w.clock.Advance(31 * time.Minute)
	w.settle()
	open := w.findings(health.StateActive)
	if len(open) != 1 {
		t.Fatalf("%d findings", len(open))
	}
	sender := storetest.NewSender(t, w.store, storetest.Sitang)
	stream := storetest.NewStream(t, w.store)
	answer := func() {
		w.clock.Advance(time.Minute)
		a := &protocol.Answer{Finding: open[0].ID, Answer: protocol.AnswerFixed, By: "张秀英", At: w.clock.Now()}
		stream.Send(sender, sender.Next(protocol.KindAnswer, a))
		w.settle()
	}
	answer()
	if f, _, _ := w.Store.Finding(t.Context(), open[0].ID); f.State != protocol.FindingRecheck {
		t.Fatalf("answered but not repaired: %s", f.State)
	}
	repaired.Store(true)
	answer()
	f, steps, err := w.Store.Finding(t.Context(), open[0].ID)
	if err != nil || f.State != protocol.FindingClosed || len(steps) != 5 {
		t.Errorf("repaired: %s with %d steps, %v", f.State, len(steps), err)
	}
}

func TestImportSites(t *testing.T) {
	w := newWatch(t)
	admin := access.Local("test")
	good := "\ufeffunit,name,url,code\r\n" + storetest.Sitang + ",思唐街道网,http://sitang.example,5206240001\r\n" + storetest.Tangtou + ",塘头镇网,https://tangtou.example/,\r\n"
	total, added, err := w.ImportSites(t.Context(), admin, strings.NewReader(good))
	if err != nil || total != 2 || added != 2 {
		t.Fatalf("%d of %d new, %v", added, total, err)
	}
	if _, added, err := w.ImportSites(t.Context(), admin, strings.NewReader(good)); err != nil || added != 0 {
		t.Errorf("imported again: %d new, %v", added, err)
	}
	for name, text := range map[string]string{
		"empty":        "",
		"no head":      "a,b,c\n",
		"no rows":      "unit,name,url\n",
		"bad address":  "unit,name,url\n" + storetest.Sitang + ",x,javascript:alert(1)\n",
		"with a user":  "unit,name,url\n" + storetest.Sitang + ",x,http://a:b@c.example/\n",
		"bad code":     "unit,name,url,code\n" + storetest.Sitang + ",x,http://c.example/,12\n",
		"unknown unit": "unit,name,url\n999,x,http://c.example/\n",
		"open quote":   "unit,name,url\n\"x,y\n",
	} {
		if _, _, err := w.ImportSites(t.Context(), admin, strings.NewReader(text)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	lines := "单位,名称,首页,标识码,上级线路,种类\n" + storetest.Sitang + ",思唐街道网,http://sitang.example,,县政务机房,\n" + storetest.Sitang + ",县政务机房,http://gateway.example,,,线路\n"
	if total, added, err := w.ImportSites(t.Context(), admin, strings.NewReader(lines)); err != nil || total != 2 || added != 1 {
		t.Errorf("with a line: %d of %d new, %v", added, total, err)
	}
	if site := w.siteByURL("http://sitang.example/"); site.ParentName != "县政务机房" {
		t.Errorf("hangs on %q", site.ParentName)
	}
	for _, bad := range []string{"http://gateway.example,,思唐街道网,线路", "http://x.example,,没有的,", "http://x.example,,,铁路"} {
		if _, _, err := w.ImportSites(t.Context(), admin, strings.NewReader("unit,name,url,code,parent,kind\n"+storetest.Sitang+",x,"+bad+"\n")); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", bad, err)
		}
	}
	viewer := access.User{ID: "v", Login: "v", Role: account.RoleViewer}
	if _, _, err := w.ImportSites(t.Context(), viewer, strings.NewReader(good)); !fault.Is(err, fault.Forbidden) {
		t.Errorf("a viewer imported sites: %v", err)
	}
}

func TestSettleNeedsAReason(t *testing.T) {
	w := newWatch(t)
	reviewer := access.User{ID: "r", Login: "r", Role: account.RoleReviewer}
	if _, err := w.Settle(t.Context(), reviewer, "x", true, "  "); !fault.Is(err, fault.Invalid) {
		t.Errorf("struck off without a word: %v", err)
	}
	if _, err := w.Settle(t.Context(), access.User{Role: account.RoleViewer}, "x", true, "误报"); !fault.Is(err, fault.Forbidden) {
		t.Errorf("struck off by a viewer: %v", err)
	}
}

// silent is a checker whose line is cut.
type silent struct{ health.Checker }

func (silent) Check(_ context.Context, address string) linkcheck.Result {
	return linkcheck.Result{URL: address, Verdict: linkcheck.Dead, Class: linkcheck.ClassDead, Reason: "no_answer", ErrorKind: linkcheck.KindDNS}
}

// counting notes who was asked and lets some hosts never answer.
type counting struct {
	health.Checker
	mu    sync.Mutex
	asked map[string]int
	mute  func(host string) bool
	now   func() time.Time
}

func (c *counting) Check(ctx context.Context, address string) linkcheck.Result {
	host := health.HostOf(address)
	c.mu.Lock()
	c.asked[host]++
	c.mu.Unlock()
	if c.mute(host) {
		return linkcheck.Result{URL: address, Verdict: linkcheck.Inconclusive, Reason: linkcheck.ReasonTimeout, ErrorKind: linkcheck.KindTimeout, CheckedAt: c.now()}
	}
	return c.Checker.Check(ctx, address)
}

// TestHangingHost holds that a host that never answers is left alone after a few
// tries, holds nobody up, and is taken up again later.
func TestHangingHost(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		body := `<!DOCTYPE html><title>友情链接</title><h1>友情链接</h1><p>各兄弟乡镇的网站都在这里，欢迎访问。</p>`
		for i := range 40 {
			body += fmt.Sprintf(`<a href="http://hangs.example/%d.html">链接%d</a> `, i, i)
		}
		_, _ = w.Write([]byte(body))
	}))
	defer server.Close()
	w := newWatch(t)
	c := &counting{Checker: w.Checker, asked: map[string]int{}, mute: func(host string) bool { return host == "hangs.example" }, now: w.clock.Now}
	w.Checker = c
	w.site(storetest.Sitang, "思唐街道网", server.URL+"/")
	w.settle()
	w.clock.Advance(31 * time.Minute)
	w.settle()
	if n := c.asked["hangs.example"]; n != 3 {
		t.Errorf("a host that hangs was asked %d times in one pass", n)
	}
	if n := c.asked[health.HostOf(server.URL)]; n != 1 {
		t.Errorf("the host that answers was asked %d times", n)
	}
	w.clock.Advance(31 * time.Minute)
	w.settle()
	if n := c.asked["hangs.example"]; n != 6 {
		t.Errorf("asked %d times after another half an hour", n)
	}
	if got := w.findings(""); len(got) != 0 {
		t.Errorf("%d findings of a host that hangs", len(got))
	}
}

// TestOthersStillAnswer holds that hosts that are really down are found out when
// nothing else is due: somebody who answered before is asked whether it is us.
func TestOthersStillAnswer(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(`<!DOCTYPE html><title>友情链接</title><h1>友情链接</h1><p>各兄弟乡镇的网站都在这里，欢迎访问。</p>
			<a href="http://a.example/">甲</a> <a href="http://b.example/">乙</a> <a href="http://c.example/">丙</a>`))
	}))
	defer server.Close()
	w := newWatch(t)
	w.Checker = &picky{w.Checker, health.HostOf(server.URL), w.clock.Now}
	w.site(storetest.Sitang, "思唐街道网", server.URL+"/")
	w.settle()
	for range 3 {
		w.clock.Advance(31 * time.Minute) // only the three are due
		w.settle()
	}
	if got := w.findings(health.StateActive); len(got) != 3 {
		t.Errorf("%d findings of three hosts that are down", len(got))
	}
}

// picky is a checker that reaches one host only.
type picky struct {
	health.Checker
	host string
	now  func() time.Time
}

func (p *picky) Check(ctx context.Context, address string) linkcheck.Result {
	if health.HostOf(address) == p.host {
		return p.Checker.Check(ctx, address)
	}
	r := silent{}.Check(ctx, address)
	r.CheckedAt = p.now()
	return r
}

// TestHomePageDown holds that a site that went away is one warning to its unit,
// whoever links to it.
func TestHomePageDown(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(`<!DOCTYPE html><title>镇政府</title><h1>镇政府` + r.URL.Path + `</h1><p>欢迎访问本镇网站，这里发布工作动态。</p><a href="/a.html">甲</a> <a href="/b.html">乙</a>`))
	}))
	w := newWatch(t)
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(`<!DOCTYPE html><title>塘头镇</title><h1>塘头镇</h1><p>欢迎访问塘头镇网站，这里发布工作动态。</p>`))
	}))
	defer other.Close()
	w.site(storetest.Tangtou, "塘头镇网", other.URL+"/")
	w.site(storetest.Sitang, "思唐街道网", server.URL+"/")
	w.settle()
	server.Close()
	w.clock.Advance(25 * time.Hour)
	for range 5 {
		w.settle()
		w.clock.Advance(61 * time.Minute)
	}
	got := w.findings(health.StateActive)
	if len(got) != 1 || got[0].Host != health.HostOf(server.URL) || got[0].Unit != storetest.Sitang {
		t.Errorf("findings %+v", got)
	}
	if sites, _ := w.Store.Sites(t.Context(), "", 10); sites[1].State != health.SiteShut || sites[1].Problem == "" {
		t.Errorf("site %+v", sites[1])
	}
}

// TestOwnLineCut holds that a hub without a line blames nobody.
func TestOwnLineCut(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(`<!DOCTYPE html><title>友情链接</title><h1>友情链接</h1><p>各兄弟乡镇的网站都在这里。</p>
			<a href="http://a.example/">甲</a> <a href="http://b.example/">乙</a> <a href="http://c.example/">丙</a>`))
	}))
	defer server.Close()
	w := newWatch(t)
	w.site(storetest.Sitang, "思唐街道网", server.URL+"/")
	w.settle()
	w.Checker = silent{w.Checker}
	for range 4 {
		w.clock.Advance(2 * time.Hour)
		if _, err := w.RunOnce(t.Context()); err == nil {
			t.Fatal("a pass without any answer counted")
		}
	}
	if got := w.findings(""); len(got) != 0 {
		t.Errorf("%d findings although it was our own line", len(got))
	}
}

// TestOneDigest holds that a pass that finds many faults is one word to the unit,
// that the next passes say nothing again, and that a link in a menu of every page
// is one finding with all its places.
func TestOneDigest(t *testing.T) {
	const dead = 40
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/gone/") {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		name := map[string]string{"/": "首页", "/a.html": "春耕", "/b.html": "防汛"}[r.URL.Path]
		body := `<!DOCTYPE html><title>镇政府` + name + `</title><h1>镇政府` + name + `</h1><p>欢迎访问本镇网站，这里发布工作动态和办事指南。</p><nav><a href="/a.html">甲</a> <a href="/b.html">乙</a> <a href="/gone/menu">老网站</a></nav>`
		for i := range dead - 1 {
			if r.URL.Path == "/" {
				body += fmt.Sprintf(`<a href="/gone/%d">附件%d</a> `, i, i)
			}
		}
		_, _ = w.Write([]byte(body))
	}))
	defer server.Close()
	w := newWatch(t)
	node := storetest.NewSender(t, w.store, storetest.Sitang).Node
	if err := w.store.NoteSeen(t.Context(), []intake.Sighting{{Node: node.ID, At: w.clock.Now(), Hello: true, Knows: "findings"}}); err != nil {
		t.Fatal(err)
	}
	w.site(storetest.Sitang, "思唐街道网", server.URL+"/")
	w.settle()
	w.clock.Advance(31 * time.Minute)
	w.settle()
	w.clock.Advance(7 * time.Hour)
	w.settle()
	var told []*protocol.Findings
	for _, m := range storetest.Words(t, w.store, node.ID, 0) {
		switch m := m.(type) {
		case *protocol.Findings:
			told = append(told, m)
		case *protocol.Finding:
			t.Errorf("told apart: %+v", m)
		}
	}
	if len(told) != 1 || len(told[0].Findings) != dead {
		t.Fatalf("%d words", len(told))
	}
	for _, f := range told[0].Findings {
		want := 1
		if strings.HasSuffix(f.Target, "/menu") {
			want = 3
		}
		if f.Total != want || f.Due.IsZero() || len(f.Places) == 0 || f.Advice == "" {
			t.Errorf("told of %+v", f)
		}
	}
}

// A site that is down is one finding, told to its unit, and closed when it opens
// again; an answer has it asked at once.
func TestIncidentIsAFinding(t *testing.T) {
	w := newWatch(t)
	w.Watched, w.Idle = true, true // links are left alone
	var asked []string
	w.Ask = func(site string) { asked = append(asked, site) }
	sender, stream := storetest.NewSender(t, w.store, storetest.Sitang), storetest.NewStream(t, w.store)
	site := w.site(storetest.Sitang, "思唐街道", "http://sitang.example/")
	visit := func(outcome uptime.Outcome, changed ...uptime.Incident) {
		t.Helper()
		at := w.clock.Advance(time.Minute)
		p := uptime.Probe{Site: site.ID, Slot: at, At: at, Outcome: outcome, Extra: true}
		if _, err := w.store.RecordProbe(t.Context(), p, nil, func(prober.Case) []uptime.Incident { return changed }); err != nil {
			t.Fatal(err)
		}
		w.settle()
	}
	down := uptime.Incident{ID: "i1", Site: site.ID, Since: w.clock.Now(), OpenedAt: w.clock.Now(), Failures: 3, Cause: uptime.CauseTimeout}
	visit(uptime.Failed, down)
	visit(uptime.Failed)
	open := w.findings(health.StateActive)
	if len(open) != 1 || open[0].Class != health.ClassDown || open[0].Node == "" || open[0].ToldAt.IsZero() {
		t.Fatalf("findings %+v", open)
	}
	w.clock.Advance(time.Minute)
	stream.Send(sender, sender.Next(protocol.KindAnswer, &protocol.Answer{Finding: open[0].ID, Answer: protocol.AnswerFixed, By: "张秀英", At: w.clock.Now()}))
	w.settle()
	w.settle()
	if len(asked) != 1 || asked[0] != site.ID {
		t.Errorf("asked %v", asked)
	}
	visit(uptime.Failed)
	if f, _, err := w.Store.Finding(t.Context(), open[0].ID); err != nil || f.State != protocol.FindingRecheck {
		t.Errorf("still down after the answer: %+v, %v", f, err)
	}
	down.Until, down.EndedAt = w.clock.Now(), w.clock.Now()
	visit(uptime.OK, down)
	if f, _, err := w.Store.Finding(t.Context(), open[0].ID); err != nil || f.Ending != protocol.EndingRecovered {
		t.Errorf("up again: %+v, %v", f, err)
	}
}
