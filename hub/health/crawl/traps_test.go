package crawl

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"zhanqun/hub/health/linkcheck"
)

// real are the pages every trap hides among: each has its own text, and one
// link of each is dead.
const realPages = 12

func realSite(w http.ResponseWriter, r *http.Request, extra string) bool {
	rest, ok := strings.CutPrefix(r.URL.Path, "/real/")
	n, err := strconv.Atoi(strings.TrimSuffix(rest, ".html"))
	switch {
	case r.URL.Path == "/":
		html(w, "<title>首页</title><h1>门户</h1><a href=/real/0.html>新闻</a>"+extra)
	case ok && err == nil && n < realPages:
		html(w, fmt.Sprintf("<title>新闻</title>%s<a href=/real/%d.html>下一篇</a><a href=/dead/%d.html>附件</a>%s", prose(n), (n+1)%realPages, n, extra))
	default:
		return false
	}
	return true
}

func lots() string {
	var b [12]byte
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// each is the key of what makes a page another one each time.
type each struct{}

// maze answers any address below a prefix with a page of its own, which leads to
// more of them.
func maze(prefix string, to func(word func() string) string) http.HandlerFunc {
	vocabulary := strings.Fields("spring farm road school water county village meeting river forest hill bridge market rice corn tea fish bird cloud rain snow wind stone wood")
	return func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, prefix) || strings.HasPrefix(r.URL.Path, "/dead") || strings.Contains(r.URL.Path, "robots") {
			gone(w)
			return
		}
		seed, _ := r.Context().Value(each{}).(string)
		h := fnv.New64a()
		h.Write([]byte(r.URL.RequestURI() + seed))
		x := h.Sum64()
		word := func() string {
			x = x*6364136223846793005 + 1442695040888963407
			return vocabulary[x>>33%24] + "-" + vocabulary[x>>41%24]
		}
		body := "<title>" + word() + "</title>"
		for range 20 {
			body += "<p>" + word() + " " + word() + "</p>"
		}
		for range 5 {
			body += "<a href='" + to(word) + "'>" + word() + "</a>"
		}
		html(w, body)
	}
}

