package rules

// score adds the deductions up: none takes a group below nothing, a group that
// does not apply is left out and the rest raised to the base, and above a limit
// the part for bonuses opens.
func (j *judge) score(r *Result) {
	unchecked := map[string][]string{}
	full := map[string]Points{}
	bonus := Points(0)
	for _, c := range j.set.Clauses {
		switch {
		case c.Veto || c.Kind == KindClosedGuess:
		case c.Kind == KindBonus:
			bonus += j.f.Given[c.ID].Points
		default:
			d, ok := j.deduct(c)
			if !ok {
				unchecked[c.Group] = append(unchecked[c.Group], c.ID)
				r.Lacks = append(r.Lacks, Lack{c.ref(), c.Group, j.why(c)})
			}
			if d.Points > 0 {
				r.Deductions = append(r.Deductions, d)
				full[c.Group] += d.Points
			}
		}
	}
	s := &Score{Base: j.set.Base, Pass: j.set.Pass, Complete: true}
	worth, skipped := Points(0), Points(0)
	for _, g := range j.set.Groups {
		t := Taken{ID: g.ID, Name: g.Name, Points: g.Points, Full: full[g.ID], Official: g.Mark != Reference, Unchecked: unchecked[g.ID]}
		if t.Skipped = g.Services && j.f.NoServices; t.Skipped {
			skipped += g.Points
			t.Unchecked = nil
		} else {
			t.Taken = min(t.Full, g.Points)
			worth += g.Points
			s.Taken += t.Taken
		}
		if len(t.Unchecked) > 0 {
			s.Complete = false
		}
		r.Groups = append(r.Groups, t)
	}
	if j.set.PortalOnly && !j.f.Portal || len(j.set.Groups) == 0 {
		return // not scored
	}
	s.Points = max(s.Base-s.Taken, 0)
	if skipped > 0 && s.Base > skipped {
		s.Scaled = true
		rest := max(s.Base-skipped-s.Taken, 0)
		s.Points = (rest*s.Base + (s.Base-skipped)/2) / (s.Base - skipped)
	}
	s.Total = s.Points
	if j.set.Bonus.Most > 0 && s.Points > j.set.Bonus.Above {
		s.Open, s.Bonus = true, min(bonus, j.set.Bonus.Most)
		s.Total += s.Bonus
	}
	r.Score = s
}
