package feed

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"zhanqun/hub/catalog"
	"zhanqun/internal/chinatime"
	"zhanqun/internal/content"
	"zhanqun/protocol"
)

// document is one page of a feed before it takes a format.
type document struct {
	id       string
	title    string
	author   string
	updated  time.Time
	home     string // absolute addresses
	self     string
	first    string
	next     string // empty at the border
	prev     string
	entries  []entry
	graves   []grave
	modified time.Time // of the list; zero if nothing ever changed
	sole     bool      // no other change shares modified's second
}

// entry is one entry as readers get it.
type entry struct {
	id        string // urn:uuid:…
	url       string
	title     string
	html      string
	authors   []string
	columns   []catalog.Column
	published time.Time
	updated   time.Time
	files     []file
	source    catalog.Entry // without words if it was withdrawn
}

type file struct {
	protocol.Attachment
	URL string
}

// grave says that an entry was withdrawn.
type grave struct {
	id        string
	at        time.Time
	reason    string
	successor string // address of what took its place, or ""
}

func graveOf(e catalog.Entry) grave { return grave{urn(e.ID), e.WithdrawnAt, e.Reason, e.Successor} }

// document reads one page of a list. path is where the list is, with the
// format's extension.
func (s *Service) document(ctx context.Context, base, path string, q Query) (*document, error) {
	id, since, err := s.Store.FeedIdentity(ctx)
	if err != nil {
		return nil, err
	}
	columns, err := s.Store.Columns(ctx)
	if err != nil {
		return nil, err
	}
	name, err := s.name(ctx, q.List, columns)
	if err != nil {
		return nil, err
	}
	list, err := s.page(ctx, q)
	if err != nil {
		return nil, err
	}
	d := &document{
		id: feedID(id, q.List), title: content.CleanLine(s.Title), author: content.CleanLine(s.Author), home: base + q.List.page(),
		self: base + path + q.query(), first: base + path,
	}
	if name != "" {
		d.title = content.CleanLine(name) + " · " + d.title
	}
	if list.older {
		d.next = base + path + Query{After: Of(list.entries[len(list.entries)-1])}.query()
	}
	if list.newer {
		d.prev = base + path + Query{Before: Of(list.entries[0])}.query()
	}
	if list.nearFirst {
		d.prev = base + path
	}
	now := s.Now()
	for _, e := range list.entries {
		if e.State == catalog.EntryLive {
			d.entries = append(d.entries, live(base, e, columns))
			continue
		}
		d.graves = append(d.graves, graveOf(e))
		if now.Sub(e.WithdrawnAt) < StubFor {
			d.entries = append(d.entries, s.stub(base, e))
		}
	}
	if err := s.date(ctx, d, q.List, now); err != nil {
		return nil, err
	}
	if d.updated = d.modified; d.updated.IsZero() {
		d.updated = since
	}
	return d, nil
}

// date finds when the list changed last: an entry was published, corrected,
// withdrawn or left the list; or a withdrawn one was told of for long enough.
func (s *Service) date(ctx context.Context, d *document, l List, now time.Time) error {
	changes, withdrawals, err := s.Store.FeedChanges(ctx, l, now.Add(-StubFor), now.Add(-TombstoneFor))
	if err != nil {
		return err
	}
	for i, told := range []time.Duration{StubFor, TombstoneFor} {
		if !withdrawals[i].IsZero() {
			changes = append(changes, withdrawals[i].Add(told))
		}
	}
	if len(changes) == 0 {
		d.sole = true
		return nil
	}
	slices.SortFunc(changes, func(a, b time.Time) int { return b.Compare(a) })
	d.modified = changes[0]
	d.sole = len(changes) == 1 || changes[1].Unix() < changes[0].Unix()
	return nil
}

// feedID is the id of a list's feed, the same under every address.
func feedID(hub string, l List) string {
	space, err := uuid.Parse(hub)
	if err != nil {
		space = uuid.NewSHA1(uuid.NameSpaceOID, []byte(hub))
	}
	return "urn:uuid:" + uuid.NewSHA1(space, []byte("feed/"+l.Kind+"/"+l.Key)).String()
}

