package feed_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"zhanqun/hub/catalog"
	"zhanqun/hub/feed"
	"zhanqun/hub/store/storetest"
	"zhanqun/protocol"
)

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
	page := put("附件.txt", "text/plain", "<script>alert(1)</script>")
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
		{page, "text/plain", `attachment; filename="__.txt"; filename*=UTF-8''%E9%99%84%E4%BB%B6.txt`},
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
	// A page among the files of old would be saved, not shown.
	old := page
	old.Name, old.Type = "附件.html", "text/html"
	w := httptest.NewRecorder()
	if err := p.feed.ServeFile(w, httptest.NewRequest(http.MethodGet, "/x", nil), old); err != nil || w.Header().Get("Content-Type") != "application/octet-stream" ||
		!strings.HasPrefix(w.Header().Get("Content-Disposition"), "attachment") {
		t.Errorf("%v, %v", w.Header(), err)
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
		res, body := p.get(at(a), "If-None-Match", `"`+a.SHA256+`"`)
		status(t, res, http.StatusGone)
		if strings.Contains(body, a.Name) {
			t.Errorf("the answer names the file:\n%s", body)
		}
	}
}

// What is pinned stands on top of the first page, once, and only there.
func TestPinnedPage(t *testing.T) {
	p := newPortal(t)
	_, entry := p.adopt("photo")
	for range 7 {
		p.adopt("township")
	}
	if err := p.Desk.Pin(t.Context(), p.Second, entry, p.Clock.Now().Add(time.Hour), "汛期"); err != nil {
		t.Fatal(err)
	}
	link := `href="/entries/` + entry + `"`
	_, body := p.get("/entries")
	first := strings.Index(body, `href="/entries/01`)
	if strings.Count(body, link) != 1 || strings.Index(body, link) != first || !strings.Contains(body, "置顶") {
		t.Errorf("first page:\n%s", body)
	}
	if _, body = p.get("/entries?column=township"); strings.Contains(body, link) || strings.Contains(body, "置顶") {
		t.Errorf("another column:\n%s", body)
	}
	next := "/entries?after=" + body[strings.Index(body, "after=")+len("after="):]
	next = next[:strings.IndexByte(next, '"')]
	if _, body = p.get(next); strings.Contains(body, "置顶") {
		t.Errorf("second page:\n%s", body)
	}
	p.Clock.Advance(time.Hour)
	if _, body = p.get("/entries"); strings.Contains(body, "置顶") {
		t.Errorf("after its time:\n%s", body)
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
