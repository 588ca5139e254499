package feed_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
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
	"zhanqun/internal/blob"
	"zhanqun/internal/web"
	"zhanqun/protocol"
)

// portal is a county with a real server in front of its feed, behind the
// wrappers of the hub.
type portal struct {
	*storetest.Office
	t     *testing.T
	feed  *feed.Service
	files *blob.Store
	url   string
}

func newPortal(t *testing.T, edit ...func(*feed.Options)) *portal {
	t.Helper()
	p := &portal{Office: storetest.NewOffice(t, storetest.SQLite), t: t}
	var err error
	if p.files, err = blob.Open(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.files.Close(); err != nil {
			t.Error(err)
		}
	})
	o := feed.Options{Store: p.Store, Files: p.files, Title: "县级门户采用信息", Author: "县政府办", PageSize: 5, Now: p.Clock.Now}
	for _, f := range edit {
		f(&o)
	}
	if p.feed, err = feed.New(o); err != nil {
		t.Fatal(err)
	}
	p.OnEvent(func(uint64) { p.feed.Changed() })
	mux := http.NewServeMux()
	p.feed.Routes(mux)
	server := httptest.NewServer(web.Chain(mux, web.SecurityHeaders(), web.Gzip()))
	t.Cleanup(server.Close)
	p.url = server.URL
	return p
}

// adopt lets an item through and returns its entry.
func (p *portal) adopt(column string, edit ...func(*protocol.Submit)) (item, entry string) {
	p.t.Helper()
	item = p.Submit(0, column, edit...)
	p.Decide(p.Reviewer, item, catalog.ActionApprove)
	return item, p.Item(item).Item.Entry
}

// ask makes a request without what Go's client adds by itself.
func (p *portal) ask(method, path string, header ...string) (*http.Response, string) {
	p.t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = p.url + path
	}
	r, err := http.NewRequestWithContext(p.t.Context(), method, path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	client := http.Client{Transport: &http.Transport{DisableCompression: true, DisableKeepAlives: true}}
	res, err := client.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return res, string(body)
}

func (p *portal) get(path string, header ...string) (*http.Response, string) {
	p.t.Helper()
	return p.ask(http.MethodGet, path, header...)
}

func status(t *testing.T, res *http.Response, want int) {
	t.Helper()
	if res.StatusCode != want {
		t.Errorf("%s answered %d, want %d", res.Request.URL, res.StatusCode, want)
	}
}

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

// atomPage is what a test reads of a page.
type atomPage struct {
	ID      string `xml:"id"`
	Title   string `xml:"title"`
	Updated string `xml:"updated"`
	Links   []struct {
		Rel  string `xml:"rel,attr"`
		Href string `xml:"href,attr"`
	} `xml:"link"`
	Entries []struct {
		ID      string `xml:"id"`
		Title   string `xml:"title"`
		Updated string `xml:"updated"`
		Content string `xml:"content"`
	} `xml:"entry"`
	Graves []struct {
		Ref string `xml:"ref,attr"`
	} `xml:"http://purl.org/atompub/tombstones/1.0 deleted-entry"`
}

func (p *portal) atom(path string) atomPage {
	p.t.Helper()
	res, body := p.get(path)
	status(p.t, res, http.StatusOK)
	var a atomPage
	if err := xml.Unmarshal([]byte(body), &a); err != nil {
		p.t.Fatalf("%s: %v", path, err)
	}
	return a
}

func (a atomPage) link(rel string) string {
	for _, l := range a.Links {
		if l.Rel == rel {
			return l.Href
		}
	}
	return ""
}

