package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"

	"zhanqun/internal/cli"
)

// hub check --column reads a list page in an old encoding, opens articles where
// the list has no dates, and ends with 1 for what is overdue or blank only.
func TestCheckColumn(t *testing.T) {
	pages := map[string]string{
		"/tzgg/":    `<title>通知公告-思南县</title><ul><li><a href="1.html">关于做好冬季森林防火工作的通知</a><span>2026-11-20</span></li></ul>`,
		"/old/":     `<title>通知公告-思南县</title><ul><li><a href="/a/1.html">关于做好冬季森林防火工作的通知</a></li></ul>`,
		"/a/1.html": `<title>关于做好冬季森林防火工作的通知</title><meta name="PubDate" content="2024-01-05 10:00"><p>正文</p>`,
		"/":         `<title>思南县</title><ul><li><a href="/a/1.html">关于做好冬季森林防火工作的通知</a><span>2026-11-27</span></li></ul>`,
		"/huge/":    "<title>政策文件-思南县</title><div class=main>" + strings.Repeat(" ", 2<<20) + "</div>",
		"/blank/":   `<title>政策文件-思南县</title><div class=main><p>暂无信息</p></div>`,
	}
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/closed/" {
			http.Redirect(w, r, "/", http.StatusFound)
			return
		}
		page, ok := pages[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		body, err := simplifiedchinese.GBK.NewEncoder().String(page)
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(body))
	}))
	defer site.Close()
	environ := []string{"ZHANQUN_LINKS_PER_HOST_DELAY_MS=0"}
	for path, want := range map[string]struct {
		code                        int
		title, charset, last, state string
	}{
		"/tzgg/":   {cli.Done, "通知公告-思南县", "gb18030", "2026-11-20", "fresh"},
		"/old/":    {cli.Failed, "通知公告-思南县", "gb18030", "2024-01-05", "stale"},
		"/blank/":  {cli.Failed, "政策文件-思南县", "gb18030", "", "blank"},
		"/gone/":   {cli.Done, "", "", "", "unknown"},
		"/huge/":   {cli.Done, "政策文件-思南县", "gb18030", "", "unknown"}, // the list may be in what was not read
		"/closed/": {cli.Done, "思南县", "", "", "unknown"},             // sent home
	} {
		var out, errs testWriter
		code := program().Run(t.Context(), []string{"check", "--column", site.URL + path, "--allow-private", "--json", "--now", "2026-11-28"},
			&cli.System{Out: &out, Err: &errs, Environ: environ})
		var got struct {
			Title, Charset, State string
			LastUpdate            *string
			Evidence              []string
		}
		if err := json.Unmarshal([]byte(out.String()), &got); err != nil {
			t.Fatalf("%s: %v in %s (%s)", path, err, out.String(), errs.String())
		}
		last := ""
		if got.LastUpdate != nil {
			last = *got.LastUpdate
		}
		if code != want.code || got.Title != want.title || got.Charset != want.charset || last != want.last || got.State != want.state || len(got.Evidence) == 0 {
			t.Errorf("%s: exit %d, %s, want %+v", path, code, out.String(), want)
		}
		if (code == cli.Failed) != (errs.String() != "") {
			t.Errorf("%s: exit %d with stderr %q", path, code, errs.String())
		}
	}
	var out, errs testWriter
	code := program().Run(t.Context(), []string{"check", "--column", site.URL + "/tzgg/", "--allow-private", "--now", "2026-11-28"}, &cli.System{Out: &out, Err: &errs, Environ: environ})
	if code != cli.Done || !out.has("按时更新") || !out.has("2026-11-20") || !strings.Contains(out.String(), "依据") {
		t.Errorf("exit %d: %s%s", code, out.String(), errs.String())
	}
	for _, wrong := range [][]string{{"--class", "weekly"}, {"--now", "tomorrow"}} {
		var out, errs testWriter
		args := append([]string{"check", "--column", site.URL + "/tzgg/"}, wrong...)
		if code := program().Run(t.Context(), args, &cli.System{Out: &out, Err: &errs}); code != cli.Wrong {
			t.Errorf("%v: exit %d, %s", wrong, code, errs.String())
		}
	}
}
