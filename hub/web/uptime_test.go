package web

import (
	"archive/zip"
	"bytes"
	"net/http"
	"testing"
	"time"

	"zhanqun/hub/health"
	"zhanqun/hub/health/prober"
	"zhanqun/hub/health/rules"
	"zhanqun/hub/health/uptime"
	"zhanqun/internal/account"
	"zhanqun/internal/chinatime"
	"zhanqun/internal/ui/uitest"
)

// What the pages of sites say, on one county: what one part changes, those before
// it did not need.
func TestSitesAreJudged(t *testing.T) {
	f := furnish(t, newCounty(t))
	t.Run("public", func(t *testing.T) { testPublicStatus(t, f) })
	t.Run("availability", func(t *testing.T) { testSiteAvailability(t, f) })
	t.Run("off line", func(t *testing.T) { testAnnounceOffline(t, f) })
	t.Run("workbook", func(t *testing.T) { testReportWorkbook(t, f) })
	t.Run("by hand", func(t *testing.T) { testManual(t, f) })
	t.Run("closed down", func(t *testing.T) { testCloseSite(t, f) })
}

// A site is closed down by who may, with a reason that is shown, and watched again.
func testCloseSite(t *testing.T, f *furnished) {
	at := "/sites/" + f.site
	f.as(t, account.RoleViewer).post(at+"/close", "act", "close", "closing", "并入县门户").is(http.StatusForbidden)
	admin := f.as(t, account.RoleAdmin)
	admin.post(at+"/close", "act", "close", "closing", " ").is(http.StatusUnprocessableEntity).says("请写明理由")
	admin.post(at+"/close", "act", "close", "closing", "并入县门户").is(http.StatusSeeOther)
	admin.get(at).is(http.StatusOK).says("已关停，不再检查", "并入县门户", "恢复检查")
	admin.get("/sites").is(http.StatusOK).says("已关停")
	f.visit(t).get("/status").is(http.StatusOK).lacks("思唐街道办事处网")
	admin.post(at+"/close", "act", "open", "closing", "恢复").is(http.StatusSeeOther)
	f.visit(t).get("/status").is(http.StatusOK).says("思唐街道办事处网")
}

// The public page is there by choice only, and says nothing of what is inside.
func testPublicStatus(t *testing.T, f *furnished) {
	off := newCounty(t, func(o *Options) { o.PublicStatus = false })
	off.visit(t).get("/status").is(http.StatusNotFound)
	a := f.visit(t).get("/status").is(http.StatusOK)
	a.says("思唐街道办事处网", "塘头镇人民政府网")
	a.lacks("单项否决", "机房搬迁", "/sites/")
}

func testSiteAvailability(t *testing.T, f *furnished) {
	v := f.program(t, account.RoleViewer)
	var site struct{ Availability prober.State }
	v.get("/api/v1/sites/" + f.site).is(http.StatusOK).json(&site)
	a := site.Availability
	// Six failures three days ago; the day on which the hub slept makes the week
	// too short to pass.
	if a.Week.Failed != 6 || a.Verdict != uptime.Insufficient || len(a.Week.Short) != 1 || len(a.Incidents) != 1 || len(a.Offline) != 1 || a.Down != nil || a.Last == nil {
		t.Errorf("availability %+v", a)
	}
	board := f.as(t, account.RoleViewer)
	board.get("/board").is(http.StatusOK).says("最近的变化", "还差 2 个栏目", "塘头镇 2 个、思唐街道 1 个", "全站 180 天没有更新算睡眠网站，365 天算僵尸网站（县内参考值）。")
	board.get("/sites/"+f.site).is(http.StatusOK).says("最近的变化", "有栏目超期", "最近更新 2026-10-30")
	board.get("/findings/"+f.down).is(http.StatusOK).says("站点打不开", "看站点的访问记录")
	board.cookies["lang"] = "en"
	board.get("/sites/"+f.site+"/columns/"+f.column).is(http.StatusOK).says("The main list has 15 items, 15 of them with a date in the list.",
		"Last update 2026-09-30: “街道召开安全生产会议”, read from the list: “09-30”.", "the period is 14 days; there is no update since 2026-10-20, overdue.")
	var r rules.Result
	v.get("/api/v1/sites/" + f.site + "/verdict").is(http.StatusOK).json(&r)
	if r.Condition != "stale" || r.Updated != "2026-10-30" {
		t.Errorf("condition %q, updated %q", r.Condition, r.Updated)
	}
	if r.Set != rules.DefaultSet || r.Outcome != rules.Incomplete || r.Score == nil || r.Score.Complete {
		t.Errorf("verdict %+v", r)
	}
	for _, x := range r.Vetoes {
		if x.Clause == "V1" && (x.State != rules.Insufficient || x.Count != 6) || x.Clause == "V3a" && (x.State != rules.Clear || x.Count != 1 || len(x.Owners) != 1) {
			t.Errorf("veto %+v", x)
		}
	}
}