// Walking along "next" meets each live entry once, back along "previous" ends
// at the first page, and links stand only where there is a page.
func TestWalk(t *testing.T) {
	for _, n := range []int{0, 1, 4, 5, 6, 10, 13} {
		p := newPortal(t)
		var want []string
		for i := range n {
			_, e := p.adopt([]string{"township", "photo"}[i%2])
			want = append([]string{"urn:uuid:" + e}, want...)
		}
		var got []string
		path, last := "/feed.atom", ""
		for pages := 0; path != ""; pages++ {
			a := p.atom(path)
			if a.link("self") != path && a.link("self") != p.url+path {
				t.Errorf("%d entries: fetched %s, self is %s", n, path, a.link("self"))
			}
			if (pages == 0) != (a.link("previous") == "") {
				t.Errorf("%d entries, page %d: previous is %q", n, pages, a.link("previous"))
			}
			if len(a.Entries) == 0 && n > 0 {
				t.Errorf("%d entries: page %d is empty", n, pages)
			}
			for _, e := range a.Entries {
				got = append(got, e.ID)
			}
			last, path = path, a.link("next")
		}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%d entries: walked\n%v, want\n%v", n, got, want)
		}
		for steps := 0; last != "" && last != "/feed.atom" && last != p.url+"/feed.atom"; steps++ {
			if last = p.atom(last).link("previous"); last == "" || steps > 10 {
				t.Errorf("%d entries: the way back does not end at the first page", n)
				break
			}
		}
		rss, body := p.get("/feed.rss")
		status(t, rss, http.StatusOK)
		if strings.Contains(body, `rel="next"`) != (n > 5) || strings.Contains(body, `rel="previous"`) {
			t.Errorf("%d entries: RSS links\n%s", n, body)
		}
	}
}

// Corrections and withdrawals reach readers under the same id.
func TestCorrectionAndWithdrawal(t *testing.T) {
	p := newPortal(t)
	item, entry := p.adopt("township", func(m *protocol.Submit) { m.Title, m.Body = "原来的标题", "<p>原来的正文</p>" })
	other, _ := p.adopt("township")
	first := p.atom("/feed.atom")
	p.Clock.Advance(time.Hour)
	p.Revise(item, func(m *protocol.Submit) { m.Title = "改过的标题" })
	p.Decide(p.Second, item, catalog.ActionApprove)
	a := p.atom("/feed.atom")
	if len(a.Entries) != 2 || a.Entries[0].ID != "urn:uuid:"+entry || a.Entries[0].Title != "改过的标题" || a.Entries[0].Updated <= first.Entries[0].Updated ||
		!strings.Contains(a.Entries[0].Content, "更正") || a.ID != first.ID {
		t.Errorf("corrected: %+v", a)
	}
	p.Decide(p.Chief, item, catalog.ActionWithdraw)
	for _, path := range []string{"/feed.atom", "/feed.rss", "/feed.json", "/columns/township/feed.atom", "/units/" + storetest.Sitang + "/feed.rss"} {
		_, body := p.get(path)
		if strings.Contains(body, "改过的标题") || strings.Contains(body, "原来的正文") || !strings.Contains(body, "已撤回") || !strings.Contains(body, entry) {
			t.Errorf("%s after the withdrawal:\n%s", path, body)
		}
	}
	a = p.atom("/feed.atom")
	if len(a.Graves) != 1 || a.Graves[0].Ref != "urn:uuid:"+entry || a.Entries[0].ID != "urn:uuid:"+entry {
		t.Errorf("withdrawn: %+v", a)
	}
	res, body := p.get("/entries/" + entry)
	status(t, res, http.StatusGone)
	if strings.Contains(body, "改过") || strings.Contains(body, "原来") || !strings.Contains(body, "2026-11-03 15:05") || !strings.Contains(body, "内容有误") {
		t.Errorf("page of the withdrawn entry:\n%s", body)
	}
	p.Clock.Advance(feed.StubFor + time.Minute)
	a = p.atom("/feed.atom")
	if len(a.Entries) != 1 || len(a.Graves) != 1 {
		t.Errorf("after the note has gone: %+v", a)
	}
	p.Clock.Advance(feed.TombstoneFor)
	if a = p.atom("/feed.atom"); len(a.Graves) != 0 || len(a.Entries) != 1 || a.Entries[0].Title != p.Texts[other].Title {
		t.Errorf("after the tombstone has gone: %+v", a)
	}
	if res, _ := p.get("/entries/" + entry); res.StatusCode != http.StatusGone {
		t.Errorf("the page of the withdrawn entry: %d", res.StatusCode)
	}
}

