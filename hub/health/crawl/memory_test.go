package crawl

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhanqun/hub/health/linkcheck"
)

// tagged is a site that says when its pages have not changed.
type tagged struct {
	mu   sync.Mutex
	docs map[string]string
	sent int // bytes
}

func (d *tagged) bytes() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.sent
}

func (d *tagged) put(path, body string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.docs[path] = body
}

func (d *tagged) serve(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	body, ok := d.docs[r.URL.Path]
	if !ok {
		gone(w)
		return
	}
	tag := fmt.Sprintf(`"%x"`, fingerprint(body))
	w.Header().Set("Etag", tag)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	d.sent += len(body)
	html(w, body)
}

// A second run costs next to nothing where nothing has changed, tells the same,
// and sees what has changed.
func TestSecondRunAsksWhatHasChanged(t *testing.T) {
	docs := map[string]string{"/": prose(0) + "<h1 id=top1>首页</h1>"}
	for i := range 30 {
		docs["/"] += fmt.Sprintf(`<a href="/p/%d.html">第%d篇</a>`, i, i)
		docs[fmt.Sprintf("/p/%d.html", i)] = prose(i+1) + fmt.Sprintf(`<a href="/#top1">回</a><a href="/#no">无</a><a href="/gone/%d">附件</a><img src="/x.png"><a href="mailto:a@b.cn">信</a><a href="C:\a.doc">文件</a>`, i)
	}
	d := &tagged{docs: docs}
	s := serve(t, d.serve)
	now := time.Now()
	past := filepath.Join(t.TempDir(), MemoryName)
	run := func(change ...func(*Options)) found {
		t.Helper()
		dir := t.TempDir()
		o := func(o *Options) {
			o.Dir, o.Past, o.Remember, o.Rarely, o.Site = dir, past, true, 7*24*time.Hour, 1
			o.Check.Now = func() time.Time { return now }
		}
		f := check(t, s.url+"/", append([]func(*Options){o}, change...)...)
		if err := os.Rename(filepath.Join(dir, MemoryName), past); err != nil {
			t.Fatal(err)
		}
		return f
	}
	first, sent := run(), d.bytes()
	now = now.Add(24 * time.Hour)
	second := run()
	if diff := cmp.Diff(first.all(), second.all()); diff != "" {
		t.Errorf("the second run tells otherwise: -want +got\n%s", diff)
	}
	if d.bytes() != sent || second.totals.Unchanged != 31 || second.totals.Bytes >= first.totals.Bytes/2 || second.totals.Pages != 31 {
		t.Errorf("%d bytes of pages sent again; %+v", d.bytes()-sent, second.totals)
	}

	// What has changed is read.
	d.put("/p/7.html", strings.Replace(docs["/p/7.html"], "/gone/7", "/p/8.html", 1)+`<a href="/new-gone">新</a>`)
	now = now.Add(24 * time.Hour)
	third := run()
	want := maps.Collect(func(yield func(string, bool) bool) {
		for _, l := range first.of(linkcheck.Dead, s.url) {
			if !yield(l, true) {
				return
			}
		}
	})
	delete(want, "/p/7.html /gone/7")
	want["/p/7.html /new-gone"] = true
	got := map[string]bool{}
	for _, l := range third.of(linkcheck.Dead, s.url) {
		got[l] = true
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// Deep pages that have stood for weeks rest; a page that changes is asked each
// time.
func TestOldPagesRest(t *testing.T) {
	d := &tagged{docs: map[string]string{
		"/": prose(0) + "<a href=/a>a</a>", "/a": prose(1) + "<a href=/old>o</a><a href=/young>y</a>", "/old": prose(2) + "<a href=/old2>x</a><a href=/gone>x</a>", "/old2": prose(3),
		"/young": prose(4),
	}}
	s := serve(t, d.serve)
	now := time.Now()
	past := filepath.Join(t.TempDir(), MemoryName)
	var last found
	for day := range 12 {
		d.put("/young", prose(100+day))
		dir := t.TempDir()
		last = check(t, s.url+"/", func(o *Options) {
			o.Dir, o.Past, o.Remember, o.Rarely = dir, past, true, 3*24*time.Hour
			o.Check.Now = func() time.Time { return now }
			o.Again = func(a string) bool { return strings.HasSuffix(a, "/old2") }
		})
		if err := os.Rename(filepath.Join(dir, MemoryName), past); err != nil {
			t.Fatal(err)
		}
		if dead := last.of(linkcheck.Dead, s.url); len(dead) != 1 || dead[0] != "/old /gone" {
			t.Errorf("day %d: %v", day, dead)
		}
		now = now.Add(24 * time.Hour)
	}
	asked := s.counts()
	if asked["/old"] >= 10 || asked["/old"] < 4 || asked["/old2"] != 12 || asked["/"] != 12 || asked["/young"] != 12 || asked["/gone"] != 24 {
		t.Errorf("asked in twelve days: %v", asked)
	}
	if last.totals.Pages != 5 {
		t.Errorf("%d pages", last.totals.Pages)
	}
	// A memory that is damaged is none.
	if err := os.WriteFile(past, []byte("no memory at all, but something else"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := check(t, s.url+"/", func(o *Options) { o.Past = past })
	if diff := cmp.Diff(last.all(), f.all()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
