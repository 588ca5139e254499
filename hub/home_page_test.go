package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"zhanqun/config"
	"zhanqun/hub/health"
	"zhanqun/hub/health/fresh"
	"zhanqun/hub/store/storetest"
	"zhanqun/internal/chinatime"
)

// What is new on a home page is counted over all its boxes, by the dates it
// shows and by those the columns show of the same items; one that only leads on
// stands for the columns.
func TestReadHome(t *testing.T) {
	now := time.Date(2026, 11, 28, 10, 0, 0, 0, chinatime.Zone)
	home := `<title>思唐街道</title><nav><a href=/tzgg/>通知公告</a></nav><div><h3>通知公告</h3><ul><li><a href=/tzgg/1.html>关于森林防火工作的通知</a></li></ul></div>
		<div><h3>要闻</h3><ul><li><a href=/yw/2.html>街道召开安全生产会议</a><span>11-23</span><li><a href=/yw/3.html>街道开展植树活动一览</a><span>2026-10-19</span>
		<li><a href=/yw/4.html>街道将于明年开展的活动</a><span>2027-01-07</span></ul></div>`
	column := `<title>通知公告</title><ul><li><a href=/tzgg/1.html>关于森林防火工作的通知</a><span>2026-11-25</span></ul>`
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, map[string]string{"/": home, "/tzgg/": column, "/menu/": `<title>导航</title><nav><a href=/tzgg/>通知公告</a></nav>`}[r.URL.Path])
	}))
	defer site.Close()
	s := storetest.SQLite(t, func() time.Time { return now })
	storetest.Units(t, s)
	checker := newChecker(config.Links{AllowPrivate: true, TimeoutSeconds: 5})
	defer checker.Close()
	if _, err := s.SaveSites(t.Context(), "test", []health.Site{{Unit: storetest.Sitang, Name: "思唐街道", URL: site.URL + "/"}}); err != nil {
		t.Fatal(err)
	}
	sites, err := s.Sites(t.Context(), "", 10)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.SaveColumns(t.Context(), "test", []health.Column{{Site: sites[0].ID, Name: "通知公告", URL: site.URL + "/tzgg/", Class: fresh.Notice, Status: health.ColumnWatched}}); err != nil {
		t.Fatal(err)
	}
	watch := health.New(health.Options{Store: s, Checker: checker, Now: func() time.Time { return now }})
	if _, err := watch.RunOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	read := readHome(checker, s, func() time.Time { return now })
	if h := read(t.Context(), sites[0]); !h.Told || fmt.Sprint(h.Days) != "[2026-11-25 2026-11-23 2026-10-19]" || fresh.DayOf(h.Latest) != "2026-11-25" {
		t.Errorf("home page %+v", h)
	}
	menu := sites[0]
	menu.URL = site.URL + "/menu/"
	if h := read(t.Context(), menu); !h.Told || fmt.Sprint(h.Days) != "[2026-11-25]" {
		t.Errorf("a home page that leads on %+v", h)
	}
}
