package fresh

import (
	"cmp"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html/atom"

	"zhanqun/hub/health/linkcheck"
	"zhanqun/internal/oneline"
)

const atomLi, atomTr = atom.Li, atom.Tr

// resolve resolves an address the page's own reading did not meet, such as one
// that came as data.
func resolve(base, raw string) string {
	links := linkcheck.Links(base, "text/html; charset=utf-8", []byte(`<a href="`+html.EscapeString(raw)+`">`))
	if len(links) == 0 {
		return ""
	}
	return links[0].URL
}

// fetch asks for one more page, within the bound.
func (rd *reader) fetch(address string) (Page, bool) {
	if rd.o.Fetch == nil || rd.left <= 0 || address == "" {
		return Page{}, false
	}
	rd.left--
	p, err := rd.o.Fetch.Fetch(rd.ctx, address)
	return p, err == nil && rd.ctx.Err() == nil
}

// confirmYear opens the newest items whose year is an inference: an old list
// without years looks like a new one.
func (rd *reader) confirmYear() {
	for range 3 {
		it := newest(rd.r.Items)
		if it == nil || !it.Guessed || it.Day < rd.r.Since {
			return
		}
		p, ok := rd.fetch(it.URL)
		if !ok {
			return
		}
		day, text, _ := DateOf(p, rd.o.Now)
		if day == "" {
			return
		}
		t, _ := it.Day.Time()
		found, _ := stamp{month: int(t.Month()), day: t.Day()}.on(rd.o.Now, day)
		if found == "" || apart(found, day) > 10 {
			return // the two speak of different things
		}
		if it.Guessed = false; it.Day == found {
			return
		}
		it.Day = found
		rd.r.say("《%s》列表上只写“%s”，文章页面写的是“%s”，按 %s 计。", oneline.Clip(it.Title, 40), it.Text, oneline.Clip(text, 40), it.Day)
	}
	// The first ones were from other years: the list is an old one.
	for i := range rd.r.Items {
		if it := &rd.r.Items[i]; it.Guessed && it.Day >= rd.r.Since {
			it.Day, it.Text = "", it.Text+"（年份不明）"
		}
	}
}

// readArticles opens items without a date as long as the column is not known to
// be in time.
func (rd *reader) readArticles() {
	if best := newest(rd.r.Items); best != nil && best.Day >= rd.r.Since || rd.o.Fetch == nil {
		return
	}
	for _, i := range rd.candidates() {
		it := &rd.r.Items[i]
		p, ok := rd.fetch(it.URL)
		rd.asked++
		if !ok {
			rd.lost++
			continue
		}
		t := parse(p.HTML)
		t.zones()
		day, clock, text, place := t.articleDate(oneline.First(p.URL, it.URL), rd.o.Now)
		if day == "" || it.Day != "" && day <= it.Day {
			continue
		}
		it.Day, it.Clock, it.Text, it.Place, it.made = day, clock, oneline.Clip(text, 60), place, false
		if day > rd.today {
			it.mark(FlagFuture)
		}
	}
	if rd.asked > 0 {
		rd.r.say("列表上没有期限内的日期，读了 %d 篇没有日期的文章，其中 %d 篇没有读到。", rd.asked, rd.lost)
	}
}

var lastNumber = regexp.MustCompile(`(\d{2,})\D*$`)

// candidates are the items to open: the first of the list, and those with the
// highest numbers in their addresses, which are the newest wherever they stand.
func (rd *reader) candidates() []int {
	type numbered struct {
		at     int
		number string
	}
	var all []numbered
	for i, it := range rd.r.Items {
		if it.URL == "" || it.Day != "" && !it.made {
			continue
		}
		number := ""
		if m := lastNumber.FindStringSubmatch(it.URL); m != nil {
			number = strings.TrimLeft(m[1], "0")
		}
		all = append(all, numbered{i, number})
	}
	byNumber := slices.Clone(all)
	slices.SortStableFunc(byNumber, func(a, b numbered) int {
		return cmp.Or(cmp.Compare(len(b.number), len(a.number)), strings.Compare(b.number, a.number))
	})
	var list []int
	for i := range all {
		for _, n := range []numbered{byNumber[i], all[i]} {
			if !slices.Contains(list, n.at) && len(list) < rd.left {
				list = append(list, n.at)
			}
		}
	}
	return list
}

