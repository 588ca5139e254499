package health_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhanqun/hub/access"
	"zhanqun/hub/health"
	"zhanqun/hub/store/storetest"
	"zhanqun/protocol"
)

// Hidden links, unseen frames and advertisements are suspicions for a person, at
// once; what hides as menus do, and news of the prosecution, is none. A confirmed
// one is told, and closes when the pages are mended.
func TestHiddenLinks(t *testing.T) {
	spam := newTown(t, map[string]string{"/": doc("软件下载", ""), "/slots": doc("游戏", ""), "/menu/old.html": doc("旧", ""),
		"/taken": `<!DOCTYPE html><title>澳门新葡京-真人娱乐</title><h1>新葡京</h1><p>百家乐，注册送彩金。</p>`})
	hidden := `<div style="position:absolute;left:-9999px"><a href="` + spam.url + `/">软件</a></div>`
	pages := map[string]string{
		"/": doc("首页", `<a href="/a.html">甲</a><a href="/b.html">乙</a>`+hidden+
			`<ul style="display:none"><li><a href="`+spam.url+`/partner">合作单位</a></ul>`+
			`<a class=skip style="position:absolute;left:-9999px" href="#main">跳到正文</a>`),
		"/a.html":        doc("甲页工作", hidden+`<iframe width=0 height=0 src="`+spam.url+`/frame"></iframe><a href="`+spam.url+`/news">公安机关打击百家乐赌博专项行动</a>`),
		"/b.html":        doc("乙页通知", `<a href="`+spam.url+`/slots">老虎机在线试玩</a><a href="`+spam.url+`/taken">兄弟单位</a>`),
		"/menu/old.html": doc("旧站", ""),
	}
	for _, path := range []string{"/partner", "/frame", "/news"} {
		spam.set(path, doc("内容"+path[1:], ""))
	}
	s := newTown(t, pages)
	w := newWatch(t)
	site := w.site(storetest.Sitang, "思唐街道网", s.url+"/")
	w.settle()
	classes := func() (list []string) {
		for _, f := range w.findings(health.StateActive) {
			list = append(list, f.State+" "+f.Class+" "+strings.TrimPrefix(f.URL, spam.url))
		}
		slices.Sort(list)
		return list
	}
	want := []string{"found 外链变异 /slots#link", "found 外链变异 /taken", "found 挂马 /frame#link", "found 暗链 /#link"}
	if diff := cmp.Diff(want, classes()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	var f health.Finding
	for _, one := range w.findings(health.StateActive) {
		if strings.HasSuffix(one.URL, "/#link") {
			f = one
		}
	}
	if full, _, err := w.Store.Finding(t.Context(), f.ID); err != nil || full.Total != 2 || !strings.Contains(full.Reason, "屏幕以外") || !strings.Contains(health.Advice(full), "核实") {
		t.Fatalf("%+v, %v", full, err)
	}

	sender := storetest.NewSender(t, w.store, storetest.Sitang)
	if _, err := w.Settle(t.Context(), access.Local("test"), f.ID, false, "属实，请马上处理"); err != nil {
		t.Fatal(err)
	}
	state := func() health.Finding {
		t.Helper()
		got, _, err := w.Store.Finding(t.Context(), f.ID)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := state(); got.State != protocol.FindingOpen || !strings.Contains(health.Advice(got), "隐藏内容") {
		t.Errorf("settled: %+v", got)
	}
	w.clock.Advance(13 * time.Hour) // looked at again, and still there
	w.settle()
	if got := state(); got.State != protocol.FindingOpen {
		t.Errorf("still there: %+v", got)
	}
	stream := storetest.NewStream(t, w.store)
	answer := func() {
		w.clock.Advance(time.Minute)
		stream.Send(sender, sender.Next(protocol.KindAnswer, &protocol.Answer{Finding: f.ID, Answer: protocol.AnswerFixed, By: "张秀英", At: w.clock.Now()}))
		w.settle()
	}
	s.set("/", strings.Replace(pages["/"], hidden, "", 1))
	answer() // one page is mended, the other is not
	if got := state(); got.State != protocol.FindingRecheck || !strings.Contains(got.Note, "还在页面上") {
		t.Errorf("half mended: %+v", got)
	}
	s.set("/a.html", strings.Replace(s.pages["/a.html"], `style="position:absolute;left:-9999px"`, "", 1)) // a plain link now
	answer()
	if got := state(); got.State != protocol.FindingClosed || got.Ending != protocol.EndingRemoved {
		t.Errorf("mended: %+v", got)
	}
	w.clock.Advance(25 * time.Hour)
	w.settle()
	if got := state(); got.State != protocol.FindingClosed {
		t.Errorf("after the next pass: %+v", got)
	}
	if got, err := w.Store.Site(t.Context(), site.ID); err != nil || got.Findings != 3 {
		t.Errorf("%d open, %v", got.Findings, err)
	}
}
