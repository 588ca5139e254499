package storetest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/hub/ranking"
	"zhanqun/hub/review"
	"zhanqun/internal/account"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// rankingSuite is what hub/ranking demands of the store, through its service.
func rankingSuite(t *testing.T, open Open) {
	t.Run("a month", func(t *testing.T) { rankMonth(t, open) })
	t.Run("once each", func(t *testing.T) { rankOnce(t, open) })
	t.Run("emergency", func(t *testing.T) { rankEmergency(t, open) })
	t.Run("bounds", func(t *testing.T) { rankBounds(t, open) })
}

func (o *Office) rank(period, ledger string) ranking.Table {
	o.T.Helper()
	p, err := ranking.ParsePeriod(period)
	if err != nil {
		o.T.Fatal(err)
	}
	table, err := ranking.New(ranking.Options{Store: o.Store}).Table(o.T.Context(), o.Reviewer, p, ledger)
	if err != nil {
		o.T.Fatal(err)
	}
	return table
}

// brief is a line in a few words: code, rank, counts in the order submitted,
// adopted, returned, rejected, withdrawn, and points.
func brief(lines []ranking.Line) []string {
	list := []string{}
	for _, l := range lines {
		counts := []string{}
		for _, n := range []int{l.Rank, l.Submitted, l.Adopted, l.Returned, l.Rejected, l.Withdrawn} {
			counts = append(counts, ranking.Tenths(10*n).String())
		}
		list = append(list, l.Unit+" "+strings.Join(counts, " ")+" = "+l.Points.String())
	}
	return list
}

// rankMonth goes through all that counts, around the border of a month.
func rankMonth(t *testing.T, open Open) {
	o := NewOffice(t, open) // it is 3 November
	decide := func(who access.User, item, action, reason string) {
		t.Helper()
		q := o.Decision(item, action)
		if reason != "" {
			q.Reason = reason
		}
		if err := o.Desk.Decide(t.Context(), who, q); err != nil {
			t.Fatal(err)
		}
	}
	village := func(m *protocol.Submit) { m.Origin = SitangA }
	text, photo, later := o.Submit(0, "township", village), o.Submit(0, "photo"), o.Submit(0, "township")
	other, bad, back := o.Submit(1, "township"), o.Submit(1, "township"), o.Submit(1, "township")
	decide(o.Reviewer, text, "approve", "")
	decide(o.Reviewer, photo, "approve", "")
	decide(o.Reviewer, other, "approve", "")
	decide(o.Reviewer, bad, "reject", "")
	o.Stream.Send(o.From[back], o.From[back].Withdraw(back, 1))
	for range 2 { // returned twice counts once
		decide(o.Reviewer, later, "return", "")
		o.Revise(later)
	}
	if err := o.Desk.Adopt(t.Context(), o.Reviewer, text, review.Outlet{Outlet: "city", URL: "https://city.example.gov.cn/1"}); err != nil {
		t.Fatal(err)
	}
	got := o.rank("2026-11", Sitang)
	same(t, "townships", brief(got.Townships), []string{
		Sitang + " 1 3 2 1 0 0 = 6.5", Tangtou + " 2 3 1 0 1 1 = 1", Xujiaba + " 3 0 0 0 0 0 = 0"})
	same(t, "departments", brief(got.Departments), []string{Bureau + " 1 0 0 0 0 0 = 0"})
	same(t, "villages", brief(got.Villages), []string{SitangA + " 0 1 1 0 0 0 = 6"})
	same(t, "columns", got.Townships[0].Columns, map[string]int{"township": 1, "photo": 1})
	same(t, "outlets", got.Townships[0].AdoptedBy, map[string]int{"county": 2, "city": 1})
	if len(got.Ledger) != 3 || got.Townships[0].Name != "思唐街道" || got.Villages[0].Parent != Sitang || got.Villages[0].Name != "城北社区" {
		t.Errorf("%+v", got)
	}
	if same := o.rank("2026-Q4", ""); same.Townships[0].Points != got.Townships[0].Points || len(same.Ledger) != 0 {
		t.Errorf("the quarter: %+v", same.Townships[0])
	}

	// In December the entry turns out wrong: what it earned in November stays
	// there, and is taken back now. A late adoption counts by its day.
	o.Clock.Advance(30 * 24 * time.Hour)
	decide(o.Chief, text, "withdraw", "error")
	decide(o.Chief, photo, "withdraw", "stale")
	decide(o.Reviewer, later, "approve", "")
	if err := o.Desk.Adopt(t.Context(), o.Reviewer, other, review.Outlet{Outlet: "province", At: o.Clock.Now().AddDate(0, 0, -20)}); err != nil {
		t.Fatal(err)
	}
	same(t, "November, later", brief(o.rank("2026-11", "").Townships), []string{
		Tangtou + " 1 3 1 0 1 1 = 11", Sitang + " 2 3 2 1 0 0 = 6.5", Xujiaba + " 3 0 0 0 0 0 = 0"})
	december := o.rank("2026-12", SitangA)
	same(t, "December", brief(december.Townships), []string{
		Sitang + " 1 0 1 0 0 2 = 0", Xujiaba + " 1 0 0 0 0 0 = 0", Tangtou + " 1 0 0 0 0 0 = 0"})
	if len(december.Ledger) != 1 || december.Ledger[0].Kind != ranking.Withdrawn || december.Ledger[0].Points != -10 || december.Ledger[0].Reason != "error" {
		t.Errorf("the village's ledger: %+v", december.Ledger)
	}
	same(t, "the year", brief(o.rank("2026", "").Townships), []string{
		Tangtou + " 1 3 1 0 1 1 = 11", Sitang + " 2 3 3 1 0 2 = 6.5", Xujiaba + " 3 0 0 0 0 0 = 0"})
}

