package fresh

import (
	"context"
	"slices"
	"strings"
	"time"

	"zhanqun/hub/health/linkcheck"
	"zhanqun/internal/chinatime"
	"zhanqun/internal/oneline"
)

// Page is a page as it was read.
type Page struct {
	URL     string // where it came from at last; addresses are relative to it
	Title   string
	Charset string
	HTML    string // in UTF-8
	Links   []linkcheck.Link
}

// Fetcher reads further pages: frames, and articles whose date the list does
// not show.
type Fetcher interface {
	Fetch(ctx context.Context, address string) (Page, error)
}

// Options shape a reading. Zero values mean the defaults.
type Options struct {
	Now      time.Time // the check point; required
	Class    Class     // guessed from the column's name when empty
	Days     int       // a period of the column's own, see Rule; 0 for none
	Name     string    // the column's name, where it is known
	Articles int       // pages asked for beside the list; default 5, negative for none
	Fetch    Fetcher   // nil for none
}

// Read reads column page p. It always comes to a state.
func Read(ctx context.Context, p Page, o Options) Reading {
	if o.Articles == 0 {
		o.Articles = 5
	}
	t := parse(p.HTML)
	t.zones()
	rd := &reader{ctx: ctx, o: o, left: o.Articles, today: DayOf(o.Now)}
	rd.r = Reading{
		URL: p.URL, Final: p.URL, Title: oneline.First(p.Title, t.title), Charset: p.Charset,
		Class: o.Class, Days: o.Days, CheckedAt: o.Now, Items: []Item{}, Evidence: []string{},
	}
	rd.name = o.Name
	if rd.name == "" {
		rd.name = t.columnName(rd.r.Title)
	}
	if !rd.r.Class.Known() {
		var why string
		rd.r.Class, why = t.guess(p, o.Name, t.metas["columnname"], t.metas["columntype"], rd.r.Title)
		rd.r.told(why)
	}
	rd.r.window(o.Now)
	rd.read(p, t, false)
	rd.r.Count = len(rd.r.Items)
	return rd.r
}

// reader is a reading on its way.
type reader struct {
	ctx   context.Context
	o     Options
	r     Reading
	name  string
	today Day
	left  int // pages that may still be asked for
	asked int
	lost  int    // of these, could not be read
	inner string // what is known of a frame the list may be in
}

// columnName is what the page calls the column.
func (t *tree) columnName(title string) string {
	if name := t.metas["columnname"]; name != "" {
		return name
	}
	if parts := titleParts(title); len(parts) > 0 {
		return parts[0]
	}
	return ""
}

func (rd *reader) read(p Page, t *tree, framed bool) {
	marks := t.marks()
	entries := t.entries(marks)
	t.pair(entries, marks)
	lists := t.lists(entries)
	chosen := t.choose(lists, p.URL, rd.name)
	var items []*entry
	hollow := 0
	for _, l := range chosen {
		for _, e := range l.entries {
			items = append(items, e)
			if e.hollow {
				hollow++
			}
		}
	}
	switch {
	case len(items) == 0:
		rd.empty(p, t, lists, framed)
	case hollow == len(items):
		rd.stub(t, items)
	case !rd.own(chosen) && (t.byScript() != "" || rd.emptied(t, chosen)), rd.dated(chosen) == 0 && t.saysEmpty():
		rd.empty(p, t, lists, framed) // what is there is its menu
	case rd.dated(chosen) == 0 && t.article():
		rd.single(p, t)
	default:
		rd.list(p, t, items)
	}
}

// own tells whether something says that a list is the column's own.
func (rd *reader) own(lists []*list) bool {
	for _, l := range lists {
		if l.own {
			return true
		}
	}
	return false
}

// emptied tells whether the page says that there is nothing where the column's
// list would be, so that the only list is that of another box.
func (rd *reader) emptied(t *tree, lists []*list) bool {
	text, at := t.said(emptyWords)
	if text == "" || len(lists) != 1 || lists[0].heading == "" {
		return false
	}
	heading := t.headingOf(at)
	return heading == "" || heading == rd.name
}

func (rd *reader) dated(lists []*list) (n int) {
	for _, l := range lists {
		n += l.dated
	}
	return n
}

// saysEmpty tells whether the page says that there is nothing, and nothing
// else.
func (t *tree) saysEmpty() bool {
	letters, _ := t.prose()
	return letters < 200 && t.saying(emptyWords) != ""
}

// article tells whether the page is one article rather than a list.
func (t *tree) article() bool {
	letters, _ := t.prose()
	return letters >= 400 || letters >= 120 && t.metas["articletitle"] != "" && t.metas["pubdate"] != ""
}

