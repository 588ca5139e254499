package uptime

import (
	"strings"
	"testing"
	"time"
)

// week returns seven days before noon's with these counts of good and failed
// visits.
func week(counts ...[2]int) []Day {
	var list []Day
	for i, c := range counts {
		d := NewDay("s", Day0(noon).AddDate(0, 0, i-len(counts)))
		d.OK, d.Failed = c[0], c[1]
		list = append(list, d)
	}
	return list
}

// even returns seven days of n visits with failed of them bad on the first.
func even(n, failed int) []Day {
	list := week([2]int{n, 0}, [2]int{n, 0}, [2]int{n, 0}, [2]int{n, 0}, [2]int{n, 0}, [2]int{n, 0}, [2]int{n, 0})
	list[0].OK -= failed
	list[0].Failed = failed
	return list
}

func TestShareOfAWeek(t *testing.T) {
	few := even(24, 1)
	few[3].OK = 19
	lost := even(24, 0)
	lost[0].OK, lost[0].Failed, lost[0].NoData = 5, 9, 10
	saved := even(24, 0)
	saved[0].OK, saved[0].Failed, saved[0].NoData = 6, 8, 10
	for name, v := range map[string]struct {
		days    []Day
		verdict Verdict
		failed  int
	}{
		"all good":                               {even(24, 0), Pass, 0},
		"140 with 4 failures":                    {even(20, 4), Pass, 4},
		"140 with 5 failures":                    {even(20, 5), Warn, 5}, // 3.57 %
		"140 with 6 failures":                    {even(20, 6), Warn, 6},
		"140 with 7 failures, the limit":         {even(20, 7), Fail, 7},
		"168 with 8 failures":                    {even(24, 8), Warn, 8},
		"168 with 9 failures":                    {even(24, 9), Fail, 9},
		"one day of 19":                          {few, Insufficient, 1},
		"nothing":                                {nil, Insufficient, 0},
		"six days":                               {even(24, 0)[1:], Insufficient, 0},
		"fails whatever is lacking":              {lost, Fail, 9},
		"what is lacking might still save it":    {saved, Insufficient, 8},
		"a day of older counts does not matter":  {week([2]int{0, 24}, [2]int{24, 0}, [2]int{24, 0}, [2]int{24, 0}, [2]int{24, 0}, [2]int{24, 0}, [2]int{24, 0}, [2]int{24, 0}), Pass, 0},
		"today does not count before it is over": {append(even(24, 0), Day{Day: Day0(noon), Failed: 12}), Pass, 0},
	} {
		s := Complete(v.days, noon, Official)
		if got := s.Verdict(Official); got != v.verdict || s.Failed != v.failed {
			t.Errorf("%s: %s of %+v, want %s with %d failures", name, got, s, v.verdict, v.failed)
		}
	}
	s := Complete(even(20, 2), noon, Official)
	if s.Allowed(Official) != 7 || s.Part() != 142 {
		t.Errorf("allowed %d, part %d", s.Allowed(Official), s.Part())
	}
	if r := Running(append(even(24, 0), Day{Day: Day0(noon), Failed: 12}), noon, Official); r.Failed != 12 || len(r.Short) != 1 {
		t.Errorf("running %+v", r)
	}
}

func TestDayRecord(t *testing.T) {
	d := NewDay("s", noon)
	slots := Slots("s", noon)
	d.Add(Probe{Slot: slots[0], Outcome: OK, Elapsed: time.Second})
	d.Add(Probe{Slot: slots[1], Outcome: Failed, Cause: CauseTimeout, Elapsed: 15 * time.Second})
	d.Add(Probe{Slot: slots[1].Add(time.Minute), Outcome: Failed, Cause: CauseTimeout, Extra: true})
	d.Add(Probe{Slot: slots[2], Outcome: NoData, Cause: CauseOwnLine})
	d.Add(Probe{Slot: slots[23], Outcome: Planned, Cause: CauseOffline})
	d.Add(Probe{Slot: slots[3], Outcome: OK, Elapsed: 3 * time.Second})
	if d.Hours != "oxno"+strings.Repeat(".", 19)+"p" {
		t.Errorf("hours %q", d.Hours)
	}
	if d.Valid() != 3 || d.Failed != 1 || d.Lost() != 20 || d.Planned != 1 || d.Causes[CauseTimeout] != 1 {
		t.Errorf("day %+v", d)
	}
	if d.Mean() != 2*time.Second || d.Slowest != 3*time.Second {
		t.Errorf("mean %v slowest %v", d.Mean(), d.Slowest)
	}
}
