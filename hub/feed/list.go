package feed

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"zhanqun/hub/catalog"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// Kinds of lists.
const (
	KindAll    = ""
	KindColumn = "column"
	KindUnit   = "unit"
)

// List is everything, one column, or one unit with what came from its villages.
type List struct {
	Kind string
	Key  string // slug or code
}

// Position is a place in the order of changes.
type Position struct {
	At time.Time // to the millisecond
	ID string
}

// Of returns the position of an entry.
func Of(e catalog.Entry) Position { return Position{At: e.UpdatedAt, ID: e.ID} }

// String returns the position as a token for addresses.
func (p Position) String() string {
	return strconv.FormatInt(p.At.UnixMilli(), 36) + "." + p.ID
}

// ParsePosition reads what String wrote.
func ParsePosition(s string) (Position, error) {
	ms, id, ok := strings.Cut(s, ".")
	at, err := strconv.ParseInt(ms, 36, 64)
	if !ok || err != nil || at < 0 || at > 1<<52 || !protocol.ValidUUID(id) {
		return Position{}, fault.New(fault.NotFound, "翻页地址无效，请从第一页重新打开。")
	}
	return Position{At: time.UnixMilli(at).UTC(), ID: id}, nil
}

// Query selects one page of a list. At most one of After and Before is set.
type Query struct {
	List           List
	After          Position  // older than this
	Before         Position  // newer than this: the page that borders on it
	WithdrawnSince time.Time // earlier withdrawals are left out
	Limit          int
}

// pageOf reads which page a request is for.
func pageOf(r *http.Request) (q Query, err error) {
	values := r.URL.Query()
	switch after, before := values.Get("after"), values.Get("before"); {
	case after != "" && before != "":
		return q, fault.New(fault.NotFound, "翻页地址无效，请从第一页重新打开。")
	case after != "":
		q.After, err = ParsePosition(after)
	case before != "":
		q.Before, err = ParsePosition(before)
	}
	return q, err
}

// query is the part of an address that names a page; empty for the first.
func (q Query) query() string {
	v := url.Values{}
	if q.After.ID != "" {
		v.Set("after", q.After.String())
	}
	if q.Before.ID != "" {
		v.Set("before", q.Before.String())
	}
	if len(v) == 0 {
		return ""
	}
	return "?" + v.Encode()
}

func all(*http.Request) (List, error) { return List{}, nil }

func ofColumn(r *http.Request) (List, error) {
	slug := r.PathValue("slug")
	if !protocol.ValidSlug(slug) {
		return List{}, errNoColumn
	}
	return List{KindColumn, slug}, nil
}

func ofUnit(r *http.Request) (List, error) {
	code := r.PathValue("code")
	if code == "" || len(code) > 32 || strings.ContainsFunc(code, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return List{}, errNoUnit
	}
	return List{KindUnit, code}, nil
}

var (
	errNoColumn = fault.New(fault.NotFound, "没有这个栏目。")
	errNoUnit   = fault.New(fault.NotFound, "没有这个单位。")
)

// path is where the feeds of the list are, without the extension.
func (l List) path() string {
	switch l.Kind {
	case KindColumn:
		return "/columns/" + l.Key + "/feed."
	case KindUnit:
		return "/units/" + url.PathEscape(l.Key) + "/feed."
	}
	return "/feed."
}

// page is where people read the list.
func (l List) page() string {
	if l.Kind == KindAll {
		return "/entries"
	}
	return "/entries?" + url.Values{l.Kind: {l.Key}}.Encode()
}

// name returns what the list is called in titles; empty for everything. It
// fails when there is no such list.
func (s *Service) name(ctx context.Context, l List, columns []catalog.Column) (string, error) {
	switch l.Kind {
	case KindColumn:
		for _, c := range columns {
			if c.Slug == l.Key {
				return c.Name, nil
			}
		}
		return "", errNoColumn
	case KindUnit:
		u, err := s.Store.Unit(ctx, l.Key)
		if fault.Is(err, fault.NotFound) {
			return "", errNoUnit
		}
		return u.Name, err
	}
	return "", nil
}
