package web

import (
	"net/http"
	"testing"
	"time"

	"zhanqun/hub/store/storetest"
	"zhanqun/internal/account"
	"zhanqun/internal/ui/uitest"
)

// A person sets a second factor up, signs in with it, and is let in by nothing less.
func TestSecondFactor(t *testing.T) {
	c := newCounty(t)
	u := c.people[account.RoleReviewer]
	v := c.as(t, account.RoleReviewer)
	v.get("/account").says("二次验证", "没有开启")
	v.get("/account/second").says("开始设置")
	v.post("/account/second/begin", "password", "not the password").is(http.StatusUnprocessableEntity).says("原密码不对")
	page := v.follow(v.post("/account/second/begin", "password", storetest.Password)).says("扫这个二维码")
	page.find("svg.qr path")
	f, err := c.access.Second(t.Context(), u)
	if err != nil {
		t.Fatal(err)
	}
	page.says(f.Text())
	v.post("/account/second/confirm", "code", "000000").is(http.StatusUnprocessableEntity).says("验证码不对")
	page = v.post("/account/second/confirm", "code", storetest.Code(t, f, c.Now())).is(http.StatusOK).says("二次验证已开启", "只显示一次")
	codes := uitest.All(page.page(), "ol li code")
	if len(codes) != account.RecoveryCodes {
		t.Fatalf("%d recovery codes", len(codes))
	}
	v.get("/account").says("已开启").lacks(f.Text(), uitest.Words(codes[0]))
	v.get("/account/second").says("8 个").lacks(f.Text(), uitest.Words(codes[0]))

	stranger := c.visit(t)
	stranger.get("/signin")
	stranger.follow(stranger.post("/signin", "login", u.Login, "password", storetest.Password, "next", "/nodes")).says("验证器上显示的 6 位数字")
	stranger.get("/items").is(http.StatusSeeOther)
	stranger.get("/signin/second?next=/nodes")
	a := stranger.post("/signin/second", "code", storetest.Code(t, f, c.Now()), "next", "/nodes").is(http.StatusUnauthorized).says("已经用过")
	if len(uitest.All(a.page(), "input[name=next]")) != 1 {
		t.Error("the page he was on his way to is lost")
	}
	c.Clock.Advance(30 * time.Second)
	stranger.follow(stranger.post("/signin/second", "code", storetest.Code(t, f, c.Now()), "next", "/nodes")).is(http.StatusOK).says("节点")

	lost := c.visit(t)
	lost.get("/signin")
	lost.follow(lost.post("/signin", "login", u.Login, "password", storetest.Password))
	lost.get("/signin/second?recovery=1").says("恢复码")
	lost.follow(lost.post("/signin/second", "code", uitest.Words(codes[0]), "recovery", "1")).says("还剩 7 个")
	c.Clock.Advance(6 * time.Minute)
	late := c.visit(t)
	late.get("/signin")
	late.post("/signin", "login", u.Login, "password", storetest.Password)
	c.Clock.Advance(6 * time.Minute)
	late.get("/signin/second").is(http.StatusSeeOther)

	admin := c.as(t, account.RoleAdmin)
	admin.get("/users/" + u.ID).says("重置二次验证")
	admin.post("/users/" + u.ID + "/second/off").is(http.StatusOK).says("请先核实是本人")
	admin.follow(admin.post("/users/"+u.ID+"/second/off", "sure", "1")).says("二次验证已重置")
	lost.get("/account").is(http.StatusSeeOther)
	admin.get("/audit").says("开启了二次验证", "用恢复码登录", "关闭了二次验证")
}

// Where the county demands one, it comes before anything else, on the pages and for
// the pages' sessions on the interface; programs go on.
func TestSecondFactorIsDemanded(t *testing.T) {
	c := newCounty(t)
	c.access.Rules.Second = account.DemandAdmins
	v, program := c.as(t, account.RoleAdmin), c.program(t, account.RoleAdmin)
	for _, path := range []string{"/nodes", "/account", "/users"} {
		if to := v.get(path).to(); to != "/account/second" {
			t.Errorf("%s leads to %q", path, to)
		}
	}
	v.get("/api/v1/nodes").is(http.StatusForbidden)
	program.get("/api/v1/nodes").is(http.StatusOK)
	c.as(t, account.RoleReviewer).get("/nodes").is(http.StatusOK)
	v.get("/account/second").says("请先设置二次验证")
	storetest.SetUpSecond(t, c.access, c.people[account.RoleAdmin])
	v.get("/nodes").is(http.StatusOK)
}
