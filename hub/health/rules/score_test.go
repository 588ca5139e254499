package rules_test

import (
	"strings"
	"testing"

	"zhanqun/hub/health/rules"
)

func dead(home bool, n int) func(*rules.Facts) {
	return func(f *rules.Facts) {
		f.Links = &[]rules.DeadLinks{{Unit: "201", UnitName: "甲镇", Class: "死链", Home: home, Count: n}}
	}
}

func acts(name string, n int) func(*rules.Facts) {
	return func(f *rules.Facts) { f.Acts[name] = n }
}

func given(id string, n int) func(*rules.Facts) {
	return func(f *rules.Facts) { f.Given[id] = rules.Given{Count: n} }
}

func TestDeductions(t *testing.T) {
	for _, v := range []struct {
		name, set, clause string
		edit              func(*rules.Facts)
		points            string
	}{
		{"2 of 140 is 1.43 per cent", "2015-census", "A1", visits(140, 2, 7, 0), "7.15"},
		{"none failed", "2015-census", "A1", nil, "0"},
		{"two home links", "2015-census", "A2", dead(true, 2), "2"},
		{"seven other links", "2015-census", "A3", dead(false, 7), "0.7"},
		{"other links are no home links", "2015-census", "A2", dead(false, 7), "0"},
		{"what a person has still to look at", "2015-census", "A3", func(f *rules.Facts) { f.Links = &[]rules.DeadLinks{{Unit: "201", Count: 7, Doubtful: true}} }, "0"},
		{"nine new items", "2015-census", "U1", items("2026-11-14", "2026-11-15", "2026-11-16", "2026-11-17", "2026-11-18", "2026-11-19", "2026-11-20", "2026-11-21", "2026-11-22"), "5"},
		{"ten new items", "2015-census", "U1", items("2026-11-14", "2026-11-15", "2026-11-16", "2026-11-17", "2026-11-18", "2026-11-19", "2026-11-20", "2026-11-21", "2026-11-22", "2026-11-22"), "0"},
		{"not counted", "2015-census", "U1", newest("2026-11-20"), "0"},
		{"two stale news columns", "2015-census", "U2", columns(many(2, "news", "2026-11-01")), "6"},
		{"two stale notice columns", "2015-census", "U3", columns(many(2, "notice", "2026-01-01")), "8"},
		{"a stale plan", "2015-census", "U4", columns(many(1, "plan", "2025-01-01")), "5"},
		{"three wrong facts", "2015-census", "U5", given("U5", 3), "3"},
		{"no letter", "2015-census", "I1", acts("letters", 0), "5"},
		{"one letter", "2015-census", "I1", acts("letters", 1), "0"},
		{"no survey", "2015-census", "I2", acts("surveys", 0), "5"},
		{"five surveys", "2015-census", "I2", acts("surveys", 5), "3"},
		{"six surveys", "2015-census", "I2", acts("surveys", 6), "0"},
		{"five interviews", "2015-census", "I3", acts("interviews", 5), "3"},
		{"two guides short", "2015-census", "S1", given("S1", 2), "4"},
		{"a form", "2015-census", "S2", given("S2", 1), "1"},
		{"a system", "2015-census", "S3", given("S3", 1), "3"},
		{"stale news, 2019", "2019-indicators", "P1", columns(many(1, "news", "2026-11-01")), "5"},
		{"stale policy, 2019", "2019-indicators", "P2", columns(many(1, "policy", "2026-01-01")), "5"},
		{"stale policy below the first level", "2019-indicators", "P2", columns(many(1, "policy", "2026-01-01", below)), "0"},
		{"others for a year", "2019-indicators", "P3", columns(many(2, "other", "2025-01-01")), "4"},
		{"blank ones", "2019-indicators", "P4", columns(many(2, "news", "", blank)), "4"},
		{"a blank one is not stale too", "2019-indicators", "P1", columns(many(2, "news", "", blank)), "0"},
		{"statistics", "2019-indicators", "S3", given("S3", 1), "2"},
		{"published answers", "2019-indicators", "I3", given("I3", 1), "3"},
		{"tags on two pages", "2019-indicators", "D5", given("D5", 2), "0.4"},
	} {
		s := set(t, v.set)
		f := complete(s)
		if v.edit != nil {
			v.edit(&f)
		}
		got := rules.Points(0)
		for _, d := range rules.Judge(s, f).Deductions {
			if d.Clause == v.clause {
				got = d.Points
			}
		}
		if got.String() != v.points {
			t.Errorf("%s %s, %s: %s points, want %s", v.set, v.clause, v.name, got, v.points)
		}
	}
}

