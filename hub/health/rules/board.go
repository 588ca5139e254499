package rules

import (
	"cmp"
	"slices"
	"time"
)

// Board is the cluster at a glance.
type Board struct {
	Sites []Result `json:"sites"` // worst first
	Units []Line   `json:"units"` // worst first
}

// Line is what one unit answers for, over all sites.
type Line struct {
	Unit     string            `json:"unit"`
	UnitName string            `json:"unitName"`
	State    State             `json:"state"`          // its worst
	Signals  map[string]Signal `json:"signals"`        // by clause
	Links    int               `json:"links"`          // faulty links
	Points   Points            `json:"points"`         // of the deductions it answers for
	Falls    time.Time         `json:"falls,omitzero"` // soonest day a veto falls to which it contributes
}

// Signal is a unit's part of one veto: of the site on which it is worst.
type Signal struct {
	Clause string `json:"clause"`
	State  State  `json:"state"`
	Mine   int    `json:"mine"`  // counts the unit answers for
	Count  int    `json:"count"` // of the whole site
	Limit  int    `json:"limit"`
	Site   string `json:"site"`
	Name   string `json:"name"`
}

// severity orders states, the worst highest.
var severity = map[State]int{Clear: 0, Unchecked: 1, Insufficient: 2, Near: 3, Fallen: 4}

var rank = map[Outcome]int{Passed: 0, Incomplete: 1, Failed: 2, Vetoed: 3}

// Cluster sorts results, and the units that answer for them, worst first.
func Cluster(results []Result) Board {
	b := Board{Sites: slices.Clone(results)}
	slices.SortStableFunc(b.Sites, func(a, c Result) int {
		return cmp.Or(rank[c.Outcome]-rank[a.Outcome], cmp.Compare(nearness(c), nearness(a)), sooner(a.Falls, c.Falls), cmp.Compare(a.Name, c.Name))
	})
	lines := map[string]*Line{}
	line := func(unit, name string) *Line {
		l := lines[unit]
		if l == nil {
			l = &Line{Unit: unit, UnitName: name, State: Clear, Signals: map[string]Signal{}}
			lines[unit] = l
		}
		return l
	}
	for _, r := range results {
		line(r.Unit, r.UnitName)
		for _, v := range r.Vetoes {
			if shared(v) {
				for _, o := range v.Owners {
					line(o.Unit, o.UnitName).add(r, v, v.State, o.Count)
				}
				for _, i := range v.Next {
					line(i.Unit, i.UnitName).soon(v.Falls)
				}
				if len(v.Owners) > 0 || v.State == Clear {
					continue
				}
			}
			l := line(r.Unit, r.UnitName)
			l.add(r, v, v.State, v.Count)
			l.soon(v.Falls)
		}
		for _, d := range r.Deductions {
			l := line(r.Unit, r.UnitName)
			if len(d.Owners) == 0 {
				l.Points += d.Points
			}
			for _, o := range d.Owners {
				l = line(o.Unit, o.UnitName)
				l.Points += d.Each * Points(o.Count)
				if d.ofLinks() {
					l.Links += o.Count
				}
			}
		}
	}
	for _, l := range lines {
		b.Units = append(b.Units, *l)
	}
	slices.SortFunc(b.Units, func(a, c Line) int {
		return cmp.Or(severity[c.State]-severity[a.State], cmp.Compare(c.worst(), a.worst()), sooner(a.Falls, c.Falls),
			cmp.Compare(c.Points, a.Points), cmp.Compare(a.Unit, c.Unit))
	})
	return b
}

// shared reports whether a veto counts things that each belong to a unit.
func shared(v Veto) bool {
	return v.kind == KindStale || v.kind == KindOverdue || v.kind == KindBlank || v.kind == KindSerious || v.kind == KindUnanswered
}

func (d Deduction) ofLinks() bool { return d.kind == KindDeadHome || d.kind == KindDeadOther }

func (l *Line) add(r Result, v Veto, state State, mine int) {
	s := Signal{Clause: v.Clause, State: state, Mine: mine, Count: v.Count, Limit: v.Limit, Site: r.Site, Name: r.Name}
	if old, known := l.Signals[v.Clause]; known && !worse(s, old) {
		return
	}
	l.Signals[v.Clause] = s
	if severity[state] > severity[l.State] {
		l.State = state
	}
}

func (l *Line) soon(day time.Time) {
	if !day.IsZero() && sooner(day, l.Falls) < 0 {
		l.Falls = day
	}
}

func worse(a, b Signal) bool {
	return cmp.Or(severity[a.State]-severity[b.State], a.Count*max(b.Limit, 1)-b.Count*max(a.Limit, 1), a.Mine-b.Mine) > 0
}

// worst is how near the worst of a unit's signals is to its veto, 1 being there.
func (l Line) worst() float64 {
	most := 0.0
	for _, s := range l.Signals {
		if s.Limit > 0 {
			most = max(most, float64(s.Count)/float64(s.Limit))
		}
	}
	return most
}

// nearness is how near a site's worst clause is to its veto.
func nearness(r Result) float64 {
	most := 0.0
	for _, v := range r.Vetoes {
		if v.Limit > 0 {
			most = max(most, float64(v.Count)/float64(v.Limit))
		}
	}
	return most
}

// sooner orders days, those that are not known last.
func sooner(a, b time.Time) int {
	switch {
	case a.Equal(b):
		return 0
	case a.IsZero():
		return 1
	case b.IsZero():
		return -1
	}
	return a.Compare(b)
}
