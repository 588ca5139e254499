package rules_test

import (
	"testing"
	"time"

	"zhanqun/hub/health/rules"
)

func blank(c *rules.Column)   { c.Blank = true }
func unknown(c *rules.Column) { c.Known = false }
func static(c *rules.Column)  { c.Exempt = "机构设置，不更新" }
func below(c *rules.Column)   { c.TopLevel = false }
func gone(c *rules.Column)    { c.Gone = true }
func quarterly(c *rules.Column) {
	c.Period = rules.Months(3)
}

const (
	fallen       = rules.Fallen
	near         = rules.Near
	insufficient = rules.Insufficient
	unchecked    = rules.Unchecked
	clear_       = rules.Clear
)

// vector is one case of a clause: facts that differ from the good ones, and what
// the clause makes of them.
type vector struct {
	name   string
	set    string // both official ones when empty
	clause string
	edit   func(*rules.Facts)
	state  rules.State
	count  int
	falls  string // day on which it falls, "-" for none, "" for any
}

func visits(valid, failed, days, lost int) func(*rules.Facts) {
	return func(f *rules.Facts) {
		f.Availability = &rules.Availability{Days: days, Of: 7, Valid: valid, Failed: failed, Lost: lost}
	}
}

// daily are seven days of 24 valid visits of which so many failed, and what failed
// today of how many so far.
func daily(today, of int, failed ...int) func(*rules.Facts) {
	return func(f *rules.Facts) {
		a := *f.Availability
		a.Valid, a.Today = 0, rules.Visits{Valid: of, Failed: today}
		for _, n := range failed {
			a.Valid, a.Failed = a.Valid+24, a.Failed+n
			a.Daily = append(a.Daily, rules.Visits{Valid: 24, Failed: n})
		}
		f.Availability = &a
	}
}

func columns(lists ...[]rules.Column) func(*rules.Facts) {
	return func(f *rules.Facts) { f.Columns = with(lists...) }
}

func items(days ...string) func(*rules.Facts) {
	return func(f *rules.Facts) {
		f.Home = &rules.Home{}
		for _, d := range days {
			f.Home.Items = append(f.Home.Items, day(d).Add(9*time.Hour))
		}
	}
}

func newest(text string) func(*rules.Facts) {
	return func(f *rules.Facts) { f.Home = &rules.Home{Newest: day(text)} }
}

func serious(kind string, confirmed bool) func(*rules.Facts) {
	return func(f *rules.Facts) {
		f.Serious.Faults = []rules.SeriousFault{{Kind: kind, What: "某页", Confirmed: confirmed}}
	}
}

func asked(days ...string) func(*rules.Facts) {
	return func(f *rules.Facts) {
		for _, d := range days {
			f.Messages.Unanswered = append(f.Messages.Unanswered, rules.Message{Received: day(d), Unit: "201"})
		}
	}
}

func guides(n, short int) func(*rules.Facts) {
	return func(f *rules.Facts) { f.Services = &rules.Services{Offered: true, Guides: n, Short: short} }
}