func TestScore(t *testing.T) {
	for _, v := range []struct {
		name, set     string
		edit          func(*rules.Facts)
		points, total string
		outcome       rules.Outcome
		open          bool
	}{
		{"nothing taken", "2019-indicators", nil, "100", "100", rules.Passed, true},
		{"bonus", "2019-indicators", func(f *rules.Facts) {
			f.Given["B1"] = rules.Given{Points: rules.Whole(12)}
			dead(true, 3)(f)
		}, "97", "109", rules.Passed, true},
		{"bonus has a limit", "2019-indicators", func(f *rules.Facts) { f.Given["B1"] = rules.Given{Points: rules.Whole(99)} }, "100", "130", rules.Passed, true},
		{"at 80 the bonus is not open", "2019-indicators", func(f *rules.Facts) {
			f.Given["B1"] = rules.Given{Points: rules.Whole(12)}
			dead(true, 20)(f)
		}, "80", "80", rules.Passed, false},
		{"a group takes no more than it is worth", "2019-indicators", dead(true, 500), "80", "80", rules.Passed, false},
		{"59 fails", "2015-census", func(f *rules.Facts) {
			dead(true, 500)(f)
			acts("surveys", 0)(f)
			acts("interviews", 0)(f)
			given("S1", 5)(f)
			given("S2", 1)(f)
		}, "59", "59", rules.Failed, false},
		{"60 does not", "2015-census", func(f *rules.Facts) {
			dead(true, 500)(f)
			acts("surveys", 0)(f)
			acts("interviews", 0)(f)
			given("S1", 5)(f)
		}, "60", "60", rules.Passed, false},
		{"without services the rest is raised by 4/3", "2019-indicators", func(f *rules.Facts) {
			f.NoServices, f.Services = true, nil
			given("S1", 9)(f)
			dead(true, 6)(f)
		}, "92", "92", rules.Passed, true},
	} {
		s := set(t, v.set)
		f := complete(s)
		if v.edit != nil {
			v.edit(&f)
		}
		r := rules.Judge(s, f)
		if r.Score == nil || r.Score.Points.String() != v.points || r.Score.Total.String() != v.total || r.Outcome != v.outcome || r.Score.Open != v.open {
			t.Errorf("%s: %+v, %s; want %s, %s, %s", v.name, r.Score, r.Outcome, v.points, v.total, v.outcome)
		}
	}
}

// What was not checked never passes, and a score without it is called the best
// possible one.
func TestUncheckedNeverPasses(t *testing.T) {
	for id, s := range rules.Default() {
		r := rules.Judge(s, rules.Facts{Site: "s", At: point, Portal: true})
		if r.Outcome != rules.Incomplete || r.Score == nil || r.Score.Complete {
			t.Errorf("%s of nothing: %s, %+v", id, r.Outcome, r.Score)
		}
		for _, v := range r.Vetoes {
			if v.State != rules.Unchecked {
				t.Errorf("%s %s of nothing: %s", id, v.Clause, v.State)
			}
		}
		for _, g := range r.Groups {
			if len(g.Unchecked) == 0 {
				t.Errorf("%s: all of %s was checked", id, g.ID)
			}
		}
		if r := rules.Judge(s, complete(s)); r.Outcome != rules.Passed || len(r.Unchecked) != 0 {
			t.Errorf("%s of all that is good: %s %v", id, r.Outcome, r.Unchecked)
		}
	}
	// A score that is too low already is a failure, whatever is still to come.
	s := set(t, "2015-census")
	f := complete(s)
	f.Messages = nil
	for _, edit := range []func(*rules.Facts){dead(true, 500), acts("surveys", 0), acts("interviews", 0), given("S1", 9)} {
		edit(&f)
	}
	if r := rules.Judge(s, f); r.Outcome != rules.Failed {
		t.Errorf("outcome %s", r.Outcome)
	}
}