func urn(entry string) string { return "urn:uuid:" + entry }

// live is an entry of a list as readers get it.
func live(base string, e catalog.Entry, columns []catalog.Column) entry {
	v := entry{
		id: urn(e.ID), url: base + "/entries/" + e.ID, title: content.CleanLine(e.Title), published: e.PublishedAt, updated: e.UpdatedAt, source: e,
	}
	for _, src := range e.Sources {
		if n := unitOf(src); !slices.Contains(v.authors, n) {
			v.authors = append(v.authors, n)
		}
	}
	for _, c := range columns {
		if slices.Contains(e.Columns, c.Slug) {
			v.columns = append(v.columns, c)
		}
	}
	for _, f := range e.Files {
		address := fileURL(base, f)
		f.Name, f.Alt = content.CleanLine(f.Name), content.CleanLine(f.Alt)
		v.files = append(v.files, file{f, address})
	}
	v.html = body(e, v.files)
	return v
}

func unitOf(s catalog.EntrySource) string {
	unit := s.UnitName
	if unit == "" {
		unit = s.Unit
	}
	return content.CleanLine(unit + s.OriginName)
}

// stub stands in the place of a withdrawn entry.
func (s *Service) stub(base string, e catalog.Entry) entry {
	v := entry{
		id: urn(e.ID), url: base + "/entries/" + e.ID, title: "〔已撤回〕本条信息已撤下", published: e.PublishedAt, updated: e.UpdatedAt,
		authors: []string{content.CleanLine(s.Author)},
		source:  catalog.Entry{ID: e.ID, State: e.State, Version: e.Version, Reason: e.Reason, Successor: e.Successor, WithdrawnAt: e.WithdrawnAt},
	}
	v.html = "<p>" + escape(withdrawnText(e)) + "</p>"
	if e.Successor != "" {
		v.html += `<p>新的内容：<a href="` + escape(e.Successor) + `">` + escape(e.Successor) + `</a></p>`
	}
	return v
}

func withdrawnText(e catalog.Entry) string {
	return fmt.Sprintf("本条信息原于%s发布，已于%s撤回。原因：%s。", minute(e.PublishedAt), minute(e.WithdrawnAt), strings.TrimRight(e.Reason, "。"))
}

func minute(at time.Time) string { return at.In(chinatime.Zone).Format("2006年1月2日15:04") }

// page is entries and what lies around them.
type page struct {
	entries   []catalog.Entry
	older     bool
	newer     bool
	nearFirst bool // what is newer fits on the first page
}

// page reads one entry more than fits, to see whether the page is at a border.
func (s *Service) page(ctx context.Context, q Query) (page, error) {
	q.WithdrawnSince = s.Now().Add(-TombstoneFor)
	q.Limit = s.PageSize + 1
	list, err := s.Store.FeedPage(ctx, q)
	if err != nil {
		return page{}, err
	}
	more := len(list) > s.PageSize
	p := page{entries: list, older: more}
	switch {
	case q.Before.ID != "" && !more:
		// Nothing is newer than these: that is the first page, which is full.
		return s.page(ctx, Query{List: q.List})
	case q.Before.ID != "":
		p.entries = list[1:]
	case more:
		p.entries = list[:s.PageSize]
	}
	if q.After.ID == "" && q.Before.ID == "" {
		return p, nil
	}
	if len(p.entries) == 0 { // everything behind the token is gone
		p.nearFirst = true
		return p, nil
	}
	newer, err := s.Store.FeedPage(ctx, Query{List: q.List, Before: Of(p.entries[0]), WithdrawnSince: q.WithdrawnSince, Limit: s.PageSize + 1})
	if err != nil {
		return page{}, err
	}
	p.newer = len(newer) > s.PageSize
	p.nearFirst = len(newer) > 0 && !p.newer
	return p, nil
}
