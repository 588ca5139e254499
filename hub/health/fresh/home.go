package fresh

import (
	"context"

	"zhanqun/internal/oneline"
)

// LookHome reads a home page and returns the items on it, whichever of its boxes
// they stand in, as far as they seem to be articles; those in menus and in head
// and foot are none. Where the home page names no articles, it only leads on,
// and the state is Unknown with ReasonMenu. Otherwise the state says nothing:
// what counts are the items.
//
// known tells the day of items the home page shows without one; it may be nil.
func LookHome(ctx context.Context, pages Reader, address string, o Options, known func(Item) Day) Reading {
	if o.Class == "" {
		o.Class = News
	}
	page, result := pages.ReadPage(ctx, address)
	r := Reading{URL: address, Final: result.Final, Title: result.Title, Class: o.Class, State: Unknown, CheckedAt: o.Now, Items: []Item{}, Evidence: []string{}}
	r.window(o.Now)
	if why := unread(page, result); why != "" {
		r.Reason = why
		r.told(sentence(why, result))
		return r
	}
	if o.Articles == 0 {
		o.Articles = 5
	}
	o.Fetch = fetcher{pages}
	rd := &reader{ctx: ctx, o: o, r: r, left: o.Articles, today: DayOf(o.Now)}
	rd.r.Charset = page.Charset
	rd.home(asPage(page), known)
	rd.r.Count = len(rd.r.Items)
	return rd.r
}

func (rd *reader) home(p Page, known func(Item) Day) {
	t := parse(p.HTML)
	t.zones()
	marks := t.marks()
	entries := t.entries(marks)
	t.pair(entries, marks)
	addresses := resolver(p)
	seen := map[string]bool{}
	for _, e := range entries {
		if e.hollow || !e.article && e.published() == nil {
			continue
		}
		it := rd.item(t, e, addresses(e.raw), false)
		key := oneline.First(it.URL, e.key)
		if seen[key] {
			continue
		}
		seen[key] = true
		if it.Day == "" && known != nil {
			if it.Day = known(it); it.Day != "" {
				it.Place, it.Text = PlaceColumn, string(it.Day)
			}
		}
		rd.r.Items = append(rd.r.Items, it)
	}
	if len(rd.r.Items) == 0 {
		if sign := t.byScript(); sign != "" {
			rd.end(Unknown, ReasonScript, "首页的内容由脚本生成：%s。程序不运行脚本，请用浏览器核实。", Word(sign))
			return
		}
		rd.end(Unknown, ReasonMenu, "首页只有导航，没有信息条目。")
		return
	}
	rd.r.say("首页有 %d 条信息。", len(rd.r.Items))
	rd.readArticles()
	rd.judge()
}
