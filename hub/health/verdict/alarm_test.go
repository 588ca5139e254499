package verdict

import (
	"strings"
	"testing"
	"time"

	"zhanqun/hub/health/rules"
)

var noon = time.Date(2026, 11, 3, 12, 0, 0, 0, time.UTC)

// A change is told once, when it has lasted: what is worse soon, what is better
// after a day; what could not be judged says nothing.
func TestWeigh(t *testing.T) {
	type look struct {
		after time.Duration
		state rules.State
		told  string // the alarm, from and to; empty for none
	}
	for name, looks := range map[string][]look{
		"near for one look":   {{0, rules.Near, ""}, {10 * time.Minute, rules.Clear, ""}, {time.Hour, rules.Clear, ""}},
		"near":                {{0, rules.Near, ""}, {10 * time.Minute, rules.Near, ""}, {30 * time.Minute, rules.Near, "clear near"}, {40 * time.Minute, rules.Near, ""}},
		"fallen after near":   {{0, rules.Near, ""}, {time.Hour, rules.Near, "clear near"}, {2 * time.Hour, rules.Fallen, ""}, {3 * time.Hour, rules.Fallen, "near fallen"}},
		"fallen at once":      {{0, rules.Fallen, ""}, {time.Hour, rules.Fallen, "clear fallen"}},
		"to and fro":          {{0, rules.Near, ""}, {time.Hour, rules.Near, "clear near"}, {2 * time.Hour, rules.Clear, ""}, {20 * time.Hour, rules.Near, ""}, {21 * time.Hour, rules.Clear, ""}, {40 * time.Hour, rules.Clear, ""}},
		"over":                {{0, rules.Near, ""}, {time.Hour, rules.Near, "clear near"}, {2 * time.Hour, rules.Clear, ""}, {26 * time.Hour, rules.Clear, "near clear"}, {50 * time.Hour, rules.Clear, ""}},
		"better, but not yet": {{0, rules.Fallen, ""}, {time.Hour, rules.Fallen, "clear fallen"}, {2 * time.Hour, rules.Near, ""}, {25 * time.Hour, rules.Near, ""}, {26 * time.Hour, rules.Near, "fallen near"}},
		"not known between":   {{0, rules.Near, ""}, {20 * time.Minute, rules.Unchecked, ""}, {25 * time.Minute, rules.Insufficient, ""}, {30 * time.Minute, rules.Near, "clear near"}},
	} {
		known := map[[2]string]Standing{}
		for _, l := range looks {
			r := rules.Result{Site: "s", Name: "门户", Vetoes: []rules.Veto{{Ref: rules.Ref{Clause: "V3a"}, State: l.state, Count: 3, Limit: 5,
				Owners: []rules.Owner{{Unit: "u", UnitName: "塘头镇", Count: 1, Items: []rules.Item{{Name: "动态"}}}}}}}
			changed, alarms := weigh(known, []rules.Result{r}, noon.Add(l.after))
			for _, st := range changed {
				known[[2]string{st.Site, st.Clause}] = st
			}
			var got []string
			for _, a := range alarms {
				got = append(got, string(a.From)+" "+string(a.State))
				if a.Left() != 2 || len(a.Owners) != 1 || a.Owners[0].Items != nil {
					t.Errorf("%s: alarm %+v", name, a)
				}
			}
			if strings.Join(got, ", ") != l.told {
				t.Errorf("%s after %v: told %q, want %q", name, l.after, got, l.told)
			}
		}
	}
}

// Nothing changes on file while nothing changes.
func TestWeighIsStill(t *testing.T) {
	clear := []rules.Result{{Site: "s", Vetoes: []rules.Veto{{State: rules.Clear}, {State: rules.Unchecked}}}}
	if changed, alarms := weigh(map[[2]string]Standing{}, clear, noon); len(changed)+len(alarms) != 0 {
		t.Errorf("%v, %v", changed, alarms)
	}
}
