package rules_test

import (
	"sync"
	"testing"
	"time"

	"zhanqun/hub/health/rules"
	"zhanqun/internal/chinatime"
)

// The check point of most vectors: Saturday 28 November 2026, ten in the morning.
var point = time.Date(2026, 11, 28, 10, 0, 0, 0, chinatime.Zone)

func day(text string) time.Time {
	d, err := time.ParseInLocation(time.DateOnly, text, chinatime.Zone)
	if err != nil {
		panic(err)
	}
	return d
}

var embedded = sync.OnceValue(rules.Default)

func set(t *testing.T, id string) *rules.Set {
	t.Helper()
	s := embedded()[id]
	if s == nil {
		t.Fatalf("no set %s", id)
	}
	return s
}

// good are the facts of a site with nothing wrong.
func good() rules.Facts {
	var columns []rules.Column
	for i, class := range []string{rules.ClassNews, rules.ClassNotice, rules.ClassPolicy, rules.ClassPersonnel, rules.ClassPlan, rules.ClassOther} {
		columns = append(columns, column(class, string(rune('A'+i)), class, "2026-11-27"))
	}
	var items []time.Time
	for i := range 12 {
		items = append(items, point.AddDate(0, 0, -i))
	}
	return rules.Facts{
		Site: "s", Name: "县门户", Unit: "100", UnitName: "县政府办", At: point, Portal: true,
		Availability: &rules.Availability{From: day("2026-11-21"), To: day("2026-11-28"), Days: 7, Of: 7, Valid: 168},
		Home:         &rules.Home{Items: items},
		Columns:      &columns,
		Links:        &[]rules.DeadLinks{},
		Serious:      &rules.Serious{Looked: []string{"wording", "secret", "content", "attack", "forgery", "opinion", "false"}},
		Messages:     &rules.Messages{Channel: true},
		Acts:         map[string]int{"letters": 20, "surveys": 6, "interviews": 6},
		Services:     &rules.Services{Offered: true, Guides: 30},
		Accounts:     &rules.Accounts{Total: 2},
		Given:        map[string]rules.Given{},
	}
}

// complete also answers every clause that a person has to answer.
func complete(s *rules.Set) rules.Facts {
	f := good()
	for _, c := range s.Clauses {
		if c.Kind == rules.KindGiven || c.Kind == rules.KindBonus {
			f.Given[c.ID] = rules.Given{}
		}
	}
	return f
}

func column(id, name, class, latest string) rules.Column {
	c := rules.Column{ID: id, Name: name, Class: class, TopLevel: true, Unit: "201", UnitName: "甲镇", Known: true}
	if latest != "" {
		c.Latest = day(latest)
	}
	return c
}

// many are n columns of a class that last changed on a day.
func many(n int, class, latest string, edit ...func(*rules.Column)) []rules.Column {
	var list []rules.Column
	for i := range n {
		c := column(class+latest+string(rune('a'+i)), class, class, latest)
		for _, e := range edit {
			e(&c)
		}
		list = append(list, c)
	}
	return list
}

func with(lists ...[]rules.Column) *[]rules.Column {
	var all []rules.Column
	for _, l := range lists {
		all = append(all, l...)
	}
	return &all
}

func veto(t *testing.T, r rules.Result, id string) rules.Veto {
	t.Helper()
	for _, v := range r.Vetoes {
		if v.Clause == id {
			return v
		}
	}
	t.Fatalf("no veto %s", id)
	return rules.Veto{}
}