// rankOnce holds that an item that comes to the portal twice counts once, that
// each unit of a combined entry is credited, and that refusing a newer text of
// what is live rejects no item.
func rankOnce(t *testing.T, open Open) {
	o := NewOffice(t, open)
	one, two := o.Submit(0, "township"), o.Submit(1, "township")
	if _, err := o.Combine(o.Reviewer, one, two); err != nil {
		t.Fatal(err)
	}
	same(t, "combined", brief(o.rank("2026-11", "").Townships)[:2], []string{Sitang + " 1 1 1 0 0 0 = 1", Tangtou + " 1 1 1 0 0 0 = 1"})
	o.Clock.Advance(time.Minute)
	o.Decide(o.Chief, one, "withdraw") // takes the entry down; the other goes back to review
	o.Clock.Advance(time.Minute)
	o.Decide(o.Reviewer, two, "approve")
	o.Revise(two)
	o.Decide(o.Reviewer, two, "reject")
	table := o.rank("2026-11", Tangtou)
	same(t, "afterwards", brief(table.Townships)[:2], []string{Tangtou + " 1 1 1 0 0 0 = 1", Sitang + " 2 1 1 0 0 1 = 0"})
	if len(table.Ledger) != 1 || table.Ledger[0].Item != two {
		t.Errorf("ledger %+v", table.Ledger)
	}
}

// rankEmergency holds that what was published in an emergency and then rejected
// has earned nothing.
func rankEmergency(t *testing.T, open Open) {
	o := NewOffice(t, open)
	id := o.Submit(0, "headline")
	q := o.Decision(id, catalog.ActionApprove)
	q.Emergency, q.Comment = true, "山洪预警"
	if err := o.Desk.Decide(t.Context(), o.Chief, q); err != nil {
		t.Fatal(err)
	}
	same(t, "before it was looked at", brief(o.rank("2026-11", "").Townships)[:1], []string{Sitang + " 1 1 1 0 0 0 = 1"})
	o.Clock.Advance(time.Minute)
	o.Decide(o.Reviewer, id, catalog.ActionReject)
	table := o.rank("2026-11", Sitang)
	if l := table.Townships[0]; l.Points != 0 || len(table.Ledger) != 2 || table.Ledger[0].Kind != ranking.Rejected || table.Ledger[0].Points != -10 {
		t.Errorf("rejected: %+v\n%+v", brief(table.Townships), table.Ledger)
	}
}

func rankBounds(t *testing.T, open Open) {
	o := NewOffice(t, open)
	for range 3 {
		o.Submit(0, "township")
	}
	from, until := o.Clock.Now().Add(-time.Hour), o.Clock.Now().Add(time.Hour)
	for limit, want := range map[int]bool{2: true, 3: false} {
		n := 0
		more, err := o.Facts(t.Context(), from, until, limit, func(ranking.Fact) { n++ })
		if err != nil || more != want || n != limit {
			t.Errorf("limit %d: %d facts, more: %v, %v", limit, n, more, err)
		}
	}
	at := o.Clock.Now()
	for name, span := range map[string][2]time.Time{"ends before": {from, at}, "begins after": {at.Add(time.Millisecond), until}} {
		if _, err := o.Facts(t.Context(), span[0], span[1], 10, func(f ranking.Fact) { t.Errorf("%s: %+v", name, f) }); err != nil {
			t.Error(err)
		}
	}
	units := must[[]catalog.Unit](t)(o.RankedUnits(t.Context(), 10))
	codes := make([]string, len(units))
	for i, u := range units {
		codes[i] = u.Code
	}
	if slices.Sort(codes); !slices.Equal(codes, []string{Bureau, Sitang, Xujiaba, Tangtou}) {
		t.Errorf("units to rank: %v", codes)
	}
	p := ranking.MonthOf(at)
	s := ranking.New(ranking.Options{Store: o.Store, Now: o.Clock.Now})
	if s.Current() != p {
		t.Errorf("the month is %+v", s.Current())
	}
	if _, err := s.Table(t.Context(), User(t, o.Store, "viewer", account.RoleViewer, ""), p, ""); err != nil {
		t.Errorf("a viewer: %v", err)
	}
	if _, err := s.Table(t.Context(), User(t, o.Store, "zhang", account.RoleLiaison, Sitang), p, ""); !fault.Is(err, fault.Forbidden) {
		t.Errorf("a liaison: %v", err)
	}
}
