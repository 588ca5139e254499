package web

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"zhanqun/internal/ui"
	"zhanqun/internal/ui/uitest"
	"zhanqun/node/queue"
)

func TestOpenPagesLearnOfChanges(t *testing.T) {
	s := newSite(t)
	b := s.as("wang").get("/")
	events := uitest.Attr(uitest.Find(b.page, "body"), "data-events")
	srv := httptest.NewServer(s.h)
	defer srv.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	listen := func() *bufio.Scanner {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+events, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = "localhost" // where b signed in: cookies are named after the port
		for _, c := range b.cookies {
			r.AddCookie(c)
		}
		w, err := srv.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = w.Body.Close() })
		if w.StatusCode != http.StatusOK || !strings.HasPrefix(w.Header.Get("Content-Type"), "text/event-stream") {
			t.Fatalf("%d %v", w.StatusCode, w.Header)
		}
		lines := bufio.NewScanner(w.Body)
		lines.Scan()
		return lines
	}
	told := func(lines *bufio.Scanner) {
		t.Helper()
		for lines.Scan() {
			if lines.Text() == "event: change" {
				return
			}
		}
		t.Fatalf("not told: %v", lines.Err())
	}
	lines := listen()
	b.hand("别的页面要知道")
	told(lines)
	// A stream that begins anew tells what the page has missed.
	told(listen())
}

func TestLivePageLeavesTheMessage(t *testing.T) {
	s := newSite(t)
	b := s.as("wang")
	form := uitest.Find(b.get("/items/new").page, "form[enctype=multipart/form-data]")
	r := httptest.NewRequest(http.MethodPost, "http://localhost/items/new", b.filled(form, actDraft, words("留言还在"), nil))
	r.Header.Set("Content-Type", "multipart/form-data; boundary="+boundary)
	for _, c := range b.cookies {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	s.h.ServeHTTP(w, r)
	if w.Code != http.StatusSeeOther {
		t.Fatalf("status %d", w.Code)
	}
	b.do(http.MethodGet, "/", nil, "X-Live", "1") // another page of the same browser
	b.get(w.Header().Get("Location")).reads("草稿已存在本机")
}

func TestPace(t *testing.T) {
	var p pace
	at := noon
	for _, c := range []struct {
		name  string
		after time.Duration
		left  int64
		want  time.Duration
	}{
		{"first look", 0, 1000, 0},
		{"too soon", time.Second, 900, 0},
		{"a tenth a second", 9 * time.Second, 500, 10 * time.Second},
		{"too soon again", time.Second, 450, 9 * time.Second},
		{"new files", 10 * time.Second, 5000, 0},
		{"standing still", 10 * time.Second, 5000, 0},
		{"another day", 20 * time.Hour, 100, 0},
		{"done", time.Second, 0, 0},
	} {
		at = at.Add(c.after)
		if got := p.remaining(c.left, at); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestLineInWords(t *testing.T) {
	joined := queue.QueueState{Joined: true, Serving: true}
	up := joined
	up.Connected = true
	idle := joined
	idle.Serving = false
	waiting := up
	waiting.Pending = true
	away := joined
	away.Pending = true
	full := up
	full.DiskNearlyFull = true
	for _, c := range []struct {
		name        string
		st          queue.QueueState
		line        queue.Line
		title, note string
	}{
		{"new", queue.QueueState{Serving: true}, queue.Line{}, "本机还没有入网", "本机还没有入网，可以先写草稿。"},
		{"no service", idle, queue.Line{}, "报送服务没有运行", "报送服务没有运行，内容都存在本机。"},
		{"up", up, queue.Line{}, "线路正常", ""},
		{"up and stuck", up, queue.Line{Error: "县级平台正忙，稍后会自动重试。"}, "线路通，但发送有阻碍", "县级平台正忙，稍后会自动重试。"},
		{"down", joined, queue.Line{}, "线路中断", "内容都存在本机，线路恢复后自动发出。"},
		{"disk", full, queue.Line{}, "线路正常", "磁盘快满了，暂时不能写新信息；已提交的照常发送。请清理磁盘。"},
		{"waiting to be let in", waiting, queue.Line{Pending: true, Error: queue.PendingWords}, "等县里批准入网", "正在等县级管理员批准本机入网，可以先写信息。"},
		{"turned away", away, queue.Line{Pending: true, Error: "县级管理员没有批准本机入网。"}, "线路中断", "县级管理员没有批准本机入网。"},
		{"clock", up, queue.Line{Skew: -2 * time.Hour}, "线路正常", "本机时钟与县里相差 2 小时，请校准。"},
	} {
		if got := wordsOf(c.st, c.line, noon, ui.Lang{}).Title; got != c.title {
			t.Errorf("%s: %q, want %q", c.name, got, c.title)
		}
		if got := noteOf(c.st, c.line, ui.Lang{}); got != c.note {
			t.Errorf("%s: note %q, want %q", c.name, got, c.note)
		}
	}
	if w := wordsOf(joined, queue.Line{NextTry: noon.Add(40 * time.Second)}, noon, ui.Lang{}); w.NextTry != 40*time.Second {
		t.Errorf("next try in %v", w.NextTry)
	}
}

func TestQueuePageAndRetry(t *testing.T) {
	s := newSite(t)
	b := s.as("wang")
	b.get("/items/new").send(actSubmit, words("带图"), upload{"现场.jpg", photo(t, 5)}).want(http.StatusOK)
	before := s.pushed.Load()
	b.get("/queue").want(http.StatusOK).reads("线路中断", "现场.jpg", "带图", "在本机待发")
	b.post("/queue/push").want(http.StatusOK).reads("正在重试")
	if s.pushed.Load() != before+1 {
		t.Error("the line was not asked")
	}
	if err := s.q.SetLine(t.Context(), queue.Line{Connected: true, Since: noon, LastContact: noon}); err != nil {
		t.Fatal(err)
	}
	b.get("/queue").reads("线路正常")
	s.confirm()
	b.get("/").reads("还有 1 个附件没传完")
}
