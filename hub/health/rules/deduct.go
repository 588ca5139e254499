package rules

import "time"

// deduct says what a clause takes; ok is false when facts are lacking for it, or
// for a part of it. What could be found out is taken in either case.
func (j *judge) deduct(c Clause) (d Deduction, ok bool) {
	d = Deduction{Ref: c.ref(), Group: c.Group, Each: c.Points, kind: c.Kind}
	ok = true
	switch c.Kind {
	case KindAvailability:
		a := j.f.Availability
		if a == nil || a.Valid == 0 {
			return d, false
		}
		percent := share(a)
		if c.Whole {
			percent -= percent % 100
		}
		d.Count, d.Points = a.Failed, (c.Points*percent+50)/100
		ok = a.Days >= a.Of
	case KindStale, KindOverdue:
		if j.f.Columns == nil {
			return d, false
		}
		list, unknown := j.age(c)
		var counted []Item
		for _, a := range list {
			if a.stale && !j.taken[a.ID] {
				j.taken[a.ID] = true
				counted = append(counted, a.item(a.on))
			}
		}
		d.take(counted)
		ok = unknown == 0
	case KindBlank:
		if j.f.Columns == nil {
			return d, false
		}
		var counted []Item
		for _, col := range *j.f.Columns {
			switch {
			case col.Exempt != "":
			case !col.Known:
				ok = false
			case col.Blank && !j.taken[col.ID]:
				j.taken[col.ID] = true
				counted = append(counted, aged{Column: col}.item(time.Time{}))
			}
		}
		d.take(counted)
	case KindDeadHome, KindDeadOther:
		if j.f.Links == nil {
			return d, false
		}
		d.links(*j.f.Links, c.Kind == KindDeadHome)
	case KindFewItems:
		if j.f.Home == nil || j.f.Home.Items == nil {
			return d, false
		}
		if d.Count = j.within(j.f.Home.Items, c.Period); d.Count < c.Least {
			d.Points = c.Points
		}
	case KindFewActs:
		n, known := j.f.Acts[c.Act]
		if !known {
			return d, false
		}
		switch d.Count = n; {
		case n == 0:
			d.Points = max(c.None, c.Points)
		case n < c.Least:
			d.Points = c.Points
		}
	case KindGiven:
		g, known := j.f.Given[c.ID]
		if !known {
			return d, false
		}
		d.Count, d.Evidence = g.Count, g.Evidence
		d.Points = c.Points * Points(g.Count)
	}
	return d, ok
}

func (d *Deduction) take(counted []Item) {
	d.Count, d.Owners = len(counted), owners(counted)
	d.Points = d.Each * Points(len(counted))
}

func (d *Deduction) links(list []DeadLinks, home bool) {
	at := map[string]int{}
	for _, l := range list {
		if l.Home != home || l.Count <= 0 || l.Doubtful {
			continue
		}
		n, known := at[l.Unit]
		if !known {
			n = len(d.Owners)
			at[l.Unit] = n
			d.Owners = append(d.Owners, Owner{Unit: l.Unit, UnitName: l.UnitName})
		}
		d.Owners[n].Count += l.Count
		d.Count += l.Count
		d.Evidence = append(d.Evidence, says(saysLinks, l.UnitName, l.Class, l.Count))
	}
	d.Points = d.Each * Points(d.Count)
}
