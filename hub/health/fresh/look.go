package fresh

import (
	"context"
	"errors"
	"fmt"

	"zhanqun/hub/health/linkcheck"
	"zhanqun/internal/oneline"
)

// Reader reads pages; *linkcheck.Checker is one.
type Reader interface {
	ReadPage(ctx context.Context, address string) (linkcheck.Page, linkcheck.Result)
}

// Look reads the column at address and judges it. Options.Fetch is set by it.
func Look(ctx context.Context, pages Reader, address string, o Options) Reading {
	f := fetcher{pages}
	o.Fetch = f
	page, result := pages.ReadPage(ctx, address)
	r := Reading{URL: address, Final: result.Final, Title: result.Title, Class: o.Class, Days: o.Days, State: Unknown, CheckedAt: o.Now, Items: []Item{}, Evidence: []string{}}
	if !r.Class.Known() {
		r.Class, _ = GuessClass(oneline.First(o.Name, result.Title))
	}
	r.window(o.Now)
	if why := unread(page, result); why != "" {
		r.Reason = why
		r.told(sentence(why, result))
		return r
	}
	if linkcheck.SentHome(address, result.Final) {
		r.Reason = ReasonGone
		r.say("栏目页面已经不在：%s", Word("原网页被转到了首页，内容可能已不在，请人工核实。"))
		return r
	}
	r = Read(ctx, asPage(page), o)
	r.URL = address
	if result.Reason == linkcheck.ReasonMaintenance && r.State == Blank && r.Reason != ReasonNotice {
		r.State, r.Reason = Unknown, ReasonUnread
		r.told(result.Detail)
	}
	if page.Partial {
		if r.State == Blank {
			r.State, r.Reason = Unknown, ReasonUnread // the list may be in the rest
		}
		r.say("页面过大，只读了前面的部分。")
	}
	return r
}

// unread says why a page cannot be judged, "" if it can.
func unread(page linkcheck.Page, result linkcheck.Result) Reason {
	switch result.Reason {
	case linkcheck.ReasonGone, linkcheck.ReasonSoft404, linkcheck.ReasonHomeRedirect, linkcheck.ReasonErrorRedirect, linkcheck.ReasonCatchAll:
		return ReasonGone
	case linkcheck.ReasonGoodContent, linkcheck.ReasonMaintenance, linkcheck.ReasonEmpty, linkcheck.ReasonDamaged:
		if len(page.Body) > 0 {
			return "" // what is there can be read
		}
	}
	if result.Verdict != linkcheck.OK || len(page.Body) == 0 {
		return ReasonUnread
	}
	return ""
}

func sentence(why Reason, result linkcheck.Result) string {
	switch {
	case why == ReasonGone:
		return fmt.Sprintf("栏目页面已经不在：%s", result.Detail)
	case result.Verdict == linkcheck.OK:
		return fmt.Sprintf("这个地址不是网页（%s），读不到列表。", oneline.First(result.ContentType, "没有内容"))
	}
	return fmt.Sprintf("栏目页面没有读到：%s", result.Detail)
}

func asPage(p linkcheck.Page) Page {
	text, charset := linkcheck.Decode(p.ContentType, p.Body)
	return Page{URL: p.URL, Title: p.Title, Charset: oneline.First(p.Charset, charset), HTML: string(text), Links: p.Links}
}

// fetcher reads further pages through the same Reader.
type fetcher struct{ pages Reader }

var errUnread = errors.New("page could not be read")

func (f fetcher) Fetch(ctx context.Context, address string) (Page, error) {
	page, result := f.pages.ReadPage(ctx, address)
	if unread(page, result) != "" {
		return Page{}, fmt.Errorf("reading %s: %w: %s", address, errUnread, result.Detail)
	}
	return asPage(page), nil
}

// ReadHome reads a home page for Menu; why says in Chinese why it could not be
// read, empty if it was.
func ReadHome(ctx context.Context, pages Reader, address string) (p Page, why string) {
	page, result := pages.ReadPage(ctx, address)
	if r := unread(page, result); r != "" && r != ReasonGone {
		return Page{}, result.Detail
	}
	return asPage(page), ""
}
