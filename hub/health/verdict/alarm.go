package verdict

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"zhanqun/hub/health/rules"
)

// Standing is how a veto of a site stands for those who are told of it.
type Standing struct {
	Site, Clause string
	Seen         rules.State // what it came to last, of near, fallen and clear
	SeenAt       time.Time   // since when
	Told         rules.State // what people were told last; clear before anything was
	ToldAt       time.Time
}

// Alarm is one change of a veto that people are told of: it came near, it fell,
// or it is over.
type Alarm struct {
	ID       string        `json:"id"`
	At       time.Time     `json:"at"`
	Site     string        `json:"site"`
	SiteName string        `json:"siteName"`
	Unit     string        `json:"unit"` // answers for the site
	UnitName string        `json:"unitName"`
	From     rules.State   `json:"from"`
	State    rules.State   `json:"state"`
	Clause   string        `json:"clause"`
	Title    string        `json:"title"`
	English  string        `json:"english,omitempty"`
	Kind     string        `json:"kind"`
	Official bool          `json:"official"`
	Count    int           `json:"count"`
	Limit    int           `json:"limit"`
	Says     string        `json:"says"`
	Owners   []rules.Owner `json:"owners,omitempty"` // without their items
	Falls    time.Time     `json:"falls,omitzero"`
}

// Left is how much more makes the veto fall; 0 when it has.
func (a Alarm) Left() int { return max(a.Limit-a.Count, 0) }

// Distance says how far the veto is: 还差 2 个栏目.
func (a Alarm) Distance() string { return rules.Distance(a.State, a.Kind, a.Left()) }

// How long something has to last before people are told: what is worse soon, so
// that one odd reading alarms nobody; what is better after a day, so that a count
// at a limit does not sound with every reading.
const (
	worseFor  = 30 * time.Minute
	betterFor = 24 * time.Hour
)

// level orders the states people are told of; what could not be judged says
// nothing.
func level(s rules.State) (n int, known bool) {
	switch s {
	case rules.Clear:
		return 0, true
	case rules.Near:
		return 1, true
	case rules.Fallen:
		return 2, true
	case rules.Unchecked, rules.Insufficient:
	}
	return 0, false
}

// weigh says which standings change with results at a time, and of what people
// are told. It is pure.
func weigh(known map[[2]string]Standing, results []rules.Result, now time.Time) (changed []Standing, alarms []Alarm) {
	for _, r := range results {
		for _, v := range r.Vetoes {
			is, ok := level(v.State)
			if !ok {
				continue
			}
			st, filed := known[[2]string{r.Site, v.Clause}]
			if !filed {
				st = Standing{Site: r.Site, Clause: v.Clause, Seen: rules.Clear, SeenAt: now, Told: rules.Clear}
			}
			before := st
			if v.State != st.Seen {
				st.Seen, st.SeenAt = v.State, now
			}
			told, _ := level(st.Told)
			if lasted := now.Sub(st.SeenAt); is > told && lasted >= worseFor || is < told && lasted >= betterFor {
				alarms = append(alarms, alarm(r, v, st.Told, now))
				st.Told, st.ToldAt = v.State, now
			}
			if st != before {
				changed = append(changed, st)
			}
		}
	}
	return changed, alarms
}

func alarm(r rules.Result, v rules.Veto, from rules.State, now time.Time) Alarm {
	a := Alarm{ID: uuid.Must(uuid.NewV7()).String(), At: now, Site: r.Site, SiteName: r.Name, Unit: r.Unit, UnitName: r.UnitName, From: from, State: v.State,
		Clause: v.Clause, Title: v.Title, English: v.English, Kind: v.Kind(), Official: v.Official, Count: v.Count, Limit: v.Limit, Says: v.Says, Falls: v.Falls}
	for _, o := range v.Owners[:min(len(v.Owners), mostOwners)] {
		o.Items = nil
		a.Owners = append(a.Owners, o)
	}
	a.Owners = slices.Clip(a.Owners)
	return a
}

// mostOwners is how many units an alarm names.
const mostOwners = 5