// Each trap has no end, yet the run ends, covers the real pages and finds their
// dead links, and nothing else is called dead.
func TestTrapsEnd(t *testing.T) {
	months := []string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}
	for _, tt := range []struct {
		name  string
		extra string // on every real page
		trap  http.HandlerFunc
		most  int // requests
		cut   string
	}{
		{"calendar", "<a href='/cal?year=2026&amp;month=11'>日历</a>", func(w http.ResponseWriter, r *http.Request) {
			y, _ := strconv.Atoi(r.FormValue("year"))
			m, _ := strconv.Atoi(r.FormValue("month"))
			if r.URL.Path != "/cal" || y == 0 || m < 1 || m > 12 {
				gone(w)
				return
			}
			at := y*12 + m - 1
			html(w, fmt.Sprintf("<title>%s %d</title><h1>%s %d</h1><a href='/cal?year=%d&month=%d'>prev</a><a href='/cal?year=%d&month=%d'>next</a>",
				months[m-1], y, months[m-1], y, (at-1)/12, (at-1)%12+1, (at+1)/12, (at+1)%12+1))
		}, 250, CutNumbers},
		{"calendar in the path, with days", "<a href=/cal/2026/11/>日历</a>", func(w http.ResponseWriter, r *http.Request) {
			parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
			if parts[0] != "cal" || len(parts) < 3 {
				gone(w)
				return
			}
			y, _ := strconv.Atoi(parts[1])
			m, err := strconv.Atoi(parts[2])
			if err != nil || len(parts) == 4 && !strings.HasSuffix(r.URL.Path, ".html") || strings.Contains(r.URL.Path, "zq") {
				gone(w)
				return
			}
			at := y*12 + m - 1
			body := fmt.Sprintf("<title>%d年%d月</title><h1>%d年%d月</h1><a href=/cal/%d/%02d/>上月</a><a href=/cal/%d/%02d/>下月</a>", y, m, y, m, (at-1)/12, (at-1)%12+1, (at+1)/12, (at+1)%12+1)
			for d := 1; d <= 30 && len(parts) == 3; d++ {
				body += fmt.Sprintf("<a href=/cal/%d/%02d/%02d.html>%d</a>", y, m, d, d)
			}
			html(w, body)
		}, 2500, CutNumbers},
		{"page numbers", "<a href=/list?page=1>列表</a>", func(w http.ResponseWriter, r *http.Request) {
			n, _ := strconv.Atoi(r.FormValue("page"))
			if r.URL.Path != "/list" {
				gone(w)
				return
			}
			html(w, fmt.Sprintf("<title>列表</title><p>第%d页</p><p>暂无内容</p><a href=/list?page=%d>下一页</a>", n, n+1))
		}, 150, CutNumbers},
		{"page numbers in the name", "<a href=/list_1.html>列表</a>", func(w http.ResponseWriter, r *http.Request) {
			rest, ok := strings.CutPrefix(r.URL.Path, "/list_")
			n, err := strconv.Atoi(strings.TrimSuffix(rest, ".html"))
			if !ok || err != nil {
				gone(w)
				return
			}
			html(w, fmt.Sprintf("<title>列表</title><a href=/list_%d.html>上一页</a><a href=/list_%d.html>下一页</a><a href=/list_%d.html>跳</a>", n-1, n+1, n+10))
		}, 400, CutNumbers},
		{"page numbers with text of their own", "<a href=/roll/1>列表</a>", func(w http.ResponseWriter, r *http.Request) {
			n, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/roll/"))
			if err != nil {
				gone(w)
				return
			}
			html(w, fmt.Sprintf("<title>列表</title>%s<a href=/roll/%d>下一页</a>", prose(n), n+1))
		}, 300, CutChain},
		{"known session name", "<a href=/s/a.php>会话</a>", func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasPrefix(r.URL.Path, "/s/") {
				gone(w)
				return
			}
			html(w, fmt.Sprintf("<title>会话</title>%s<a href='/s/a.php?PHPSESSID=%s'>一</a><a href='/s/b.php;jsessionid=%s?x=1'>二</a>", prose(len(r.URL.Path)), lots(), lots()))
		}, 80, ""},
		{"unknown session name", "<a href=/s/a.php>会话</a>", func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasPrefix(r.URL.Path, "/s/") {
				gone(w)
				return
			}
			html(w, fmt.Sprintf("<title>会话</title>%s<a href='/s/a.php?zz=%s'>一</a><a href='/s/b.php?zz=%s'>二</a>", prose(int(r.URL.Path[3])), lots(), lots()))
		}, 150, ""},
		{"session in the path", "<a href=/s/>会话</a>", func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasPrefix(r.URL.Path, "/s/") {
				gone(w)
				return
			}
			file := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
			html(w, fmt.Sprintf("<title>会话</title>%s<a href='/s/%s/a.php'>一</a><a href='/s/%s/b.php'>二</a>", prose(len(file)+int((file + " ")[0])), lots(), lots()))
		}, 200, ""},
		{"filters", "<a href=/shop>商店</a>", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/shop" {
				gone(w)
				return
			}
			body := "<title>商店</title><h1>商品</h1><p>甲</p><p>乙</p><p>丙</p><p>丁</p>"
			for _, name := range []string{"color", "size", "brand", "sort", "price", "stock", "year", "shop"} {
				for _, value := range []string{"a", "b", "c", "d"} {
					q := r.URL.Query()
					q.Set(name, value)
					body += fmt.Sprintf("<a href='/shop?%s'>%s %s</a>", q.Encode(), name, value)
				}
			}
			html(w, body)
		}, 4000, CutFilters},
		{"filters in the path", "<a href=/list-0-0-0-0-0-0.html>筛选</a>", func(w http.ResponseWriter, r *http.Request) {
			rest, ok := strings.CutPrefix(r.URL.Path, "/list-")
			set := strings.Split(strings.TrimSuffix(rest, ".html"), "-")
			if !ok || len(set) != 6 || strings.Trim(strings.Join(set, ""), "0123") != "" {
				gone(w)
				return
			}
			body, sum := "<title>筛选</title><h1>文件</h1>", 0
			for i, now := range set {
				sum += (i + 1) * int(now[0])
				for _, other := range []string{"0", "1", "2", "3"} {
					set[i] = other
					body += "<a href=/list-" + strings.Join(set, "-") + ".html>" + other + "</a>"
				}
				set[i] = now
			}
			for n := range 8 {
				body += fmt.Sprintf("<p>文件%c</p>", '甲'+rune(sum%7+n))
			}
			html(w, body)
		}, 1200, CutFilters},
		{"an address that takes up the one before", "<a href='/in?back=/'>登录</a>", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/in" {
				gone(w)
				return
			}
			html(w, "<title>登录</title><p>请登录</p><a href='/in?back="+url.QueryEscape(r.URL.RequestURI())+"'>登录</a>")
		}, 150, ""},
		{"nesting paths", "<a href=/nest/>目录</a>", func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasPrefix(r.URL.Path, "/nest/") {
				gone(w)
				return
			}
			html(w, "<title>目录</title>"+prose(7)+"<a href=a/>甲</a><a href=b/>乙</a>")
		}, 100, CutCatch},
		{"nesting paths that show themselves", "<a href=/nest/>目录</a>", func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasPrefix(r.URL.Path, "/nest/") {
				gone(w)
				return
			}
			html(w, "<title>目录</title><p>当前位置："+r.URL.Path+"</p>"+prose(7)+"<a href=a/>甲</a><a href=b/>乙</a>")
		}, 100, CutCatch},
		{"a folder that contains itself", "<a href=/disk/>磁盘</a>", func(w http.ResponseWriter, r *http.Request) {
			rest, ok := strings.CutPrefix(r.URL.Path, "/disk/")
			for strings.HasPrefix(rest, "self/") || strings.HasPrefix(rest, "also/") {
				rest = rest[5:]
			}
			switch {
			case !ok || rest != "" && rest != "x.html":
				gone(w)
			case rest == "x.html":
				html(w, "<title>文件</title>"+prose(8)+"<a href=./>上级</a>")
			default:
				html(w, "<title>目录</title>"+prose(9)+"<a href=self/>self</a><a href=also/>also</a><a href=x.html>x</a>")
			}
		}, 200, CutNesting},
		{"a link without its slash", "<a href=/rel/index.html>栏目</a>", func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasPrefix(r.URL.Path, "/rel/") {
				gone(w)
				return
			}
			html(w, "<title>栏目</title>"+prose(10)+"<a href=rel/index.html>栏目</a>")
		}, 80, ""},
		{"whatever is asked for is there", "<a href=/any/x>随便</a>", func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasPrefix(r.URL.Path, "/any/") {
				gone(w)
				return
			}
			html(w, "<title>随便</title>"+prose(11)+"<a href=/any/"+lots()+">再来</a><a href=/any/"+lots()+"/y>又来</a>")
		}, 200, CutCatch},
		{"a maze of folders and files", "<a href=/maze/spring-farm/road.html>迷宫</a>", maze("/maze/", func(w func() string) string { return "/maze/" + w() + "/" + w() + ".html" }), 700, CutMaze},
		{"a maze below the root", "<a href=/spring-farm>迷宫</a>", maze("/", func(w func() string) string { return "/" + w() }), 600, CutMaze},
		{"a maze of ever deeper folders", "<a href=/deep/>迷宫</a>", maze("/deep/", func(w func() string) string { return w() + "/" }), 700, CutMaze},
		{"a maze of queries", "<a href=/page?k=spring>迷宫</a>", maze("/page", func(w func() string) string { return "/page?k=" + w() }), 600, CutMaze},
		{"a maze of many top folders", "<a href=/spring-farm/a/>迷宫</a>", maze("/", func(w func() string) string { return "/" + w() + "/" + w() + ".html" }), 2000, CutMaze},
		{"pages that are new each time", "<a href=/new/spring-farm.html>随机</a>", func(w http.ResponseWriter, r *http.Request) {
			maze("/new/", func(w func() string) string { return "/new/" + w() + ".html" })(w, r.WithContext(context.WithValue(r.Context(), each{}, lots())))
		}, 200, CutCatch},
		{"a calendar of days", "<a href='/cal?d=2026-11-01'>日历</a>", func(w http.ResponseWriter, r *http.Request) {
			d, err := time.Parse(time.DateOnly, r.FormValue("d"))
			if err != nil || r.URL.Path != "/cal" {
				gone(w)
				return
			}
			body := "<title>日程</title><h1>" + d.Format("2006-01-02 Monday January") + "</h1><p>今日无活动</p>"
			for _, n := range []int{-1, 1, -7, 7, 30, -30, 365, -365} {
				body += fmt.Sprintf("<a href='/cal?d=%s'>%s</a> ", d.AddDate(0, 0, n).Format(time.DateOnly), d.AddDate(0, 0, n).Format("Jan 2"))
			}
			html(w, body)
		}, 700, CutChain},
		{"short session", "<a href=/s/a.php>会话</a>", func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasPrefix(r.URL.Path, "/s/") {
				gone(w)
				return
			}
			html(w, fmt.Sprintf("<title>会话</title>%s<a href='/s/a.php?k=%s'>一</a><a href='/s/b.php?k=%s'>二</a>", prose(int(r.URL.Path[3])), lots()[:6], lots()[:6]))
		}, 500, ""},
		{"redirects to ever new addresses", "<a href=/go/1>走</a>", func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasPrefix(r.URL.Path, "/go/") {
				gone(w)
				return
			}
			http.Redirect(w, r, "/go/"+lots(), http.StatusFound)
		}, 200, ""},
		{"pages behind redirects to ever new addresses", "<a href=/way/1>走</a>", func(w http.ResponseWriter, r *http.Request) {
			if rest, ok := strings.CutPrefix(r.URL.Path, "/way/"); ok && len(rest) < 10 {
				http.Redirect(w, r, "/way/"+lots(), http.StatusFound)
				return
			} else if !ok {
				gone(w)
				return
			}
			html(w, "<title>路</title><p>路</p><a href=/way/"+strconv.Itoa(len(lots())+int(lots()[0]))+">再走</a>")
		}, 300, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if !realSite(w, r, tt.extra) {
					if strings.HasPrefix(r.URL.Path, "/dead/") || strings.HasPrefix(r.URL.Path, "/real/") {
						gone(w)
						return
					}
					tt.trap(w, r)
				}
			})
			f := check(t, s.url+"/", func(o *Options) { o.MaxPages = 5000 })
			for n := range realPages {
				if s.times(fmt.Sprintf("/real/%d.html", n)) != 1 {
					t.Errorf("real page %d was asked %d times", n, s.times(fmt.Sprintf("/real/%d.html", n)))
				}
			}
			dead := 0
			for _, l := range f.lines {
				if l.Verdict != linkcheck.Dead {
					continue
				}
				if dead++; !strings.HasPrefix(l.URL, s.url+"/dead/") && !strings.HasPrefix(l.URL, s.url+"/go/") {
					t.Errorf("%s is called dead: %s %s", l.URL, l.Reason, l.Detail)
				}
			}
			if dead < realPages {
				t.Errorf("%d dead links found", dead)
			}
			if n := s.requests(); n > tt.most {
				t.Errorf("%d requests", n)
			}
			if !f.totals.Complete || f.totals.Unchecked != 0 {
				t.Errorf("totals %+v", f.totals)
			}
			told := tt.cut == ""
			for _, cut := range f.totals.Cut {
				told = told || cut.Kind == tt.cut
			}
			if !told {
				t.Errorf("nothing says that %s was cut off: %+v", tt.cut, f.totals.Cut)
			}
			t.Logf("%d requests, cut %+v", s.requests(), f.totals.Cut)
		})
	}
}

