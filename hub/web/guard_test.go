package web

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"zhanqun/hub/access"
	"zhanqun/hub/store/storetest"
	"zhanqun/internal/account"
	"zhanqun/internal/ui/uitest"
	"zhanqun/internal/web"
)

// Who fails to sign in hears the same of a name that exists, one that does not,
// and one that is locked out of its office; a hasty one has to wait.
func TestSignInTellsNothing(t *testing.T) {
	c := newCounty(t)
	said := func(login string) string {
		v := c.visit(t)
		v.from = "192.0.2.77:1"
		v.get("/signin")
		a := v.post("/signin", "login", login, "password", "not-the-password").is(http.StatusUnauthorized)
		return strings.ReplaceAll(a.words(), login, "")
	}
	if there, nowhere := said(c.people[account.RoleChief].Login), said("nobody-at-all"); there != nowhere {
		t.Errorf("of a name that exists:\n%s\nof one that does not:\n%s", there, nowhere)
	}
	v := c.visit(t)
	v.get("/signin")
	last, after := 0, ""
	for i := range 12 {
		a := v.post("/signin", "login", "guess"+string(rune('a'+i)), "password", "not-the-password")
		last, after = a.Code, a.Result().Header.Get("Retry-After")
	}
	if last != http.StatusTooManyRequests || after == "" {
		t.Errorf("the twelfth guess within a second: %d, to come again after %q", last, after)
	}
}

// A password the county finds too old is changed before anything else.
func TestOldPasswordIsChangedFirst(t *testing.T) {
	c := newCounty(t)
	c.access.Rules = account.Rules{Days: 90, Past: 2}
	c.Clock.Advance(91 * 24 * time.Hour)
	v := c.as(t, account.RoleReviewer)
	if a := v.get("/items").is(http.StatusSeeOther); a.to() != "/account/password" {
		t.Errorf("leads to %s", a.to())
	}
	v.get("/account/password").says("密码该换了")
}

// Whoever signs out everywhere stays where he did so.
func TestSignOutEverywhere(t *testing.T) {
	c := newCounty(t)
	here, there := c.as(t, account.RoleReviewer), c.as(t, account.RoleReviewer)
	there.get("/account").is(http.StatusOK)
	c.Clock.Advance(time.Second)
	here.get("/account").says("退出其他地方的登录")
	here.follow(here.post("/account/signout")).is(http.StatusOK).says("其他地方的登录都已退出")
	there.get("/account").is(http.StatusSeeOther)
}

// Whoever signs in is told of the time before, and of a password set since then.
func TestSignInTellsOfTheLast(t *testing.T) {
	c := newCounty(t)
	u := c.people[account.RoleReviewer]
	in := func(from, password string) *answer {
		t.Helper()
		v := c.visit(t)
		v.from = from + ":1"
		v.get("/signin")
		return v.follow(v.post("/signin", "login", u.Login, "password", password, "next", "/nodes"))
	}
	in("192.0.2.1", storetest.Password).lacks("上次登录")
	c.Clock.Advance(time.Hour)
	in("127.0.0.1", storetest.Password).says("上次登录：", "192.0.2.1").lacks("此后密码")
	c.Clock.Advance(time.Hour)
	const own = "春天里的第一声惊雷响过山"
	if err := c.access.ChangePassword(t.Context(), u, storetest.Password, own, "203.0.113.9"); err != nil {
		t.Fatal(err)
	}
	c.Clock.Advance(time.Hour)
	in("192.0.2.1", own).says("上次登录：", "本机", "此后密码改过：", "203.0.113.9", "不是您本人改的")
	c.Clock.Advance(time.Hour)
	once, err := c.access.ResetPassword(t.Context(), c.people[account.RoleAdmin], u.ID, "192.0.2.3")
	if err != nil {
		t.Fatal(err)
	}
	c.Clock.Advance(time.Hour)
	in("192.0.2.1", once).says("请先设置自己的密码", "此后密码由admin重置")
	c.as(t, account.RoleAdmin).get("/users/" + u.ID).says("192.0.2.1")
}

