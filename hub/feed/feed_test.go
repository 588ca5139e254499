package feed_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"zhanqun/hub/catalog"
	"zhanqun/hub/feed"
	"zhanqun/hub/store/storetest"
	"zhanqun/protocol"
)

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

// What took the place of a withdrawn entry is named wherever it is told of.
func TestSuccessor(t *testing.T) {
	p := newPortal(t)
	item, entry := p.adopt("township")
	q := p.Decision(item, catalog.ActionWithdraw)
	q.Reason, q.URL = "superseded", "https://www.example.gov.cn/new?a=1&b=2"
	if err := p.Desk.Decide(t.Context(), p.Chief, q); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"/feed.atom": `<link rel="related" href="https://www.example.gov.cn/new?a=1&amp;b=2"`, "/feed.json": `"successor": "https://www.example.gov.cn/new?a=1&b=2"`,
		"/feed.rss":         `href=&#34;https://www.example.gov.cn/new?a=1&amp;amp;b=2&#34;`,
		"/entries/" + entry: `href="https://www.example.gov.cn/new?a=1&amp;b=2"`,
	} {
		if _, body := p.get(path); !strings.Contains(body, want) {
			t.Errorf("%s lacks %s:\n%s", path, want, body)
		}
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
