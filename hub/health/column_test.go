package health_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"zhanqun/hub/access"
	"zhanqun/hub/health"
	"zhanqun/hub/health/fresh"
	"zhanqun/hub/store/storetest"
	"zhanqun/internal/account"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// columnSite is a site whose columns a test rewrites.
type columnSite struct {
	*httptest.Server
	mu    sync.Mutex
	pages map[string]string
}

func newColumnSite(t *testing.T) *columnSite {
	s := &columnSite{pages: map[string]string{}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		page, ok := s.pages[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, page)
	}))
	t.Cleanup(s.Close)
	return s
}

// put writes a column with items "address title date".
func (s *columnSite) put(path, title string, items ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "<title>%s</title><nav><a href=/tzgg/>通知公告</a><a href=/gone/>旧栏目</a></nav><div class=main><ul>", title)
	for _, it := range items {
		f := strings.Fields(it)
		fmt.Fprintf(&b, "<li><a href='%s%s'>%s</a><span>%s</span></li>", path, f[0], f[1], f[2])
	}
	b.WriteString("</ul></div>")
	s.pages[path] = b.String()
}

func (w *watch) column(t *testing.T, site, name string) health.Column {
	t.Helper()
	list, err := w.Columns(t.Context(), site)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range list {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("there is no column %s among %+v", name, list)
	return health.Column{}
}

// A column is read several times a day; what was seen before is remembered, so
// that dates made up afterwards do not count.
func TestColumnIsWatched(t *testing.T) {
	w, server := newWatch(t), newColumnSite(t)
	day := func(days int) string { return string(fresh.DayOf(w.clock.Now().AddDate(0, 0, days))) }
	server.put("/", "思唐街道")
	server.put("/tzgg/", "通知公告", "1.html 关于森林防火工作的通知 "+day(-300), "2.html 关于安全生产检查的通知 "+day(-320))
	site := w.site(storetest.Sitang, "思唐街道", server.URL+"/")
	if n, err := w.SaveColumns(t.Context(), access.Local("test"), []health.Column{{Site: site.ID, Name: "通知公告", URL: server.URL + "/tzgg/"}}); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	w.settle()
	c := w.column(t, site.ID, "通知公告")
	if c.State != fresh.Stale || c.Condition != fresh.Overdue || string(c.LastUpdate) != day(-300) || c.Class != fresh.Notice || len(c.Reading.Evidence) == 0 || c.NextAt.Sub(c.ReadAt) > 6*time.Hour {
		t.Fatalf("first reading %+v", c)
	}
	about := func() []health.Finding {
		return slices.DeleteFunc(w.findings(health.StateActive), func(f health.Finding) bool { return f.Kind != health.AboutColumn })
	}
	if got := about(); len(got) != 0 {
		t.Errorf("one reading made %+v", got)
	}
	w.clock.Advance(7 * time.Hour)
	server.put("/tzgg/", "通知公告", "1.html 关于森林防火工作的通知 "+day(-300), "3.html 补发的关于冬季用电的通知 "+day(-60), "2.html 关于安全生产检查的通知 "+day(-320))
	w.settle()
	if c = w.column(t, site.ID, "通知公告"); c.State != fresh.Stale || len(c.Reading.Doubtful) != 1 || !c.Reading.Doubtful[0].Has(fresh.FlagBackDated) {
		t.Fatalf("a back-dated item counted: %+v", c)
	}
	open := about()
	if len(open) != 1 || open[0].Subject != c.ID || open[0].Unit != storetest.Sitang || open[0].DueAt.IsZero() {
		t.Fatalf("two readings made %+v", open)
	}
	w.clock.Advance(7 * time.Hour)
	server.put("/tzgg/", "通知公告", "4.html 真正发布的新通知一则 "+day(0), "1.html 关于森林防火工作的通知 "+day(-300))
	w.settle()
	if c = w.column(t, site.ID, "通知公告"); c.State != fresh.Fresh || string(c.LastUpdate) != day(0) {
		t.Fatalf("an update did not count: %+v", c)
	}
	if f, steps, err := w.Store.Finding(t.Context(), open[0].ID); err != nil || f.State != protocol.FindingClosed || f.Ending != protocol.EndingRecovered || len(steps) != 2 {
		t.Errorf("after the update %+v with %+v, %v", f, steps, err)
	}
}

func TestColumnMarks(t *testing.T) {
	w, server := newWatch(t), newColumnSite(t)
	server.put("/", "思唐街道")
	site := w.site(storetest.Sitang, "思唐街道", server.URL+"/")
	csv := "site,name,url,class,unit,channel,days\n" + server.URL + "," + "领导之窗," + server.URL + "/ldzc/,其他," + storetest.Tangtou + ",概况,\n" +
		server.URL + ",任免," + server.URL + "/rsxx/,人事信息,,,180 天\n"
	if total, added, err := w.ImportColumns(t.Context(), access.Local("test"), strings.NewReader(csv)); err != nil || total != 2 || added != 2 {
		t.Fatal(total, added, err)
	}
	for _, bad := range []string{"http://other.example/,a,http://other.example/a/\n", server.URL + ",a,ftp://x/\n", server.URL + ",a," + server.URL + "/a/,weekly\n", "", server.URL + ",a," + server.URL + "/a/,news,999\n",
		server.URL + ",a," + server.URL + "/a/,news,,,soon\n", server.URL + ",a," + server.URL + "/a/,news,,,15\n", server.URL + ",a," + server.URL + "/a/,news,,,-1\n"} {
		if _, _, err := w.ImportColumns(t.Context(), access.Local("test"), strings.NewReader("site,name,url,class,unit,channel,days\n"+bad)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	c := w.column(t, site.ID, "领导之窗")
	if c.Unit != storetest.Tangtou || c.Channel != "概况" || c.Class != fresh.Other {
		t.Errorf("imported %+v", c)
	}
	if c := w.column(t, site.ID, "任免"); c.Class != fresh.Personnel || c.Days != 180 || c.Unit != storetest.Sitang {
		t.Errorf("imported %+v", c)
	}
	inspector := access.User{Login: "li", Role: account.RoleAdmin}
	if _, err := w.MarkColumn(t.Context(), inspector, c.ID, health.MarkStatic, " "); !fault.Is(err, fault.Invalid) {
		t.Errorf("a mark without a reason: %v", err)
	}
	if _, err := w.MarkColumn(t.Context(), inspector, c.ID, "asleep", "x"); !fault.Is(err, fault.Invalid) {
		t.Errorf("a mark there is not: %v", err)
	}
	if _, err := w.MarkColumn(t.Context(), access.User{Role: account.RoleViewer}, c.ID, health.MarkStatic, "x"); !fault.Is(err, fault.Forbidden) {
		t.Errorf("a mark by somebody who may not: %v", err)
	}
	if c, err := w.MarkColumn(t.Context(), inspector, c.ID, health.MarkStatic, "静态页面"); err != nil || !c.Exempt() {
		t.Errorf("%+v, %v", c, err)
	}
}

// What a site's navigation leads to is proposed, read once, and decided by a
// person.
func TestColumnsAreDiscovered(t *testing.T) {
	w, server := newWatch(t), newColumnSite(t)
	server.put("/", "思唐街道")
	server.put("/tzgg/", "通知公告", "1.html 关于森林防火工作的通知 2026-10-01")
	site := w.site(storetest.Sitang, "思唐街道", server.URL+"/")
	for i, want := range []int{2, 0} {
		if n, err := w.DiscoverColumns(t.Context(), access.Local("test"), site.ID); err != nil || n != want {
			t.Fatalf("round %d: %d found, %v", i, n, err)
		}
	}
	w.settle()
	c, gone := w.column(t, site.ID, "通知公告"), w.column(t, site.ID, "旧栏目")
	if c.Status != health.ColumnProposed || c.State != fresh.Fresh || gone.State != fresh.Unknown || gone.Reading.Reason != fresh.ReasonGone {
		t.Errorf("proposals %+v, %+v", c, gone)
	}
	if _, err := w.SettleColumn(t.Context(), access.Local("test"), gone.ID, false, health.ColumnTerms{}); err != nil {
		t.Error(err)
	}
	if _, err := w.SettleColumn(t.Context(), access.Local("test"), c.ID, true, health.ColumnTerms{Class: fresh.News, Days: 30}); !fault.Is(err, fault.Invalid) {
		t.Errorf("a period longer than the class's: %v", err)
	}
	if c, err := w.SettleColumn(t.Context(), access.Local("test"), c.ID, true, health.ColumnTerms{Days: 90}); err != nil || c.Exempt() || c.Class != fresh.Notice || c.Days != 90 {
		t.Errorf("%+v, %v", c, err)
	}
	// By other terms what was read is judged anew.
	if _, err := w.EditColumn(t.Context(), access.Local("test"), c.ID, health.ColumnTerms{Days: 5}); err != nil {
		t.Fatal(err)
	}
	w.settle()
	if c := w.column(t, site.ID, "通知公告"); c.State != fresh.Stale || c.Days != 5 || c.Reading.Last != "2026-10-06" {
		t.Errorf("with a period of five days: %+v", c)
	}
	if _, err := w.EditColumn(t.Context(), access.User{Role: account.RoleViewer}, c.ID, health.ColumnTerms{}); !fault.Is(err, fault.Forbidden) {
		t.Errorf("edited by somebody who may not: %v", err)
	}
	if list, err := w.Columns(t.Context(), site.ID); err != nil || len(list) != 1 {
		t.Errorf("columns %+v, %v", list, err)
	}
}
