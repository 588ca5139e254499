package review

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/internal/account"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// Query selects items; empty fields select all. The order is that of arrival at
// the county, newest first.
type Query struct {
	State  protocol.State
	Unit   string
	Origin string // village; without Unit its own township's items are searched
	Column string // the one the node meant it for
	Role   string // items whose step is due for this role
	Text   string // part of the title
	Oldest bool   // oldest first
	Texts  bool   // with the bodies, as cleaned HTML; pages are short where texts are long
	After  Position
	Limit  int
}

// Position is a place in the order of arrival.
type Position struct {
	At time.Time
	ID string
}

// String returns the position as a token for addresses; empty for none.
func (p Position) String() string {
	if p.ID == "" {
		return ""
	}
	return strconv.FormatInt(p.At.UnixMilli(), 36) + "." + p.ID
}

// ParsePosition reads what String wrote.
func ParsePosition(s string) (Position, error) {
	if s == "" {
		return Position{}, nil
	}
	ms, id, ok := strings.Cut(s, ".")
	at, err := strconv.ParseInt(ms, 36, 64)
	if !ok || err != nil || at < 0 || at > 1<<52 || !protocol.ValidUUID(id) {
		return Position{}, fault.Field("cursor", "翻页标记无效，请从第一页重新打开。")
	}
	return Position{At: time.UnixMilli(at).UTC(), ID: id}, nil
}

// Page is one page of a list.
type Page struct {
	Items []catalog.Item
	Next  string // token of the next page; empty at the end
}

// Counts are the items waiting, up to Most of each: more is shown as "1,000+".
type Counts struct {
	States map[protocol.State]int
	Due    map[string]int // by role
	Most   int
}

// Detail is everything known about one item.
type Detail struct {
	Item      catalog.Item       // with its cleaned body
	Revisions []catalog.Revision // newest first, the latest 20
	Decisions []catalog.Decision // oldest first, the latest 200
	Adoptions []catalog.Adoption // oldest first, the latest 100
	Entry     *catalog.Entry     // the one it is or was part of
	Arrived   map[string]bool    // files of the revisions that its node has brought, by digest
	Unlike    map[string]bool    // those brought that are not what the item says; they are never published
	Held      *Held              // a decision that has not left yet
	Columns   []string           // where it would be published as things stand
	Steps     []catalog.Step     // the steps to there; Item.Step counts in them
	Can       map[string]string  // action → why the asker may not do it now; "" if he may
}

const (
	defaultPage = 50
	maxPage     = 200
	countMost   = 1000
)

func pageSize(limit int) int {
	if limit <= 0 {
		return defaultPage
	}
	return min(limit, maxPage)
}

// List returns the items who may read, page by page. A liaison gets those of
// her own unit only, a village liaison those of the village.
func (s *Service) List(ctx context.Context, who access.User, q Query) (Page, error) {
	q.Limit = pageSize(q.Limit)
	q.Text = strings.TrimSpace(q.Text)
	if len(q.Text) > 200 || !readable(q.Text) {
		return Page{}, fault.Field("q", "查找的文字太长或无法显示。")
	}
	if q.State != "" && catalog.StateNames[q.State] == "" {
		return Page{}, fault.Field("state", "没有这个状态。")
	}
	if !who.May(access.ReadAll) {
		switch {
		case who.Disabled || who.Unit == "":
			return Page{}, who.Need(access.ReadAll)
		case who.Role == account.RoleLiaison:
			q.Unit = who.Unit
		case who.Role == account.RoleVillage:
			q.Unit, q.Origin = "", who.Unit
		default:
			return Page{}, who.Need(access.ReadAll)
		}
	}
	if q.Texts {
		return s.texts(ctx, q)
	}
	list, next, err := s.store.Items(ctx, q)
	if err != nil {
		return Page{}, err
	}
	return Page{Items: list, Next: next.String()}, nil
}

// Bounds of a page with texts: how many items are read at once, and after how
// many bytes of text the page ends. One text is at most 200 KiB.
const (
	textsAtOnce = 20
	textBytes   = 1 << 20
)

// texts is a page of items with their bodies. It ends early rather than hold
// more than textBytes and one text more; the next page goes on there.
func (s *Service) texts(ctx context.Context, q Query) (Page, error) {
	page, limit, size := Page{}, q.Limit, 0
	for {
		q.Limit = min(textsAtOnce, limit-len(page.Items))
		list, next, err := s.store.Items(ctx, q)
		if err != nil {
			return Page{}, err
		}
		for _, i := range list {
			size += len(i.Body)
			if i.Body, err = shown(i.ID, i.Body); err != nil {
				return Page{}, err
			}
			page.Items = append(page.Items, i)
			if size >= textBytes {
				page.Next = Position{At: i.ReceivedAt, ID: i.ID}.String()
				return page, nil
			}
		}
		page.Next = next.String()
		if next.ID == "" || len(list) < q.Limit || len(page.Items) == limit {
			return page, nil
		}
		q.After = next
	}
}

// shown is a text as it may be shown. One that is nested too deep to be shown is
// left out; the raw text is in its revision.
func shown(item, body string) (string, error) {
	body, err := clean(body)
	if fault.Is(err, fault.Invalid) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("item %s: %w", item, err)
	}
	return body, nil
}

// dueRole is the role whose steps are who's to decide, or "".
func dueRole(who access.User) string {
	switch {
	case who.May(access.Final):
		return string(account.RoleChief)
	case who.May(access.Review):
		return string(account.RoleReviewer)
	}
	return ""
}

// nextTries bounds how many pages Next looks through for an item that is not
// who's own.
const nextTries = 5

