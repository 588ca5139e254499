package verdict

import (
	"strings"
	"testing"
	"time"

	"zhanqun/hub/health/rules"
	"zhanqun/protocol"
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

// A unit hears of the vetoes of which a part is its own, for as long as people were
// told that they are near or hold.
func TestShares(t *testing.T) {
	items := []rules.Item{{Name: "动态"}, {Name: "公告"}}
	results := []rules.Result{
		{Site: "s1", Name: "门户", Unit: "county", Vetoes: []rules.Veto{
			{Ref: rules.Ref{Clause: "V3a", Title: "栏目不更新", Official: true}, State: rules.Near, Count: 3, Limit: 5, Says: "3 个栏目不更新", Falls: noon,
				Owners: []rules.Owner{{Unit: "u1", Count: 2, Items: items}, {Unit: "u2", Count: 1, Items: items[:1]}}},
			{Ref: rules.Ref{Clause: "V3c"}, State: rules.Near, Count: 2, Limit: 5, Owners: []rules.Owner{{Unit: "u1", Count: 2}}}, // not told yet
			{Ref: rules.Ref{Clause: "V4"}, State: rules.Clear, Limit: 1},
		}},
		{Site: "s2", Name: "镇网", Unit: "u1", Vetoes: []rules.Veto{
			{Ref: rules.Ref{Clause: "V1"}, State: rules.Insufficient, Count: 9, Limit: 7},
			{Ref: rules.Ref{Clause: "V2"}, State: rules.Clear, Limit: 14}, // over, and nothing of it is anybody's
		}},
	}
	known := map[[2]string]Standing{{"s1", "V3a"}: {Told: rules.Near}, {"s1", "V3c"}: {Told: rules.Clear, Seen: rules.Near}, {"s2", "V1"}: {Told: rules.Fallen}, {"s2", "V2"}: {Told: rules.Near}}
	got := shares(results, known)
	if len(got) != 2 || len(got["u1"]) != 2 || len(got["u2"]) != 1 {
		t.Fatalf("shares %+v", got)
	}
	first, second := got["u1"][0], got["u1"][1]
	if first.Site != "镇网" || first.State != protocol.VetoFallen || first.Own != 9 || first.Limit != 7 {
		t.Errorf("what holds comes first: %+v", first)
	}
	if second.Title != "栏目不更新" || second.State != protocol.VetoNear || second.Own != 2 || second.Count != 3 || len(second.Names) != 2 || !second.Falls.Equal(noon) || !second.Official {
		t.Errorf("%+v", second)
	}
	if o := got["u2"][0]; o.Own != 1 || len(o.Names) != 1 {
		t.Errorf("%+v", o)
	}
}
