package crawl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhanqun/hub/health/linkcheck"
)

func TestDepth(t *testing.T) {
	s := serve(t, pages(map[string]string{
		"/":   "<a href=/1>1</a><a href=/gone0>x</a>" + prose(0),
		"/1":  "<a href=/2>2</a><a href=/gone1>x</a>" + prose(1),
		"/2":  "<a href=/3>3</a><a href=/gone2>x</a><a href=/>home</a>" + prose(2),
		"/3":  "<a href=/gone3>x</a>" + prose(3),
		"/up": "<a href=/1>x</a>",
	}))
	for depth, want := range map[int][]string{
		0:         {"/ /gone0"},
		1:         {"/ /gone0", "/1 /gone1"},
		2:         {"/ /gone0", "/1 /gone1", "/2 /gone2"},
		WholeSite: {"/ /gone0", "/1 /gone1", "/2 /gone2", "/3 /gone3"},
	} {
		f := check(t, s.url+"/", func(o *Options) { o.Depth = depth })
		if diff := cmp.Diff(want, f.of(linkcheck.Dead, s.url)); diff != "" {
			t.Errorf("depth %d: -want +got\n%s", depth, diff)
		}
		if n := f.totals.Pages; n != len(want) {
			t.Errorf("depth %d: %d pages read", depth, n)
		}
	}
	// The first line is the start itself; each mention is one line.
	f := check(t, s.url+"/", func(o *Options) { o.Depth = 0 })
	want := []string{"ok " + s.url + "/", s.url + "/ dead " + s.url + "/gone0", s.url + "/ ok " + s.url + "/1"}
	var got []string
	for _, l := range f.lines {
		got = append(got, strings.TrimSpace(l.Page+" "+string(l.Verdict)+" "+l.URL))
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// One address is asked once, whoever names it however often and however it is
// written; a redirect to a known page asks for nothing.
func TestAskedOnce(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/":
			body := prose(1)
			for i := range 20 {
				body += fmt.Sprintf("<a href=/p/%d.html>p</a><a href='/p/%d.html#x'>p</a><a href=/old/%d>o</a>", i, i, i)
			}
			html(w, body+"<a href=/list?b=2&a=1>l</a><a href=/list?a=1&b=2>l</a>")
		case strings.HasPrefix(r.URL.Path, "/old/"):
			http.Redirect(w, r, "/p/0.html", http.StatusMovedPermanently)
		case strings.HasPrefix(r.URL.Path, "/p/"), r.URL.Path == "/list":
			html(w, prose(len(r.URL.Path)+int(r.URL.Path[3]))+"<p>"+r.URL.Path+"</p><a href=/>home</a><a href=../p/0.html>0</a><img src=/logo.png>")
		default:
			gone(w)
		}
	})
	f := check(t, s.url+"/", func(o *Options) { o.Site = 1 })
	for path, n := range s.counts() {
		if n > 1 && path != "/logo.png" && !strings.Contains(path, "zq") && !strings.Contains(path, "/97") { // what is made up
			t.Errorf("%s was asked %d times", path, n)
		}
	}
	if f.totals.Dead != 21 || f.totals.DeadTargets != 1 {
		t.Errorf("the picture on every page: %+v", f.totals)
	}
	for _, l := range f.lines {
		if strings.HasPrefix(l.URL, s.url+"/old/") && (l.Verdict != linkcheck.OK || l.Final != s.url+"/p/0.html") {
			t.Errorf("%+v", l)
		}
	}
}

// A failure counts when it is repeated.
func TestSecondLook(t *testing.T) {
	var flaky, lost, limited atomic.Int32
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			html(w, prose(1)+"<a href=/flaky>a</a><a href=/broken>b</a><a href=/gone>c</a><a href=/lost>d</a><a href=/limited>e</a>")
		case "/flaky":
			if flaky.Add(1) < 3 {
				w.WriteHeader(http.StatusBadGateway)
				return
			}
			html(w, prose(2)+"<a href=/behind>x</a>")
		case "/lost":
			if lost.Add(1) < 4 { // a look is two tries
				conn, _, _ := http.NewResponseController(w).Hijack()
				conn.Close()
				return
			}
			html(w, prose(3))
		case "/limited":
			if limited.Add(1) < 5 {
				w.Header().Set("Retry-After", "0")
				w.WriteHeader(http.StatusTooManyRequests)
				return
			}
			html(w, prose(4))
		case "/broken":
			w.WriteHeader(http.StatusInternalServerError)
		default:
			gone(w)
		}
	})
	f := check(t, s.url+"/")
	want := []string{"/ /broken", "/ /gone", "/flaky /behind"}
	if diff := cmp.Diff(want, f.of(linkcheck.Dead, s.url)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if s.times("/broken") != 3 || s.times("/gone") != 2 || s.times("/flaky") != 3 {
		t.Errorf("asked: %v", s.counts())
	}
	if n := f.totals.OK; n != 4 {
		t.Errorf("%d links are well: %v", n, f.all())
	}
}

