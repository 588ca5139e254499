package web

import (
	"net/http"
	"testing"
	"time"

	"zhanqun/hub/catalog"
	"zhanqun/hub/feed"
	"zhanqun/internal/account"
	"zhanqun/internal/ui/uitest"
	"zhanqun/protocol"
)

// A chief publishes in an emergency, and a reviewer looks at it afterwards, each
// on the item's page.
func TestEmergencyPages(t *testing.T) {
	c := newCounty(t)
	id := c.Submit(0, "headline")
	page := "/items/" + id
	c.as(t, account.RoleReviewer).get(page).is(http.StatusOK).lacks("紧急发布")
	chief := c.as(t, account.RoleChief)
	chief.get(page).is(http.StatusOK).says("紧急发布")
	again := chief.post(page+"/decide", "revision", "1", "action", "approve", "emergency", "1").is(http.StatusUnprocessableEntity)
	if field := again.find("#f-comment"); uitest.Attr(field, "aria-invalid") != "true" {
		t.Error("the field does not say what is missing")
	}
	chief.follow(chief.post(page+"/decide", "revision", "1", "action", "approve", "emergency", "1", "comment", "山洪预警")).is(http.StatusOK).says("几秒后紧急发布")
	c.carryOut(t)
	chief.get(page).is(http.StatusOK).says("没有补审完", "山洪预警")
	reviewer := c.as(t, account.RoleReviewer)
	reviewer.get("/items").is(http.StatusOK).says("待补审")
	reviewer.get(page).is(http.StatusOK).says("没有补审完").lacks("发布到：", "更正说明")
	reviewer.follow(reviewer.post(page+"/decide", "revision", "1", "action", "approve")).is(http.StatusOK)
	c.carryOut(t)
	reviewer.get(page).is(http.StatusOK).lacks("没有补审完")
	if i := c.Item(id).Item; i.Emergency || i.State != protocol.StateAdopted {
		t.Errorf("item: %+v", i)
	}
}

// carryOut lets held decisions leave.
func (c *county) carryOut(t testing.TB) {
	t.Helper()
	c.Clock.Advance(11 * time.Second)
	if _, err := c.Desk.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// An hour is set, moved and done away with.
func TestSchedulePages(t *testing.T) {
	c := newCounty(t)
	id := c.Submit(0, "township")
	page := "/items/" + id
	v := c.as(t, account.RoleReviewer)
	v.get(page).is(http.StatusOK).says("定时发布")
	v.post(page+"/decide", "revision", "1", "action", "approve", "publishAt", "明天").is(http.StatusUnprocessableEntity).says("日期和时间")
	v.follow(v.post(page+"/decide", "revision", "1", "action", "approve", "publishAt", "2026-11-04T08:30")).is(http.StatusOK).says("到时自动发布")
	c.carryOut(t)
	if i := c.Item(id).Item; !i.PublishAt.Equal(time.Date(2026, 11, 4, 0, 30, 0, 0, time.UTC)) {
		t.Fatalf("item: %+v", i)
	}
	v.get("/items").is(http.StatusOK).says("定时发布")
	if value := uitest.Attr(v.get(page).is(http.StatusOK).find("#f-hour"), "value"); value != "2026-11-04T08:30" {
		t.Errorf("the form says %q", value)
	}
	v.follow(v.post(page+"/schedule", "revision", "1", "publishAt", "2026-11-05T08:30")).says("发布时间已改")
	v.follow(v.post(page+"/schedule", "revision", "1")).says("已发布")
	if i := c.Item(id).Item; i.State != protocol.StateAdopted {
		t.Errorf("item: %+v", i)
	}
}

// A live entry is put into other columns and on top of its lists.
func TestPlacementPages(t *testing.T) {
	c := newCounty(t)
	id := c.Submit(0, "township")
	page := "/items/" + id
	v := c.as(t, account.RoleReviewer)
	v.get(page).is(http.StatusOK).lacks("换栏目", "置顶")
	v.follow(v.post(page+"/pin", "until", "2026-11-09", "reason", "汛期")).says("不在门户上")
	c.Decide(c.Reviewer, id, catalog.ActionApprove)
	v.get(page).is(http.StatusOK).says("换栏目", "置顶")
	v.follow(v.post(page+"/repost", "columns", "photo", "reason", "")).says("原因")
	v.follow(v.post(page+"/repost", "columns", "photo", "columns", "township", "reason", "图好")).says("栏目已换")
	v.follow(v.post(page+"/pin", "until", "2026-11-09", "reason", "汛期")).says("已置顶", "置顶到")
	if top, err := c.Pinned(t.Context(), feed.List{}, c.Clock.Now(), 5); err != nil || len(top) != 1 || len(top[0].Columns) != 2 {
		t.Errorf("pinned: %+v, %v", top, err)
	}
	v.follow(v.post(page+"/pin", "until", "", "reason", "取消")).says("已取消置顶")
	c.as(t, account.RoleViewer).get(page).is(http.StatusOK).lacks("换栏目", "置顶")
}
