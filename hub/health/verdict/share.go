package verdict

import (
	"cmp"
	"slices"

	"zhanqun/hub/health/rules"
	"zhanqun/protocol"
)

// shares says what units have to know of the vetoes that people were told are near
// or hold, for as long as they were not told that it is over: by unit, those of
// which a part is its own, what holds first. What belongs to nobody in particular
// is the site's own unit's.
func shares(results []rules.Result, known map[[2]string]Standing) map[string][]protocol.Veto {
	list := map[string][]protocol.Veto{}
	for _, r := range results {
		for _, v := range r.Vetoes {
			state := known[[2]string{r.Site, v.Clause}].Told
			if state != rules.Near && state != rules.Fallen {
				continue
			}
			owners := v.Owners
			if len(owners) == 0 {
				owners = []rules.Owner{{Unit: r.Unit, Count: v.Count}}
			}
			for _, o := range owners {
				if o.Count == 0 {
					continue
				}
				list[o.Unit] = append(list[o.Unit], share(r, v, state, o))
			}
		}
	}
	for unit, vetoes := range list {
		slices.SortStableFunc(vetoes, func(a, b protocol.Veto) int {
			return cmp.Or(cmp.Compare(a.State, b.State), cmp.Compare(a.Site, b.Site)) // fallen, near
		})
		list[unit] = vetoes[:min(len(vetoes), protocol.MaxVetoes)]
	}
	return list
}

func share(r rules.Result, v rules.Veto, state rules.State, o rules.Owner) protocol.Veto {
	s := protocol.Veto{Site: r.Name, Title: v.Title, English: v.English, State: string(state), Says: v.Says, Count: v.Count, Limit: v.Limit, Own: o.Count,
		Falls: v.Falls, Official: v.Official}
	for _, i := range o.Items[:min(len(o.Items), protocol.MaxVetoNames)] {
		s.Names = append(s.Names, i.Name)
	}
	return s
}