// An entry that moves to another column leaves the first one's feed, and its
// validators say so.
func TestMovedEntry(t *testing.T) {
	p := newPortal(t)
	item, _ := p.adopt("township")
	p.Clock.Advance(time.Hour)
	before, _ := p.get("/columns/township/feed.json")
	p.Revise(item, func(m *protocol.Submit) { m.Column = "photo" })
	p.Decide(p.Second, item, catalog.ActionApprove)
	after, body := p.get("/columns/township/feed.json", "If-Modified-Since", before.Header.Get("Last-Modified"))
	status(t, after, http.StatusOK)
	if strings.Contains(body, p.Texts[item].Title) || after.Header.Get("ETag") == before.Header.Get("ETag") || !later(t, after.Header.Get("Last-Modified"), before.Header.Get("Last-Modified")) {
		t.Errorf("after the move: %v\n%s", after.Header, body)
	}
	if a := p.atom("/columns/photo/feed.atom"); len(a.Entries) != 1 || !strings.HasPrefix(a.Title, "图片新闻") {
		t.Errorf("the other column: %+v", a)
	}
}

// What is not there, and addresses that cannot be.
func TestNotFound(t *testing.T) {
	p := newPortal(t)
	_, entry := p.adopt("township")
	for _, path := range []string{
		"/columns/nosuch/feed.atom", "/columns/..%2f/feed.atom", "/units/000/feed.rss", "/units/%20/feed.rss", "/feed.atom?after=x", "/feed.atom?before=1.2",
		"/feed.atom?after=1." + entry + "&before=1." + entry, "/feed.xml", "/entries/x", "/entries/" + strings.ReplaceAll(entry, entry[:1], "f"),
		"/entries?column=nosuch", "/files/x/y", "/files/" + strings.Repeat("a", 64) + "/x.jpg",
	} {
		res, _ := p.get(path)
		status(t, res, http.StatusNotFound)
	}
	res, _ := p.get("/columns/village/feed.atom") // there, and empty
	status(t, res, http.StatusOK)
	if a := p.atom("/feed.atom?after=1." + entry); len(a.Entries) != 0 || a.link("previous") != p.url+"/feed.atom" {
		t.Errorf("behind the end: %+v", a)
	}
	r := httptest.NewRequest(http.MethodGet, "/feed.atom", nil)
	r.Host = `evil"host`
	w := httptest.NewRecorder()
	mux := http.NewServeMux()
	p.feed.Routes(mux)
	mux.ServeHTTP(w, r)
	if w.Code != http.StatusUnprocessableEntity {
		t.Errorf("a host that cannot be: %d", w.Code)
	}
}

// The address that is set stands in every link, whatever the request says.
func TestBase(t *testing.T) {
	p := newPortal(t, func(o *feed.Options) { o.Base = func(*http.Request) string { return "https://www.example.gov.cn/" } })
	p.adopt("township")
	for _, path := range []string{"/feed.atom", "/feed.rss", "/feed.json"} {
		_, body := p.get(path)
		if strings.Contains(body, p.url) || !strings.Contains(body, `https://www.example.gov.cn`+path) {
			t.Errorf("%s:\n%s", path, body)
		}
	}
}