var vectors = []vector{
	// V1: 5 per cent of at least 20 visits a day over 7 days, the limit included.
	{"all visits good", "", "V1", nil, clear_, 0, ""},
	{"not asked", "", "V1", func(f *rules.Facts) { f.Availability = nil }, unchecked, 0, ""},
	{"6 of 140", "", "V1", visits(140, 6, 7, 28), near, 6, ""},
	{"7 of 140 is the limit", "", "V1", visits(140, 7, 7, 28), fallen, 7, ""},
	{"8 of 168", "", "V1", visits(168, 8, 7, 0), near, 8, ""},
	{"9 of 168", "", "V1", visits(168, 9, 7, 0), fallen, 9, ""},
	{"5 of 168 is below the warning", "", "V1", visits(168, 5, 7, 0), clear_, 5, ""},
	{"a short day never passes", "", "V1", visits(163, 0, 6, 5), insufficient, 0, ""},
	{"a short sample that fails in any case", "", "V1", visits(100, 9, 4, 68), fallen, 9, ""},
	{"a short sample that may be saved", "", "V1", visits(100, 8, 4, 68), insufficient, 8, ""},
	{"no visit at all", "", "V1", visits(0, 0, 0, 168), insufficient, 0, ""},
	{"down since this morning", "", "V1", daily(9, 9, 0, 0, 0, 0, 0, 0, 0), clear_, 0, "2026-11-29"},
	{"down yesterday and well today", "", "V1", daily(0, 12, 0, 0, 0, 0, 0, 0, 8), near, 8, "-"},
	{"a little every day", "", "V1", daily(1, 12, 0, 0, 0, 0, 0, 0, 2), clear_, 2, "2026-12-02"},
	{"once today", "", "V1", daily(1, 20, 0, 0, 0, 0, 0, 0, 0), clear_, 0, "-"},
	{"bad days that go", "", "V1", daily(1, 20, 4, 3, 0, 0, 0, 0, 0), near, 7, "-"},
	{"tightened by the county", "local-example", "V1", visits(168, 6, 7, 0), fallen, 6, ""},

	// V2: no new item on the home page in 14 days.
	{"yesterday", "", "V2", items("2026-11-27"), clear_, 1, "2026-12-12"},
	{"ten days ago is warned of", "", "V2", items("2026-11-18"), near, 10, "2026-12-03"},
	{"on the first day of the window", "", "V2", items("2026-11-14"), near, 14, "2026-11-29"},
	{"on the day before it", "", "V2", items("2026-11-13"), fallen, 15, ""},
	{"nothing with a date", "", "V2", items(), fallen, 15, ""},
	{"only in the future", "", "V2", items("2026-12-24"), fallen, 15, ""},
	{"only the newest is known", "", "V2", newest("2026-11-20"), clear_, 8, "2026-12-05"},
	{"the newest is too old", "", "V2", newest("2026-11-13"), fallen, 15, "-"},
	{"not read", "", "V2", func(f *rules.Facts) { f.Home = nil }, unchecked, 0, ""},

	// V3a: news columns 14 days, notices and policies 6 months, five together.
	{"no stale column", "", "V3a", nil, clear_, 0, ""},
	{"not read", "", "V3a", func(f *rules.Facts) { f.Columns = nil }, unchecked, 0, ""},
	{"four stale", "", "V3a", columns(many(3, "news", "2026-11-13"), many(1, "policy", "2026-05-27")), near, 4, ""},
	{"three news and two policy columns", "", "V3a", columns(many(3, "news", "2026-11-13"), many(2, "policy", "2026-05-27")), fallen, 5, "-"},
	{"on the first day of the window", "", "V3a", columns(many(4, "news", "2026-11-14"), many(4, "notice", "2026-05-28")), clear_, 0, "2026-11-29"},
	{"without dates counts as not updated", "", "V3a", columns(many(5, "news", "")), fallen, 5, ""},
	{"blank ones are counted elsewhere", "", "V3a", columns(many(4, "news", "", blank)), clear_, 0, "-"},
	{"static ones are not counted", "", "V3a", columns(many(5, "news", "2020-01-01", static)), clear_, 0, ""},
	{"other classes are not counted", "", "V3a", columns(many(9, "plan", "2020-01-01")), clear_, 0, ""},
	{"one that was not read", "", "V3a", columns(many(1, "news", "", unknown)), unchecked, 0, ""},
	{"one stale and one not read", "", "V3a", columns(many(1, "news", "2026-01-01"), many(1, "news", "", unknown)), unchecked, 1, ""},
	{"policy columns below the first level, 2015", "2015-census", "V3a", columns(many(5, "policy", "2026-01-01", below)), fallen, 5, ""},
	{"policy columns below the first level, 2019", "2019-indicators", "V3a", columns(many(5, "policy", "2026-01-01", below)), clear_, 0, ""},
	{"news columns below the first level, 2019", "2019-indicators", "V3a", columns(many(5, "news", "2026-01-01", below)), fallen, 5, ""},
	{"the fifth falls in five days", "", "V3a",
		columns(many(3, "news", "2026-11-01"), many(1, "news", "2026-11-15"), many(1, "news", "2026-11-18"), many(2, "news", "2026-11-27")), near, 3, "2026-12-03"},
	{"too few to fall", "", "V3a", columns(many(3, "news", "2026-11-01"), many(1, "news", "2026-11-15")), near, 3, "-"},
	{"tightened by the county", "local-example", "V3a", columns(many(3, "news", "2026-11-17")), fallen, 3, ""},
	{"tightened, on the first day", "local-example", "V3a", columns(many(3, "news", "2026-11-18")), clear_, 0, "2026-11-29"},

	// V3b: columns that were not kept up for a year, or for their own period.
	{"nine for a year", "", "V3b", columns(many(9, "other", "2025-11-27")), near, 9, ""},
	{"ten for a year", "", "V3b", columns(many(10, "other", "2025-11-27")), fallen, 10, ""},
	{"a year ago to the day", "", "V3b", columns(many(10, "other", "2025-11-28")), clear_, 0, "2026-11-29"},
	{"ten with a period of their own", "", "V3b", columns(many(10, "other", "2026-08-27", quarterly)), fallen, 10, ""},
	{"inside the period of their own", "", "V3b", columns(many(10, "other", "2026-08-28", quarterly)), clear_, 0, "2026-11-29"},
	{"seven for a year", "", "V3b", columns(many(7, "other", "2020-01-01")), clear_, 7, ""},

	// V3c: blank columns.
	{"no blank one", "", "V3c", nil, clear_, 0, ""},
	{"one blank", "", "V3c", columns(many(1, "other", "", blank)), clear_, 1, ""},
	{"two blank are warned of", "", "V3c", columns(many(2, "other", "", blank)), near, 2, ""},
	{"five blank", "", "V3c", columns(many(5, "other", "", blank)), fallen, 5, ""},
	{"five blank that are closed", "", "V3c", columns(many(5, "other", "", blank, static)), clear_, 0, ""},
	{"one not read", "", "V3c", columns(many(1, "other", "", unknown)), unchecked, 0, ""},

	// V4: grave faults.
	{"none", "", "V4", nil, clear_, 0, ""},
	{"nobody looked", "", "V4", func(f *rules.Facts) { f.Serious = nil }, unchecked, 0, ""},
	{"only links were looked at", "", "V4", func(f *rules.Facts) { f.Serious.Looked = []string{"content"} }, unchecked, 0, ""},
	{"forged dates, confirmed", "", "V4", serious(rules.SeriousForgery, true), fallen, 1, ""},
	{"forged dates, a sign only", "", "V4", serious(rules.SeriousForgery, false), near, 0, ""},
	{"an attack is of 2019", "2015-census", "V4", serious(rules.SeriousAttack, true), clear_, 0, ""},
	{"an attack", "2019-indicators", "V4", serious(rules.SeriousAttack, true), fallen, 1, ""},

	// V5: messages without an answer for more than three months.
	{"all answered", "", "V5", nil, clear_, 0, ""},
	{"not looked at", "", "V5", func(f *rules.Facts) { f.Messages = nil }, unchecked, 0, ""},
	{"three months to the day", "", "V5", asked("2026-08-28"), near, 0, "2026-11-29"},
	{"a day more", "", "V5", asked("2026-08-27"), fallen, 1, ""},
	{"older than a year", "", "V5", asked("2025-11-27"), clear_, 0, ""},
	{"61 days", "", "V5", asked("2026-09-28"), near, 0, "2026-12-29"},
	{"59 days", "", "V5", asked("2026-09-30"), clear_, 0, "2027-01-01"},
	{"no way to ask, 2019", "2019-indicators", "V5", func(f *rules.Facts) { f.Messages.Channel = false }, fallen, 1, ""},
	{"no way to ask, 2015", "2015-census", "V5", func(f *rules.Facts) { f.Messages.Channel = false }, clear_, 0, ""},

	// V6: service guides.
	{"good guides", "2019-indicators", "V6", nil, clear_, 0, ""},
	{"four short", "2019-indicators", "V6", guides(30, 4), clear_, 4, ""},
	{"five short", "2019-indicators", "V6", guides(30, 5), fallen, 5, ""},
	{"three of three short", "2019-indicators", "V6", guides(3, 3), fallen, 3, ""},
	{"two of three short", "2019-indicators", "V6", guides(3, 2), clear_, 2, ""},
	{"no services", "2019-indicators", "V6", func(f *rules.Facts) { f.Services = &rules.Services{} }, fallen, 5, ""},
	{"none needed", "2019-indicators", "V6", func(f *rules.Facts) { f.Services, f.NoServices = nil, true }, clear_, 0, ""},
	{"not looked at", "2019-indicators", "V6", func(f *rules.Facts) { f.Services = nil }, unchecked, 0, ""},

	// VM: new-media accounts, as a person found them.
	{"two good accounts", "2019-indicators", "VM", nil, clear_, 0, ""},
	{"one of two fails", "2019-indicators", "VM", func(f *rules.Facts) { f.Accounts = &rules.Accounts{Total: 2, Failed: 1} }, fallen, 1, ""},
	{"no accounts", "2019-indicators", "VM", func(f *rules.Facts) { f.Accounts = &rules.Accounts{} }, clear_, 0, ""},
	{"not looked at", "2019-indicators", "VM", func(f *rules.Facts) { f.Accounts = nil }, unchecked, 0, ""},
}

