package health

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"zhanqun/hub/access"
	"zhanqun/hub/health/fresh"
	"zhanqun/internal/fault"
)

// Column is a column (栏目) of a site. A township usually owns columns inside
// the county portal, so a column's unit need not be the site's.
type Column struct {
	ID       string      `json:"id"`
	Site     string      `json:"site"`
	URL      string      `json:"url"`
	Name     string      `json:"name"`
	Class    fresh.Class `json:"class"`
	Days     int         `json:"days,omitempty"` // a period of its own in days, shorter than its class's; 0 for none
	Unit     string      `json:"unit"`           // who answers for it
	UnitName string      `json:"unitName"`
	Channel  string      `json:"channel,omitempty"` // 频道 of the site it belongs to
	Status   string      `json:"status"`            // ColumnWatched, ColumnProposed, ColumnDismissed

	Mark     string    `json:"mark,omitempty"` // why it need not be updated: MarkStatic, MarkClosed, MarkMaintenance
	MarkBy   string    `json:"markBy,omitempty"`
	MarkAt   time.Time `json:"markAt,omitzero"`
	MarkNote string    `json:"markNote,omitempty"`

	State      fresh.State     `json:"state"`      // empty before the first reading
	Condition  fresh.Condition `json:"condition"`  // the state in an inspector's words
	LastUpdate fresh.Day       `json:"lastUpdate"` // newest update that can be believed; null for none
	Reading    ColumnReading   `json:"reading"`
	CreatedAt  time.Time       `json:"createdAt"`
	ReadAt     time.Time       `json:"readAt,omitzero"`
	NextAt     time.Time       `json:"nextAt,omitzero"`
}

// Rule is how often the column has to be updated.
func (c Column) Rule() fresh.Rule { return fresh.Rule{Class: c.Class, Days: c.Days} }

// ColumnReading is what is kept of the last reading of a column.
type ColumnReading struct {
	Reason   fresh.Reason `json:"reason,omitempty"`
	Since    fresh.Day    `json:"since,omitempty"` // first day of the window, by the calendar
	InDays   bool         `json:"freshByDays"`     // in time when the window is counted in days
	Last     fresh.Day    `json:"last,omitempty"`  // last day in time without a new update
	Count    int          `json:"count"`
	Evidence []string     `json:"evidence,omitempty"`
	Facts    []fresh.Fact `json:"facts,omitempty"`    // Evidence in parts, for other languages; absent in readings of old
	Doubtful []fresh.Item `json:"doubtful,omitempty"` // items whose dates do not count, at most 20
	Changed  time.Time    `json:"changedAt,omitzero"` // when State became what it is
}

// Statuses of a column.
const (
	ColumnWatched   = "watched"
	ColumnProposed  = "proposed"  // found in the site's navigation; a person decides
	ColumnDismissed = "dismissed" // a person decided that it is none
)

// Marks of columns that are left out of the rules on updates.
const (
	MarkStatic      = "static"      // organisation, legal texts and the like
	MarkClosed      = "closed"      // archived special topics
	MarkMaintenance = "maintenance" // for the time being
)

// Exempt tells whether the rules on updates leave c out.
func (c Column) Exempt() bool { return c.Mark != "" || c.Status != ColumnWatched }

const (
	columnEvery = 6 * time.Hour // four times a day
	columnAgain = time.Hour     // one that could not be read
	maxDoubtful = 20
)

// MaxColumns bounds a list of columns.
const MaxColumns = 2000

func (c *Column) check() error {
	c.Name, c.URL, c.Unit, c.Channel = strings.TrimSpace(c.Name), strings.TrimSpace(c.URL), strings.TrimSpace(c.Unit), strings.TrimSpace(c.Channel)
	address, ok := webAddress(c.URL)
	switch {
	case c.Name == "" || len(c.Name) > 300:
		return fault.Field("name", "请填写栏目名称。")
	case !ok:
		return fault.Field("url", "栏目地址要以 http:// 或 https:// 开头。")
	case len(c.Channel) > 300:
		return fault.Field("channel", "频道名称太长。")
	}
	if c.Class == "" {
		c.Class, _ = fresh.GuessClass(c.Name)
	}
	if !c.Class.Known() {
		return fault.Field("class", "栏目类别只能是 "+fresh.ClassNames+"。")
	}
	if c.Days < 0 || c.Days > 0 && !c.Rule().Own() {
		return fault.Field("days", fmt.Sprintf("本栏目自己的期限写天数，要比类别的期限（%s）短；不填就按类别的期限。", c.Class.Period()))
	}
	c.URL = address
	return nil
}