// Files: who gets them, under what headers.
func TestFiles(t *testing.T) {
	p := newPortal(t)
	put := func(name, mediaType, text string) protocol.Attachment {
		t.Helper()
		ref, err := p.files.Put(t.Context(), strings.NewReader(text), 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		a := protocol.Attachment{SHA256: ref.SHA256, Name: name, Size: ref.Size, Type: mediaType}
		p.Arrive(a)
		return a
	}
	photo := put("现场.jpg", "image/jpeg", "\xff\xd8\xff picture")
	page := put("附件.html", "text/html", "<script>alert(1)</script>")
	table := put("名单.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", strings.Repeat("table ", 100))
	secret := put("未发布.jpg", "image/jpeg", "not published")
	p.Submit(0, "township", func(m *protocol.Submit) { m.Attachments = []protocol.Attachment{secret} })
	item, _ := p.adopt("township", func(m *protocol.Submit) { m.Attachments = []protocol.Attachment{photo, page, table} })
	at := func(a protocol.Attachment) string { return "/files/" + a.SHA256 + "/x" }
	for _, tt := range []struct {
		a                  protocol.Attachment
		media, disposition string
	}{
		{photo, "image/jpeg", `inline; filename="__.jpg"; filename*=UTF-8''%E7%8E%B0%E5%9C%BA.jpg`},
		{page, "application/octet-stream", `attachment; filename="__.html"; filename*=UTF-8''%E9%99%84%E4%BB%B6.html`},
		{table, table.Type, `attachment; filename="__.xlsx"; filename*=UTF-8''%E5%90%8D%E5%8D%95.xlsx`},
	} {
		res, body := p.get(at(tt.a))
		status(t, res, http.StatusOK)
		sum := sha256.Sum256([]byte(body))
		h := res.Header
		if hex.EncodeToString(sum[:]) != tt.a.SHA256 || h.Get("Content-Type") != tt.media || h.Get("Content-Disposition") != tt.disposition ||
			h.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(h.Get("Content-Security-Policy"), "sandbox") || h.Get("ETag") != `"`+tt.a.SHA256+`"` {
			t.Errorf("%s: %v", tt.a.Name, h)
		}
		res, _ = p.get(at(tt.a), "If-None-Match", h.Get("ETag"))
		status(t, res, http.StatusNotModified)
	}
	res, body := p.get(at(table), "Range", "bytes=6-10")
	status(t, res, http.StatusPartialContent)
	if body != "table" {
		t.Errorf("range: %q", body)
	}
	if res, body = p.ask(http.MethodHead, at(table)); body != "" || res.ContentLength != table.Size {
		t.Errorf("HEAD: %v", res.Header)
	}
	res, _ = p.get(at(secret))
	status(t, res, http.StatusNotFound)
	_, text := p.get("/feed.rss")
	if !strings.Contains(text, p.url+"/files/"+table.SHA256+"/%E5%90%8D%E5%8D%95.xlsx") {
		t.Errorf("the file is not linked:\n%s", text)
	}
	if f, _, err := p.files.Get(photo.SHA256); err != nil {
		t.Error(err)
	} else if err := f.Close(); err != nil {
		t.Error(err)
	}
	p.Decide(p.Chief, item, catalog.ActionWithdraw)
	for _, a := range []protocol.Attachment{photo, page, table} {
		res, _ := p.get(at(a), "If-None-Match", `"`+a.SHA256+`"`)
		status(t, res, http.StatusNotFound)
	}
}

// The pages people read.
func TestPages(t *testing.T) {
	p := newPortal(t)
	item, entry := p.adopt("township", func(m *protocol.Submit) { m.Title = "标题 <b>&" })
	res, body := p.get("/entries/" + entry)
	status(t, res, http.StatusOK)
	for _, want := range []string{"标题 &lt;b&gt;&amp;", `name="PubDate" content="2026-11-03 14:05"`, `name="ContentSource" content="思唐街道"`, "田间地头", "供稿：思唐街道"} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in\n%s", want, body)
		}
	}
	for range 6 {
		p.adopt("photo")
	}
	p.Clock.Advance(time.Hour)
	p.Revise(item)
	p.Decide(p.Second, item, catalog.ActionApprove)
	if _, body = p.get("/entries/" + entry); !strings.Contains(body, "更正说明") || !strings.Contains(body, "2026-11-03 15:05") {
		t.Errorf("corrected:\n%s", body)
	}
	for path, count := range map[string]int{"/entries": 5, "/entries?column=photo": 5, "/entries?column=township": 1, "/entries?unit=" + storetest.Tangtou: 0} {
		res, body := p.get(path)
		status(t, res, http.StatusOK)
		if got := strings.Count(body, `href="/entries/`); got != count {
			t.Errorf("%s lists %d entries, want %d", path, got, count)
		}
		if strings.Contains(body, "after=") != (count == 5) {
			t.Errorf("%s: pages\n%s", path, body)
		}
	}
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
