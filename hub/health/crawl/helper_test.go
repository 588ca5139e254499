package crawl

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"zhanqun/hub/health/linkcheck"
)

// No run leaves a goroutine behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// site is a web site made of pages, which counts how often each is asked for.
type site struct {
	url   string
	mu    sync.Mutex
	asked map[string]int
}

// serve starts a site.
func serve(t testing.TB, h http.HandlerFunc) *site {
	t.Helper()
	s := &site{asked: map[string]int{}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.asked[r.URL.RequestURI()]++
		s.mu.Unlock()
		h(w, r)
	}))
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func (s *site) requests() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, times := range s.asked {
		n += times
	}
	return n
}

// counts returns how often each path was asked for.
func (s *site) counts() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.asked)
}

func (s *site) times(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[path]
}

// pages serves documents by path, and 404 for the rest.
func pages(docs map[string]string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, ok := docs[r.URL.RequestURI()]
		if !ok {
			body, ok = docs[r.URL.Path]
		}
		if !ok {
			gone(w)
			return
		}
		switch {
		case strings.HasSuffix(r.URL.Path, ".css"):
			w.Header().Set("Content-Type", "text/css")
		case strings.HasSuffix(r.URL.Path, ".txt"):
			w.Header().Set("Content-Type", "text/plain")
		default:
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
		}
		fmt.Fprint(w, body)
	}
}

func gone(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(http.StatusNotFound)
	fmt.Fprint(w, "<title>404 Not Found</title><h1>Not Found</h1><a href=/never>home</a>")
}

func html(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprint(w, body)
}

// found is what a run told.
type found struct {
	lines  []Line
	totals Totals
}

// check runs a check without pauses.
func check(t testing.TB, start string, change ...func(*Options)) found {
	t.Helper()
	f, err := tryCheck(t.Context(), start, change...)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func tryCheck(ctx context.Context, start string, change ...func(*Options)) (f found, err error) {
	o := Options{Pause: time.Millisecond, Depth: WholeSite, Check: linkcheck.Options{
		Timeout: 10 * time.Second, MaxRedirects: 20, AllowPrivate: func(ip netip.Addr) bool { return ip.IsLoopback() },
	}}
	o.Tell = func(l Line) error {
		f.lines = append(f.lines, l)
		return nil
	}
	for _, c := range change {
		c(&o)
	}
	f.totals, err = Run(ctx, start, o)
	return f, err
}

// of returns the lines of one verdict as "page url", without the site's name,
// sorted and each once.
func (f found) of(v linkcheck.Verdict, base string) (list []string) {
	for _, l := range f.lines {
		if l.Verdict == v {
			list = append(list, strings.TrimPrefix(l.Page, base)+" "+strings.TrimPrefix(l.URL, base))
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// all returns every line in short, sorted.
func (f found) all() (list []string) {
	for _, l := range f.lines {
		list = append(list, fmt.Sprintf("%s %s %s %s %s %d %s", l.Page, l.Raw, l.URL, l.Verdict, l.Reason, l.Status, l.Fragment))
	}
	slices.Sort(list)
	return list
}

// prose is text enough to be a page, different for each seed.
func prose(seed int) string {
	words := []string{"春耕", "农业", "生产", "村民", "道路", "学校", "医院", "会议", "检查", "服务", "政务", "公开", "项目", "建设", "安全", "防汛"}
	var b strings.Builder
	for i := range 40 {
		seed = (seed*1103515245 + 12345 + i) & 0x7fffffff
		b.WriteString(words[seed>>16%len(words)&15])
	}
	return "<p>" + b.String() + "</p>"
}

// nobody is a resolver that knows no name.
type nobody struct{}

func (nobody) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
}