// list judges the items of the main list.
func (rd *reader) list(p Page, t *tree, entries []*entry) {
	addresses := resolver(p)
	inTitle := ends(entries)
	seen := map[string]int{}
	for _, e := range entries {
		if e.hollow {
			continue
		}
		it := rd.item(t, e, addresses(e.raw), inTitle)
		key := oneline.First(it.URL, e.key)
		if at, twice := seen[key]; twice {
			// The same item with its picture, or a second time on top.
			if old := &rd.r.Items[at]; old.Day == "" && it.Day != "" {
				it.Title = longer(old.Title, it.Title)
				*old = it
			} else {
				old.Title = longer(old.Title, it.Title)
			}
			continue
		}
		seen[key] = len(rd.r.Items)
		rd.r.Items = append(rd.r.Items, it)
	}
	// Links of the list's own frame, such as the units items come from, are no
	// items where the others have dates.
	read := 0
	for _, it := range rd.r.Items {
		if it.Day != "" {
			read++
		}
	}
	if read > 0 {
		articles := map[string]bool{}
		for _, e := range entries {
			articles[e.title] = e.article
		}
		rd.r.Items = slices.DeleteFunc(rd.r.Items, func(it Item) bool { return it.Day == "" && !articles[it.Title] })
	}
	rd.r.say("主列表有 %d 条，其中 %d 条在列表页读到日期。", len(rd.r.Items), read)
	rd.confirmYear()
	rd.readArticles()
	rd.judge()
}

func longer(a, b string) string {
	if len(b) > len(a) {
		return b
	}
	return a
}

// ends tells whether titles of these items end or begin with dates as a rule:
// at least two, and half of them.
func ends(entries []*entry) bool {
	n, all := 0, 0
	for _, e := range entries {
		if e.published() != nil {
			continue
		}
		all++
		if _, ok := readEnd(e.title); ok {
			n++
		}
	}
	return 2*n >= all && (n >= 2 || all == 1 && n == 1)
}

func (rd *reader) item(t *tree, e *entry, address string, inTitle bool) Item {
	it := Item{Title: oneline.Clip(e.title, 200), URL: address}
	near := addressDay(address)
	if near == "" {
		near = addressMonth(address)
	}
	set := func(s stamp, text, place string) {
		it.Day, it.Guessed = s.on(rd.o.Now, near)
		it.Clock, it.Text, it.Place = s.clock, oneline.Clip(text, 60), place
	}
	m := e.published()
	if m != nil {
		m = e.latest(m, rd.o.Now, near)
		set(m.stamp, m.text, PlaceList)
		it.made = m.made
	}
	if it.Day == "" && m == nil {
		if s, text, ok := t.hinted(e.at); ok {
			set(s, text, PlaceList)
		}
	}
	if s, ok := readEnd(e.title); it.Day == "" && inTitle && ok {
		set(s, e.title, PlaceTitle)
	}
	if day := addressDay(address); it.Day == "" && day != "" || it.made && day > it.Day && day <= rd.today {
		it.Day, it.Clock, it.Text, it.Place, it.made = day, "", address, PlaceAddress, false
	}
	if it.Day > rd.today {
		it.Flags = append(it.Flags, FlagFuture)
	}
	return it
}

// hinted reads the date from what a link shows when the mouse rests on it, or
// from a script that writes it.
func (t *tree) hinted(i int32) (s stamp, text string, ok bool) {
	title := t.nodes[i].attr["title"]
	if s, made, _, ok := readBeside(title); ok && !made && goodInside.MatchString(plain(title)) {
		return s, title, true
	}
	box := i
	if li := t.within(i, atomLi, atomTr); li >= 0 {
		box = li
	}
	for j := box; j < t.nodes[box].end; j++ {
		for _, name := range []string{"data-date", "data-time", "data-pubdate", "data-publish", "datetime"} {
			if s, ok := readWhole(t.nodes[j].attr[name]); ok && s.year != 0 {
				return s, t.nodes[j].attr[name], true
			}
		}
		if script := t.scripts[j]; script != "" && len(script) < 400 {
			if m := inText.FindStringSubmatch(script); m != nil {
				if s, ok := build(inText, m); ok {
					return s, m[0], true
				}
			}
		}
	}
	return stamp{}, "", false
}

// resolver returns what turns an address as written into one to be asked.
func resolver(p Page) func(string) string {
	known := make(map[string]string, len(p.Links))
	for _, l := range p.Links {
		if l.Element == "a" || l.Element == "iframe" || l.Element == "frame" {
			known[l.Raw] = l.URL
		}
	}
	return func(raw string) string {
		if raw == "" || strings.HasPrefix(strings.ToLower(raw), "javascript:") || raw[0] == '#' {
			return ""
		}
		if u, ok := known[oneline.Clip(raw, 512)]; ok {
			return u
		}
		return resolve(p.URL, raw)
	}
}

// DefaultNow is the time in Beijing, to the second.
func DefaultNow() time.Time { return time.Now().In(chinatime.Zone).Truncate(time.Second) }
