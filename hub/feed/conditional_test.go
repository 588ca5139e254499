package feed_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"zhanqun/hub/catalog"
	"zhanqun/hub/feed"
	"zhanqun/hub/store/storetest"
	"zhanqun/protocol"
)

// Conditional requests, as readers make them, against a real server.
func TestConditional(t *testing.T) {
	p := newPortal(t)
	p.adopt("township")
	p.Clock.Advance(time.Hour)
	for _, path := range []string{"/feed.atom", "/feed.rss", "/feed.json", "/columns/township/feed.atom", "/units/" + storetest.Sitang + "/feed.json"} {
		res, body := p.get(path)
		status(t, res, http.StatusOK)
		tag, modified := res.Header.Get("ETag"), res.Header.Get("Last-Modified")
		if !strings.HasPrefix(tag, `"`) || modified == "" || res.Header.Get("Vary") != "Accept-Encoding" || body == "" {
			t.Errorf("%s: headers %v", path, res.Header)
		}
		zipped, packed := p.get(path, "Accept-Encoding", "br, gzip;q=0.5")
		if zipped.Header.Get("Content-Encoding") != "gzip" || zipped.Header.Get("ETag") == tag || unzip(t, packed) != body {
			t.Errorf("%s compressed: headers %v", path, zipped.Header)
		}
		refused, plain := p.get(path, "Accept-Encoding", "gzip;q=0")
		if refused.Header.Get("Content-Encoding") != "" || plain != body {
			t.Errorf("%s: compressed for who refuses it", path)
		}
		head, none := p.ask(http.MethodHead, path)
		if none != "" || head.Header.Get("ETag") != tag || head.ContentLength != int64(len(body)) || head.Header.Get("Content-Type") != res.Header.Get("Content-Type") {
			t.Errorf("%s HEAD: %v", path, head.Header)
		}
		earlier := p.Clock.Now().Add(-48 * time.Hour).UTC().Format(http.TimeFormat)
		for _, tt := range []struct {
			header []string
			want   int
		}{
			{[]string{"If-None-Match", tag}, 304},
			{[]string{"If-None-Match", "W/" + tag}, 304},
			{[]string{"If-None-Match", `"x", ` + tag}, 304},
			{[]string{"If-None-Match", "*"}, 304},
			{[]string{"If-None-Match", `"x"`}, 200},
			{[]string{"If-None-Match", tag, "Accept-Encoding", "gzip"}, 200},
			{[]string{"If-None-Match", zipped.Header.Get("ETag"), "Accept-Encoding", "gzip"}, 304},
			{[]string{"If-Modified-Since", modified}, 304},
			{[]string{"If-Modified-Since", earlier}, 200},
			{[]string{"If-Modified-Since", "yesterday"}, 200},
			{[]string{"If-None-Match", `"x"`, "If-Modified-Since", modified}, 200},
			{[]string{"If-None-Match", tag, "If-Modified-Since", earlier}, 304},
		} {
			res, body := p.get(path, tt.header...)
			if res.StatusCode != tt.want {
				t.Errorf("%s %v: %d, want %d", path, tt.header, res.StatusCode, tt.want)
			}
			if tt.want == 304 && (body != "" || res.Header.Get("ETag") == "" || res.Header.Get("Cache-Control") == "" || res.Header.Get("Vary") == "" ||
				res.Header.Get("Last-Modified") != modified || res.Header.Get("Content-Encoding") != "") {
				t.Errorf("%s %v: the 304 says %v", path, tt.header, res.Header)
			}
		}
	}
}

