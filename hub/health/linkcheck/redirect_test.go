package linkcheck

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestRedirects(t *testing.T) {
	mux := http.NewServeMux()
	site := serve(t, mux.ServeHTTP)
	to := func(path string, status int, location string) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Location"] = []string{location}
			w.WriteHeader(status)
		})
	}
	page := func(path, body string) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) { writeHTML(w, 200, body) })
	}
	page("/{$}", goodPage("首页"))
	page("/real/a.html", goodPage("正文"))
	page("/login.html", `<title>用户登录</title><form><input name=u><input type=password name=p></form>`)
	page("/404.html", goodPage("本站导航"))
	for i := range 40 {
		next := fmt.Sprintf("/chain/%d", i+1)
		if i == 8 {
			next = "/real/a.html"
		}
		to(fmt.Sprintf("/chain/%d", i), 302, next)
	}
	mux.HandleFunc("GET /new/{n}", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Path+"x", http.StatusFound)
	})
	to("/loop/a", 302, "/loop/b")
	to("/loop/b", 301, "/loop/a")
	to("/self", 302, "/self")
	to("/gone", 301, "/missing.html")
	to("/deep/old.html", 301, "/")
	to("/deep/list.jsp", 302, "/index.html")
	page("/index.html", goodPage("首页"))
	to("/zwgk", 302, "/")
	to("/default.aspx", 302, "/")
	to("/member/12.html", 302, "/login.html?back=12")
	to("/info/9.html", 302, "/404.html")
	to("/backslash", 302, `\real\a.html`)
	to("/blank", 302, "  /real/a.html  ")
	to("/relative/x", 302, "../real/./a.html")
	to("/percent", 302, "/real/a.html?x=100%&y=%zz")
	to("/raw", 302, "/real/a.html?k=思南")
	to("/gbk", 302, "/real/a.html?k=\xcb\xbc\xc4\xcf")
	to("/nohost", 302, "http://")
	to("/app", 302, "weixin://dl/business")
	to("/file", 302, "file:///C:/a.html")
	to("/fragment", 302, "/real/a.html#part")
	to("/perm", 308, "/real/a.html")
	mux.HandleFunc("GET /cookie", func(w http.ResponseWriter, r *http.Request) {
		if _, err := r.Cookie("pass"); err != nil {
			http.SetCookie(w, &http.Cookie{Name: "pass", Value: "1", Path: "/"})
			http.Redirect(w, r, "/cookie", http.StatusFound)
			return
		}
		writeHTML(w, 200, goodPage("通行"))
	})
	for path, again := range map[string]string{"/again/meta": "<meta http-equiv=refresh content=0>", "/again/self": "<meta http-equiv=refresh content='0;url=self'>", "/again/script": "<script>location.reload()</script>", "/again/never": "<script>location.href=location.href</script>"} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			if _, err := r.Cookie("pass"); err != nil || path == "/again/never" {
				http.SetCookie(w, &http.Cookie{Name: "pass", Value: r.RemoteAddr, Path: "/"})
				writeHTML(w, 200, again)
				return
			}
			writeHTML(w, 200, goodPage("通行"))
		})
	}
	page("/meta", `<meta http-equiv="Refresh" content="0; URL='/real/a.html'">`)
	page("/meta/gone", `<meta http-equiv=refresh content="1;url=/missing.html">`)
	page("/meta/self", `<title>直播</title><meta http-equiv=refresh content="3"><p>现场画面`)
	page("/meta/late", `<title>公告</title><meta http-equiv=refresh content="60;url=/missing.html"><p>请稍候查看`)

	tests := []struct {
		path   string
		want   Verdict
		reason Reason
		kind   ErrorKind
		final  string
	}{
		{"/chain/0", OK, "", "", "/real/a.html"},
		{"/chain/9", Suspect, ReasonNetwork, KindTooMany, ""},
		{"/new/x", Suspect, ReasonNetwork, KindTooMany, ""},
		{"/loop/a", Dead, ReasonNetwork, KindLoop, ""},
		{"/self", Dead, ReasonNetwork, KindLoop, ""},
		{"/gone", Dead, ReasonGone, "", "/missing.html"},
		{"/deep/old.html", Suspect, ReasonHomeRedirect, "", "/"},
		{"/deep/list.jsp", Suspect, ReasonHomeRedirect, "", "/index.html"},
		{"/zwgk", OK, "", "", "/"},
		{"/default.aspx?from=timeline", OK, "", "", "/"},
		{"/default.aspx?newsid=12", Suspect, ReasonHomeRedirect, "", "/"},
		{"/member/12.html", Inconclusive, ReasonLogin, "", "/login.html?back=12"},
		{"/login.html", OK, "", "", "/login.html"},
		{"/info/9.html", Suspect, ReasonErrorRedirect, "", "/404.html"},
		{"/backslash", OK, "", "", "/real/a.html"},
		{"/blank", OK, "", "", "/real/a.html"},
		{"/relative/x", OK, "", "", "/real/a.html"},
		{"/percent", OK, "", "", "/real/a.html?x=100%&y=%zz"},
		{"/raw", OK, "", "", "/real/a.html?k=%E6%80%9D%E5%8D%97"},
		{"/gbk", OK, "", "", "/real/a.html?k=%CB%BC%C4%CF"},
		{"/nohost", Dead, ReasonNetwork, KindBadTarget, ""},
		{"/app", Excluded, ReasonOtherScheme, "", ""},
		{"/file", Dead, ReasonNetwork, KindBadTarget, ""},
		{"/fragment", OK, "", "", "/real/a.html"},
		{"/perm", OK, "", "", "/real/a.html"},
		{"/cookie", OK, "", "", "/cookie"},
		{"/again/meta", OK, "", "", "/again/meta"},
		{"/again/self", OK, "", "", "/again/self"},
		{"/again/script", OK, "", "", "/again/script"},
		{"/again/never", OK, "", "", "/again/never"}, // a script may fill it
		{"/meta", OK, "", "", "/real/a.html"},
		{"/meta/gone", Dead, ReasonGone, "", "/missing.html"},
		{"/meta/self", OK, "", "", "/meta/self"},
		{"/meta/late", OK, "", "", "/meta/late"},
	}
	c := newChecker(t)
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			r := c.Check(t.Context(), site+tt.path)
			expect(t, r, tt.want, tt.reason, tt.kind)
			if tt.final != "" && r.Final != site+tt.final {
				t.Errorf("final %s, want %s", r.Final, tt.final)
			}
			if len(r.Hops) > 11 {
				t.Errorf("%d hops", len(r.Hops))
			}
			if r.Moved() != (tt.path == "/perm") {
				t.Errorf("Moved = %v", r.Moved())
			}
		})
	}
}