func TestRobots(t *testing.T) {
	elsewhere := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			io.WriteString(w, "User-agent: *\nDisallow: /secret")
			return
		}
		html(w, prose(5)+"<a href=/never>not ours</a>")
	})
	failing := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	docs := map[string]string{
		"/":           prose(0) + "<a href=/in/a>a</a><a href=/shut/b>b</a><a href=/shut/open>c</a><a href=/to>t</a>",
		"/in/a":       prose(1),
		"/shut/b":     prose(2) + "<a href=/gone>x</a>",
		"/shut/open":  prose(3),
		"/robots.txt": "User-agent: *\nDisallow: /shut\nAllow: /shut/open\n",
	}
	docs["/"] += "<a href=" + elsewhere.url + "/page>e</a><a href=" + elsewhere.url + "/secret/x>s</a><a href=" + failing.url + "/y>f</a>"
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/to" {
			http.Redirect(w, r, "/shut/b", http.StatusFound)
			return
		}
		pages(docs)(w, r)
	})
	f := check(t, s.url+"/")
	reasons := map[string]string{}
	for _, l := range f.lines {
		reasons[strings.NewReplacer(s.url, "", elsewhere.url, "E", failing.url, "F").Replace(l.URL)] = string(l.Verdict) + " " + string(l.Reason)
	}
	want := map[string]string{"/": "ok ", "/in/a": "ok ", "/shut/b": "excluded robots", "/shut/open": "ok ", "/to": "excluded robots",
		"E/page": "ok ", "E/secret/x": "excluded robots", "F/y": "inconclusive robots_down"}
	if diff := cmp.Diff(want, reasons); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if s.times("/shut/b") > 0 || s.times("/robots.txt") != 1 || elsewhere.times("/secret/x") > 0 || elsewhere.times("/never") > 0 || elsewhere.times("/robots.txt") != 1 || failing.times("/y") > 0 {
		t.Errorf("asked %v, elsewhere %v, failing %v", s.counts(), elsewhere.counts(), failing.counts())
	}
	if f.totals.Robots != "obeyed" {
		t.Errorf("robots %q", f.totals.Robots)
	}
	// The owner may have everything checked.
	f = check(t, s.url+"/", func(o *Options) { o.IgnoreRobots = true })
	if got := f.of(linkcheck.Dead, s.url); len(got) != 1 || f.totals.Robots != "ignored" {
		t.Errorf("with the owner's leave: %v, robots %s", got, f.totals.Robots)
	}
}

// A robots.txt that fails keeps nobody from checking his own site.
func TestRobotsOfTheSiteFail(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		pages(map[string]string{"/": prose(0) + "<a href=/gone>x</a>"})(w, r)
	})
	if f := check(t, s.url+"/"); f.totals.Dead != 1 || f.totals.Robots != "unreachable" {
		t.Errorf("%+v", f.totals)
	}
}

