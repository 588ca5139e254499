package health

import (
	"strings"
	"testing"
	"time"

	"zhanqun/hub/health/fresh"
	"zhanqun/hub/health/uptime"
	"zhanqun/hub/health/urge"
	"zhanqun/protocol"
)

// columnAt is a column that shows a state for the second time.
func columnAt(state fresh.State, last fresh.Day) Column {
	return Column{ID: "c1", Site: "s1", Unit: "u1", Name: "工作动态", URL: "http://town.example/gzdt/", Class: fresh.News, Status: ColumnWatched, State: state, LastUpdate: last,
		ReadAt: start, Reading: ColumnReading{Changed: start.Add(-time.Hour), Last: fresh.News.Last(last)}}
}

func TestColumnFindings(t *testing.T) {
	stale := columnAt(fresh.Stale, "2026-10-01")
	open := Finding{ID: "f1", Kind: AboutColumn, Subject: "c1", Unit: "u1", State: protocol.FindingOpen, Class: ClassStale, Mark: columnMark(stale)}
	with := func(f Finding, change func(*Finding)) *Finding {
		change(&f)
		return &f
	}
	column := func(c Column, change func(*Column)) Column {
		change(&c)
		return c
	}
	for _, v := range []struct {
		name string
		c    Column
		last *Finding
		want string // state, ending, class, and a part of what is said
	}{
		{"in time", columnAt(fresh.Fresh, "2026-11-02"), nil, ""},
		{"could not be told", columnAt(fresh.Unknown, "2026-10-01"), nil, ""},
		{"stale for the first time", column(stale, func(c *Column) { c.Reading.Changed = c.ReadAt }), nil, ""},
		{"stale", stale, nil, "open  栏目不更新 栏目“工作动态”的更新期限是 14 天，最近更新 2026-10-01，从 2026-10-16 起超期。"},
		{"stale without a date", columnAt(fresh.Stale, ""), nil, "open  睡眠栏目 没有可以采信的发布日期"},
		{"asleep", columnAt(fresh.Stale, "2025-03-01"), nil, "open  睡眠栏目 最近更新 2025-03-01，从 2025-03-16 起超期"},
		{"blank", columnAt(fresh.Blank, ""), nil, "open  空白栏目 没有任何内容"},
		{"marked as static", column(stale, func(c *Column) { c.Mark = MarkStatic }), nil, ""},
		{"told before", stale, &open, ""},
		{"updated", columnAt(fresh.Fresh, "2026-11-02"), &open, "closed recovered 栏目不更新 栏目 2026-11-02 有更新"},
		{"could not be told any more", columnAt(fresh.Unknown, "2026-10-01"), &open, ""},
		{"marked after it was told", column(stale, func(c *Column) { c.Mark = MarkClosed }), &open, "closed waived 栏目不更新 不再参加"},
		{"blank by now", columnAt(fresh.Blank, ""), &open, "open  空白栏目 原来是栏目不更新"},
		{"answered, and read before", stale, with(open, func(f *Finding) { f.State, f.AnsweredAt = protocol.FindingFixing, start.Add(time.Minute) }), ""},
		{"answered, and still stale", stale, with(open, func(f *Finding) { f.State, f.AnsweredAt = protocol.FindingFixing, start.Add(-time.Minute) }), "recheck  栏目不更新 复查"},
		{"struck off", stale, with(open, func(f *Finding) { f.State, f.Ending = protocol.FindingStruck, protocol.EndingStruck }), ""},
		{"struck off, and another update since", columnAt(fresh.Stale, "2026-10-10"), with(open, func(f *Finding) { f.State, f.Ending = protocol.FindingStruck, protocol.EndingStruck }), "open  栏目不更新 重新预警"},
		{"recovered before", stale, with(open, func(f *Finding) {
			f.State, f.Ending, f.ClosedAt = protocol.FindingClosed, protocol.EndingRecovered, start
		}), "open  栏目不更新 恢复过"},
	} {
		got := columnFindings(v.c, v.last, urge.Defaults, fresh.Limits{}, start)
		switch {
		case v.want == "" && len(got) == 0:
			continue
		case v.want == "" || len(got) != 1:
			t.Errorf("%s: %+v", v.name, got)
			continue
		}
		f := got[0]
		parts := strings.SplitN(v.want, " ", 4)
		if f.State != parts[0] || f.Ending != parts[1] || f.Class != parts[2] || !strings.Contains(f.Note+f.Reason, parts[3]) || f.Closed() != !f.ClosedAt.IsZero() {
			t.Errorf("%s: %s %s %s, note %q, reason %q", v.name, f.State, f.Ending, f.Class, f.Note, f.Reason)
		}
		if v.last == nil && (f.DueAt.IsZero() || f.Unit != "u1" || f.URL != v.c.URL || Advice(f) == "") {
			t.Errorf("%s: begun as %+v", v.name, f)
		}
	}
}