func TestHopsAreEvidence(t *testing.T) {
	site := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/a" {
			http.Redirect(w, r, "/b", http.StatusMovedPermanently)
			return
		}
		w.WriteHeader(http.StatusGone)
	})
	r := newChecker(t).Check(t.Context(), site+"/a")
	if len(r.Hops) != 2 || r.Hops[0].Status != 301 || r.Hops[0].Location != "/b" || r.Hops[1].URL != site+"/b" || r.Hops[1].Status != 410 {
		t.Errorf("hops %+v", r.Hops)
	}
}

// The 15 s of the official rule include their limit and count for all hops
// together. The clock is moved by the servers.
func TestOfficialLimit(t *testing.T) {
	for _, tt := range []struct {
		name    string
		first   time.Duration // until the redirect
		second  time.Duration // until the page
		want    Verdict
		elapsed time.Duration
	}{
		{"just inside", 0, 15*time.Second - time.Millisecond, OK, 15*time.Second - time.Millisecond},
		{"at the limit", 0, 15 * time.Second, Inconclusive, 15 * time.Second},
		{"two hops inside", 7 * time.Second, 7 * time.Second, OK, 14 * time.Second},
		{"two hops beyond", 8 * time.Second, 8 * time.Second, Inconclusive, 16 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			clock := newClock()
			site := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/go" {
					clock.add(tt.first)
					http.Redirect(w, r, "/page.html", http.StatusFound)
					return
				}
				clock.add(tt.second)
				writeHTML(w, 200, goodPage("慢"))
			})
			c := newChecker(t, func(o *Options) { o.Timeout = 0; o.Now = clock.now })
			r := c.Check(t.Context(), site+"/go")
			if r.Verdict != tt.want || r.Elapsed != tt.elapsed {
				t.Errorf("got %s after %s: %s", r.Verdict, r.Elapsed, r.Detail)
			}
			if tt.want == Inconclusive && (r.ErrorKind != KindTimeout || !strings.Contains(r.Detail, "15 秒")) {
				t.Errorf("kind %s: %s", r.ErrorKind, r.Detail)
			}
		})
	}
}

// A page that is sent where an address that cannot exist is sent too has not
// moved there.
func TestSentWhereAnythingIsSent(t *testing.T) {
	site := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/portal/", "/news/", "/news/new.html", "/about.html":
			writeHTML(w, 200, "<title>页</title><p>"+strings.Repeat(string(rune(0x4e00+97*len(r.URL.Path))), 90))
		case "/moved/old.html":
			http.Redirect(w, r, "/news/new.html", http.StatusMovedPermanently)
		case "/way/1.html", "/way/2.html":
			http.Redirect(w, r, "/about.html", http.StatusFound)
		case "/news/7.html":
			http.Redirect(w, r, "/news/", http.StatusFound)
		default:
			if strings.HasPrefix(r.URL.Path, "/moved/") || strings.HasPrefix(r.URL.Path, "/news/") {
				http.NotFound(w, r)
				return
			}
			http.Redirect(w, r, "/portal/", http.StatusFound)
		}
	})
	c := newChecker(t, func(o *Options) { o.Probe = true })
	for path, want := range map[string]Reason{
		"/info/1.html":    ReasonCatchAll,
		"/info/2.html":    ReasonCatchAll,
		"/info":           "", // an entrance, not a page
		"/moved/old.html": "",
		"/news/7.html":    "", // not where others are sent
		"/portal/":        "",
		"/way/1.html":     "", // to a page of its own
	} {
		verdict := OK
		if want != "" {
			verdict = Suspect
		}
		expect(t, c.Check(t.Context(), site+path), verdict, want, "")
	}
}