func testAnnounceOffline(t *testing.T, f *furnished) {
	admin := f.as(t, account.RoleAdmin)
	at := "/sites/" + f.site
	admin.post(at+"/offline", "from", "2026-11-20T08:00", "to", "2026-11-19T08:00", "why", "改版").is(http.StatusUnprocessableEntity).says("结束时间要在开始时间之后。")
	admin.post(at+"/offline", "from", "2026-11-20T08:00", "to", "2026-11-21T08:00", "why", "改版，已报市里").is(http.StatusSeeOther)
	admin.get(at).is(http.StatusOK).says("改版，已报市里", "结束下线")
	list, err := f.Offlines(t.Context(), f.site, 5)
	if err != nil || len(list) != 2 {
		t.Fatalf("%v, %v", list, err)
	}
	admin.post(at+"/offline/end", "offline", list[0].ID).is(http.StatusSeeOther)
	admin.post(at+"/offline/end", "offline", list[0].ID).is(http.StatusSeeOther) // twice: said, and nothing done
	if list, _ := f.Offlines(t.Context(), f.site, 5); len(list) != 1 {
		t.Errorf("still %v", list)
	}
	f.as(t, account.RoleViewer).post(at+"/offline", "why", "x").is(http.StatusForbidden)
}

func testReportWorkbook(t *testing.T, f *furnished) {
	a := f.as(t, account.RoleViewer).get("/sites/" + f.site + "/report?period=2026-Q4&format=xlsx").is(http.StatusOK)
	z, err := zip.NewReader(bytes.NewReader(a.Body.Bytes()), int64(a.Body.Len()))
	if err != nil || len(z.File) != 10 {
		t.Errorf("workbook: %v", err)
	}
	f.as(t, account.RoleViewer).get("/sites/" + f.site + "/report?period=moon").is(http.StatusUnprocessableEntity)
}

// What a person looked at is kept, shown again, and judged.
func testManual(t *testing.T, f *furnished) {
	admin := f.as(t, account.RoleAdmin)
	at := "/sites/" + f.site + "/manual"
	admin.post(at, "channel", "yes", "unanswered", "昨天").is(http.StatusUnprocessableEntity).says("日期 昨天 应写成 2026-11-03，每行一个。")
	admin.post(at, "channel", "yes", "unanswered", "2026-06-01\n2026-10-30", "services", "yes", "guides", "12", "short", "1", "looked", "yes", "count-S1", "3", "bonus-B1", "2.5").is(http.StatusSeeOther)
	a := admin.get(at).is(http.StatusOK)
	a.says("2026-06-01")
	for name, want := range map[string]string{"count-S1": "3", "bonus-B1": "2.5"} {
		if got := uitest.Attr(a.find("input[name="+name+"]"), "value"); got != want {
			t.Errorf("the form shows %q for %s", got, name)
		}
	}
	var r rules.Result
	f.program(t, account.RoleViewer).get("/api/v1/sites/" + f.site + "/verdict").is(http.StatusOK).json(&r)
	if r.Outcome != rules.Vetoed {
		t.Errorf("outcome %s", r.Outcome)
	}
	f.as(t, account.RoleViewer).get(at).is(http.StatusForbidden)
}

// What was before a site was registered is no lack of data, unless it was asked
// all the same.
func TestBegun(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 10, n, 0, 0, 0, 0, chinatime.Zone) }
	from, until, now := day(1), day(1).AddDate(0, 3, 0), day(34) // 3 November
	site := health.Site{CreatedAt: day(33).Add(9 * time.Hour)}
	for _, tt := range []struct {
		days         []uptime.Day
		months, lost int
	}{
		{nil, 1, uptime.PerDay},
		{[]uptime.Day{uptime.NewDay("", day(30))}, 2, 4 * uptime.PerDay},
		{[]uptime.Day{uptime.NewDay("", day(-9))}, 2, 33 * uptime.PerDay},
	} {
		lines, all := months(tt.days, begun(site, tt.days, from), until, now)
		if len(lines) != tt.months || all.Lost != tt.lost {
			t.Errorf("%v: %d months, %d lost; want %d, %d", tt.days, len(lines), all.Lost, tt.months, tt.lost)
		}
	}
}

// The sheet has room for a few incidents and names the vetoes nobody judged in one
// line.
func TestSheetIsShort(t *testing.T) {
	p := &reportPage{Incidents: make([]uptime.Incident, mostOnPaper+3), Verdict: verdictView{Result: rules.Result{Vetoes: []rules.Veto{{State: rules.Clear}, {State: rules.Unchecked}, {State: rules.Insufficient}}}}}
	if len(p.Latest()) != mostOnPaper || p.Earlier() != 3 || len(p.Verdict.Judged().Vetoes) != 2 || len(p.Verdict.Vetoes) != 3 {
		t.Errorf("%d incidents and %d more, %d vetoes", len(p.Latest()), p.Earlier(), len(p.Verdict.Judged().Vetoes))
	}
}