func TestFragments(t *testing.T) {
	s := serve(t, pages(map[string]string{
		"/":       prose(0) + `<p id=here><a href="#here">a</a><a href="#nowhere">b</a><a href="#top">c</a><a href="#">d</a><a href="/q.html#目录">e</a><a href="/q.html#none">f</a><a href="/f.txt#page=3">g</a>`,
		"/q.html": prose(1) + `<h2 id=目录>目录</h2><a name=old></a><a href="/#here">h</a><a href="/#gone">i</a><a href="#old">j</a>`,
		"/f.txt":  "text",
	}))
	f := check(t, s.url+"/")
	var got []string
	for _, l := range f.lines {
		if l.Fragment != "" {
			got = append(got, strings.TrimPrefix(l.Page, s.url)+" "+l.Raw+" "+string(l.Verdict))
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff([]string{"/ #nowhere ok", "/ /q.html#none ok", "/q.html /#gone ok"}, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if f.totals.Fragments != 3 || f.totals.Dead != 0 {
		t.Errorf("%+v", f.totals)
	}
}

// The site is where the start leads; with and without www., http and https.
func TestSite(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Host == "old.test":
			http.Redirect(w, r, "http://www.new.test/", http.StatusMovedPermanently)
		case r.URL.Path == "/robots.txt":
			gone(w)
		case r.Host == "www.new.test" && r.URL.Path == "/":
			html(w, prose(0)+"<a href=http://new.test/a>a</a><a href=http://other.test/b>b</a><a href=//www.new.test/c>c</a>")
		case r.Host == "new.test" && r.URL.Path == "/a":
			html(w, prose(1)+"<a href=/gone>x</a>")
		case r.URL.Path == "/gone":
			gone(w)
		default:
			html(w, prose(int(r.Host[0]))+"<a href=/never>x</a>")
		}
	})
	address := strings.TrimPrefix(s.url, "http://")
	f := check(t, "old.test", func(o *Options) {
		o.Check.Resolver = loopback{}
		o.Check.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, address)
		}
	})
	if diff := cmp.Diff([]string{"http://new.test/a http://new.test/gone"}, f.of(linkcheck.Dead, "\x00")); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if f.totals.Site != "new.test" || f.totals.Pages != 3 {
		t.Errorf("%+v", f.totals)
	}
}

type loopback struct{}

func (loopback) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
}

func TestBounds(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var n int
		if _, err := fmt.Sscanf(r.URL.Path, "/%d", &n); err != nil && r.URL.Path != "/" {
			gone(w)
			return
		}
		body := prose(n)
		for i := range 10 {
			body += fmt.Sprintf("<a href=/%d>%d</a>", 10*n+i+1, i)
		}
		html(w, body)
	})
	f := check(t, s.url+"/", func(o *Options) { o.MaxPages = 30 })
	if f.totals.Pages != 30 || f.totals.Complete || f.totals.Stopped != "pages" {
		t.Errorf("pages: %+v", f.totals)
	}
	f = check(t, s.url+"/", func(o *Options) { o.MaxTargets = 50 })
	if f.totals.Targets != 50 || f.totals.Complete || f.totals.Stopped != "targets" {
		t.Errorf("targets: %+v", f.totals)
	}
	for _, l := range f.lines {
		if l.Verdict == linkcheck.Excluded && l.Reason != ReasonLimit {
			t.Errorf("%+v", l)
		}
	}
	enough := errors.New("enough")
	n := 0
	if _, err := tryCheck(t.Context(), s.url+"/", func(o *Options) {
		o.Tell = func(Line) error {
			if n++; n == 25 {
				return enough
			}
			return nil
		}
	}); !errors.Is(err, enough) || n != 25 {
		t.Errorf("%v after %d lines", err, n)
	}
}

// A run that is stopped tells how far it came; one that goes on with its folder
// tells everything, whatever became of the file's end.
func TestGoingOn(t *testing.T) {
	var dead []string
	docs := map[string]string{"/": prose(0)}
	for i := range 60 {
		docs["/"] += fmt.Sprintf("<a href=/p%d>%d</a>", i, i)
		docs[fmt.Sprintf("/p%d", i)] = prose(i+1) + fmt.Sprintf("<p id=x>%d</p><a href=/p%d#x>x</a><a href=/p%d#y>y</a><a href=/gone%d>g</a><a href=mailto:a@b.cn>m</a><a href=/>home</a>", i, (i*7)%60, (i*11)%60, i%9)
		dead = append(dead, fmt.Sprintf("/p%d /gone%d", i, i%9))
	}
	slices.Sort(dead)
	s := serve(t, pages(docs))
	whole := check(t, s.url+"/").all()

	for stop := 1; stop < len(whole); stop += 37 {
		dir := t.TempDir()
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		first, err := tryCheck(ctx, s.url+"/", func(o *Options) {
			tell := o.Tell
			o.Dir, o.Tell = dir, func(l Line) error {
				if n++; n == stop {
					cancel()
				}
				return tell(l)
			}
		})
		cancel()
		if err != nil {
			t.Fatal(err)
		}
		if first.totals.Complete || first.totals.Stopped != "interrupted" {
			t.Errorf("stopped after %d lines: %+v", stop, first.totals)
		}
		// What a kill may leave behind.
		path := filepath.Join(dir, "crawl.log")
		body, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if cut := len(body) - stop%100; cut > 0 {
			if err := os.WriteFile(path, body[:cut], 0o600); err != nil {
				t.Fatal(err)
			}
		}
		again, err := tryCheck(t.Context(), s.url+"/", func(o *Options) { o.Dir = dir })
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(whole, again.all()); diff != "" || !again.totals.Complete {
			t.Fatalf("stopped after %d lines, then gone on: -want +got\n%s", stop, diff)
		}
		// Once more with everything done asks for nothing and tells the same.
		before := s.requests()
		third, err := tryCheck(t.Context(), s.url+"/", func(o *Options) { o.Dir = dir })
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(whole, third.all()); diff != "" || s.requests() != before {
			t.Fatalf("told once more: %d requests, -want +got\n%s", s.requests()-before, diff)
		}
		if diff := cmp.Diff(dead, third.of(linkcheck.Dead, s.url)); diff != "" {
			t.Fatalf("-want +got\n%s", diff)
		}
		if _, err := tryCheck(t.Context(), s.url+"/p1", func(o *Options) { o.Dir = dir }); !errors.Is(err, ErrOther) {
			t.Fatalf("another check in the same folder: %v", err)
		}
	}
}