// SaveColumns registers columns of a site, or renames registered ones, by
// address. A column without a unit is the site's own unit's. It returns how
// many are new.
func (s *Service) SaveColumns(ctx context.Context, who access.User, list []Column) (int, error) {
	if err := who.Need(access.Manage); err != nil {
		return 0, err
	}
	for i := range list {
		if err := list[i].check(); err != nil {
			return 0, err
		}
		list[i].Status = ColumnWatched
	}
	n, err := s.Store.SaveColumns(ctx, who.Login, list)
	s.Wake()
	return n, err
}

// MarkColumn says why a column need not be updated, or, with an empty mark,
// that it has to be again. A reason is kept with who gave it.
func (s *Service) MarkColumn(ctx context.Context, who access.User, id, mark, note string) (Column, error) {
	if err := who.Need(access.Inspect); err != nil {
		return Column{}, err
	}
	note = strings.TrimSpace(note)
	switch {
	case !slices.Contains([]string{"", MarkStatic, MarkClosed, MarkMaintenance}, mark):
		return Column{}, fault.Field("mark", "请选择静态、已关闭、维护中，或恢复检查。")
	case note == "" || len(note) > 1000:
		return Column{}, fault.Field("note", "请写明理由，供检查时说明（不超过 300 字）。")
	}
	c, err := s.Store.MarkColumn(ctx, who.Login, id, mark, note)
	if err == nil {
		err = s.followColumn(ctx, c)
	}
	s.Wake()
	return c, err
}

// ColumnTerms are what a person settles of a column.
type ColumnTerms struct {
	Unit  string      // who answers for it; empty as it is
	Class fresh.Class // empty as it is
	Days  int         // see Column
}

// take puts terms into c.
func (t ColumnTerms) take(c *Column) error {
	c.Unit, c.Class, c.Days = first(t.Unit, c.Unit), fresh.Class(first(string(t.Class), string(c.Class))), t.Days
	return c.check()
}

// SettleColumn decides a proposal: the column is watched from now on by these
// terms, or was none.
func (s *Service) SettleColumn(ctx context.Context, who access.User, id string, take bool, terms ColumnTerms) (Column, error) {
	if err := who.Need(access.Manage); err != nil {
		return Column{}, err
	}
	status, settle := ColumnDismissed, func(*Column) error { return nil }
	if take {
		status, settle = ColumnWatched, terms.take
	}
	c, err := s.Store.SettleColumn(ctx, who.Login, id, status, settle)
	s.Wake()
	return c, err
}

// EditColumn gives a column that is watched other terms and has it read again.
func (s *Service) EditColumn(ctx context.Context, who access.User, id string, terms ColumnTerms) (Column, error) {
	if err := who.Need(access.Manage); err != nil {
		return Column{}, err
	}
	c, err := s.Store.EditColumn(ctx, who.Login, id, terms.take)
	s.Wake()
	return c, err
}

// Columns returns the columns of a site, the worst first: what is late or
// blank, then what waits for a decision, then the rest, what need not be
// updated last.
func (s *Service) Columns(ctx context.Context, site string) ([]Column, error) {
	list, err := s.Store.SiteColumns(ctx, site, "")
	slices.SortStableFunc(list, func(a, b Column) int { return cmp.Compare(a.rank(), b.rank()) })
	return list, err
}

func (c Column) rank() int {
	switch {
	case c.Mark != "":
		return 9
	case c.Status == ColumnProposed:
		return 5
	}
	switch c.Condition {
	case fresh.Empty:
		return 0
	case fresh.Sleeping:
		return 1
	case fresh.Overdue:
		return 2
	case fresh.NotKnown:
		return 6
	}
	return 7
}

