package storetest

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/hub/review"
	"zhanqun/internal/account"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// walkList returns the ids of all pages of a list.
func walkList(t testing.TB, o *Office, who access.User, q review.Query) []string {
	t.Helper()
	ids := []string{}
	for range 100 {
		page, err := o.Desk.List(t.Context(), who, q)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range page.Items {
			ids = append(ids, i.ID)
		}
		if page.Next == "" {
			return ids
		}
		if q.After, err = review.ParsePosition(page.Next); err != nil {
			t.Fatal(err)
		}
	}
	t.Fatal("the list does not end")
	return nil
}

func reversed(list []string) []string {
	out := []string{}
	for i := range list {
		out = append(out, list[len(list)-1-i])
	}
	return out
}

func reviewLists(t *testing.T, open Open) {
	o := NewOffice(t, open)
	var all, sitang, photo, adopted []string
	for i := range 23 {
		column := []string{"township", "photo"}[i%2]
		id := o.Submit(i%3%2, column)
		all = append(all, id)
		if i%3%2 == 0 {
			sitang = append(sitang, id)
		}
		if column == "photo" {
			photo = append(photo, id)
		}
		if i%5 == 0 {
			o.Decide(o.Reviewer, id, catalog.ActionApprove)
			adopted = append(adopted, id)
		}
		if i%4 == 0 { // several arrive in one instant
			o.Clock.Advance(time.Second)
		}
	}
	both := func(a, b []string) []string {
		out := []string{}
		for _, x := range a {
			for _, y := range b {
				if x == y {
					out = append(out, x)
				}
			}
		}
		return out
	}
	for _, tt := range []struct {
		name string
		q    review.Query
		want []string
	}{
		{"all", review.Query{}, all},
		{"of a unit", review.Query{Unit: Sitang}, sitang},
		{"of a column", review.Query{Column: "photo"}, photo},
		{"in a state", review.Query{State: protocol.StateAdopted}, adopted},
		{"in a state, of a unit", review.Query{State: protocol.StateAdopted, Unit: Sitang}, both(adopted, sitang)},
		{"of a unit and a column", review.Query{Unit: Sitang, Column: "photo"}, both(sitang, photo)},
		{"of nobody", review.Query{Unit: "000000"}, []string{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, limit := range []int{1, 4, 23, 50} {
				tt.q.Limit = limit
				tt.q.Oldest = true
				same(t, fmt.Sprintf("oldest first by %d", limit), walkList(t, o, o.Reviewer, tt.q), tt.want)
				tt.q.Oldest = false
				same(t, fmt.Sprintf("newest first by %d", limit), walkList(t, o, o.Reviewer, tt.q), reversed(tt.want))
			}
		})
	}
	_, err := o.Desk.List(t.Context(), o.Reviewer, review.Query{State: "lost"})
	refused(t, err, fault.Invalid, "状态")
	for _, bad := range []string{"x", "1.2", "zzzzzzzzzzzzz." + all[0], "-1." + all[0]} {
		if _, err := review.ParsePosition(bad); !fault.Is(err, fault.Invalid) {
			t.Errorf("position %q: %v", bad, err)
		}
	}
}

// Part of a title is looked for within a bounded stretch of the list at a time.
func reviewSearch(t *testing.T, open Open) {
	o := NewOffice(t, open)
	titles := []string{"秋收100%完成", "秋收100元补贴", "ABC会议", "a_c 会议", "abc会议纪要"}
	ids := map[string]string{}
	for _, title := range titles {
		ids[title] = o.Submit(0, "township", func(m *protocol.Submit) { m.Title = title })
	}
	for _, tt := range []struct {
		text string
		want []string
	}{
		{"秋收", titles[:2]}, {"100%", titles[:1]}, {"a_c", titles[3:4]}, {"abc", []string{titles[2], titles[4]}}, {"无", nil}, {" 会议 ", titles[2:]},
	} {
		want := []string{}
		for _, title := range tt.want {
			want = append(want, ids[title])
		}
		same(t, tt.text, walkList(t, o, o.Reviewer, review.Query{Text: tt.text, Oldest: true, Limit: 2}), want)
	}
	_, err := o.Desk.List(t.Context(), o.Reviewer, review.Query{Text: "a\x00"})
	refused(t, err, fault.Invalid, "")
}

