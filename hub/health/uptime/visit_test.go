package uptime_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"zhanqun/hub/health/linkcheck"
	"zhanqun/hub/health/uptime"
)

const proper = `<!DOCTYPE html><html><head><meta charset="utf-8"><title>某镇人民政府</title></head><body><h1>某镇人民政府</h1><p>欢迎访问本镇网站，这里发布工作动态和通知公告。</p><a href="/a.html">工作动态</a></body></html>`

func page(title, text string) string {
	return fmt.Sprintf(`<!DOCTYPE html><html><head><meta charset="utf-8"><title>%s</title></head><body><h1>%s</h1><p>%s</p></body></html>`, title, title, text)
}

// What a real look at a home page counts as.
func TestVisits(t *testing.T) {
	answers := map[string]struct {
		status  int
		body    string
		header  [2]string
		outcome uptime.Outcome
		cause   uptime.Cause
	}{
		"/good":        {200, proper, [2]string{}, uptime.OK, ""},
		"/gone":        {404, page("404 Not Found", "您访问的页面不存在"), [2]string{}, uptime.Failed, uptime.CauseStatus},
		"/forbidden":   {403, page("403 Forbidden", "403 Forbidden"), [2]string{}, uptime.Failed, uptime.CauseStatus},
		"/gateway":     {502, page("502 Bad Gateway", "nginx"), [2]string{}, uptime.Failed, uptime.CauseStatus},
		"/busy":        {503, proper, [2]string{}, uptime.Failed, uptime.CauseStatus},
		"/maintenance": {200, page("网站维护中", "网站正在维护，请稍后访问。"), [2]string{}, uptime.Failed, uptime.CauseContent},
		"/welcome":     {200, page("Welcome to nginx!", "If you see this page, the nginx web server is successfully installed."), [2]string{}, uptime.Failed, uptime.CauseContent},
		"/parked":      {200, page("该域名正在出售", "该域名正在出售，请联系我们。"), [2]string{}, uptime.Failed, uptime.CauseContent},
		"/dump":        {200, "<b>Fatal error</b>: Uncaught Error in /www/index.php on line 3", [2]string{}, uptime.Failed, uptime.CauseContent},
		"/empty":       {200, "", [2]string{}, uptime.Failed, uptime.CauseContent},
		"/loop":        {302, "", [2]string{"Location", "/loop"}, uptime.Failed, uptime.CauseRedirect},
		"/moved":       {301, "", [2]string{"Location", "/good"}, uptime.OK, ""},
		"/nowhere":     {302, "", [2]string{}, uptime.Failed, uptime.CauseRedirect},
		"/limited":     {429, page("429", "Too Many Requests"), [2]string{"Retry-After", "1"}, uptime.NoData, uptime.CauseWall},
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := answers[r.URL.Path]
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if a.header[0] != "" {
			w.Header().Set(a.header[0], a.header[1])
		}
		w.WriteHeader(a.status)
		_, _ = w.Write([]byte(a.body))
	})
	server, secure := httptest.NewServer(handler), httptest.NewTLSServer(handler)
	defer server.Close()
	defer secure.Close()
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer silent.Close()
	shut := httptest.NewServer(handler)
	shut.Close()
	check := func(o linkcheck.Options, address string) (uptime.Outcome, uptime.Cause, linkcheck.Result) {
		o.AllowPrivate, o.PerHostInterval = func(netip.Addr) bool { return true }, -1
		c := linkcheck.New(o)
		defer c.Close()
		r := c.Check(t.Context(), address)
		outcome, cause := uptime.Judge(r)
		return outcome, cause, r
	}
	for path, want := range answers {
		if outcome, cause, r := check(linkcheck.Options{}, server.URL+path); outcome != want.outcome || cause != want.cause {
			t.Errorf("%s: %s %s, want %s %s (%s %s %s)", path, outcome, cause, want.outcome, want.cause, r.Verdict, r.Reason, r.ErrorKind)
		}
	}
	// A certificate browsers warn of is a finding of its own; the page opens.
	if outcome, cause, r := check(linkcheck.Options{}, secure.URL+"/good"); outcome != uptime.OK {
		t.Errorf("self-signed: %s %s (%s)", outcome, cause, r.Detail)
	}
	if outcome, cause, r := check(linkcheck.Options{}, shut.URL+"/"); outcome != uptime.Failed || cause != uptime.CauseConnect || !uptime.NeedsControl(r) {
		t.Errorf("shut: %s %s (%s)", outcome, cause, r.ErrorKind)
	}
	if outcome, cause, r := check(linkcheck.Options{Timeout: 50 * time.Millisecond}, silent.URL+"/"); outcome != uptime.Failed || cause != uptime.CauseTimeout {
		t.Errorf("silent: %s %s (%s)", outcome, cause, r.ErrorKind)
	}
}