func unzip(t *testing.T, s string) string {
	t.Helper()
	z, err := gzip.NewReader(strings.NewReader(s))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// What readers do not see moves nothing; what they see moves both validators.
func TestValidatorsMove(t *testing.T) {
	p := newPortal(t)
	validators := func() [2]string {
		t.Helper()
		res, _ := p.get("/feed.atom")
		status(t, res, http.StatusOK)
		return [2]string{res.Header.Get("ETag"), res.Header.Get("Last-Modified")}
	}
	item, _ := p.adopt("township")
	for range 7 { // more than a page
		p.Clock.Advance(time.Minute)
		p.adopt("township")
	}
	before := validators()
	_, second := p.get("/feed.atom")
	p.Clock.Advance(time.Hour)
	quiet := []func(){
		func() { p.Submit(0, "township") },
		func() { p.Decide(p.Reviewer, p.Submit(0, "township"), catalog.ActionReject) },
		func() { p.Decide(p.Reviewer, p.Submit(0, "headline"), catalog.ActionApprove) },
		func() { p.Revise(item) },
		func() { p.Decide(p.Second, item, catalog.ActionReturn) },
		func() { p.Clock.Advance(time.Hour) },
	}
	for i, act := range quiet {
		act()
		if got := validators(); got != before {
			t.Errorf("quiet act %d: validators %v, before %v", i, got, before)
		}
	}
	if _, again := p.get("/feed.atom"); again != second {
		t.Error("the page moved")
	}
	p.Revise(item)
	for i, act := range []func(){
		func() { p.Decide(p.Second, item, catalog.ActionApprove) },
		func() { p.Decide(p.Chief, item, catalog.ActionWithdraw) }, // within the same second
		func() { p.Clock.Advance(feed.StubFor + time.Hour) },
		func() { p.Clock.Advance(feed.TombstoneFor) },
	} {
		act()
		got := validators()
		if got[0] == before[0] || got[1] == before[1] || !later(t, got[1], before[1]) {
			t.Errorf("act %d: validators %v, before %v", i, got, before)
		}
		before = got
	}
}

func later(t *testing.T, a, b string) bool {
	t.Helper()
	at, err := http.ParseTime(a)
	if err != nil {
		t.Fatal(err)
	}
	bt, err := http.ParseTime(b)
	if err != nil {
		t.Fatal(err)
	}
	return at.After(bt)
}

// Two changes within one second: who compares seconds alone is sent the answer
// again rather than told that nothing changed.
func TestSecondChangeWithinASecond(t *testing.T) {
	p := newPortal(t)
	p.adopt("township")
	res, _ := p.get("/feed.rss")
	modified := res.Header.Get("Last-Modified")
	p.adopt("township")
	res, body := p.get("/feed.rss", "If-Modified-Since", modified)
	status(t, res, http.StatusOK)
	if strings.Count(body, "<item>") != 2 {
		t.Errorf("the second entry is missing:\n%s", body)
	}
	p.Clock.Advance(2 * time.Second)
	p.adopt("township")
	res, _ = p.get("/feed.rss")
	res, _ = p.get("/feed.rss", "If-Modified-Since", res.Header.Get("Last-Modified"))
	status(t, res, http.StatusNotModified)
}

// Many at once get one rendering, and never an older one than is committed.
func TestCacheIsNeverStale(t *testing.T) {
	p := newPortal(t)
	for i := range 8 {
		p.adopt("township")
		done := make(chan string, 4)
		for range cap(done) {
			go func() {
				_, body := p.get("/feed.rss")
				done <- body
			}()
		}
		for range cap(done) {
			if body := <-done; strings.Count(body, "<item>") != min(i+1, 5) {
				t.Errorf("after %d: %d items", i+1, strings.Count(body, "<item>"))
			}
		}
	}
}

// BenchmarkStatic compares an answer of the feed with the same bytes served
// from a file, per request, through the same server.
func BenchmarkStatic(b *testing.B) {
	office := storetest.NewOffice(b, storetest.SQLite)
	for range 50 {
		id := office.Submit(0, "township", func(m *protocol.Submit) { m.Body = "<p>" + strings.Repeat("正文", 700) + "</p>" })
		office.Decide(office.Reviewer, id, catalog.ActionApprove)
	}
	s, err := feed.New(feed.Options{Store: office.Store, Title: "门户", Author: "县政府办"})
	if err != nil {
		b.Fatal(err)
	}
	mux := http.NewServeMux()
	s.Routes(mux)
	request := httptest.NewRequest(http.MethodGet, "/feed.atom", nil)
	first := httptest.NewRecorder()
	mux.ServeHTTP(first, request)
	path := b.TempDir() + "/feed.atom"
	if err := os.WriteFile(path, first.Body.Bytes(), 0o600); err != nil {
		b.Fatal(err)
	}
	var took [2]time.Duration
	for b.Loop() {
		for i, h := range []http.Handler{mux, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, path) })} {
			start := time.Now()
			w := httptest.NewRecorder()
			w.Body = &bytes.Buffer{}
			h.ServeHTTP(w, request)
			took[i] += time.Since(start)
		}
	}
	b.ReportMetric(float64(took[0])/float64(took[1]), "of-file")
	b.ReportMetric(0, "ns/op")
}