// readColumns reads the columns that are due and reports whether there may be
// more.
func (s *Service) readColumns(ctx context.Context) (more bool, err error) {
	due, err := s.Store.DueColumns(ctx, s.Now(), s.Workers)
	if err != nil {
		return false, err
	}
	err = s.each(ctx, len(due), func(ctx context.Context, i int) error { return s.readColumn(ctx, due[i]) })
	return len(due) > 0, err
}

// readColumn reads one column and weighs what it shows against what was seen
// before.
func (s *Service) readColumn(ctx context.Context, c Column) error {
	now := s.Now()
	h, err := s.Store.ColumnHistory(ctx, c.ID)
	if err != nil {
		return err
	}
	r := fresh.Look(ctx, s.Checker, c.URL, fresh.Options{Now: now, Class: c.Class, Days: c.Days, Name: c.Name})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	synced, err := s.synced(ctx, r.Items)
	if err != nil {
		return err
	}
	r, h = fresh.Weigh(h, r, fresh.WeighOptions{Synced: synced})
	c.ReadAt, c.NextAt = now, now.Add(columnEvery)
	if r.State == fresh.Unknown && (r.Reason == fresh.ReasonUnread || r.Reason == fresh.ReasonGone) {
		c.NextAt = now.Add(columnAgain)
	}
	changed := c.Reading.Changed
	if r.State != c.State {
		changed = now
		if r.State == fresh.Stale || r.State == fresh.Blank {
			c.NextAt = now.Add(columnAgain) // a fault is one when it is seen twice
		}
	}
	if r.State != fresh.Unknown || r.LastUpdate != "" {
		c.LastUpdate = r.LastUpdate // else what was last known stays
	}
	c.State = r.State
	c.Reading = ColumnReading{Reason: r.Reason, Since: r.Since, InDays: r.InDays, Last: r.Last, Count: r.Count, Evidence: r.Evidence, Facts: r.Facts, Changed: changed}
	for _, it := range r.Items {
		if len(it.Flags) > 0 && len(c.Reading.Doubtful) < maxDoubtful {
			c.Reading.Doubtful = append(c.Reading.Doubtful, it)
		}
	}
	if err := s.Store.ColumnRead(ctx, c, h); err != nil {
		return err
	}
	return s.followColumn(ctx, c)
}

// synced returns what tells on which day an item came out through the hub.
func (s *Service) synced(ctx context.Context, items []fresh.Item) (func(fresh.Item) fresh.Day, error) {
	var urls, titles []string
	for _, it := range items {
		if it.URL != "" {
			urls = append(urls, it.URL)
		}
		titles = append(titles, it.Title)
	}
	if len(items) == 0 {
		return nil, nil
	}
	times, err := s.Store.PublishedAt(ctx, urls, titles)
	if err != nil {
		return nil, fmt.Errorf("looking up what came through the hub: %w", err)
	}
	return func(it fresh.Item) fresh.Day {
		if at, ok := times[it.URL]; ok && it.URL != "" {
			return fresh.DayOf(at)
		}
		// Titles recur: one of another time of year is another item.
		day := fresh.DayOf(times[it.Title])
		if day != "" && it.Day != "" && (it.Day < day.Add(-31) || it.Day > day.Add(31)) {
			return ""
		}
		return day
	}, nil
}

// DiscoverColumns reads a site's home page and proposes what its navigation
// leads to. Each proposal is read once, and a person decides. It returns how
// many are new.
func (s *Service) DiscoverColumns(ctx context.Context, who access.User, id string) (int, error) {
	if err := who.Need(access.Manage); err != nil {
		return 0, err
	}
	site, err := s.Store.Site(ctx, id)
	if err != nil {
		return 0, err
	}
	if s.Checker == nil {
		return 0, fault.New(fault.Conflict, "没有打开检查，不能读首页。")
	}
	home, why := fresh.ReadHome(ctx, s.Checker, site.URL)
	if why != "" {
		return 0, fault.New(fault.Conflict, "首页没有读到："+why)
	}
	var list []Column
	for _, m := range fresh.Menu(home) {
		c := Column{Site: site.ID, Name: m.Name, URL: m.URL}
		if c.check() == nil {
			list = append(list, c)
		}
	}
	n, err := s.Store.ProposeColumns(ctx, list)
	s.Wake()
	return n, err
}
