package feed_test

import (
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

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