// A veto ends the scoring, and the faults stay listed.
func TestVetoEndsScoring(t *testing.T) {
	s := set(t, "2019-indicators")
	f := complete(s)
	dead(true, 3)(&f)
	f.Columns = with(many(5, "news", "2026-01-01"))
	if r := rules.Judge(s, f); r.Outcome != rules.Vetoed || r.Score != nil || len(r.Deductions) != 2 {
		t.Errorf("%s, %+v, %d deductions", r.Outcome, r.Score, len(r.Deductions))
	}
}

// Sites that are no portals are not scored by the rules of 2019, and pass when no
// veto falls.
func TestOnlyPortalsAreScored(t *testing.T) {
	f := good()
	f.Portal = false
	if r := rules.Judge(set(t, "2019-indicators"), f); r.Score != nil || r.Outcome != rules.Passed {
		t.Errorf("%s, %+v", r.Outcome, r.Score)
	}
	if r := rules.Judge(set(t, "2015-census"), f); r.Score == nil {
		t.Error("not scored by the rules of 2015")
	}
}

// What was not checked is named with what it lacks: nothing is left out in
// silence, and what a program found out is not asked of a person.
func TestWhyNotChecked(t *testing.T) {
	of := func(id string, edit func(*rules.Facts)) map[string]string {
		f := complete(set(t, id))
		edit(&f)
		r := rules.Judge(set(t, id), f)
		why := map[string]string{}
		for _, l := range r.Lacks {
			why[l.Clause] = l.Why
		}
		for _, v := range r.Vetoes {
			if v.State == rules.Unchecked {
				why[v.Clause] = v.Says
			}
		}
		return why
	}
	for _, v := range []struct {
		set, name string
		edit      func(*rules.Facts)
		want      map[string]string // a part of the reason, by clause
	}{
		{"2015-census", "everything known", func(*rules.Facts) {}, nil},
		{"2015-census", "only the newest item is known", newest("2026-11-20"), map[string]string{"U1": "逐条"}},
		{"2015-census", "nothing of the home page", func(f *rules.Facts) { f.Home = nil }, map[string]string{"V2": "首页", "U1": "逐条"}},
		{"2015-census", "no columns", func(f *rules.Facts) { f.Columns = nil }, map[string]string{"V3a": "登记栏目", "V3b": "登记栏目", "V3c": "登记栏目", "U2": "登记栏目", "U3": "登记栏目", "U4": "登记栏目"}},
		{"2019-indicators", "no links, nobody asked", func(f *rules.Facts) { f.Links, f.Accounts, f.Services = nil, nil, nil }, map[string]string{"D2": "链接", "D3": "链接", "VM": "人工", "V6": "人工"}},
		{"2019-indicators", "nothing given", func(f *rules.Facts) { delete(f.Given, "P5") }, map[string]string{"P5": "人工"}},
	} {
		got := of(v.set, v.edit)
		for clause, part := range v.want {
			if !strings.Contains(got[clause], part) {
				t.Errorf("%s, %s: %s says %q, want %q", v.set, v.name, clause, got[clause], part)
			}
		}
		if len(got) != len(v.want) {
			t.Errorf("%s, %s: %v", v.set, v.name, got)
		}
	}
}
