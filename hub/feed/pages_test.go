package feed

import (
	"html/template"
	"slices"
	"testing"
	"time"

	"zhanqun/hub/catalog"
	"zhanqun/hub/review"
	"zhanqun/internal/ui"
	"zhanqun/internal/ui/uitest"
	"zhanqun/protocol"
)

// Every page is sound HTML in both languages.
func TestPagesAreSound(t *testing.T) {
	at := time.Date(2026, 11, 3, 6, 5, 0, 0, time.UTC)
	r, err := ui.New(ui.Options{Templates: Templates(), Brand: "县级门户", Funcs: Funcs(), Now: func() time.Time { return at }})
	if err != nil {
		t.Fatal(err)
	}
	columns := catalog.FirstColumns()
	e := sampleDocument().entries[0].source
	v := live("", e, columns)
	full := &entryView{Entry: e, Columns: v.columns, Units: v.authors, Body: template.HTML("<p>正文</p>"), Images: v.files[:1], Files: v.files[1:]}
	full.Title = v.title
	list := &listView{Columns: columns, Feed: "/feed.", Older: "/entries?after=x", Newer: "/entries",
		Entries: []listEntry{{Entry: e, Columns: v.columns, Units: v.authors, Excerpt: "正文", Pinned: true}, {Entry: e, Columns: v.columns, Units: v.authors, Excerpt: "正文"}}}
	list.Title = "采用信息"
	empty := &listView{List: List{KindColumn, "photo"}, Columns: columns, Feed: "/columns/photo/feed."}
	empty.Title = "图片新闻"
	uitest.Pages(t, r, []uitest.Sample{
		{Page: "entry", Data: full}, {Page: "entries", Name: "some", Data: list}, {Page: "entries", Name: "none", Data: empty},
		{Page: "gone", Data: &goneView{Known: true, Entry: catalog.Entry{Reason: reasons[0], PublishedAt: at, WithdrawnAt: at}}},
		{Page: "gone", Name: "replaced", Data: &goneView{Known: true, Entry: catalog.Entry{Reason: reasons[1], Successor: "https://www.example.gov.cn/", PublishedAt: at, WithdrawnAt: at}}},
	})
}

// What review tells readers can be read in both languages.
func TestReasonsAreKnown(t *testing.T) {
	for _, reason := range protocol.Reasons {
		if got := review.PublicReason(reason.Code); !slices.Contains(reasons, got) {
			t.Errorf("%s: %q is not among the reasons", reason.Code, got)
		}
	}
}
