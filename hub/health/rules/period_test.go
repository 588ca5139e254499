package rules

import (
	"testing"
	"time"

	"zhanqun/internal/chinatime"
)

func TestPeriods(t *testing.T) {
	on := func(text string) time.Time {
		d, err := time.ParseInLocation(time.DateOnly, text, chinatime.Zone)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, v := range []struct{ period, day, back, expires string }{
		{"14d", "2026-11-28", "2026-11-14", "2026-12-13"},
		{"6m", "2026-11-28", "2026-05-28", "2027-05-29"},
		{"6m", "2026-08-31", "2026-02-28", "2027-03-01"}, // February is short
		{"6m", "2026-02-28", "2025-08-28", "2026-09-01"}, // 31 August still reaches back to it
		{"1y", "2028-02-29", "2027-02-28", "2029-03-01"},
		{"1m", "2026-03-31", "2026-02-28", "2026-05-01"},
	} {
		p, err := ParsePeriod(v.period)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.back(on(v.day)); !got.Equal(on(v.back)) {
			t.Errorf("%s back from %s: %s, want %s", v.period, v.day, got.Format(time.DateOnly), v.back)
		}
		if got := p.expires(on(v.day)); !got.Equal(on(v.expires)) {
			t.Errorf("%s of %s expires %s, want %s", v.period, v.day, got.Format(time.DateOnly), v.expires)
		}
		if p.String() != v.period {
			t.Errorf("%s is written %s", v.period, p)
		}
	}
	// On the day before it expires it is still good, on every day of some years.
	for _, p := range []Period{Days(14), Months(3), Months(6), Years(1)} {
		for d := on("2023-12-01"); d.Before(on("2025-01-15")); d = d.AddDate(0, 0, 1) {
			e := p.expires(d)
			if p.back(e.AddDate(0, 0, -1)).After(d) || !p.back(e).After(d) {
				t.Fatalf("%s of %v expires %v", p, d, e)
			}
		}
	}
	for _, bad := range []string{"", "d", "14", "0d", "-3d", "2w", "99999d"} {
		if _, err := ParsePeriod(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

func TestPoints(t *testing.T) {
	for p, want := range map[Points]string{0: "0", 715: "7.15", 10: "0.1", 500: "5", 10_000: "100", -250: "-2.5", 5: "0.05"} {
		if p.String() != want {
			t.Errorf("%d is written %s, want %s", int64(p), p, want)
		}
	}
}
