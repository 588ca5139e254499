package ranking

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"zhanqun/internal/chinatime"
)

func TestTenths(t *testing.T) {
	for in, want := range map[string]Tenths{"0": 0, "1": 10, "0.5": 5, "573.5": 5735, "-2": -20, "-0.5": -5, "10.0": 100} {
		var got Tenths
		if err := json.Unmarshal([]byte(in), &got); err != nil || got != want {
			t.Errorf("%s: %d, %v", in, got, err)
		}
	}
	for _, bad := range []string{"0.55", "1e3", `"1"`, "1.", "10001", "null", "true"} {
		var got Tenths
		if err := json.Unmarshal([]byte(bad), &got); err == nil && bad != "null" {
			t.Errorf("%s became %s", bad, got)
		}
	}
	for n, want := range map[Tenths]string{0: "0", 5: "0.5", -5: "-0.5", 5735: "573.5", -20: "-2"} {
		if got, err := json.Marshal(n); err != nil || string(got) != want || n.String() != want {
			t.Errorf("%d: %s, %v", n, got, err)
		}
	}
}

// What one adoption is worth.
func TestWorth(t *testing.T) {
	full := DefaultRules()[0]
	split := full
	split.Combined = CombinedSplit
	for _, tt := range []struct {
		name    string
		rule    Rule
		outlet  string
		columns []string
		sources int
		want    Tenths
	}{
		{"a text", full, "county", []string{"township"}, 1, 10},
		{"photos alone", full, "county", []string{"photo"}, 1, 5},
		{"a text with photos, in both columns", full, "county", []string{"photo", "township"}, 1, 10},
		{"in no column", full, "county", nil, 1, 10},
		{"the city, photos or not", full, "city", []string{"photo"}, 1, 50},
		{"the state", full, "state", []string{"township"}, 1, 200},
		{"an outlet without points", full, "moon", []string{"township"}, 1, 0},
		{"combined of three", full, "county", []string{"township"}, 3, 10},
		{"combined of three, split", split, "county", []string{"township"}, 3, 3},
		{"combined of three photos, split", split, "county", []string{"photo"}, 3, 2},
		{"alone, split", split, "county", []string{"township"}, 1, 10},
	} {
		if got := tt.rule.adopted(tt.outlet, tt.columns, tt.sources); got != tt.want {
			t.Errorf("%s: %s points, want %s", tt.name, got, tt.want)
		}
	}
}

func TestParseRules(t *testing.T) {
	const two = `[{"id":"b","name":"新","since":"2026-07-01","points":[{"outlet":"county","points":2}]},
		{"id":"a","name":"旧","since":"2026-01-01","points":[{"outlet":"county","points":1}],"penalty":-2}]`
	rules, err := ParseRules([]byte(two))
	if err != nil || len(rules) != 2 || rules[0].ID != "a" || rules[0].Combined != CombinedFull || rules[0].Penalty != -20 {
		t.Fatalf("%+v, %v", rules, err)
	}
	for at, want := range map[string]string{"2025-05-01": "a", "2026-06-30": "a", "2026-07-01": "b", "2030-01-01": "b"} {
		day, err := time.ParseInLocation(time.DateOnly, at, chinatime.Zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := rules.At(day).ID; got != want {
			t.Errorf("on %s: rule %s, want %s", at, got, want)
		}
	}
	for name, text := range map[string]string{
		"not JSON": "x", "empty": "[]", "an object": "{}", "more behind": two + "[]", "an unknown key": `[{"id":"a","name":"b","since":"2026-01-01","bonus":1}]`,
		"no id": `[{"name":"b","since":"2026-01-01"}]`, "no day": `[{"id":"a","name":"b","since":"明年"}]`,
		"twice":                   `[{"id":"a","name":"b","since":"2026-01-01"},{"id":"a","name":"c","since":"2027-01-01"}]`,
		"an unknown outlet":       `[{"id":"a","name":"b","since":"2026-01-01","points":[{"outlet":"moon","points":1}]}]`,
		"a negative prize":        `[{"id":"a","name":"b","since":"2026-01-01","points":[{"outlet":"city","points":-1}]}]`,
		"a fine split of a point": `[{"id":"a","name":"b","since":"2026-01-01","points":[{"outlet":"city","points":0.25}]}]`,
		"an unknown reason":       `[{"id":"a","name":"b","since":"2026-01-01","annul":["mood"]}]`, "a reward": `[{"id":"a","name":"b","since":"2026-01-01","penalty":2}]`,
		"a column that is none": `[{"id":"a","name":"b","since":"2026-01-01","points":[{"outlet":"county","column":"../","points":1}]}]`,
		"an odd sharing":        `[{"id":"a","name":"b","since":"2026-01-01","combined":"half"}]`,
	} {
		if rules, err := ParseRules([]byte(text)); err == nil {
			t.Errorf("%s: %+v", name, rules)
		}
	}
	if d := DefaultRules(); len(d) != 1 || !strings.Contains(d[0].Name, "不是官方") {
		t.Errorf("the default does not say whose it is: %+v", d)
	}
}
