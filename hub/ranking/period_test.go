package ranking

import (
	"testing"
	"time"

	"zhanqun/internal/fault"
)

func TestParsePeriod(t *testing.T) {
	for _, tt := range []struct{ in, id, name, from, until string }{
		{"2026-11", "2026-11", "2026年11月", "2026-11-01", "2026-12-01"},
		{"2026-12", "2026-12", "2026年12月", "2026-12-01", "2027-01-01"},
		{"2024-02", "2024-02", "2024年2月", "2024-02-01", "2024-03-01"},
		{"2026-Q1", "2026-Q1", "2026年一季度", "2026-01-01", "2026-04-01"},
		{"2026-q4", "2026-Q4", "2026年四季度", "2026-10-01", "2027-01-01"},
		{"2026", "2026", "2026年", "2026-01-01", "2027-01-01"},
	} {
		p, err := ParsePeriod(tt.in)
		if err != nil {
			t.Errorf("%s: %v", tt.in, err)
			continue
		}
		if p.ID != tt.id || p.Name != tt.name || p.From.Format(time.RFC3339) != tt.from+"T00:00:00+08:00" || p.Until.Format(time.RFC3339) != tt.until+"T00:00:00+08:00" {
			t.Errorf("%s: %+v", tt.in, p)
		}
		if again, err := ParsePeriod(p.ID); err != nil || again != p {
			t.Errorf("%s does not read its own id: %+v, %v", tt.in, again, err)
		}
	}
	for _, bad := range []string{"", "26-11", "2026-0", "2026-1", "2026-13", "2026-00", "2026-Q0", "2026-Q5", "2026-Q01", "2026-Q", "2026-11-01", "1999", "2101", "2026-", "+026", "2026-+1", "二〇二六"} {
		if p, err := ParsePeriod(bad); fault.Fields(err)["period"] == "" {
			t.Errorf("%q became %+v, %v", bad, p, err)
		}
	}
}

func TestPeriodsAroundAPeriod(t *testing.T) {
	for _, tt := range []struct{ in, before, after, month, quarter, year string }{
		{"2026-01", "2025-12", "2026-02", "2026-01", "2026-Q1", "2026"},
		{"2026-11", "2026-10", "2026-12", "2026-11", "2026-Q4", "2026"},
		{"2026-Q1", "2025-Q4", "2026-Q2", "2026-01", "2026-Q1", "2026"},
		{"2026", "2025", "2027", "2026-01", "2026-Q1", "2026"},
	} {
		p, err := ParsePeriod(tt.in)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Shift(-1).ID; got != tt.before {
			t.Errorf("before %s: %s", tt.in, got)
		}
		if got := p.Shift(1).ID; got != tt.after {
			t.Errorf("after %s: %s", tt.in, got)
		}
		if p.Month().ID != tt.month || p.Quarter().ID != tt.quarter || p.Year().ID != tt.year {
			t.Errorf("%s lies in %s, %s, %s", tt.in, p.Month().ID, p.Quarter().ID, p.Year().ID)
		}
	}
	// The month is that of the county's clock: the last evening of October in
	// London is November here.
	if got := MonthOf(time.Date(2026, 10, 31, 16, 0, 0, 0, time.UTC)).ID; got != "2026-11" {
		t.Errorf("month %s", got)
	}
}
