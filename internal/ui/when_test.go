package ui

import (
	"testing"
	"time"

	"zhanqun/internal/chinatime"
)

func TestWhen(t *testing.T) {
	now := time.Date(2026, 11, 23, 0, 30, 0, 0, chinatime.Zone) // half past midnight: yesterday is an hour ago
	en := Lang{code: "en", words: Shared()}
	tests := []struct {
		at             time.Time
		zh, en, zhDay  string
		sinceZh, since string
	}{
		{now, "今天 00:30", "Today 00:30", "今天", "刚刚", "just now"},
		{now.Add(-time.Hour), "昨天 23:30", "Yesterday 23:30", "昨天", "1 小时前", "1 h ago"},
		{now.Add(-45 * time.Hour), "11月21日", "21 Nov", "11月21日", "45 小时前", "45 h ago"},
		{now.Add(-72 * time.Hour), "11月20日", "20 Nov", "11月20日", "3 天前", "3 days ago"},
		{now.Add(24 * time.Hour), "明天 00:30", "Tomorrow 00:30", "明天", "明天 00:30", "Tomorrow 00:30"},
		{time.Date(2025, 3, 2, 1, 0, 0, 0, time.UTC), "2025年3月2日", "2 Mar 2025", "2025年3月2日", "630 天前", "630 days ago"},
		// 16:10 UTC is past midnight at +08:00.
		{time.Date(2026, 11, 22, 16, 10, 0, 0, time.UTC), "今天 00:10", "Today 00:10", "今天", "20 分钟前", "20 min ago"},
	}
	for _, tt := range tests {
		for name, got := range map[string][2]string{
			"when zh": {When(Lang{}, tt.at, now), tt.zh}, "when en": {When(en, tt.at, now), tt.en},
			"day zh": {Day(Lang{}, tt.at, now), tt.zhDay},
			"ago zh": {Ago(Lang{}, tt.at, now), tt.sinceZh}, "ago en": {Ago(en, tt.at, now), tt.since},
		} {
			if got[0] != got[1] {
				t.Errorf("%s of %v = %q, want %q", name, tt.at, got[0], got[1])
			}
		}
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0 秒", 59 * time.Second: "59 秒", 90 * time.Second: "1 分钟", 47 * time.Hour: "47 小时", 49 * time.Hour: "2 天",
	} {
		if got := Span(Lang{}, d); got != want {
			t.Errorf("Span(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestNumbers(t *testing.T) {
	for n, want := range map[any]string{
		0: "0", 999: "999", 1000: "1,000", int64(-1234567): "-1,234,567", 12.50: "12.5", 1234.567: "1,234.57", -0.001: "0", uint8(7): "7",
	} {
		if got, err := Num(n); err != nil || got != want {
			t.Errorf("Num(%v) = %q, %v, want %q", n, got, err, want)
		}
	}
	for n, want := range map[any]string{
		0: "0 B", 1023: "1023 B", 1024: "1 KB", 1536: "1.5 KB", int64(200 << 20): "200 MB", 1<<20 - 1: "1 MB", 5 << 40: "5 TB",
	} {
		if got, err := Bytes(n); err != nil || got != want {
			t.Errorf("Bytes(%v) = %q, %v, want %q", n, got, err, want)
		}
	}
	if _, err := Num("12"); err == nil {
		t.Error("Num of a text passed")
	}
	if _, err := Bytes(nil); err == nil {
		t.Error("Bytes of nothing passed")
	}
}
