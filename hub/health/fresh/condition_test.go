package fresh_test

import (
	"testing"

	"zhanqun/hub/health/fresh"
)

func TestConditions(t *testing.T) {
	now := at(t, "2026-11-28")
	for _, tt := range []struct {
		state fresh.State
		last  fresh.Day
		want  fresh.Condition
	}{
		{fresh.Fresh, "2026-11-20", fresh.InTime},
		{fresh.Stale, "2026-01-10", fresh.Overdue},
		{fresh.Stale, "2025-11-28", fresh.Overdue},
		{fresh.Stale, "2025-11-27", fresh.Sleeping},
		{fresh.Stale, "", fresh.Sleeping},
		{fresh.Blank, "", fresh.Empty},
		{fresh.Unknown, "", fresh.NotKnown},
	} {
		if got := fresh.ColumnCondition(tt.state, tt.last, now, fresh.Limits{}); got != tt.want {
			t.Errorf("%s %s: %s, want %s", tt.state, tt.last, got, tt.want)
		}
	}
	stale := func(day fresh.Day) fresh.Standing { return fresh.Standing{State: fresh.Stale, Last: day} }
	blank, lost := fresh.Standing{State: fresh.Blank}, fresh.Standing{State: fresh.Unknown}
	for name, tt := range map[string]struct {
		columns []fresh.Standing
		want    fresh.Condition
	}{
		"well":                    {[]fresh.Standing{{State: fresh.Fresh, Last: "2026-11-20"}, blank}, fresh.InTime},
		"one late":                {[]fresh.Standing{{State: fresh.Fresh, Last: "2026-11-20"}, stale("2024-01-01")}, fresh.Overdue},
		"asleep":                  {[]fresh.Standing{stale("2026-03-01"), blank}, fresh.Sleeping},
		"zombie":                  {[]fresh.Standing{stale("2024-03-01"), blank}, fresh.Zombie},
		"nothing but blank":       {[]fresh.Standing{blank, blank}, fresh.Zombie},
		"one could not be read":   {[]fresh.Standing{stale("2024-03-01"), lost}, fresh.NotKnown},
		"no columns are known of": {nil, fresh.NotKnown},
	} {
		if got := fresh.SiteCondition(tt.columns, now, fresh.Limits{}); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

// The window is counted by the calendar, to the day, with short months; the
// last day in time and the first day of the window say the same.
func TestWindows(t *testing.T) {
	for _, tt := range []struct {
		class          fresh.Class
		now            string
		calendar, days fresh.Day
	}{
		{fresh.News, "2026-11-28", "2026-11-14", "2026-11-14"},
		{fresh.Notice, "2026-11-28", "2026-05-28", "2026-06-01"},
		{fresh.Policy, "2026-08-31", "2026-02-28", "2026-03-04"},
		{fresh.Policy, "2028-08-31", "2028-02-29", "2028-03-04"},
		{fresh.Other, "2028-02-29", "2027-02-28", "2027-03-01"},
		{fresh.Other, "2026-11-28", "2025-11-28", "2025-11-28"},
	} {
		now := at(t, tt.now)
		if got := tt.class.Since(now, true); got != tt.calendar {
			t.Errorf("%s at %s since %s, want %s", tt.class, tt.now, got, tt.calendar)
		}
		if got := tt.class.Since(now, false); got != tt.days {
			t.Errorf("%s at %s since %s by days, want %s", tt.class, tt.now, got, tt.days)
		}
	}
	for day := fresh.Day("2026-01-01"); day < "2028-12-31"; day = day.Add(1) {
		for _, class := range fresh.Classes {
			last := class.Last(day)
			if class.Since(at(t, string(last)), true) > day || class.Since(at(t, string(last.Add(1))), true) <= day {
				t.Fatalf("%s updated on %s: last day in time %s", class, day, last)
			}
		}
	}
}

// A period of the column's own makes the window shorter, never longer.
func TestOwnPeriod(t *testing.T) {
	now := at(t, "2026-11-28")
	for _, tt := range []struct {
		rule        fresh.Rule
		since, last fresh.Day // last: of 2026-11-01
		period      string
	}{
		{fresh.Rule{Class: fresh.Notice}, "2026-05-28", "2027-05-01", "6 个月"},
		{fresh.Rule{Class: fresh.Notice, Days: 30}, "2026-10-29", "2026-12-01", "30 天"},
		{fresh.Rule{Class: fresh.News, Days: 7}, "2026-11-21", "2026-11-08", "7 天"},
		{fresh.Rule{Class: fresh.News, Days: 60}, "2026-11-14", "2026-11-15", "14 天"},
		{fresh.Rule{Class: fresh.Plan, Days: 180}, "2026-06-01", "2027-04-30", "180 天"},
	} {
		for _, calendar := range []bool{true, false} {
			if got := tt.rule.Since(now, calendar); got != tt.since && (calendar || tt.rule.Own()) {
				t.Errorf("%+v since %s, want %s", tt.rule, got, tt.since)
			}
		}
		if got := tt.rule.Last("2026-11-01"); got != tt.last {
			t.Errorf("%+v last %s, want %s", tt.rule, got, tt.last)
		}
		if got := tt.rule.Period(); got != tt.period {
			t.Errorf("%+v period %s, want %s", tt.rule, got, tt.period)
		}
	}
	if last := (fresh.Rule{Class: fresh.News, Days: 7}).Last(""); last != "" {
		t.Errorf("without a day %q", last)
	}
}

func TestGuessClass(t *testing.T) {
	for name, want := range map[string]fresh.Class{
		"通知公告-思南县人民政府": fresh.Notice, "政策文件": fresh.Policy, "乡镇传真_思南县新闻网": fresh.News, "领导之窗-贵州新闻网": fresh.Other,
		"人事信息": fresh.Personnel, "人事任免": fresh.Personnel, "招考录用 - 思南县人民政府": fresh.Personnel, "任前公示": fresh.Personnel,
		"规划计划": fresh.Plan, "发展规划": fresh.Plan, "专项规划": fresh.Plan, "工作计划": fresh.Plan,
		"计划生育": fresh.Other, "规划公示": fresh.Notice, "自然资源和规划局": fresh.Other, "政策规划": fresh.Policy,
		"政策解读|政务公开": fresh.Policy, "工作动态": fresh.News, "": fresh.Other, "公示公告 - 思唐街道": fresh.Notice,
	} {
		if got, why := fresh.GuessClass(name); got != want || why == "" {
			t.Errorf("%q: %s (%s), want %s", name, got, why, want)
		}
	}
}
