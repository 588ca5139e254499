package rules

import "time"

func (j *judge) availability(c Clause, v *Veto) {
	a := j.f.Availability
	if a == nil {
		return
	}
	v.From, v.To, v.Count, v.Sample, v.Unchecked = a.From, a.To, a.Failed, a.Valid, a.Lost
	v.Share = share(a)
	v.Limit = least(c.Share, a.Valid)
	short := a.Days < a.Of || a.Valid == 0
	switch {
	// A sample that is too small fails when whatever is lacking could not save it.
	case !short && reaches(a.Failed, a.Valid, c.Share), short && reaches(a.Failed, a.Valid+a.Lost, c.Share):
		v.State = Fallen
	case short:
		v.State = Insufficient
		v.Says = says(saysShort, a.Valid, a.Failed, a.Of, c.PerDay, a.Days)
		return
	case c.NearTo > 0 && reaches(a.Failed, a.Valid, c.NearTo):
		v.State = Near
	default:
		v.State = Clear
	}
	if v.State != Fallen {
		v.Falls = a.falls(c.Share)
	}
	v.Says = says(saysVisits, a.Valid, a.Failed, v.Share.String()+"%", v.Limit)
}

// falls is the day from which the share fails if today goes on as it went so far
// and the days to come are like it; zero if that never comes.
func (a *Availability) falls(limit Points) time.Time {
	if len(a.Daily) == 0 || a.Today.Failed == 0 {
		return time.Time{}
	}
	each := a.Valid / len(a.Daily)
	next := Visits{Valid: each, Failed: each * a.Today.Failed / a.Today.Valid}
	valid, failed := a.Valid, a.Failed
	for k, gone := range a.Daily {
		valid, failed = valid+next.Valid-gone.Valid, failed+next.Failed-gone.Failed
		if reaches(failed, valid, limit) {
			return a.To.AddDate(0, 0, k+1)
		}
	}
	return time.Time{}
}

// reaches reports whether failed of all is a share of limit per cent or more, the
// limit itself included.
func reaches(failed, all int, limit Points) bool {
	return all > 0 && int64(failed)*10_000 >= int64(limit)*int64(all)
}

// least is the number of failures at which this many visits fail.
func least(limit Points, valid int) int { return int((int64(limit)*int64(valid) + 9_999) / 10_000) }

// share is the failed share in per cent, to the hundredth.
func share(a *Availability) Points {
	if a.Valid == 0 {
		return 0
	}
	return Points((int64(a.Failed)*20_000/int64(a.Valid) + 1) / 2)
}

// home counts the days since the last new item; the limit is the number of days
// at which none is left in the window.
func (j *judge) home(c Clause, v *Veto) {
	h := j.f.Home
	if h == nil {
		return
	}
	p := j.set.period(c.Period)
	v.From = p.back(j.day)
	latest, fresh := time.Time{}, j.within(h.times(), c.Period)
	for _, at := range h.times() {
		if d := date(at); !at.After(j.f.At) && d.After(latest) { // nothing is published in the future
			latest = d
		}
	}
	v.Sample = fresh
	if fresh == 0 {
		v.Limit = days(v.From, j.day) + 1
		v.Count, v.State, v.Says = v.Limit, Fallen, says(saysHomeNone, p.label())
		return
	}
	v.State, v.Falls = Clear, p.expires(latest)
	v.Count, v.Limit = days(latest, j.day), days(latest, v.Falls)
	if c.Warn > 0 && v.Count >= c.Warn {
		v.State = Near
	}
	v.Says = says(saysHome, p.label(), fresh, v.Count)
	if h.Items == nil {
		v.Says = says(saysHomeNewest, v.Count)
	}
}

// days counts the days from one midnight to another.
func days(from, to time.Time) int { return int(to.Sub(from).Hours()) / 24 }

// closed looks for the signs of a site that is closed or being rebuilt.
func (j *judge) closed(c Clause) (Veto, bool) {
	v := Veto{Ref: c.ref(), State: Near, To: j.day}
	if a := j.f.Availability; a != nil && a.Valid > 0 && int64(a.Failed)*10_000 > int64(c.Share)*int64(a.Valid) {
		v.Says, v.Share, v.Sample, v.Count = says(saysClosedHome, share(a).String()+"%"), share(a), a.Valid, a.Failed
		return v, true
	}
	if j.f.Columns == nil {
		return v, false
	}
	for _, col := range *j.f.Columns {
		if !col.Known || col.Exempt != "" {
			continue
		}
		v.Sample++
		if col.Gone {
			v.Count++
		}
	}
	if v.Sample > 0 && int64(v.Count)*10_000 > int64(c.Share)*int64(v.Sample) {
		v.Says = says(saysClosedColumns, v.Sample, v.Count)
		return v, true
	}
	return v, false
}