var movedOn = regexp.MustCompile(`(?:window|self|top|parent|document)?\.?location(?:\.href)?\s*=\s*["']([^"']+)["']|location\.(?:replace|assign)\(\s*["']([^"']+)["']`)

// framed reads the list where the page itself only points to it: in a frame of
// the same host, or where a script sends every visitor at once. It tells
// whether items were found there; where they were not, it leaves in rd.inner
// what was, if anything.
func (rd *reader) framed(p Page, t *tree) bool {
	targets, elsewhere := t.targets(p)
	rd.inner = oneline.First(rd.inner, elsewhere)
	for _, to := range targets {
		before := rd.r
		inner, ok := rd.fetch(to)
		if !ok {
			rd.inner = oneline.First(rd.inner, to)
			continue
		}
		rd.r.say("列表在内嵌或转到的页面 %s 里。", to)
		rd.r.Final = inner.URL
		page := parse(inner.HTML)
		page.zones()
		rd.read(inner, page, true)
		if len(rd.r.Items) > 0 {
			return true
		}
		if rd.r.State == Unknown && rd.r.Reason == ReasonScript {
			rd.inner = "内嵌页面 " + to + " 的列表由脚本生成，程序不运行脚本，请用浏览器核实。"
		}
		rd.r = before
	}
	return false
}

// targets are the pages p may have its list in, at most three, and one on another
// host, which is not read.
func (t *tree) targets(p Page) (list []string, elsewhere string) {
	addresses := resolver(p)
	add := func(raw string) {
		to := addresses(strings.TrimSpace(raw))
		if to != "" && !sameHost(to, p.URL) {
			elsewhere = to
		} else if to != "" && !fileLike.MatchString(to) && len(list) < 3 {
			list = append(list, to)
		}
	}
	for i := range t.nodes {
		n := &t.nodes[i]
		if (n.atom == atom.Iframe || n.atom == atom.Frame) && !n.off {
			add(n.attr["src"])
		}
	}
	if letters, _ := t.prose(); letters < 20 && len(list) == 0 {
		for _, script := range t.scripts {
			if m := movedOn.FindStringSubmatch(script); m != nil && len(script) < 2000 {
				add(oneline.First(m[1], m[2]))
			}
		}
	}
	return list, elsewhere
}

func sameHost(a, b string) bool {
	x, err := url.Parse(a)
	if err != nil {
		return false
	}
	y, err := url.Parse(b)
	return err == nil && x.Host == y.Host
}

func (t *tree) linked(i int32) bool {
	for j := i; j < t.nodes[i].end; j++ {
		if t.nodes[j].atom == atom.A {
			return true
		}
	}
	return false
}

// unlinked reads a list whose items are no links: at least three lines of the
// same kind, each with a date of its own.
func (rd *reader) unlinked(t *tree) bool {
	byParent := map[int32][]Item{}
	for _, m := range t.marks() {
		box := t.within(m.at, atom.Li, atom.Tr, atom.P, atom.Dd)
		if m.event || m.made || box < 0 || t.linked(box) {
			continue
		}
		title := strings.TrimSpace(strings.Replace(t.textOf(box, " ", 200), m.text, "", 1))
		if size := t.length(box); size > 200 || len([]rune(title)) < 5 {
			continue
		}
		day, guessed := m.stamp.on(rd.o.Now, "")
		it := Item{Title: title, Day: day, Guessed: guessed, Clock: m.stamp.clock, Text: oneline.Clip(m.text, 60), Place: PlaceList}
		if day > rd.today {
			it.mark(FlagFuture)
		}
		parent := t.nodes[box].parent
		byParent[parent] = append(byParent[parent], it)
	}
	for _, items := range byParent {
		if len(items) >= 3 && len(items) > len(rd.r.Items) {
			rd.r.Items = items
		}
	}
	if len(rd.r.Items) == 0 {
		return false
	}
	rd.r.say("主列表有 %d 条，都没有链接。", len(rd.r.Items))
	rd.judge()
	return true
}
