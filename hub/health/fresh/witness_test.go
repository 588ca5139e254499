package fresh_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"zhanqun/hub/health/fresh"
	"zhanqun/internal/chinatime"
)

// look is one reading of a column: the day, and the items on the page then as
// "address title date", newest rule last.
type look struct {
	on    string
	items []string
	want  string // state, last update, flagged titles
}

func at(t *testing.T, day string) time.Time {
	t.Helper()
	now, err := time.ParseInLocation("2006-01-02", day, chinatime.Zone)
	if err != nil {
		t.Fatal(err)
	}
	return now.Add(10 * time.Hour)
}

func TestTwoWitnesses(t *testing.T) {
	old := []string{"1 森林防火工作通知第一号 2026-01-10", "2 安全生产检查通知第二号 2026-01-05"}
	with := func(more ...string) []string { return append(more, old...) }
	for name, looks := range map[string][]look{
		"a new item, seen in time": {
			{"2026-11-01", old, "stale 2026-01-10"},
			{"2026-11-10", with("3 新发布的通知第三号啊 2026-11-09"), "fresh 2026-11-09"},
		},
		"published late, within the grace": {
			{"2026-11-01", old, "stale 2026-01-10"},
			{"2026-11-10", with("3 新发布的通知第三号啊 2026-10-26"), "fresh 2026-10-26"},
		},
		"the monitor was away": {
			{"2026-06-01", old, "fresh 2026-01-10"},
			{"2026-11-10", with("3 新发布的通知第三号啊 2026-06-02"), "fresh 2026-06-02"},
		},
		"back-dated": {
			{"2026-11-01", old, "stale 2026-01-10"},
			{"2026-11-10", with("3 补发的通知第三号啊啊 2026-08-01", "4 补发的通知第四号啊啊 2026-06-20"), "stale 2026-01-10 backdated:3 backdated:4"},
			{"2026-11-11", with("3 补发的通知第三号啊啊 2026-08-01", "4 补发的通知第四号啊啊 2026-06-20"), "stale 2026-01-10 backdated:3 backdated:4"},
			{"2026-11-12", with("5 真正的新通知第五号啊 2026-11-12", "3 补发的通知第三号啊啊 2026-08-01"), "fresh 2026-11-12 backdated:3"},
		},
		"an old item slides back onto the page": {
			{"2026-11-01", old, "stale 2026-01-10"},
			{"2026-11-10", []string{"1 森林防火工作通知第一号 2026-01-10", "9 去年的通知第九号啊啊啊 2025-12-01"}, "stale 2026-01-10"},
		},
		"re-stamped": {
			{"2026-11-01", old, "stale 2026-01-10"},
			{"2026-11-10", []string{"1 森林防火工作通知第一号 2026-11-09", "2 安全生产检查通知第二号 2026-01-05"}, "stale 2026-01-10 restamped:1"},
			{"2026-11-11", []string{"1 森林防火工作通知第一号 2026-11-11", "2 安全生产检查通知第二号 2026-01-05"}, "stale 2026-01-10 restamped:1"},
		},
		"taken away and put up again": {
			{"2026-11-01", old, "stale 2026-01-10"},
			{"2026-11-10", []string{"7 森林防火工作通知第一号 2026-11-09", "2 安全生产检查通知第二号 2026-01-05"}, "stale 2026-01-10 restamped:7"},
			{"2026-11-11", []string{"7 森林防火工作通知第一号 2026-11-09", "2 安全生产检查通知第二号 2026-01-05"}, "stale 2026-01-10 restamped:7"},
		},
		"a title that recurs": {
			{"2026-11-01", old, "stale 2026-01-10"},
			{"2026-11-10", with("7 森林防火工作通知第一号 2026-11-09"), "fresh 2026-11-09"},
		},
		"the dated-ahead item's day comes": {
			{"2026-11-01", with("3 提前标注日期的通知啊 2026-12-01"), "stale 2026-01-10 future:3"},
			{"2026-12-05", with("3 提前标注日期的通知啊 2026-12-01"), "stale 2026-01-10 future:3"},
		},
		"a slip is corrected": {
			{"2026-11-01", with("3 日期写错的通知第三号 2062-10-30"), "stale 2026-01-10 future:3"},
			{"2026-11-02", with("3 日期写错的通知第三号 2026-10-30"), "fresh 2026-10-30"},
		},
		"a back-dated item is corrected to when it appeared": {
			{"2026-11-01", old, "stale 2026-01-10"},
			{"2026-11-10", with("3 年份写错的通知第三号 2026-06-10"), "stale 2026-01-10 backdated:3"},
			{"2026-11-11", with("3 年份写错的通知第三号 2026-11-10"), "fresh 2026-11-10"},
		},
		"through the hub": {
			{"2026-11-01", old, "stale 2026-01-10"},
			{"2026-11-10", with("hub 经平台发布的通知啊 2026-06-01"), "fresh 2026-11-08"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var h fresh.History
			for _, l := range looks {
				var r fresh.Reading
				r, h = fresh.Weigh(h, read(t, l), fresh.WeighOptions{Synced: func(it fresh.Item) fresh.Day {
					if strings.HasSuffix(it.URL, "/hub") {
						return "2026-11-08"
					}
					return ""
				}})
				got := fmt.Sprintf("%s %s", r.State, r.LastUpdate)
				for _, it := range r.Items {
					for _, f := range it.Flags {
						got += fmt.Sprintf(" %s:%s", f, it.URL[strings.LastIndexByte(it.URL, '/')+1:])
					}
				}
				if got != l.want {
					t.Errorf("%s: got %s, want %s\n%s", l.on, got, l.want, show(r))
				}
			}
		})
	}
}

// read reads a page with the items of l.
func read(t *testing.T, l look) fresh.Reading {
	t.Helper()
	var b strings.Builder
	b.WriteString("<title>通知公告</title><ul>")
	for _, it := range l.items {
		f := strings.Fields(it)
		fmt.Fprintf(&b, "<li><a href='/zwgk/tzgg/%s'>%s</a><span>%s</span></li>", f[0], f[1], f[2])
	}
	return fresh.Read(t.Context(), page(columnURL, "", []byte(b.String())), fresh.Options{Now: at(t, l.on)})
}
