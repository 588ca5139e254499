package rules

import (
	"slices"
	"time"
)

// Judge judges the facts of a site by a set.
func Judge(s *Set, f Facts) Result {
	j := &judge{set: s, f: f, day: date(f.At), taken: map[string]bool{}}
	r := Result{Set: s.ID, SetName: s.Name, English: s.English, Text: s.Text, Site: f.Site, Name: f.Name, Unit: f.Unit, UnitName: f.UnitName, At: f.At, Condition: f.Condition, Updated: f.Updated,
		Vetoes: []Veto{}, Deductions: []Deduction{}, Groups: []Taken{}}
	for _, c := range s.Clauses {
		switch {
		case c.Veto:
			r.Vetoes = append(r.Vetoes, j.veto(c))
		case c.Kind == KindClosedGuess:
			if sign, ok := j.closed(c); ok {
				r.Signs = append(r.Signs, sign)
			}
		}
	}
	for _, v := range r.Vetoes {
		if v.State == Unchecked || v.State == Insufficient {
			r.Unchecked = append(r.Unchecked, v.Clause)
		}
		if !v.Falls.IsZero() && (r.Falls.IsZero() || v.Falls.Before(r.Falls)) {
			r.Falls, r.FallsBy = v.Falls, v.Clause
		}
	}
	j.score(&r)
	fallen := slices.ContainsFunc(r.Vetoes, func(v Veto) bool { return v.State == Fallen })
	switch {
	case fallen:
		r.Outcome, r.Score = Vetoed, nil
	case r.Score != nil && r.Score.Points < r.Score.Pass:
		r.Outcome = Failed
	case len(r.Unchecked) > 0 || r.Score != nil && !r.Score.Complete:
		r.Outcome = Incomplete
	default:
		r.Outcome = Passed
	}
	return r
}

// judge is one judgement under way.
type judge struct {
	set   *Set
	f     Facts
	day   time.Time       // of the check point
	taken map[string]bool // columns that were deducted
}

// veto says how a veto stands.
func (j *judge) veto(c Clause) Veto {
	v := Veto{Ref: c.ref(), State: Unchecked, Limit: c.Limit, To: j.day, kind: c.Kind}
	switch c.Kind {
	case KindAvailability:
		j.availability(c, &v)
	case KindHome:
		j.home(c, &v)
	case KindStale, KindOverdue:
		j.columns(c, &v)
	case KindBlank:
		j.blank(c, &v)
	case KindSerious:
		j.serious(c, &v)
	case KindUnanswered:
		j.unanswered(c, &v)
	case KindServices:
		j.services(c, &v)
	case KindAccounts:
		j.accounts(c, &v)
	}
	if v.Says == "" {
		v.Says = j.why(c)
	}
	return v
}

// settle gives a count its state: what is not known can still make it fall.
func (v *Veto) settle(warn int) {
	switch {
	case v.Count >= v.Limit:
		v.State = Fallen
	case warn > 0 && v.Count >= warn:
		v.State = Near
	case v.Unchecked > 0:
		v.State = Unchecked
	default:
		v.State = Clear
	}
}