func TestVetoes(t *testing.T) {
	tried := map[string]bool{}
	for _, v := range vectors {
		ids := []string{v.set}
		if v.set == "" {
			ids = []string{"2015-census", "2019-indicators"}
		}
		for _, id := range ids {
			tried[id+v.clause] = true
			f := good()
			if v.edit != nil {
				v.edit(&f)
			}
			r := rules.Judge(set(t, id), f)
			got := veto(t, r, v.clause)
			falls := "-"
			if !got.Falls.IsZero() {
				falls = got.Falls.Format(time.DateOnly)
			}
			if got.State != v.state || got.Count != v.count || v.falls != "" && falls != v.falls {
				t.Errorf("%s %s, %s: %s with %d, falls %q; want %s with %d, %q (%s)", id, v.clause, v.name, got.State, got.Count, falls, v.state, v.count, v.falls, got.Says)
			}
			if got.Says == "" {
				t.Errorf("%s %s, %s: says nothing", id, v.clause, v.name)
			}
			if (r.Outcome == rules.Vetoed) != (v.state == fallen) {
				t.Errorf("%s %s, %s: outcome %s", id, v.clause, v.name, r.Outcome)
			}
			if v.state != clear_ && v.state != near && r.Outcome == rules.Passed {
				t.Errorf("%s %s, %s: passed", id, v.clause, v.name)
			}
		}
	}
	for _, s := range rules.Default() {
		for _, c := range s.Clauses {
			if c.Veto && !tried[s.ID+c.ID] && s.ID != "local-example" {
				t.Errorf("%s %s has no vector", s.ID, c.ID)
			}
		}
	}
}