// Who sees what: the county everything, a unit its own.
func reviewReaders(t *testing.T, open Open) {
	o := NewOffice(t, open)
	mine := o.Submit(0, "village", func(m *protocol.Submit) { m.Origin = SitangA })
	neighbour := o.Submit(0, "township")
	other := o.Submit(1, "township")
	for _, tt := range []struct {
		who  access.User
		want []string
	}{
		{o.Reviewer, []string{mine, neighbour, other}},
		{User(t, o.Store, "viewer", account.RoleViewer, ""), []string{mine, neighbour, other}},
		{User(t, o.Store, "sitang", account.RoleLiaison, Sitang), []string{mine, neighbour}},
		{User(t, o.Store, "village", account.RoleVillage, SitangA), []string{mine}},
	} {
		same(t, tt.who.Login, walkList(t, o, tt.who, review.Query{Oldest: true}), tt.want)
		for _, id := range []string{mine, neighbour, other} {
			_, err := o.Desk.Item(t.Context(), tt.who, id)
			seen := false
			for _, w := range tt.want {
				seen = seen || w == id
			}
			if seen != (err == nil) || err != nil && !fault.Is(err, fault.NotFound) {
				t.Errorf("%s reads %s: %v", tt.who.Login, id, err)
			}
		}
	}
	liaison := User(t, o.Store, "tangtou", account.RoleLiaison, Tangtou)
	same(t, "asking for another unit", walkList(t, o, liaison, review.Query{Unit: Sitang, Oldest: true}), []string{other})
	if _, err := o.Desk.Counts(t.Context(), liaison); !fault.Is(err, fault.Forbidden) {
		t.Errorf("counts: %v", err)
	}
	if _, _, err := o.Desk.Events(t.Context(), liaison, 0, 10); !fault.Is(err, fault.Forbidden) {
		t.Errorf("events: %v", err)
	}
	d, err := o.Desk.Item(t.Context(), o.Reviewer, mine)
	if err != nil || d.Can["approve"] != "" || d.Can["withdraw"] == "" || d.Can["adopt"] == "" || len(d.Steps) != 1 || d.Item.Body == "" {
		t.Errorf("can: %v, steps %v, %v", d.Can, d.Steps, err)
	}
	if d, err = o.Desk.Item(t.Context(), o.Chief, mine); err != nil || d.Can["approve"] != "" {
		t.Errorf("can: %v, %v", d.Can, err)
	}
}

// What comes next for somebody to decide.
func reviewNext(t *testing.T, open Open) {
	o := NewOffice(t, open)
	var ids []string
	for range 6 {
		ids = append(ids, o.Submit(0, "headline"))
		o.Clock.Advance(time.Second)
	}
	next := func(who access.User, after ...string) []string {
		t.Helper()
		var p review.Position
		if len(after) > 0 {
			i := o.Item(after[0]).Item
			p = review.Position{At: i.ReceivedAt, ID: i.ID}
		}
		list, err := o.Desk.Next(t.Context(), who, p, 10)
		if err != nil {
			t.Fatal(err)
		}
		got := []string{}
		for _, i := range list {
			got = append(got, i.ID)
		}
		return got
	}
	same(t, "the reviewer's", next(o.Reviewer), ids)
	same(t, "the chief's", next(o.Chief), []string{})
	same(t, "after the third", next(o.Reviewer, ids[2]), ids[3:])
	same(t, "after the last it begins again", next(o.Reviewer, ids[5]), ids)
	if err := o.Desk.Claim(t.Context(), o.Second, ids[0], ""); err != nil {
		t.Fatal(err)
	}
	same(t, "claimed by another", next(o.Reviewer), ids[1:])
	same(t, "claimed by oneself", next(o.Second), ids)
	o.Clock.Advance(30 * time.Minute)
	same(t, "the claim ran out", next(o.Reviewer), ids)
	o.Decide(o.Reviewer, ids[1], catalog.ActionApprove)
	o.Decide(o.Deputy, ids[2], catalog.ActionApprove)
	same(t, "approved one step", next(o.Reviewer), append([]string{ids[0]}, ids[3:]...))
	same(t, "due for the chief", next(o.Chief), []string{ids[1], ids[2]})
	same(t, "not what he has approved himself", next(o.Deputy), []string{ids[1]})
	o.Revise(ids[3], func(m *protocol.Submit) { m.Author = "李四、" + o.Reviewer.Name })
	same(t, "not his own writing", next(o.Reviewer), []string{ids[0], ids[4], ids[5]})
	same(t, "a new revision is the newest", next(o.Second), []string{ids[0], ids[4], ids[5], ids[3]})
	if _, err := o.Desk.Next(t.Context(), User(t, o.Store, "look", account.RoleViewer, ""), review.Position{}, 10); !fault.Is(err, fault.Forbidden) {
		t.Errorf("a viewer: %v", err)
	}
}