// A person sees where he is signed in and ends a single one; so does the
// administrator, for others.
func TestSignInsAreShownAndEnded(t *testing.T) {
	c := newCounty(t)
	u := c.people[account.RoleReviewer]
	here := c.as(t, account.RoleReviewer)
	there := c.as(t, account.RoleReviewer, "User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0")
	page := here.get("/account").says("192.0.2.1", "Firefox · Linux", "就是这一处")
	here.follow(here.post(uitest.Attr(page.find("table form"), "action"))).says("这一处登录已退出").lacks("Firefox")
	there.get("/account").is(http.StatusSeeOther)
	here.get("/account").is(http.StatusOK)

	there = c.as(t, account.RoleReviewer)
	admin := c.as(t, account.RoleAdmin)
	page = admin.get("/users/" + u.ID)
	if n := len(uitest.All(page.page(), "table form")); n != 2 {
		t.Errorf("the administrator is shown %d sign-ins", n)
	}
	admin.follow(admin.post(uitest.Attr(page.find("table form"), "action"))).says("这一处登录已退出")
	if a, b := here.get("/account").Code, there.get("/account").Code; a == b {
		t.Errorf("of two sign-ins one was ended; they get %d and %d", a, b)
	}
	c.Clock.Advance(time.Second)
	admin.follow(admin.post("/users/"+u.ID+"/signout")).says("这个账号的登录都已退出", "现在没有在任何地方登录")
	here.get("/account").is(http.StatusSeeOther)
	there.get("/account").is(http.StatusSeeOther)
	admin.get("/audit").says("退出一处登录")
}

// No page of a person is kept by a browser or a proxy, or shows itself within
// another site's page, and none may run anything that is not a file of ours. (That
// none tries is what TestPagesAreSound holds.)
func TestPrivatePagesKeepToThemselves(t *testing.T) {
	f := furnish(t, newCounty(t))
	admin := f.as(t, account.RoleAdmin)
	seen := 0
	for _, r := range append(f.srv.pageRoutes(), f.srv.apiRoutes()...) {
		method, path := f.address(r.pattern)
		if method != http.MethodGet || path == "/events" || strings.Contains(r.pattern, "/files/") {
			continue
		}
		a := admin.get(path)
		if a.Code != http.StatusOK {
			continue // of another role; it says so on a page like these
		}
		seen++
		h := a.Header()
		if !strings.Contains(h.Get("Cache-Control"), "no-store") {
			t.Errorf("%s: Cache-Control %q", path, h.Get("Cache-Control"))
		}
		if h.Get("Content-Security-Policy") != web.ContentSecurityPolicy || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("X-Frame-Options") != "DENY" {
			t.Errorf("%s: %v", path, h)
		}
	}
	if seen < 20 {
		t.Errorf("%d pages seen", seen)
	}
	for _, directive := range []string{"unsafe-inline", "unsafe-eval", "*", "http:"} {
		if strings.Contains(web.ContentSecurityPolicy, directive) {
			t.Errorf("the policy has %s", directive)
		}
	}
}

// A request larger than anything this program takes is refused, signed in or not.
func TestLargeRequestsAreRefused(t *testing.T) {
	c := newCounty(t)
	v := c.visit(t)
	v.get("/signin")
	body := url.Values{web.FormTokenField: {v.token}, "login": {strings.Repeat("x", maxUpload)}}.Encode()
	v.do(http.MethodPost, "/signin", "application/x-www-form-urlencoded", strings.NewReader(body)).is(http.StatusRequestEntityTooLarge)
	p := c.program(t, account.RoleReviewer)
	p.do(http.MethodPost, "/api/v1/entries", "application/json", bytes.NewReader(make([]byte, maxUpload+1))).is(http.StatusRequestEntityTooLarge)
}

// Ending an account, a password or a token ends what it opened at once.
func TestEndedAccessIsEnded(t *testing.T) {
	c := newCounty(t)
	admin := c.people[account.RoleAdmin]
	u, password, err := c.access.AddUser(t.Context(), admin, access.NewUser{Login: "xin", Name: "新来的", Role: account.RoleReviewer, Password: "kafu-momi-wozu-niba"})
	if err != nil || password == "" {
		t.Fatal(err)
	}
	secret, token, err := c.access.NewToken(t.Context(), u, u.Login, "同步", 0)
	if err != nil {
		t.Fatal(err)
	}
	page, program := c.signedIn(t, u), c.visit(t)
	program.header.Set("Authorization", "Bearer "+secret)
	program.get("/api/v1/items").is(http.StatusOK)
	if err := c.access.RevokeToken(t.Context(), u, u.ID, token.ID); err != nil {
		t.Fatal(err)
	}
	program.get("/api/v1/items").is(http.StatusUnauthorized)
	page.get("/items").is(http.StatusOK)
	if _, err := c.access.DisableUser(t.Context(), admin, u.ID); err != nil {
		t.Fatal(err)
	}
	page.get("/items").is(http.StatusSeeOther)
}
