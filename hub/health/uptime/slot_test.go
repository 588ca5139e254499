package uptime

import (
	"slices"
	"testing"
	"time"

	"zhanqun/internal/chinatime"
)

var noon = time.Date(2026, 11, 3, 12, 0, 0, 0, chinatime.Zone)

func TestSlots(t *testing.T) {
	seen := map[time.Duration]bool{}
	for _, site := range []string{"a", "b", "0193-x"} {
		slots := Slots(site, noon)
		if !slices.Equal(slots, Slots(site, noon.Add(11*time.Hour))) {
			t.Errorf("%s: the slots of a day depend on the time of asking", site)
		}
		base := map[int]bool{}
		for h, s := range slots {
			if s.Hour() != h || s.Day() != 3 {
				t.Errorf("%s: slot %d is at %v", site, h, s)
			}
			if h > 0 && s.Sub(slots[h-1]) < 40*time.Minute {
				t.Errorf("%s: %v and %v are close", site, slots[h-1], s)
			}
			base[s.Minute()] = true
		}
		if len(base) < 5 {
			t.Errorf("%s: the minutes do not vary: %v", site, base)
		}
		seen[slots[0].Sub(Day0(noon))] = true
	}
	if len(seen) != 3 {
		t.Error("sites are asked at the same minute")
	}
}

func TestNext(t *testing.T) {
	slots := Slots("a", noon)
	if got := Next("a", slots[5]); !got.Equal(slots[6]) {
		t.Errorf("after %v comes %v, want %v", slots[5], got, slots[6])
	}
	if got := Next("a", slots[5].Add(-time.Second)); !got.Equal(slots[5]) {
		t.Errorf("just before %v comes %v", slots[5], got)
	}
	if got := Next("a", slots[23]); !got.Equal(Slots("a", noon.AddDate(0, 0, 1))[0]) {
		t.Errorf("after the last of the day comes %v", got)
	}
}