// A host that hangs costs a few waits, not one for each of its links.
func TestSilentHost(t *testing.T) {
	never := make(chan struct{})
	defer close(never)
	hanging := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			gone(w)
			return
		}
		select {
		case <-never:
		case <-r.Context().Done():
		}
	})
	body := prose(0)
	for i := range 50 {
		body += fmt.Sprintf("<a href=%s/%d>%d</a>", hanging.url, i, i)
	}
	s := serve(t, pages(map[string]string{"/": body + "<a href=/gone>x</a>"}))
	f := check(t, s.url+"/", func(o *Options) { o.Check.Timeout = 100 * time.Millisecond })
	if f.totals.Inconclusive != 50 || f.totals.Dead != 1 || !f.totals.Complete {
		t.Errorf("%+v", f.totals)
	}
	if n := hanging.requests(); n > 20 {
		t.Errorf("%d requests to a host that hangs", n)
	}
}

// A certificate browsers warn of is told beside the verdict, on every mention.
func TestCertificates(t *testing.T) {
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { html(w, prose(1)) }))
	t.Cleanup(secure.Close)
	s := serve(t, pages(map[string]string{
		"/":  prose(0) + "<a href=" + secure.URL + "/a>a</a><a href=/2>2</a>",
		"/2": prose(2) + "<a href=" + secure.URL + "/a>a</a>",
	}))
	f, told := check(t, s.url+"/"), 0
	for _, l := range f.lines {
		if l.Certificate != "" {
			told++
		}
		if (l.Certificate != "") != strings.HasPrefix(l.URL, secure.URL) || l.Verdict != linkcheck.OK {
			t.Errorf("%+v", l)
		}
	}
	if told != 2 {
		t.Errorf("told %d times", told)
	}
}

// A checker that obeys leaves alone what other sites forbid, and asks for their
// robots.txt once; of the owner's own hosts it does not ask.
func TestObedient(t *testing.T) {
	other := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			fmt.Fprint(w, "User-agent: *\nDisallow: /shut/")
			return
		}
		html(w, prose(1))
	})
	own := serve(t, func(w http.ResponseWriter, _ *http.Request) { html(w, prose(2)) })
	look := linkcheck.Options{PerHostInterval: -1, AllowPrivate: func(netip.Addr) bool { return true }}
	c := Obedient(look, func(_ context.Context, host string) bool { return "http://"+host == own.url })
	defer c.Close()
	for address, want := range map[string]linkcheck.Verdict{
		other.url + "/open/": linkcheck.OK, other.url + "/shut/a": linkcheck.Excluded, own.url + "/shut/a": linkcheck.OK,
	} {
		if r := c.Check(t.Context(), address); r.Verdict != want {
			t.Errorf("%s: %s %s, want %s", address, r.Verdict, r.Reason, want)
		}
	}
	if other.times("/robots.txt") != 1 || other.times("/shut/a") != 0 || own.times("/robots.txt") != 0 {
		t.Errorf("asked %v and %v", other.asked, own.asked)
	}
}
