package feed

import (
	"html/template"
	"net/http"
	"slices"

	"zhanqun/hub/catalog"
	"zhanqun/internal/content"
	"zhanqun/internal/fault"
	"zhanqun/internal/ui"
	"zhanqun/protocol"
)

// entryView is the page of a live entry.
type entryView struct {
	ui.Page
	Entry       catalog.Entry
	Body        template.HTML
	Description string
	Columns     []catalog.Column
	Units       []string
	Images      []file // those the text does not show
	Files       []file
}

// goneView is the page of a withdrawn entry: when and what kind of reason,
// nothing of what it said.
type goneView struct {
	ui.Page
	Entry catalog.Entry
	Known bool // the reason is one of reasons
}

// listView is a page of entries.
type listView struct {
	ui.Page
	List    List
	Entries []listEntry
	Columns []catalog.Column
	Feed    string // without the extension
	Newer   string
	Older   string
}

type listEntry struct {
	catalog.Entry
	Columns []catalog.Column
	Units   []string
	Excerpt string
	Pinned  bool
}

// reasons are the reasons of a withdrawal that readers are told, as review and
// intake write them; pages show them in the reader's language.
var reasons = []string{
	"内容有误，已撤下", "已有更新的内容，本条不再有效", "内容已不再有效", "已由发布单位撤下", "应发布单位要求撤下",
}

func (s *Service) entryPage(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	if !protocol.ValidUUID(id) {
		return errNoEntry
	}
	e, err := s.Store.Entry(r.Context(), id)
	if fault.Is(err, fault.NotFound) {
		return errNoEntry
	}
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-cache")
	if e.State != catalog.EntryLive {
		w.Header().Set("X-Robots-Tag", "noindex")
		p := &goneView{Known: slices.Contains(reasons, e.Reason), Entry: catalog.Entry{ID: e.ID, Reason: e.Reason, Successor: e.Successor, PublishedAt: e.PublishedAt, WithdrawnAt: e.WithdrawnAt}}
		return s.pages.Render(w, r, http.StatusGone, "gone", p)
	}
	columns, err := s.Store.Columns(r.Context())
	if err != nil {
		return err
	}
	v := live("", e, columns)
	p := &entryView{Entry: e, Columns: v.columns, Units: v.authors, Description: content.Excerpt(e.Body, 120)}
	p.Title = v.title
	urls := make(map[string]string, len(v.files))
	for _, f := range v.files {
		urls[f.SHA256] = f.URL
	}
	shown := map[string]bool{}
	for _, sha := range content.Images(e.Body) {
		shown[sha] = true
	}
	for _, f := range v.files {
		switch {
		case !image(f.Type):
			p.Files = append(p.Files, f)
		case !shown[f.SHA256]:
			p.Images = append(p.Images, f)
		}
	}
	p.Body = template.HTML(content.ResolveImages(e.Body, func(sha string) string { return urls[sha] })) //nolint:gosec // cleaned when the entry was written
	return s.pages.Render(w, r, http.StatusOK, "entry", p)
}

var errNoEntry = fault.New(fault.NotFound, "没有这条信息。可能是地址写错了。")

// maxPinned is how many entries stand on top of a list, whatever is pinned.
const maxPinned = 5

// listPage lists what was adopted, for people.
func (s *Service) listPage(w http.ResponseWriter, r *http.Request) error {
	q, err := pageOf(r)
	if err != nil {
		return err
	}
	switch values := r.URL.Query(); {
	case values.Get(KindColumn) != "":
		q.List = List{KindColumn, values.Get(KindColumn)}
	case values.Get(KindUnit) != "":
		q.List = List{KindUnit, values.Get(KindUnit)}
	}
	ctx := r.Context()
	columns, err := s.Store.Columns(ctx)
	if err != nil {
		return err
	}
	name, err := s.name(ctx, q.List, columns)
	if err != nil {
		return err
	}
	list, err := s.page(ctx, q)
	if err != nil {
		return err
	}
	p := &listView{List: q.List, Columns: columns, Feed: q.List.path()}
	if p.Title = name; name == "" {
		p.Title = s.Title
	}
	var top []catalog.Entry
	if q.query() == "" {
		if top, err = s.Store.Pinned(ctx, q.List, s.Now(), maxPinned); err != nil {
			return err
		}
	}
	add := func(e catalog.Entry, pinned bool) {
		v := live("", e, columns)
		p.Entries = append(p.Entries, listEntry{Entry: e, Columns: v.columns, Units: v.authors, Excerpt: content.Excerpt(e.Body, 100), Pinned: pinned})
	}
	for _, e := range top {
		add(e, true)
	}
	for _, e := range list.entries {
		if e.State == catalog.EntryLive && !slices.ContainsFunc(top, func(o catalog.Entry) bool { return o.ID == e.ID }) {
			add(e, false)
		}
	}
	at := func(q Query) string {
		query := q.query()
		if query != "" && q.List.Kind != KindAll {
			return q.List.page() + "&" + query[1:]
		}
		return q.List.page() + query
	}
	if list.older {
		p.Older = at(Query{List: q.List, After: Of(list.entries[len(list.entries)-1])})
	}
	switch {
	case list.nearFirst:
		p.Newer = at(Query{List: q.List})
	case list.newer:
		p.Newer = at(Query{List: q.List, Before: Of(list.entries[0])})
	}
	w.Header().Set("Cache-Control", "no-cache")
	return s.pages.Render(w, r, http.StatusOK, "entries", p)
}
