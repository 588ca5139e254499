package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhanqun/hub/health"
	"zhanqun/hub/health/fresh"
	"zhanqun/hub/store"
	"zhanqun/internal/fault"
)

func oneColumn(t *testing.T, s *store.Store, site string) health.Column {
	t.Helper()
	list, err := s.SiteColumns(t.Context(), site, "")
	if err != nil || len(list) != 1 {
		t.Fatalf("columns %+v, %v", list, err)
	}
	return list[0]
}

func testSiteColumns(t *testing.T, open Open) {
	clock := NewClock()
	s := open(t, clock.Now)
	ctx := t.Context()
	Units(t, s)
	site := addSite(t, s, Sitang, "思唐街道网", "http://sitang.example/")
	column := health.Column{Site: site.ID, URL: "http://sitang.example/tzgg/", Name: "通知公告", Class: fresh.Notice, Days: 60, Channel: "思唐街道", Status: health.ColumnWatched}
	if n, err := s.SaveColumns(ctx, "test", []health.Column{column}); err != nil || n != 1 {
		t.Fatalf("%d new, %v", n, err)
	}
	c := oneColumn(t, s, site.ID)
	if c.Unit != Sitang || c.UnitName != "思唐街道" || c.Days != 60 || c.Status != health.ColumnWatched || c.State != "" {
		t.Errorf("column %+v", c)
	}
	column.Unit, column.Name, column.Days = Tangtou, "公示公告", 0
	if n, err := s.SaveColumns(ctx, "test", []health.Column{column}); err != nil || n != 0 {
		t.Errorf("saved again: %d new, %v", n, err)
	}
	if c = oneColumn(t, s, ""); c.Unit != Tangtou || c.Name != "公示公告" || c.Days != 0 {
		t.Errorf("renamed column %+v", c)
	}
	column.Unit = "000"
	if _, err := s.SaveColumns(ctx, "test", []health.Column{column}); !fault.Is(err, fault.Invalid) {
		t.Errorf("a column of an unknown unit: %v", err)
	}
	column.Site = "nowhere"
	if _, err := s.SaveColumns(ctx, "test", []health.Column{column}); !fault.Is(err, fault.NotFound) {
		t.Errorf("a column of an unknown site: %v", err)
	}
	if _, err := s.SiteColumn(ctx, "nothing"); !fault.Is(err, fault.NotFound) {
		t.Errorf("a column that does not exist: %v", err)
	}
	testColumnRead(t, s, clock, c)
}

