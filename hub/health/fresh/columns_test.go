package fresh_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"

	"zhanqun/hub/health/fresh"
	"zhanqun/hub/health/linkcheck"
	"zhanqun/internal/chinatime"
)

// columnURL is where the columns of the cases are.
const columnURL = "http://www.example.gov.cn/zwgk/tzgg/index.html"

const (
	caseHead = `<!doctype html><html><head><meta charset="%[2]s"><title>%[1]s-思南县人民政府</title></head><body>
<div class="top">今天是2026年11月28日 星期六 <a href="/">网站首页</a> <a href="/zwgk/">政务公开</a></div>
<div class="nav"><ul><li><a href="/zwgk/zfxxgkzn/">政府信息公开指南</a></li><li><a href="/hdjl/">互动交流</a></li></ul></div>
`
	caseFoot = `<div class="footer">版权所有 © 2010-2026 思南县人民政府 黔ICP备12345678号 本页更新时间：2026-11-28 访问量：20261128</div></body></html>`
)

// column is one case: a page, what is to be found on it, and the further pages
// that can be read.
type column struct {
	name, want, title, body string
	pages                   map[string]string
}

func columns(t *testing.T) []column {
	t.Helper()
	var text string
	for _, name := range []string{"testdata/columns.html", "testdata/wild.html"} {
		part, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		text += string(part)
	}
	var list []column
	for _, part := range strings.Split(text, "<!-- case ")[1:] {
		head, body, _ := strings.Cut(part, " -->\n")
		f := strings.Split(head, " | ")
		pages := strings.Split(body, "<!-- page ")
		c := column{name: f[0], want: f[1], title: f[2], body: pages[0], pages: map[string]string{}}
		for _, p := range pages[1:] {
			address, html, _ := strings.Cut(p, " -->\n")
			c.pages[address] = html
		}
		list = append(list, c)
	}
	return list
}

func (c column) html(charset string) string {
	if c.title == "-" {
		return c.body
	}
	return fmt.Sprintf(caseHead, c.title, charset) + c.body + caseFoot
}

func (c column) Fetch(_ context.Context, address string) (fresh.Page, error) {
	html, ok := c.pages[address]
	if !ok {
		return fresh.Page{}, errors.New("not found")
	}
	return page(address, "", []byte(html)), nil
}

func page(address, contentType string, body []byte) fresh.Page {
	text, charset := linkcheck.Decode(contentType, body)
	return fresh.Page{URL: address, Charset: charset, HTML: string(text), Links: linkcheck.Links(address, contentType, body)}
}

// Every way a date may be written, every guise of an empty column, and what is
// no update: the right verdict, in UTF-8 and in GBK.
func TestColumns(t *testing.T) {
	gbk := simplifiedchinese.GBK.NewEncoder()
	for _, c := range columns(t) {
		t.Run(c.name, func(t *testing.T) {
			now := time.Date(2026, 11, 28, 12, 0, 0, 0, chinatime.Zone)
			var want, extra []string
			for _, w := range strings.Fields(c.want) {
				if day, ok := strings.CutPrefix(w, "now="); ok {
					now, _ = time.ParseInLocation("2006-01-02", day, chinatime.Zone)
					now = now.Add(12 * time.Hour)
				} else if strings.Contains(w, "=") {
					extra = append(extra, w)
				} else {
					want = append(want, strings.Trim(w, "-"))
				}
			}
			want = append(want, "")[:2]
			o := fresh.Options{Now: now, Fetch: c}
			r := fresh.Read(t.Context(), page(columnURL, "text/html", []byte(c.html("utf-8"))), o)
			if string(r.State) != want[0] || string(r.LastUpdate) != want[1] {
				t.Errorf("got %s %s (%s), want %v\n%s", r.State, r.LastUpdate, r.Reason, want, show(r))
			}
			for _, w := range extra {
				if !slices.Contains([]string{"reason=" + string(r.Reason), fmt.Sprintf("items=%d", r.Count), "flags=" + flags(r), "class=" + string(r.Class)}, w) {
					t.Errorf("want %s\n%s", w, show(r))
				}
			}
			body, err := gbk.String(c.html("gbk"))
			if err != nil {
				if body, err = simplifiedchinese.GB18030.NewEncoder().String(c.html("gbk")); err != nil {
					t.Fatal(err)
				}
			}
			again := fresh.Read(t.Context(), page(columnURL, "text/html", []byte(body)), o)
			if again.State != r.State || again.LastUpdate != r.LastUpdate || again.Title != r.Title || again.Count != r.Count {
				t.Errorf("in GBK: %s %s %q %d, in UTF-8: %s %s %q %d", again.State, again.LastUpdate, again.Title, again.Count, r.State, r.LastUpdate, r.Title, r.Count)
			}
		})
	}
}

func flags(r fresh.Reading) string {
	var list []string
	for _, it := range r.Items {
		for _, f := range it.Flags {
			if !slices.Contains(list, string(f)) {
				list = append(list, string(f))
			}
		}
	}
	return strings.Join(list, ",")
}

func show(r fresh.Reading) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s class %s, %d items\n", r.Title, r.State, r.Reason, r.Class, r.Count)
	for _, line := range r.Evidence {
		b.WriteString("  " + line + "\n")
	}
	for _, it := range r.Items {
		fmt.Fprintf(&b, "  - %s %s %q %s %q %v\n", it.Day, it.Clock, it.Text, it.Place, it.Title, it.Flags)
	}
	return b.String()
}

// A page that is anything at all ends in a state, with words for it.
func FuzzRead(f *testing.F) {
	for _, c := range []string{"<ul><li><a href=t1.html>关于做好冬季防火工作的通知</a>2026-11-20", "<table><tr><td>11-20<td><a href=a>", "<div><b>01</b><i>2026-11</i>"} {
		f.Add(c)
	}
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, chinatime.Zone)
	f.Fuzz(func(t *testing.T, html string) {
		r := fresh.Read(t.Context(), page(columnURL, "", []byte(html)), fresh.Options{Now: now})
		if r.State.Label() == "" || len(r.Evidence) == 0 || r.LastUpdate > fresh.DayOf(now) {
			t.Errorf("%+v", r)
		}
	})
}
