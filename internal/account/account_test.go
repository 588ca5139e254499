package account_test

import (
	"strings"
	"testing"
	"time"

	"zhanqun/internal/account"
	"zhanqun/internal/fault"
)

func TestRoles(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range account.Roles() {
		if !r.Valid() || seen[r.Name()] || r.Name() == string(r) {
			t.Errorf("role %q: valid %v, name %q", r, r.Valid(), r.Name())
		}
		seen[r.Name()] = true
	}
	if len(seen) != 6 {
		t.Errorf("%d roles, want 6", len(seen))
	}
	if r := account.Role("root"); r.Valid() || r.Name() != "root" {
		t.Error("an unknown role must not be valid")
	}
}

func TestLockoutDoublesAndIsBounded(t *testing.T) {
	l := account.DefaultLockout()
	now := time.Date(2026, 11, 3, 8, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		failures int
		want     time.Duration
	}{
		{0, 0}, {4, 0}, {5, time.Minute}, {6, 2 * time.Minute}, {8, 8 * time.Minute},
		{9, 16 * time.Minute}, {10, 30 * time.Minute}, {1 << 30, 30 * time.Minute},
	} {
		got := l.After(tt.failures, now)
		if tt.want == 0 && !got.IsZero() || tt.want != 0 && got.Sub(now) != tt.want {
			t.Errorf("After(%d) = %v, want +%v", tt.failures, got, tt.want)
		}
	}
}

func TestLockoutCount(t *testing.T) {
	l := account.DefaultLockout()
	now := time.Date(2026, 11, 3, 8, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name     string
		failures int
		last     time.Time
		want     int
	}{
		{"first", 0, time.Time{}, 1},
		{"fresh", 4, now.Add(-time.Minute), 5},
		{"old ones are forgotten", 4, now.Add(-25 * time.Hour), 1},
		{"a clock set back forgives nothing", 4, now.Add(time.Hour), 5},
	} {
		if got := l.Count(tt.failures, tt.last, now); got != tt.want {
			t.Errorf("%s: Count = %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestLockoutSaysHowLong(t *testing.T) {
	l := account.DefaultLockout()
	now := time.Date(2026, 11, 3, 8, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		left time.Duration
		says string // "" = not locked
	}{
		{-time.Second, ""}, {0, ""},
		{time.Millisecond, "1 秒"}, {time.Minute, "60 秒"}, {61 * time.Second, "2 分钟"},
		{30 * time.Minute, "30 分钟"},
		{70 * 365 * 24 * time.Hour, ""}, // set while the clock was wrong
	} {
		err := l.Check(now.Add(tt.left), now)
		if (err == nil) != (tt.says == "") {
			t.Errorf("%v left: %v", tt.left, err)
		} else if err != nil && (!fault.Is(err, fault.Limited) || !strings.Contains(fault.Message(err), "等 "+tt.says+"后")) {
			t.Errorf("%v left: %q, want to hear %q", tt.left, fault.Message(err), tt.says)
		}
	}
	if err := l.Check(time.Time{}, now); err != nil {
		t.Errorf("never locked: %v", err)
	}
}