// When a column's steps change, what is under way is due for whom it is now.
func reviewColumnsChange(t *testing.T, open Open) {
	o := NewOffice(t, open)
	fresh, half, other := o.Submit(0, "headline"), o.Submit(0, "headline"), o.Submit(1, "photo")
	o.Decide(o.Reviewer, half, catalog.ActionApprove)
	save := func(roles ...string) {
		t.Helper()
		c := catalog.Column{Slug: "headline", Name: "要闻", Position: 1}
		for i, r := range roles {
			c.Steps = append(c.Steps, catalog.Step{Name: fmt.Sprintf("第%d步", i+1), Role: r})
		}
		if err := Access(o.Store).SaveColumn(t.Context(), Admin(), c); err != nil {
			t.Fatal(err)
		}
	}
	due := func() []string {
		var list []string
		for _, id := range []string{fresh, half, other} {
			i := o.Item(id).Item
			list = append(list, fmt.Sprintf("%s %d", i.DueRole, i.Step))
		}
		return list
	}
	same(t, "before", due(), []string{"reviewer 1", "chief 2", "reviewer 1"})
	save("chief", "chief")
	same(t, "a higher first step", due(), []string{"chief 1", "chief 1", "reviewer 1"})
	save("reviewer", "reviewer", "chief")
	same(t, "a step more", due(), []string{"reviewer 1", "reviewer 2", "reviewer 1"})
	refused(t, o.Desk.Decide(t.Context(), o.Reviewer, o.Decision(half, catalog.ActionApprove)), fault.Forbidden, "另一个人")
	save("reviewer")
	same(t, "one step left", due(), []string{"reviewer 1", "reviewer 1", "reviewer 1"})
	o.Decide(o.Reviewer, half, catalog.ActionApprove)
	if d := o.Item(half); d.Item.State != protocol.StateAdopted {
		t.Errorf("item: %+v", d.Item)
	}
}

func reviewCounts(t *testing.T, open Open) {
	o := NewOffice(t, open)
	for i := range 5 {
		id := o.Submit(0, "headline")
		if i < 2 {
			o.Decide(o.Reviewer, id, catalog.ActionApprove)
		}
	}
	c, err := o.Desk.Counts(t.Context(), o.Chief)
	if err != nil || c.States[protocol.StateReceived] != 3 || c.States[protocol.StateInReview] != 2 || c.Due["reviewer"] != 3 || c.Due["chief"] != 2 {
		t.Errorf("counts %+v, %v", c, err)
	}
	few, err := o.Store.Counts(t.Context(), 2)
	if err != nil || few.States[protocol.StateReceived] != 3 || few.States[protocol.StateInReview] != 2 {
		t.Errorf("up to two: %+v, %v", few, err)
	}
}

// Whoever follows the events while others write sees every number, in order.
func reviewEvents(t *testing.T, open Open) {
	o := NewOffice(t, open)
	const each = 12
	people := []access.User{o.Reviewer, o.Second, o.Chief}
	ids := make([][]string, len(people))
	for p := range people {
		for range each {
			ids[p] = append(ids[p], o.Submit(p%2, "township"))
		}
	}
	var left atomic.Int32
	left.Store(int32(len(people)))
	var seen uint64
	together(len(people)+1, func(i int) {
		if i < len(people) {
			defer left.Add(-1)
			for _, id := range ids[i] {
				if err := o.Desk.Decide(t.Context(), people[i], o.Decision(id, catalog.ActionApprove)); err != nil {
					t.Error(err)
				}
			}
			return
		}
		for last := false; ; {
			list, next, err := o.Desk.Events(t.Context(), o.Reviewer, seen, 7)
			if err != nil {
				t.Error(err)
				return
			}
			for n, e := range list {
				if e.Seq != seen+uint64(n)+1 {
					t.Errorf("event %d after %d", e.Seq, seen+uint64(n))
				}
			}
			seen = next
			if len(list) == 0 && last {
				return
			}
			last = len(list) == 0 && left.Load() == 0
		}
	})
	head, err := o.EventHead(t.Context())
	if want := uint64(len(people) * each * 4); err != nil || head != seen || head < want {
		t.Errorf("saw %d of %d (at least %d), %v", seen, head, want, err)
	}
}