// What falls on a day has not fallen the day before and has on it.
func TestForecastComesTrue(t *testing.T) {
	s := set(t, "2019-indicators")
	f := good()
	f.Columns = with(many(2, "news", "2026-11-01"), many(1, "policy", "2026-08-31"), many(1, "notice", "2026-06-30"), many(1, "policy", "2026-07-15"), many(3, "plan", "2026-01-31"))
	v := veto(t, rules.Judge(s, f), "V3a")
	if v.Count != 2 || v.Falls.IsZero() || len(v.Next) != 3 || v.Left() != 3 {
		t.Fatalf("veto %+v", v)
	}
	for _, c := range []struct {
		at     time.Time
		fallen bool
	}{{v.Falls.Add(-time.Second), false}, {v.Falls, true}} {
		f.At = c.at
		if got := veto(t, rules.Judge(s, f), "V3a"); (got.State == fallen) != c.fallen {
			t.Errorf("at %v: %s with %d", c.at, got.State, got.Count)
		}
	}
}

func TestOwners(t *testing.T) {
	f := good()
	other := func(c *rules.Column) { c.Unit, c.UnitName, c.ID = "202", "乙镇", c.ID+"x" }
	f.Columns = with(many(1, "news", "2026-11-01", other), many(2, "news", "2026-11-02"))
	v := veto(t, rules.Judge(set(t, "2019-indicators"), f), "V3a")
	if len(v.Owners) != 2 || v.Owners[0].UnitName != "甲镇" || v.Owners[0].Count != 2 || v.Owners[1].Count != 1 || len(v.Owners[0].Items) != 2 {
		t.Errorf("owners %+v", v.Owners)
	}
}

func TestSigns(t *testing.T) {
	s := set(t, "2019-indicators")
	for name, v := range map[string]struct {
		edit func(*rules.Facts)
		want int
	}{
		"well":             {func(*rules.Facts) {}, 0},
		"home 80 per cent": {visits(10, 8, 0, 0), 0},
		"home 90 per cent": {visits(10, 9, 0, 0), 1},
		"columns gone":     {columns(many(5, "news", "2026-11-27", gone)), 1},
		"some gone":        {columns(many(4, "news", "2026-11-27", gone), many(1, "news", "2026-11-26")), 0},
	} {
		f := good()
		v.edit(&f)
		if got := rules.Judge(s, f).Signs; len(got) != v.want {
			t.Errorf("%s: signs %+v", name, got)
		}
	}
}
