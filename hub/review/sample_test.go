package review

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/internal/account"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

var now = time.Date(2026, 11, 3, 6, 5, 0, 0, time.UTC)

var (
	reviewer = access.User{ID: "u-reviewer", Login: "shenhe", Name: "申荷", Role: account.RoleReviewer}
	second   = access.User{ID: "u-second", Login: "shenhe2", Name: "沈和", Role: account.RoleReviewer}
	chief    = access.User{ID: "u-chief", Login: "fenguan", Name: "冯管", Role: account.RoleChief}
	deputy   = access.User{ID: "u-deputy", Login: "fuzhi", Name: "傅职", Role: account.RoleChief}
	admin    = access.User{ID: "u-admin", Login: "admin", Name: "管理员", Role: account.RoleAdmin}
	liaison  = access.User{ID: "u-liaison", Login: "tangtou", Name: "唐投", Role: account.RoleLiaison, Unit: "520624103"}
)

// id makes a readable item id that is a UUID.
func id(n int) string { return fmt.Sprintf("01935f00-0000-7000-8000-%012d", n) }

func testRules() rules {
	n := 0
	return rules{portal: "https://www.example.gov.cn", claimFor: 30 * time.Minute, newID: func() string {
		n++
		return fmt.Sprintf("01935f00-0000-7000-9000-%012d", n)
	}}
}

// subject is item n in its first revision, just arrived, meant for a column.
func subject(n int, column string) Subject {
	text := catalog.Revision{
		Item: id(n), Revision: 1, Title: fmt.Sprintf("第 %d 条信息", n), Body: "<p>十一月三日，镇里召开现场会。</p>", Column: column,
		Author: "唐投", Source: "塘头镇党政办", Flags: []string{}, Attachments: []protocol.Attachment{},
	}
	_, role := FirstStep(catalog.FirstColumns(), column)
	return Subject{Text: text, Item: catalog.Item{
		ID: text.Item, Node: fmt.Sprintf("node%d", n), Unit: fmt.Sprintf("52062410%d", n), UnitName: fmt.Sprintf("第%d镇", n), Title: text.Title,
		Column: column, Author: text.Author, Source: text.Source, Revision: 1, State: protocol.StateReceived, Step: 1, DueRole: role,
		Flags: []string{}, ReceivedAt: now.Add(-time.Hour),
	}}
}

// snapshot puts subjects before a rule.
func snapshot(list ...Subject) Snapshot {
	return Snapshot{At: now, Columns: catalog.FirstColumns(), Items: list, Entries: map[string]catalog.Entry{}}
}

// after is x as it stands after e, for the next rule.
func after(s Snapshot, e Effect) Snapshot {
	s.Entries = cloneMap(s.Entries)
	for _, entry := range e.Entries {
		s.Entries[entry.ID] = entry
	}
	apply := func(list []Subject) []Subject {
		list = slices.Clone(list)
		for i := range list {
			x := &list[i]
			for _, item := range e.Items {
				if item.ID == x.Item.ID {
					x.Item, x.Held = item, nil
				}
			}
			if e.Hold != nil && e.Hold.Request.Item == x.Item.ID {
				x.Held = e.Hold
			}
			for _, d := range e.Decisions {
				if d.Item == x.Item.ID {
					x.Decisions = append(slices.Clone(x.Decisions), d)
				}
			}
			for _, a := range e.Adoptions {
				if a.Item == x.Item.ID {
					x.Adoptions = append(slices.Clone(x.Adoptions), a)
				}
			}
		}
		return list
	}
	s.Items, s.Others = apply(s.Items), apply(s.Others)
	return s
}

func cloneMap(m map[string]catalog.Entry) map[string]catalog.Entry {
	c := map[string]catalog.Entry{}
	for k, v := range m {
		c[k] = v
	}
	return c
}

// revise is what intake does when the next revision arrives.
func revise(s Snapshot, i int) Snapshot {
	s.Items = slices.Clone(s.Items)
	x := &s.Items[i]
	x.Text.Revision++
	x.Text.Title += "（修改）"
	x.Item.Revision, x.Item.Title = x.Text.Revision, x.Text.Title
	x.Item.State, x.Item.Step = protocol.StateReceived, 1
	_, x.Item.DueRole = FirstStep(s.Columns, x.Text.Column)
	x.Item.ClaimedBy, x.Item.ClaimedUntil = "", time.Time{}
	x.Decisions = nil
	return s
}

func approve(x Subject) Request {
	return Request{Item: x.Item.ID, Revision: x.Item.Revision, Action: catalog.ActionApprove}
}

// must runs a rule that has to succeed and returns what comes after.
func must(t *testing.T, s Snapshot, e Effect, err error) (Snapshot, Effect) {
	t.Helper()
	if err != nil {
		t.Fatalf("unexpected refusal: %v", err)
	}
	return after(s, e), e
}

// wantKind fails unless err has the kind; Internal means no error.
func wantKind(t *testing.T, err error, kind fault.Kind) {
	t.Helper()
	if kind == fault.Internal {
		if err != nil {
			t.Errorf("refused: %v", err)
		}
		return
	}
	if err == nil {
		t.Errorf("allowed, want kind %d", kind)
	} else if fault.KindOf(err) != kind {
		t.Errorf("kind %d (%v), want %d", fault.KindOf(err), err, kind)
	}
}