// Who answers for a column may change: the finding is closed for one unit and
// opened for the other.
func TestColumnChangesHands(t *testing.T) {
	c := columnAt(fresh.Stale, "2026-10-01")
	c.Unit, c.UnitName = "u2", "塘头镇"
	got := columnFindings(c, &Finding{Kind: AboutColumn, Subject: "c1", Unit: "u1", State: protocol.FindingOpen, Class: ClassStale}, urge.Defaults, fresh.Limits{}, start)
	if len(got) != 2 || got[0].Unit != "u1" || got[0].Ending != protocol.EndingWaived || got[1].Unit != "u2" || got[1].State != protocol.FindingOpen || got[1].Note != "" {
		t.Errorf("%+v", got)
	}
}

func TestSiteFindings(t *testing.T) {
	site := Site{ID: "s1", Unit: "u1", URL: "http://town.example/"}
	down := uptime.Incident{ID: "i1", Site: "s1", Since: start.Add(-time.Hour), OpenedAt: start, Failures: 3, Cause: uptime.CauseTimeout}
	over, behind := down, down
	over.Until, over.EndedAt, over.Failures = start.Add(time.Hour), start.Add(2*time.Hour), 5
	behind.Root = "s0"
	open := Finding{ID: "f1", Kind: AboutSite, Subject: "i1", Unit: "u1", State: protocol.FindingOpen, Class: ClassDown}
	answered, struck, waived := open, open, open
	answered.State, answered.AnsweredAt = protocol.FindingFixing, start
	struck.State, struck.Ending = protocol.FindingStruck, protocol.EndingStruck
	waived.State, waived.Ending = protocol.FindingClosed, protocol.EndingWaived
	failed := &uptime.Probe{At: start.Add(time.Minute), Outcome: uptime.Failed, Cause: uptime.CauseStatus, Status: 502}
	for _, v := range []struct {
		name  string
		i     uptime.Incident
		last  *Finding
		visit *uptime.Probe
		want  string
	}{
		{"down", down, nil, nil, "open  首页从 11月3日 13:00 起打不开，连续 3 次访问失败；最近一次：15 秒内没有打开"},
		{"told", down, &open, nil, ""},
		{"behind another", behind, nil, nil, ""},
		{"told, and behind another since", behind, &open, nil, "closed waived 上级线路"},
		{"by itself again", down, &waived, nil, "open  首页"},
		{"up again", over, &open, nil, "closed recovered 11月3日 15:00恢复访问，共失败 5 次"},
		{"up before it was told", over, nil, nil, ""},
		{"forgotten", uptime.Incident{}, &open, nil, "closed recovered 恢复访问"},
		{"answered", down, &answered, nil, ""},
		{"answered, and still down", down, &answered, failed, "recheck  复查仍打不开：返回错误状态"},
		{"answered, and open", down, &answered, &uptime.Probe{Outcome: uptime.OK}, ""},
		{"struck off", down, &struck, nil, ""},
	} {
		got := siteFindings(v.i, site, v.last, v.visit, urge.Defaults, start)
		if v.want == "" {
			if len(got) != 0 {
				t.Errorf("%s: %+v", v.name, got)
			}
			continue
		}
		parts := strings.SplitN(v.want, " ", 3)
		if len(got) != 1 || got[0].State != parts[0] || got[0].Ending != parts[1] || !strings.Contains(got[0].Note+got[0].Reason, parts[2]) {
			t.Errorf("%s: %+v", v.name, got)
		}
		if v.name == "down" && (got[0].Host != "town.example" || dayText(got[0].DueAt) != "2026年11月5日" || Advice(got[0]) == "") {
			t.Errorf("%s: %+v", v.name, got[0])
		}
	}
}

// Where availability is watched, a home page that does not open is no dead link;
// what it has become still is a finding.
func TestHomePageIsNoDeadLink(t *testing.T) {
	c := onSite("u1")
	c.Places["u1"][0].Element = homeElement
	for _, watched := range []bool{false, true} {
		by := byDefault
		by.watched = watched
		next := c
		n := 0
		for _, look := range []*Look{gone(0), gone(time.Hour)} {
			e := judge(next, look, by, look.At)
			next.Target, n = e.Target, len(e.Findings)
		}
		if n == 1 == watched {
			t.Errorf("watched %v: %d findings", watched, n)
		}
	}
}
