package review

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhanqun/hub/catalog"
)

func steps(roles string) []catalog.Step {
	var list []catalog.Step
	for i, r := range roles {
		role := map[rune]string{'r': "reviewer", 'c': "chief"}[r]
		list = append(list, catalog.Step{Name: string(rune('一' + i)), Role: role})
	}
	return list
}

func roles(list []catalog.Step) string {
	s := ""
	for _, step := range list {
		s += step.Role[:1]
	}
	return s
}

// The route to several columns asks for everything that any of them asks for.
func TestRouteIsTheStrictest(t *testing.T) {
	for _, tt := range []struct {
		columns []string
		want    string
	}{
		{nil, ""},
		{[]string{"r"}, "r"},
		{[]string{"r", "rc"}, "rc"},
		{[]string{"rc", "r"}, "rc"},
		{[]string{"c", "rr"}, "cr"},
		{[]string{"rrr", "rc"}, "rcr"},
		{[]string{"rc", "rrc"}, "rcc"},
	} {
		var columns []catalog.Column
		for _, c := range tt.columns {
			columns = append(columns, catalog.Column{Slug: c, Steps: steps(c)})
		}
		if got := roles(Route(columns)); got != tt.want {
			t.Errorf("Route(%v) = %s, want %s", tt.columns, got, tt.want)
		}
	}
}

// Approvals cover steps in order, and only with the role the step asks for.
func TestDue(t *testing.T) {
	for _, tt := range []struct {
		route, given string
		want         int
	}{
		{"r", "", 1}, {"r", "r", 0}, {"r", "c", 0},
		{"rc", "", 1}, {"rc", "r", 2}, {"rc", "rr", 2}, {"rc", "rrc", 0}, {"rc", "rc", 0}, {"rc", "cc", 0},
		{"rc", "cr", 2}, // the chief did the first step; a reviewer cannot do the last
		{"cr", "r", 1}, {"cr", "rc", 2}, {"cr", "rcr", 0},
		{"rrc", "rr", 3}, {"rrc", "rc", 3}, {"rrc", "rcc", 0},
		// E is an approval given in an emergency: it covers the last step.
		{"rc", "E", 1}, {"rc", "Er", 0}, {"rc", "rE", 0}, {"rrc", "E", 1}, {"rrc", "Er", 2}, {"rrc", "Err", 0}, {"cc", "Er", 1}, {"r", "E", 0},
	} {
		var given []catalog.Decision
		for _, r := range tt.given {
			given = append(given, catalog.Decision{Action: catalog.ActionApprove, Emergency: r == 'E',
				Role: map[rune]string{'r': "reviewer", 'c': "chief", 'E': "chief"}[r]})
		}
		if got := due(steps(tt.route), given); got != tt.want {
			t.Errorf("due(%s, %s) = %d, want %d", tt.route, tt.given, got, tt.want)
		}
	}
}

// Steps changed while an item is under way: what was done counts as far as it
// covers what is asked now, and a person always publishes.
func TestPlanFollowsTheColumn(t *testing.T) {
	for _, tt := range []struct {
		name, given, now string
		step             int
		counts           int
	}{
		{"as before", "r", "rc", 2, 1},
		{"a step more", "r", "rrc", 2, 1},
		{"a step less", "r", "r", 1, 0},
		{"two steps less", "rr", "c", 1, 2},
		{"a higher role", "r", "cc", 1, 1},
		{"the column is gone", "r", "", 1, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := subject(1, "special")
			for n, r := range tt.given {
				x.Decisions = append(x.Decisions, catalog.Decision{Step: n + 1, Action: catalog.ActionApprove, Columns: []string{"special"},
					Role: map[rune]string{'r': "reviewer", 'c': "chief"}[r], Account: string(rune('a' + n))})
			}
			s := snapshot(x)
			if tt.now != "" {
				s.Columns = append(s.Columns, catalog.Column{Slug: "special", Steps: steps(tt.now)})
			}
			p := planOf(s, x)
			if p.step != tt.step || len(p.valid) != tt.counts {
				t.Errorf("step %d with %d approvals, want %d with %d", p.step, len(p.valid), tt.step, tt.counts)
			}
			if tt.now == "" && p.due().Role != "chief" {
				t.Errorf("a column that is gone is decided by a %s", p.due().Role)
			}
		})
	}
}

// A newer revision of a live item goes where the entry is, unless it is meant
// for another column than the live one was.
func TestColumnsOfACorrection(t *testing.T) {
	x := subject(1, "township")
	live(&x)
	s := snapshot(x)
	s.Entries["e1"] = catalog.Entry{ID: "e1", State: catalog.EntryLive, Columns: []string{"headline", "township"}}
	s = revise(s, 0)
	if diff := cmp.Diff([]string{"headline", "township"}, planOf(s, s.Items[0]).columns); diff != "" {
		t.Errorf("same column (-want +got):\n%s", diff)
	}
	// The county had moved it: the node, which asks for the same as before, does
	// not move it back.
	s.Entries["e1"] = catalog.Entry{ID: "e1", State: catalog.EntryLive, Columns: []string{"headline"}}
	s.Items[0].LiveColumn = "township"
	if diff := cmp.Diff([]string{"headline"}, planOf(s, s.Items[0]).columns); diff != "" {
		t.Errorf("moved by the county (-want +got):\n%s", diff)
	}
	s.Items[0].Text.Column = "photo"
	if diff := cmp.Diff([]string{"photo"}, planOf(s, s.Items[0]).columns); diff != "" {
		t.Errorf("another column (-want +got):\n%s", diff)
	}
}