func testColumnRead(t *testing.T, s *store.Store, clock *Clock, c health.Column) {
	ctx := t.Context()
	if due, err := s.DueColumns(ctx, clock.Now(), 10); err != nil || len(due) != 1 {
		t.Fatalf("a new column is not due: %v, %v", due, err)
	}
	if h, err := s.ColumnHistory(ctx, c.ID); err != nil || len(h.Seen) != 0 {
		t.Errorf("history of a new column %+v, %v", h, err)
	}
	c.State, c.LastUpdate, c.ReadAt, c.NextAt = fresh.Stale, "2026-01-10", clock.Now(), clock.Now().Add(time.Hour)
	c.Reading = health.ColumnReading{Reason: fresh.ReasonOverdue, Since: "2026-05-03", Last: "2026-07-10", Count: 12, Evidence: []string{"主列表有 12 条"},
		Doubtful: []fresh.Item{{Title: "补发的通知", Day: "2026-09-01", Flags: []fresh.Flag{fresh.FlagBackDated}}}, Changed: clock.Now()}
	h := fresh.History{ReadAt: clock.Now(), Oldest: "2025-01-01", Seen: []fresh.Seen{{Key: "k", First: clock.Now(), Last: clock.Now(), Day: "2026-01-10"}}}
	if err := s.ColumnRead(ctx, c, h); err != nil {
		t.Fatal(err)
	}
	got, err := s.SiteColumn(ctx, c.ID)
	if err != nil {
		t.Fatal(err)
	}
	c.Condition = fresh.Overdue
	if diff := cmp.Diff(c, got, cmp.AllowUnexported(fresh.Item{})); diff != "" {
		t.Errorf("column read (-want +got):\n%s", diff)
	}
	if kept, err := s.ColumnHistory(ctx, c.ID); err != nil || !cmp.Equal(h, kept) {
		t.Errorf("history %+v, %v", kept, err)
	}
	if due, _ := s.DueColumns(ctx, clock.Now(), 10); len(due) != 0 {
		t.Error("a column that was read is due at once")
	}
	if err := s.SiteRead(ctx, health.Site{ID: c.Site, State: health.SiteOpen, NextAt: clock.Now().Add(24 * time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if next, err := s.NextDue(ctx); err != nil || !next.Equal(c.NextAt) {
		t.Errorf("next due %v, %v; want %v", next, err, c.NextAt)
	}
	if err := s.SiteDue(ctx, "test", c.Site); err != nil {
		t.Fatal(err)
	}
	if due, _ := s.DueColumns(ctx, clock.Now(), 10); len(due) != 1 {
		t.Error("the columns of a site a person wants checked are not due")
	}
	marked, err := s.MarkColumn(ctx, "li", c.ID, health.MarkStatic, "机构职能，不更新")
	if err != nil || marked.Mark != health.MarkStatic || marked.MarkBy != "li" || !marked.MarkAt.Equal(clock.Now()) || !marked.Exempt() {
		t.Errorf("marked %+v, %v", marked, err)
	}
	if again, err := s.MarkColumn(ctx, "li", c.ID, "", "恢复更新"); err != nil || again.Exempt() || again.MarkNote != "恢复更新" {
		t.Errorf("mark taken off: %+v, %v", again, err)
	}
}

func testProposals(t *testing.T, open Open) {
	clock := NewClock()
	s := open(t, clock.Now)
	ctx := t.Context()
	Units(t, s)
	site := addSite(t, s, Sitang, "思唐街道网", "http://sitang.example/")
	proposals := []health.Column{{Site: site.ID, URL: "http://sitang.example/a/", Name: "工作动态", Class: fresh.News}, {Site: site.ID, URL: "http://sitang.example/b/", Name: "通知公告", Class: fresh.Notice}}
	if n, err := s.ProposeColumns(ctx, proposals); err != nil || n != 2 {
		t.Fatalf("%d new, %v", n, err)
	}
	if n, err := s.ProposeColumns(ctx, proposals); err != nil || n != 0 {
		t.Errorf("proposed again: %d new, %v", n, err)
	}
	due, err := s.DueColumns(ctx, clock.Now(), 10)
	if err != nil || len(due) != 2 {
		t.Fatalf("proposals due: %v, %v", due, err)
	}
	for _, c := range due {
		if !c.Exempt() {
			t.Errorf("a proposal counts: %+v", c)
		}
		c.State, c.ReadAt, c.NextAt = fresh.Unknown, clock.Now(), clock.Now().Add(time.Hour)
		if err := s.ColumnRead(ctx, c, fresh.History{}); err != nil {
			t.Fatal(err)
		}
	}
	if again, _ := s.DueColumns(ctx, clock.Now().Add(48*time.Hour), 10); len(again) != 0 {
		t.Error("a proposal is read again and again")
	}
	if _, err := s.MarkColumn(ctx, "li", due[0].ID, health.MarkStatic, "x"); !fault.Is(err, fault.Conflict) {
		t.Errorf("a proposal was marked: %v", err)
	}
	as := func(unit string, class fresh.Class, days int) func(*health.Column) error {
		return func(c *health.Column) error { c.Unit, c.Class, c.Days = unit, class, days; return nil }
	}
	none := func(*health.Column) error { return nil }
	if _, err := s.EditColumn(ctx, "li", due[0].ID, none); !fault.Is(err, fault.Conflict) {
		t.Errorf("a proposal was edited: %v", err)
	}
	if _, err := s.SettleColumn(ctx, "li", due[0].ID, health.ColumnWatched, as("000", fresh.Plan, 0)); !fault.Is(err, fault.Invalid) {
		t.Errorf("taken for an unknown unit: %v", err)
	}
	if c, err := s.SettleColumn(ctx, "li", due[0].ID, health.ColumnWatched, as(Tangtou, fresh.Plan, 90)); err != nil || c.Status != health.ColumnWatched || c.Unit != Tangtou || c.Class != fresh.Plan || c.Days != 90 {
		t.Errorf("taken: %+v, %v", c, err)
	}
	if c, err := s.SettleColumn(ctx, "li", due[1].ID, health.ColumnDismissed, none); err != nil || c.Status != health.ColumnDismissed {
		t.Errorf("dismissed: %+v, %v", c, err)
	}
	if _, err := s.SettleColumn(ctx, "li", due[1].ID, health.ColumnWatched, none); !fault.Is(err, fault.Conflict) {
		t.Errorf("settled twice: %v", err)
	}
	if c := oneColumn(t, s, site.ID); c.ID != due[0].ID {
		t.Errorf("left %+v", c)
	}
	if again, _ := s.DueColumns(ctx, clock.Now(), 10); len(again) != 1 {
		t.Error("a proposal that was taken is not due")
	}
	if err := s.ColumnRead(ctx, health.Column{ID: due[0].ID, State: fresh.Fresh, ReadAt: clock.Now(), NextAt: clock.Now().Add(time.Hour)}, fresh.History{}); err != nil {
		t.Fatal(err)
	}
	if c, err := s.EditColumn(ctx, "li", due[0].ID, as(Sitang, fresh.News, 7)); err != nil || c.Unit != Sitang || c.Class != fresh.News || c.Days != 7 || !c.NextAt.Equal(clock.Now()) {
		t.Errorf("edited: %+v, %v", c, err)
	}
	if _, err := s.EditColumn(ctx, "li", due[0].ID, as("000", fresh.News, 0)); !fault.Is(err, fault.Invalid) {
		t.Errorf("edited for an unknown unit: %v", err)
	}
	if n, _ := s.ProposeColumns(ctx, proposals); n != 0 {
		t.Error("what was dismissed is proposed again")
	}
}

func testColumnDays(t *testing.T, open Open) {
	s := open(t)
	ctx := t.Context()
	Units(t, s)
	site := addSite(t, s, Sitang, "思唐街道网", "http://sitang.example/")
	if _, err := s.SaveColumns(ctx, "test", []health.Column{{Site: site.ID, URL: "http://sitang.example/a/", Name: "工作动态", Class: fresh.News, Status: health.ColumnWatched}}); err != nil {
		t.Fatal(err)
	}
	h := fresh.History{Seen: []fresh.Seen{{Key: "a", Day: "2026-11-01"}, {Key: "b", Day: "2026-11-02", Odd: fresh.FlagBackDated}, {Key: "c"}}}
	if err := s.ColumnRead(ctx, oneColumn(t, s, site.ID), h); err != nil {
		t.Fatal(err)
	}
	if days, err := s.ColumnDays(ctx, site.ID); err != nil || !cmp.Equal(days, map[string]fresh.Day{"a": "2026-11-01"}) {
		t.Errorf("days of the columns %v, %v", days, err)
	}
}
