package feed

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhanqun/hub/catalog"
	"zhanqun/protocol"
)

var update = flag.Bool("update", false, "write the golden files anew")

// sampleDocument is a middle page with what makes trouble: Chinese file names,
// quotes and brackets, control characters, a correction, a combined entry, a
// withdrawal that is still told of and one that only machines are told of.
func sampleDocument() *document {
	const base = "https://www.example.gov.cn"
	at := time.Date(2026, 11, 3, 6, 5, 0, 7e6, time.UTC)
	columns := []catalog.Column{{Slug: "headline", Name: "要闻"}, {Slug: "township", Name: "乡镇传真"}}
	photo := protocol.Attachment{SHA256: strings.Repeat("a", 64), Name: "现场 图①.jpg", Size: 20480, Type: "image/jpeg", Alt: "现场\x0b会"}
	table := protocol.Attachment{SHA256: strings.Repeat("b", 64), Name: "名单&(1)'.xlsx", Size: 3 << 20,
		Type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
	one := catalog.Entry{
		ID: "01935f00-0000-7000-8000-000000000001", Title: "秋收“百日战” <一线> & 见闻\x07", State: catalog.EntryLive, Version: 2,
		Body: `<p>第一段&amp;。</p><p><img src="att:` + photo.SHA256 + `" alt="会场"/></p>`, Note: "2026年11月3日更正：订正了数字。",
		Credit: "来源：党政办　供稿：思唐街道城北社区", PublishedAt: at.Add(-48 * time.Hour), UpdatedAt: at, Columns: []string{"headline", "township"},
		Sources: []catalog.EntrySource{{Item: "i1", Revision: 2, Unit: "520624001", UnitName: "思唐街道", Origin: "520624001001", OriginName: "城北社区", Author: "张三"}},
		Files:   []protocol.Attachment{photo, table},
	}
	two := catalog.Entry{
		ID: "01935f00-0000-7000-8000-000000000002", Title: "两镇联合巡河", State: catalog.EntryLive, Version: 1, Combined: true, Body: "",
		Credit: "来源：党政办　供稿：思唐街道、塘头镇", PublishedAt: at.Add(-time.Millisecond), UpdatedAt: at.Add(-time.Millisecond), Columns: []string{"township"},
		Sources: []catalog.EntrySource{{Item: "i2", Revision: 1, Unit: "520624001", UnitName: "思唐街道", Author: "张三"},
			{Item: "i3", Revision: 1, Unit: "520624103", UnitName: "塘头镇", Author: "李四"}},
		Files: []protocol.Attachment{photo},
	}
	gone := catalog.Entry{
		ID: "01935f00-0000-7000-8000-000000000003", Title: "不该再见的标题", Body: "<p>不该再见的正文</p>", State: catalog.EntryWithdrawn, Version: 1,
		Reason: "已有更新的内容，本条不再有效", Successor: base + "/entries/9", PublishedAt: at.Add(-96 * time.Hour), UpdatedAt: at.Add(-24 * time.Hour), WithdrawnAt: at.Add(-24 * time.Hour),
		Sources: one.Sources, Files: one.Files, Columns: one.Columns,
	}
	s := &Service{Options: Options{Title: "县级门户采用信息", Author: "思南县人民政府办公室"}}
	return &document{
		id: feedID("6f1c2a52-0000-4000-8000-000000000000", List{}), title: s.Title, author: s.Author, updated: at, modified: at,
		home: base + "/entries", self: base + "/feed.atom?after=x", first: base + "/feed.atom", next: base + "/feed.atom?after=y&z", prev: base + "/feed.atom",
		entries: []entry{live(base, one, columns), live(base, two, columns), s.stub(base, gone)},
		graves:  []grave{graveOf(gone), {id: urn("01935f00-0000-7000-8000-000000000004"), at: at.Add(-2000 * time.Hour), reason: "已由发布单位撤下"}},
	}
}

// emptyDocument is the first and only page of a list that nothing is in.
func emptyDocument() *document {
	return &document{
		id: "urn:uuid:01935f00-0000-7000-8000-0000000000ff", title: "村务公开 · 县级门户采用信息", author: "办公室", updated: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		home: "http://127.0.0.1:8080/entries?column=village", self: "http://127.0.0.1:8080/columns/village/feed.rss", first: "http://127.0.0.1:8080/columns/village/feed.rss",
	}
}

func TestGolden(t *testing.T) {
	for name, d := range map[string]*document{"page": sampleDocument(), "empty": emptyDocument()} {
		for _, f := range formats {
			got, err := f.write(d)
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", name+"."+f.ext)
			if *update {
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", path, diff)
			}
		}
	}
}

// What is written can be read back by a reader that takes namespaces
// seriously, and says what it should.
func TestAtomReadBack(t *testing.T) {
	text, err := sampleDocument().atom()
	if err != nil {
		t.Fatal(err)
	}
	var f struct {
		XMLName xml.Name `xml:"http://www.w3.org/2005/Atom feed"`
		Links   []struct {
			Rel  string `xml:"rel,attr"`
			Href string `xml:"href,attr"`
		} `xml:"http://www.w3.org/2005/Atom link"`
		Graves []struct {
			Ref   string `xml:"ref,attr"`
			When  string `xml:"when,attr"`
			Links []struct {
				Rel  string `xml:"rel,attr"`
				Href string `xml:"href,attr"`
			} `xml:"http://www.w3.org/2005/Atom link"`
		} `xml:"http://purl.org/atompub/tombstones/1.0 deleted-entry"`
		Entries []struct {
			ID      string `xml:"http://www.w3.org/2005/Atom id"`
			Title   string `xml:"http://www.w3.org/2005/Atom title"`
			Updated string `xml:"http://www.w3.org/2005/Atom updated"`
			Content string `xml:"http://www.w3.org/2005/Atom content"`
		} `xml:"http://www.w3.org/2005/Atom entry"`
	}
	if err := xml.Unmarshal(text, &f); err != nil {
		t.Fatal(err)
	}
	if len(f.Entries) != 3 || len(f.Graves) != 2 {
		t.Fatalf("%d entries, %d tombstones", len(f.Entries), len(f.Graves))
	}
	e := f.Entries[0]
	if e.Title != "秋收“百日战” <一线> & 见闻" || !strings.HasPrefix(e.Content, "<p><strong>2026年11月3日更正") || e.Updated != "2026-11-03T14:05:00.007+08:00" {
		t.Errorf("entry: %+v", e)
	}
	rels := map[string]int{}
	for _, l := range f.Links {
		rels[l.Rel]++
	}
	if diff := cmp.Diff(map[string]int{"self": 1, "alternate": 1, "first": 1, "previous": 1, "next": 1}, rels); diff != "" {
		t.Errorf("links (-want +got):\n%s", diff)
	}
	// RFC 6721 lets the later of the two win, and they are to be deleted.
	if f.Graves[0].Ref != f.Entries[2].ID || f.Graves[0].When <= f.Entries[2].Updated {
		t.Errorf("the note %+v outlives the tombstone %+v", f.Entries[2], f.Graves[0])
	}
	if len(f.Graves[0].Links) != 1 || f.Graves[0].Links[0].Rel != "related" || f.Graves[0].Links[0].Href != "https://www.example.gov.cn/entries/9" {
		t.Errorf("the tombstone does not name the successor: %+v", f.Graves[0])
	}
}

// Rules of the formats that validators and readers punish.
func TestStrictness(t *testing.T) {
	d := sampleDocument()
	for _, f := range formats {
		text, err := f.write(d)
		if err != nil {
			t.Fatal(err)
		}
		for what, bad := range map[string]string{
			"the withdrawn title": "不该再见的标题", "the withdrawn text": "不该再见的正文", "a replaced character": "\uFFFD",
			"a control character": "\x0b", "a raw file name in an address": "/现场", "a null": "null", "a relative image": `src="/`, "an unresolved image": "att:",
		} {
			if bytes.Contains(text, []byte(bad)) {
				t.Errorf("%s has %s", f.ext, what)
			}
		}
		if f.ext == "rss" && (bytes.Contains(text, []byte("UTC")) || !bytes.Contains(text, []byte(`isPermaLink="false"`)) || bytes.Count(text, []byte("<enclosure")) != 2) {
			t.Errorf("rss:\n%s", text)
		}
		// Readers differ in whether a title is text or HTML; hexadecimal references
		// are what both take for text.
		if f.ext == "rss" && !bytes.Contains(text, []byte("<title>秋收“百日战” &#x3C;一线&#x3E; &#x26; 见闻</title>")) {
			t.Errorf("title in\n%s", text)
		}
		if f.ext == "json" {
			var v struct {
				Version string
				Items   []struct {
					ID          string
					Attachments []any
					Zhanqun     map[string]any `json:"_zhanqun"`
				}
			}
			if err := json.Unmarshal(text, &v); err != nil || v.Version != "https://jsonfeed.org/version/1.1" || v.Items[1].Zhanqun["about"] == "" {
				t.Errorf("json: %v", err)
			}
			if !bytes.HasPrefix(text, []byte("{\n \"version\"")) {
				t.Error("the version does not come first")
			}
		}
	}
}

// Ids of feeds are the same under every address and differ between lists and
// hubs.
func TestFeedIDs(t *testing.T) {
	seen := map[string]bool{}
	for _, hub := range []string{"6f1c2a52-0000-4000-8000-000000000000", "6f1c2a52-0000-4000-8000-000000000001", "no uuid"} {
		for _, l := range []List{{}, {KindColumn, "photo"}, {KindUnit, "photo"}, {KindUnit, "520624001"}} {
			id := feedID(hub, l)
			if seen[id] || !protocol.ValidUUID(strings.TrimPrefix(id, "urn:uuid:")) || id != feedID(hub, l) {
				t.Errorf("%s %+v: %s", hub, l, id)
			}
			seen[id] = true
		}
	}
}

func TestFileName(t *testing.T) {
	for name, want := range map[string]string{
		"a.pdf":       `; filename="a.pdf"; filename*=UTF-8''a.pdf`,
		"通知 (1).pdf":  `; filename="__ (1).pdf"; filename*=UTF-8''%E9%80%9A%E7%9F%A5%20%281%29.pdf`,
		`a'b=c@d.txt`: `; filename="a'b=c@d.txt"; filename*=UTF-8''a%27b%3Dc%40d.txt`,
		"100%.doc":    `; filename="100_.doc"; filename*=UTF-8''100%25.doc`,
		"a\r\nX: y":   "",
		"../x":        "",
		"":            "",
	} {
		if got := fileName(name); got != want {
			t.Errorf("fileName(%q) = %s, want %s", name, got, want)
		}
	}
}

func TestValidHost(t *testing.T) {
	for host, want := range map[string]bool{
		"www.example.gov.cn": true, "127.0.0.1:8080": true, "[::1]:8080": true, "[::1]": true, "localhost": true, "a.b.:80": true,
		"": false, "a b": false, "a/b": false, `a"b`: false, "a:0": false, "a:99999": false, "a:x": false, "a:080": false, "::1": false,
		"[::1%eth0]": false, "[1.2.3.4]": false, "[x]": false, "user@host": false, "a..b": false, "思南.cn": false, "[::1": false,
	} {
		if got := validHost(host); got != want {
			t.Errorf("validHost(%q) = %v", host, got)
		}
	}
}

// FuzzEncode holds that whatever an entry says, what is written is XML and JSON
// without characters that either forbids.
func FuzzEncode(f *testing.F) {
	f.Add("标题", "<p>正文</p>", "附件.pdf")
	f.Add("a\x00\x1b\u2028\ufffe", "]]> <![CDATA[", `"'&<>`)
	f.Fuzz(func(t *testing.T, title, text, name string) {
		d := sampleDocument()
		e := d.entries[0].source
		e.Title, e.Body, e.Files = title, text, []protocol.Attachment{{SHA256: strings.Repeat("c", 64), Name: name, Type: "image/png", Alt: title}}
		d.entries[0] = live("https://www.example.gov.cn", e, nil)
		for _, f := range formats {
			out, err := f.write(d)
			if err != nil {
				t.Fatal(err)
			}
			if f.ext == "json" {
				if !json.Valid(out) {
					t.Fatalf("no JSON: %q", out)
				}
				continue
			}
			for dec := xml.NewDecoder(bytes.NewReader(out)); ; {
				if _, err := dec.Token(); err != nil {
					if err.Error() != "EOF" {
						t.Fatalf("%s: %v in %q", f.ext, err, out)
					}
					break
				}
			}
		}
	})
}
