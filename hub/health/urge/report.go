package urge

import (
	"cmp"
	"slices"
	"time"

	"zhanqun/protocol"
)

// Case is what a report knows of one finding.
type Case struct {
	ID       string    `json:"id"`
	Unit     string    `json:"unit"`
	UnitName string    `json:"unitName"`
	Site     string    `json:"site,omitempty"` // its name
	URL      string    `json:"url"`
	Class    string    `json:"class"`
	State    string    `json:"state"` // as it is now
	Note     string    `json:"note,omitempty"`
	Opened   time.Time `json:"opened"`
	Due      time.Time `json:"due,omitzero"`
	Answered time.Time `json:"answered,omitzero"`
	Closed   time.Time `json:"closed,omitzero"`
	Ending   string    `json:"ending,omitempty"`
}

// Entry is a case as a report lists it.
type Entry struct {
	Case
	Stage string `json:"stage,omitempty"` // how far it was urged at the end of the report
	New   bool   `json:"new,omitempty"`   // found in the period
	Over  int    `json:"over,omitempty"`  // days beyond the deadline, at the end or when it was closed
}

// Line is what a report says of one unit.
type Line struct {
	Unit    string `json:"unit"`
	Name    string `json:"name"`
	Found   int    `json:"found"`   // in the period
	Mended  int    `json:"mended"`  // closed in the period: recovered or removed
	Late    int    `json:"late"`    // of those, after the deadline
	Struck  int    `json:"struck"`  // struck off in the period
	Open    int    `json:"open"`    // at the end
	Overdue int    `json:"overdue"` // of those, beyond the deadline
}

// Report is one of the four, over one period.
type Report struct {
	Period Period    `json:"period"`
	At     time.Time `json:"at"`    // the end, or now while the period runs
	Sum    Line      `json:"sum"`   // of all units
	Units  []Line    `json:"units"` // those with anything to say of, the worst first
	Cases  []Entry   `json:"cases"` // what the kind of report is about, by unit and deadline
	Cut    bool      `json:"cut,omitempty"`
}

// Report makes the report of p from all findings that were open at any time of
// it. The daily one lists what is new, near its deadline or beyond it; the weekly
// one what is beyond it; the monthly one what has stood on a weekly list and is
// still open; the quarterly one the same of monthly lists.
func (r Rules) Report(p Period, cases []Case, now time.Time) Report {
	out := Report{Period: p, At: p.Until, Units: []Line{}, Cases: []Entry{}}
	if now.Before(out.At) {
		out.At = now
	}
	units := map[string]*Line{}
	for _, c := range cases {
		if !c.Opened.Before(p.Until) || !c.Closed.IsZero() && c.Closed.Before(p.From) {
			continue
		}
		l := units[c.Unit]
		if l == nil {
			l = &Line{Unit: c.Unit, Name: c.UnitName}
			units[c.Unit] = l
		}
		e := r.enter(out, c)
		l.count(e, out.At)
		out.Sum.count(e, out.At)
		if r.listed(p, e, out.At) {
			out.Cases = append(out.Cases, e)
		}
	}
	for _, l := range units {
		out.Units = append(out.Units, *l)
	}
	slices.SortFunc(out.Units, func(a, b Line) int {
		return cmp.Or(cmp.Compare(b.Overdue, a.Overdue), cmp.Compare(b.Late, a.Late), cmp.Compare(b.Open, a.Open), cmp.Compare(b.Found, a.Found), cmp.Compare(a.Unit, b.Unit))
	})
	slices.SortFunc(out.Cases, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Unit, b.Unit), a.Due.Compare(b.Due), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// enter says how c stood at the end of a report.
func (r Rules) enter(out Report, c Case) Entry {
	e := Entry{Case: c, New: !c.Opened.Before(out.Period.From)}
	end := out.At
	if c.open(end) {
		if !c.waiting(end) {
			e.Stage = r.Reached(Term{From: c.Opened, Due: c.Due}, end)
		}
	} else if c.Closed.Before(end) {
		end = c.Closed
	}
	if !c.Due.IsZero() && end.After(c.Due) && (e.Stage != "" || !c.open(out.At)) {
		e.Over = max(0, -DaysLeft(c.Due, end.Add(-time.Second)))
	}
	return e
}

// open reports whether c was open at a time.
func (c Case) open(at time.Time) bool { return c.Closed.IsZero() || c.Closed.After(at) }

// waiting reports whether c waits for the county and not for its unit: it was
// answered in time and nobody has looked at the answer yet.
func (c Case) waiting(at time.Time) bool {
	return (c.State == protocol.FindingFixing || c.State == protocol.FindingDisputed) &&
		!c.Answered.IsZero() && !c.Answered.After(c.Due) && !c.Answered.After(at)
}

// Overdue reports whether the deadline had passed at the end of the report.
func (e Entry) Overdue() bool { return Rank(e.Stage) >= Rank(protocol.StageOverdue) }

func (l *Line) count(e Entry, end time.Time) {
	if e.New {
		l.Found++
	}
	if e.open(end) {
		l.Open++
		if e.Overdue() {
			l.Overdue++
		}
		return
	}
	switch {
	case e.Ending == protocol.EndingStruck || e.State == protocol.FindingStruck:
		l.Struck++
	case e.Ending == protocol.EndingWaived: // nothing was mended, and nothing had to be
	default:
		l.Mended++
		if !e.Due.IsZero() && e.Closed.After(e.Due) {
			l.Late++
		}
	}
}

// listed reports whether the report of a period is about e: what it lists has, or
// will have at its end, come to the stage the report stands for.
func (r Rules) listed(p Period, e Entry, end time.Time) bool {
	if !e.open(end) {
		return false
	}
	in := func(reached, next string) bool {
		return Rank(e.Stage) >= Rank(reached) && !r.At(next, Term{From: e.Opened, Due: e.Due}).After(p.Until)
	}
	switch p.Kind {
	case Week:
		return in(protocol.StageOverdue, protocol.StageExposed)
	case Month:
		return in(protocol.StageExposed, protocol.StageSupervised)
	case Quarter:
		return in(protocol.StageSupervised, protocol.StageCirculated)
	case Day:
	}
	return e.New || e.Stage != ""
}

// OnTime is how many percent of what was mended were mended in time; -1 when
// nothing was.
func (l Line) OnTime() int {
	if l.Mended == 0 {
		return -1
	}
	return 100 * (l.Mended - l.Late) / l.Mended
}