// Sites that look like traps and are none are read to their end.
func TestLargeSitesAreNoTraps(t *testing.T) {
	const n = 300
	number := func(w http.ResponseWriter, r *http.Request, prefix string) (int, bool) {
		rest, ok := strings.CutPrefix(r.URL.RequestURI(), prefix)
		i, err := strconv.Atoi(strings.TrimSuffix(rest, ".html"))
		if !ok || err != nil || i < 0 || i >= n {
			gone(w)
			return 0, false
		}
		return i, true
	}
	for _, tt := range []struct {
		name, start string
		page        http.HandlerFunc
	}{
		{"pages that differ in a number, each leading to the next", "/p/0.html", func(w http.ResponseWriter, r *http.Request) {
			if i, ok := number(w, r, "/p/"); ok {
				html(w, fmt.Sprintf("<title>页</title><h1>第 %d 页</h1><a href=/p/%d.html>下一页</a>", i, min(i+1, n-1)))
			}
		}},
		{"pages that do not differ at all", "/p/0.html", func(w http.ResponseWriter, r *http.Request) {
			if i, ok := number(w, r, "/p/"); ok {
				html(w, fmt.Sprintf("<title>页</title><p>照片</p><a href=/p/%d.html>左</a><a href=/p/%d.html>右</a>", min(2*i+1, n-1), min(2*i+2, n-1)))
			}
		}},
		{"articles under one program", "/show.php?cat=1&id=0", func(w http.ResponseWriter, r *http.Request) {
			if i, ok := number(w, r, "/show.php?cat=1&id="); ok {
				html(w, fmt.Sprintf("<title>文章</title><p>文章 %d</p><a href='/show.php?cat=1&amp;id=%d'>左</a><a href='/show.php?cat=1&amp;id=%d'>右</a>", i, min(2*i+1, n-1), min(2*i+2, n-1)))
			}
		}},
		{"folders in folders", "/0/", func(w http.ResponseWriter, r *http.Request) {
			if strings.Count(r.URL.Path, "/") > 9 || strings.Trim(r.URL.Path, "/01") != "" {
				gone(w)
				return
			}
			body := "<title>目录</title><p>目录</p>"
			if strings.Count(r.URL.Path, "/") < 9 {
				body += "<a href=0/>甲</a><a href=1/>乙</a>"
			}
			html(w, body)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, tt.page)
			f := check(t, s.url+tt.start)
			want := n
			if tt.start == "/0/" {
				want = 1<<8 - 1
			}
			if f.totals.Pages != want || len(f.totals.Cut) > 0 || f.totals.Dead > 0 || f.totals.Excluded > 0 || f.totals.Suspect > 0 {
				t.Errorf("%d pages of %d: %+v", f.totals.Pages, want, f.totals)
			}
			t.Logf("%d requests", s.requests())
		})
	}
}
