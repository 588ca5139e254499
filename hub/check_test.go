package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhanqun/hub/health/crawl"
	"zhanqun/hub/health/linkcheck"
	"zhanqun/internal/cli"
)

// linkedSite has three pages in a row, each with a dead link.
func linkedSite(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next := map[string]string{"/": "/1", "/1": "/2", "/2": "/"}[r.URL.Path]
		if next == "" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, "<title>页</title><p>%s</p><a href='%s'>下一页</a><a href='/gone%s'>附件</a><a href='mailto:a@b.cn'>信</a>", r.URL.Path, next, strings.TrimPrefix(r.URL.Path, "/"))
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func runHub(ctx context.Context, args ...string) (code int, out, errs string) {
	var o, e testWriter
	code = program().Run(ctx, args, &cli.System{Out: &o, Err: &e})
	return code, o.String(), e.String()
}

func TestCheckCommand(t *testing.T) {
	site := linkedSite(t)
	for depth, want := range map[string]int{"0": 1, "1": 2, "-1": 3} {
		code, out, errs := runHub(t.Context(), "check", "--allow-private", "--json", "--depth", depth, site+"/")
		lines := strings.Split(strings.TrimSpace(out), "\n")
		var last struct {
			Totals, Complete        bool
			Pages, Dead, OK, Linked int
		}
		if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil || !last.Totals || !last.Complete || last.Pages != want || last.Dead != want {
			t.Errorf("depth %s: totals %+v, %v", depth, last, err)
		}
		dead := 0
		for _, text := range lines[:len(lines)-1] {
			var l map[string]any
			if err := json.Unmarshal([]byte(text), &l); err != nil {
				t.Fatalf("%v: %s", err, text)
			}
			for _, key := range []string{"page", "url", "raw", "verdict", "class", "reason", "status", "final"} {
				if _, ok := l[key]; !ok {
					t.Errorf("no %s in %s", key, text)
				}
			}
			if l["verdict"] == "dead" {
				if dead++; l["status"] != 404.0 || l["reason"] != "gone" || l["class"] != "dead" || l["label"] != "附件" {
					t.Errorf("dead link %s", text)
				}
			}
		}
		if code != cli.Failed || dead != want || !strings.Contains(errs, "打不开") {
			t.Errorf("depth %s: exit %d, %d dead, stderr %q", depth, code, dead, errs)
		}
	}

	code, out, _ := runHub(t.Context(), "check", "--allow-private", "--depth", "-1", site)
	for _, want := range []string{"打不开（死链） 404  " + site + "/gone1", "在 " + site + "/1 的“附件”", "3 页"} {
		if !strings.Contains(out, want) {
			t.Errorf("nothing says %q:\n%s", want, out)
		}
	}
	if code != cli.Failed {
		t.Errorf("exit %d", code)
	}
}

func TestCheckCommandRefuses(t *testing.T) {
	site := linkedSite(t)
	for _, tt := range []struct {
		args string
		code int
		errs string
	}{
		{"check " + site, notChecked, "--allow-private"},
		{"check weixin://dl/business", notChecked, "没有查成"},
		{"check --json \u00a0", cli.Wrong, "空的"},
		{"check --depth -2 " + site, cli.Wrong, "--depth"},
		{"check --robots maybe " + site, cli.Wrong, "--robots"},
		{"check --max-pages 0 " + site, cli.Wrong, "选项"},
	} {
		if code, _, errs := runHub(t.Context(), strings.Split(tt.args, " ")...); code != tt.code || !strings.Contains(errs, tt.errs) {
			t.Errorf("%s: exit %d, stderr %q", tt.args, code, errs)
		}
	}
}

// A check that is interrupted says how far it came, and goes on with its folder.
func TestCheckCommandGoesOn(t *testing.T) {
	site := linkedSite(t)
	dir := filepath.Join(t.TempDir(), "work")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	args := []string{"check", "--allow-private", "--json", "--depth", "-1", "--dir", dir, site + "/"}
	code, out, errs := runHub(ctx, args...)
	if code != notChecked || !strings.Contains(out, `"complete":false,"stopped":"interrupted"`) || !strings.Contains(errs, "中断") {
		t.Errorf("interrupted: exit %d, stdout %s, stderr %s", code, out, errs)
	}
	if code, out, _ := runHub(t.Context(), args...); code != cli.Failed || !strings.Contains(out, `"complete":true`) || !strings.Contains(out, `"pages":3`) {
		t.Errorf("gone on: exit %d, %s", code, out)
	}
	args[4] = "1"
	if code, _, errs := runHub(t.Context(), args...); code != notChecked || !strings.Contains(errs, "另一次检查") {
		t.Errorf("another check in the folder: exit %d, %s", code, errs)
	}
}

// People are told each address once, the worst and commonest first, with the
// places it is linked from and how many there are.
func TestCheckReport(t *testing.T) {
	var r checkReport
	for i := range 12 {
		r.take(&crawl.Line{Page: fmt.Sprintf("http://a.cn/%02d.html", i), URL: "http://a.cn/gone", Raw: "/gone", Verdict: linkcheck.Dead, Class: linkcheck.ClassDead, Status: 404, Detail: "网页不存在。", Label: "附件"})
	}
	r.take(&crawl.Line{Page: "http://a.cn/", URL: "http://b.cn/", Raw: "http://b.cn/", Verdict: linkcheck.Suspect, Class: linkcheck.ClassHijacked, Status: 200})
	r.take(&crawl.Line{Page: "http://a.cn/", URL: "http://a.cn/once", Raw: "once", Verdict: linkcheck.Dead, Class: linkcheck.ClassDead, Status: 500})
	r.take(&crawl.Line{Page: "http://a.cn/", URL: "http://a.cn/", Raw: "/#x", Verdict: linkcheck.OK, Fragment: "x"})
	r.take(&crawl.Line{Page: "http://a.cn/", URL: "http://a.cn/", Raw: "/", Verdict: linkcheck.OK})
	r.take(&crawl.Line{Page: "http://a.cn/", Raw: "mailto:a@b.cn", Verdict: linkcheck.Excluded, Reason: linkcheck.ReasonMail})
	var b strings.Builder
	r.write(&b)
	want := `可疑（外链变异） 200  http://b.cn/
    在 http://a.cn/

打不开（死链） 404，12 处  http://a.cn/gone
    网页不存在。
    在 http://a.cn/00.html 的“附件”，写作 /gone
    在 http://a.cn/01.html 的“附件”，写作 /gone
    在 http://a.cn/02.html 的“附件”，写作 /gone
    在 http://a.cn/03.html 的“附件”，写作 /gone
    在 http://a.cn/04.html 的“附件”，写作 /gone
    ……另有 7 处，加 --json 可以看到全部

打不开（死链） 500  http://a.cn/once
    在 http://a.cn/，写作 once

注意  http://a.cn/
    页面里没有这个位置：#x
    在 http://a.cn/，写作 /#x

`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
