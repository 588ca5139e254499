package rules

import (
	"cmp"
	"slices"
	"time"
)

// aged is how a column stands against its period.
type aged struct {
	Column
	stale bool
	on    time.Time // first day on which it is, or was, stale; zero when no item has a date
}

// age picks the columns a clause looks at and says which are stale. unknown is
// how many could not be told.
func (j *judge) age(c Clause) (list []aged, unknown int) {
	for _, col := range *j.f.Columns {
		if col.Exempt != "" {
			continue
		}
		i := slices.IndexFunc(c.Parts, func(p Part) bool { return p.takes(col) })
		if i < 0 {
			continue
		}
		if !col.Known {
			unknown++
			continue
		}
		a := aged{Column: col}
		if !col.Blank { // a blank column is counted as such, not as stale
			period := c.Parts[i].Period
			if c.Parts[i].OwnPeriod && !col.Period.IsZero() {
				period = col.Period
			}
			// Items without a date count as not updated.
			a.stale = true
			if !col.Latest.IsZero() && !col.Latest.After(j.f.At) {
				a.on = j.set.period(period).expires(date(col.Latest))
				a.stale = !a.on.After(j.day)
			}
		}
		list = append(list, a)
	}
	return list, unknown
}

func (j *judge) columns(c Clause, v *Veto) {
	if j.f.Columns == nil {
		return
	}
	list, unknown := j.age(c)
	v.Sample, v.Unchecked = len(list), unknown
	v.From = j.day
	for _, p := range c.Parts {
		if from := j.set.period(p.Period).back(j.day); from.Before(v.From) {
			v.From = from
		}
	}
	var counted, ahead []Item
	for _, a := range list {
		switch {
		case a.stale:
			counted = append(counted, a.item(a.on))
		case !a.Blank:
			ahead = append(ahead, a.item(a.on))
		}
	}
	v.Count, v.Owners = len(counted), owners(counted)
	v.settle(c.Warn)
	v.Says = says(saysStale, v.Count, v.Limit)
	if c.Kind == KindOverdue {
		v.Says = says(saysOverdue, v.Count, v.Limit)
	}
	if left := v.Left(); left > 0 && len(ahead) >= left {
		soonest(ahead)
		v.Next, v.Falls = ahead[:left], ahead[left-1].On
	}
}

func (j *judge) blank(c Clause, v *Veto) {
	if j.f.Columns == nil {
		return
	}
	var counted []Item
	for _, col := range *j.f.Columns {
		switch {
		case col.Exempt != "":
		case !col.Known:
			v.Unchecked++
		default:
			v.Sample++
			if col.Blank {
				counted = append(counted, aged{Column: col}.item(time.Time{}))
			}
		}
	}
	v.Count, v.Owners = len(counted), owners(counted)
	v.settle(c.Warn)
	v.Says = says(saysBlank, v.Count, v.Limit)
}

func (a aged) item(on time.Time) Item {
	return Item{ID: a.ID, Name: a.Name, Unit: a.Unit, UnitName: a.UnitName, Latest: a.Latest, On: on}
}

func soonest(list []Item) {
	slices.SortStableFunc(list, func(a, b Item) int { return cmp.Or(a.On.Compare(b.On), cmp.Compare(a.ID, b.ID)) })
}

// owners sorts items by the unit that answers for them, the most first.
func owners(items []Item) []Owner {
	at := map[string]int{}
	var list []Owner
	for _, i := range items {
		n, known := at[i.Unit]
		if !known {
			n = len(list)
			at[i.Unit] = n
			list = append(list, Owner{Unit: i.Unit, UnitName: i.UnitName})
		}
		list[n].Count++
		list[n].Items = append(list[n].Items, i)
	}
	slices.SortStableFunc(list, func(a, b Owner) int { return cmp.Or(b.Count-a.Count, cmp.Compare(a.Unit, b.Unit)) })
	return list
}
