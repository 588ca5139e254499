package health_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhanqun/hub/access"
	"zhanqun/hub/health"
	"zhanqun/hub/store/storetest"
	"zhanqun/protocol"
)

// town is a site whose pages can be changed, and which counts what is asked.
type town struct {
	url   string
	mu    sync.Mutex
	pages map[string]string
	asked map[string]int
	bytes int
	sum   int
	each  func(n int) // called before each answer
}

func newTown(t *testing.T, pages map[string]string) *town {
	t.Helper()
	s := &town{pages: pages, asked: map[string]int{}, each: func(int) {}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func (s *town) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked[r.URL.Path]++
	s.sum++
	n, each := s.sum, s.each
	body, ok := s.pages[r.URL.Path]
	s.mu.Unlock()
	each(n)
	switch {
	case !ok:
		http.NotFound(w, r)
		return
	case body == "broken":
		http.Error(w, "数据库连接失败", http.StatusInternalServerError)
		return
	}
	tag := fmt.Sprintf(`"%d"`, len(body))
	w.Header().Set("Etag", tag)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	s.mu.Lock()
	s.bytes += len(body)
	s.mu.Unlock()
	_, _ = w.Write([]byte(body))
}

func (s *town) set(path, body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if body == "" {
		delete(s.pages, path)
		return
	}
	s.pages[path] = body
}

// doc is a page of a title and what else stands on it.
func doc(title, more string) string {
	return `<!DOCTYPE html><title>` + title + `</title><h1>` + title + `</h1><p>本镇` + title + `工作情况在这里发布，欢迎群众来访咨询。</p><nav><a href="/">首页</a> <a href="/menu/old.html">旧网站</a></nav>` + more
}

// manyPages are n pages, each of which leads to the next.
func manyPages(n int) map[string]string {
	names := []string{"春耕", "防汛", "道路", "学校", "卫生", "公开", "项目", "安全"}
	pages := map[string]string{}
	for i := range n {
		title := fmt.Sprintf("%s第%d期%s", names[i%8], i, names[i/8%8])
		pages[fmt.Sprintf("/p/%d.html", i)] = doc(title, fmt.Sprintf(`<a href="/p/%d.html">下一篇</a> <a href="/p/%d.html">后面</a>`, min(i+1, n-1), min(2*i, n-1)))
	}
	pages["/"] = doc("首页", `<a href="/p/0.html">新闻</a> <a href="/p/1.html">通知</a>`)
	return pages
}

// open returns the open findings as "unit path", sorted.
func (w *watch) open(base string) (list []string) {
	w.t.Helper()
	for _, f := range w.findings(health.StateActive) {
		list = append(list, f.Unit+" "+strings.TrimPrefix(f.URL, base))
	}
	slices.Sort(list)
	return list
}

// A whole site is read in many slices, through a stop in the middle, and the
// findings are exactly what is planted.
func TestWholeSiteInSlices(t *testing.T) {
	const n = 150
	pages := manyPages(n)
	pages["/p/140.html"] += `<img src="/img/none.png" alt="图">`
	pages["/p/77.html"] += `<a href="/files/form.doc">表格</a> <a href="http://gone.example/">旧单位</a>`
	s := newTown(t, pages)
	w := newWatch(t)
	w.Slice = time.Nanosecond // as short as can be
	site := w.site(storetest.Sitang, "思唐街道网", s.url+"/")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	s.each = func(asked int) {
		if asked == 60 {
			stop()
		}
	}
	for ctx.Err() == nil {
		_, _ = w.RunOnce(ctx)
	}
	half, err := w.Store.Site(t.Context(), site.ID)
	if err != nil || half.PassBegan.IsZero() || !half.WholeAt.IsZero() || half.PassPages == 0 || half.PassPages > 60 {
		t.Fatalf("stopped in the middle: %+v, %v", half, err)
	}
	// Another process goes on with the work.
	again := *w
	again.Service = health.New(w.Options)
	for range 3 * n {
		more, err := again.RunOnce(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			break
		}
	}
	whole, err := w.Store.Site(t.Context(), site.ID)
	if err != nil || whole.Pages != n+1 || whole.WholeAt.IsZero() || !whole.PassBegan.IsZero() || whole.State != health.SiteOpen {
		t.Fatalf("read as a whole: %+v, %v", whole, err)
	}
	for path, times := range s.asked {
		if times > 2 && strings.HasPrefix(path, "/p/") {
			t.Errorf("%s was asked %d times in one pass", path, times)
		}
	}
	if got := w.findings(""); len(got) != 0 {
		t.Errorf("%d findings after one look", len(got))
	}
	if a, b := w.Count(), again.Count(); a.Pages+b.Pages != n+1 || b.Requests == 0 || b.Bytes == 0 || a.Faults["gone"]+b.Faults["gone"] != 3 || a.Faults["network"]+b.Faults["network"] != 1 {
		t.Errorf("counted %+v and %+v", a, b)
	}
	for range 2 { // what has no answer at all is looked at three times
		w.clock.Advance(31 * time.Minute)
		again.settle()
	}
	want := []string{"/files/form.doc", "/img/none.png", "/menu/old.html", "http://gone.example/"}
	for i := range want {
		want[i] = storetest.Sitang + " " + want[i]
	}
	if diff := cmp.Diff(want, w.open(s.url)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	for _, f := range w.findings(health.StateActive) {
		full, _, err := w.Store.Finding(t.Context(), f.ID)
		places, total := 1, 1
		if strings.HasSuffix(f.URL, "/menu/old.html") {
			places, total = 50, n+1
		}
		if err != nil || full.Total != total || len(full.Places) != places {
			t.Errorf("%s stands in %d places, %d of them kept, %v", f.URL, full.Total, len(full.Places), err)
		}
	}
	// The next pass reads no page anew that has not changed.
	read, open := s.bytes, w.open(s.url)
	w.clock.Advance(25 * time.Hour)
	again.Slice = time.Hour
	again.settle()
	if next, err := w.Store.Site(t.Context(), site.ID); err != nil || !next.WholeAt.After(whole.WholeAt) || next.Pages != n+1 || s.bytes-read > 1000 { // the home page is looked at besides
		t.Errorf("second pass: %d bytes, %+v, %v", s.bytes-read, next, err)
	}
	if c := again.Count(); c.Unchanged < n {
		t.Errorf("%d answers that nothing had changed", c.Unchanged)
	}
	if diff := cmp.Diff(open, w.open(s.url)); diff != "" {
		t.Errorf("after the second pass: -want +got\n%s", diff)
	}
}

// The next pass closes what recovered and what was removed, each with its reason,
// and leaves open what it could not see.
func TestNextPassCloses(t *testing.T) {
	pages := manyPages(8)
	for i, name := range []string{"back", "removed", "hidden", "stays"} {
		pages[fmt.Sprintf("/p/%d.html", i)] += `<a href="/` + name + `.html">` + name + `</a>`
	}
	s := newTown(t, pages)
	w := newWatch(t)
	w.site(storetest.Sitang, "思唐街道网", s.url+"/")
	w.settle()
	w.clock.Advance(31 * time.Minute)
	w.settle()
	if got := w.findings(health.StateActive); len(got) != 5 {
		t.Fatalf("%d findings", len(got))
	}
	s.set("/back.html", doc("恢复了的", ""))
	s.set("/p/1.html", strings.Replace(pages["/p/1.html"], `<a href="/removed.html">removed</a>`, "", 1))
	s.set("/p/2.html", "broken") // and nothing else leads to what is behind it
	w.clock.Advance(25 * time.Hour)
	w.settle()
	got := map[string]string{}
	for _, f := range w.findings("") {
		got[strings.TrimPrefix(f.URL, s.url)] = strings.TrimSpace(f.State + " " + f.Ending)
	}
	want := map[string]string{"/back.html": "closed recovered", "/removed.html": "closed removed", "/hidden.html": "open", "/stays.html": "open", "/menu/old.html": "open"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	named, err := w.Store.Named(t.Context(), health.SiteOwner(w.findings("")[0].Site), 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range named {
		if strings.HasSuffix(n.URL, "/back.html") {
			t.Errorf("what is well is kept: %+v", n)
		}
	}
	s.set("/back.html", "")
	w.clock.Advance(25 * time.Hour)
	w.settle()
	w.clock.Advance(31 * time.Minute)
	w.settle()
	for _, f := range w.findings(health.StateActive) {
		if strings.HasSuffix(f.URL, "/back.html") && strings.Contains(f.Note, "恢复过") {
			return
		}
	}
	t.Error("what came back is not found again")
}

// Who answers for a column answers for the links in its folder; a menu that all
// pages have in common is the site's alone.
func TestColumnsAnswerForTheirFolders(t *testing.T) {
	s := newTown(t, map[string]string{
		"/":                  doc("首页", `<a href="/tangtou/list.html">塘头镇</a> <a href="/news/1.html">新闻</a>`),
		"/tangtou/list.html": doc("塘头镇栏目", `<a href="/tangtou/1.html">通知</a>`),
		"/tangtou/1.html":    doc("塘头镇通知", `<a href="/tangtou/none.doc">附件</a>`),
		"/news/1.html":       doc("县里新闻", `<a href="/none.doc">附件</a>`),
	})
	w := newWatch(t)
	site := w.site(storetest.Sitang, "门户", s.url+"/")
	column := health.Column{Site: site.ID, URL: s.url + "/tangtou/list.html", Name: "塘头镇", Unit: storetest.Tangtou}
	if _, err := w.SaveColumns(t.Context(), access.Local("test"), []health.Column{column}); err != nil {
		t.Fatal(err)
	}
	w.settle()
	w.clock.Advance(31 * time.Minute)
	w.settle()
	want := []string{storetest.Sitang + " /menu/old.html", storetest.Sitang + " /none.doc", storetest.Tangtou + " /tangtou/none.doc"}
	slices.Sort(want)
	if diff := cmp.Diff(want, w.open(s.url)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	for _, f := range w.findings(health.StateActive) {
		if f.State != protocol.FindingOpen || f.Site != site.ID {
			t.Errorf("%+v", f)
		}
	}
}