// Next returns up to limit items who should decide next, oldest first: those
// whose step is due for who's own role, not claimed by another, not of who's
// own writing, not approved by who at an earlier step. after is the position of
// the item who has just seen; from the end it begins again.
func (s *Service) Next(ctx context.Context, who access.User, after Position, limit int) ([]catalog.Item, error) {
	role := dueRole(who)
	if role == "" {
		return nil, who.Need(access.Review)
	}
	limit = pageSize(limit)
	found, err := s.next(ctx, who, role, after, limit)
	if err != nil || len(found) > 0 || after.ID == "" {
		return found, err
	}
	return s.next(ctx, who, role, Position{}, limit)
}

func (s *Service) next(ctx context.Context, who access.User, role string, after Position, limit int) ([]catalog.Item, error) {
	var found []catalog.Item
	for range nextTries {
		list, err := s.store.DueItems(ctx, role, who.ID, after, limit)
		if err != nil {
			return nil, err
		}
		for _, i := range list {
			if len(found) < limit && !Wrote(who, catalog.Revision{Author: i.Author}) {
				found = append(found, i)
			}
		}
		if len(found) == limit || len(list) < limit {
			break
		}
		last := list[len(list)-1]
		after = Position{At: last.ReceivedAt, ID: last.ID}
	}
	return found, nil
}

// Counts counts what waits.
func (s *Service) Counts(ctx context.Context, who access.User) (Counts, error) {
	if err := who.Need(access.ReadAll); err != nil {
		return Counts{}, err
	}
	return s.store.Counts(ctx, countMost)
}

// Item returns one item with all that belongs to it.
func (s *Service) Item(ctx context.Context, who access.User, id string) (Detail, error) {
	d, err := s.store.Item(ctx, id)
	if err != nil {
		return Detail{}, err
	}
	if !who.MayRead(d.Item.Unit, d.Item.Origin) {
		return Detail{}, fault.New(fault.NotFound, "没有这条信息。")
	}
	columns, err := s.store.Columns(ctx)
	if err != nil {
		return Detail{}, err
	}
	return s.explain(d, who, columns)
}

// explain adds what follows from the rules.
func (s *Service) explain(d Detail, who access.User, columns []catalog.Column) (Detail, error) {
	x := Subject{Item: d.Item, Text: d.Revisions[0], Held: d.Held}
	for _, v := range d.Revisions {
		if v.Revision == d.Item.LiveRevision {
			x.LiveColumn = v.Column
		}
	}
	for _, dec := range d.Decisions {
		if dec.Revision == d.Item.Revision {
			x.Decisions = append(x.Decisions, dec)
		}
	}
	snap := Snapshot{At: s.now(), Columns: columns, Items: []Subject{x}, Entries: map[string]catalog.Entry{}}
	if d.Entry != nil {
		snap.Entries[d.Entry.ID] = *d.Entry
	}
	p := planOf(snap, x)
	d.Columns, d.Steps = p.columns, p.route
	var err error
	if d.Item.Body, err = shown(d.Item.ID, x.Text.Body); err != nil {
		return Detail{}, err
	}
	d.Can = s.current().can(snap, x, who)
	return d, nil
}

// can tries each action and notes why it would fail. What the form still has
// to say (a reason, an override) is taken as said.
func (r rules) can(s Snapshot, x Subject, who access.User) map[string]string {
	can := map[string]string{}
	for _, action := range []string{catalog.ActionApprove, catalog.ActionReturn, catalog.ActionReject, catalog.ActionWithdraw} {
		q := Request{Item: x.Item.ID, Revision: x.Item.Revision, Action: action, Reason: "other", Comment: "-", Override: "-"}
		can[action] = why(r.decide(s, who, q))
	}
	can["emergency"] = why(r.decide(s, who, Request{Item: x.Item.ID, Revision: x.Item.Revision, Action: catalog.ActionApprove,
		Comment: "-", Override: "-", Emergency: true}))
	can["schedule"] = why(r.schedule(s, who, x.Item.Revision, time.Time{}))
	can["claim"] = why(r.claim(s, who, ""))
	can["adopt"] = why(r.adopt(s, who, Outlet{Outlet: "-"}))
	return can
}

func why(_ Effect, err error) string {
	if err == nil {
		return ""
	}
	return fault.Message(err)
}

// Revision returns one text of an item.
func (s *Service) Revision(ctx context.Context, who access.User, item string, revision int) (catalog.Revision, error) {
	d, err := s.store.Item(ctx, item)
	if err != nil {
		return catalog.Revision{}, err
	}
	if !who.MayRead(d.Item.Unit, d.Item.Origin) {
		return catalog.Revision{}, fault.New(fault.NotFound, "没有这条信息。")
	}
	if i := slices.IndexFunc(d.Revisions, func(v catalog.Revision) bool { return v.Revision == revision }); i >= 0 {
		return d.Revisions[i], nil
	}
	return s.store.Revision(ctx, item, revision)
}

// Events returns up to limit events after a number, gap-free and in order, and
// the number to ask after next.
func (s *Service) Events(ctx context.Context, who access.User, after uint64, limit int) ([]catalog.Event, uint64, error) {
	if err := who.Need(access.ReadAll); err != nil {
		return nil, 0, err
	}
	if limit <= 0 {
		limit = defaultPage
	}
	list, err := s.store.Events(ctx, after, min(limit, 1000))
	if err != nil {
		return nil, 0, err
	}
	if len(list) > 0 {
		after = list[len(list)-1].Seq
	}
	return list, after, nil
}
