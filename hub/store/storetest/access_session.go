package storetest

import (
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/internal/account"
	"zhanqun/internal/fault"
	"zhanqun/internal/web"
)

func sessionSuite(t *testing.T, open Open) {
	clock := NewClock()
	s := open(t, clock.Now)
	k := s.Sessions().(scs.CtxStore)
	find := func(token string) string {
		t.Helper()
		data, found, err := k.FindCtx(t.Context(), token)
		if err != nil || found != (data != nil) {
			t.Fatalf("found %v: %q, %v", found, data, err)
		}
		return string(data)
	}
	commit := func(token, data string, life time.Duration) {
		t.Helper()
		if err := k.CommitCtx(t.Context(), token, []byte(data), clock.Now().Add(life)); err != nil {
			t.Fatal(err)
		}
	}
	commit("a", "\x00\xffone", time.Hour)
	commit("b", "two", time.Minute)
	commit("a", "\x00\xffthree", time.Hour)
	if find("a") != "\x00\xffthree" || find("b") != "two" || find("c") != "" {
		t.Errorf("found %q, %q, %q", find("a"), find("b"), find("c"))
	}
	clock.Advance(time.Minute)
	if find("b") != "" {
		t.Error("an expired session was found")
	}
	if err := Access(s).Prune(t.Context()); err != nil {
		t.Fatal(err)
	}
	if find("a") == "" {
		t.Error("tidying took a session that lasts")
	}
	for range 2 {
		if err := k.DeleteCtx(t.Context(), "a"); err != nil || find("a") != "" {
			t.Errorf("after the end: %q, %v", find("a"), err)
		}
	}
}

// signInsSuite is what people see of where they are signed in, and ending it.
func signInsSuite(t *testing.T, open Open) {
	clock := NewClock()
	s := open(t, clock.Now)
	a, k := Access(s), s.Sessions().(web.SignInStore)
	wang, zhou, admin := User(t, s, "wang", account.RoleReviewer, ""), User(t, s, "zhou", account.RoleReviewer, ""), User(t, s, "admin", account.RoleAdmin, "")
	began := clock.Now()
	keep := func(u access.User, id string) {
		t.Helper()
		in := account.SignIn{ID: id, Account: u.ID, At: began, SeenAt: clock.Now(), From: "192.0.2.1", Browser: "Edge · Windows"}
		if err := k.KeepSignIn(t.Context(), "token of "+id, []byte(id), clock.Now().Add(web.SessionLife), in); err != nil {
			t.Fatal(err)
		}
	}
	ids := func(by, u access.User) (list []string) {
		t.Helper()
		for _, in := range must[[]account.SignIn](t)(a.SignIns(t.Context(), by, u.ID, clock.Now().Add(-web.SessionIdle))) {
			if in.From != "192.0.2.1" || in.Browser != "Edge · Windows" || in.Account != u.ID || in.At.IsZero() {
				t.Errorf("sign-in %+v", in)
			}
			list = append(list, in.ID)
		}
		return list
	}
	for _, id := range []string{"idle", "old", "new"} {
		clock.Advance(20 * time.Minute)
		began = clock.Now()
		keep(wang, id)
	}
	keep(zhou, "other")
	clock.Advance(time.Minute)
	keep(wang, "new")
	same(t, "sign-ins of wang", ids(wang, wang), []string{"new", "old"})
	_, err := a.SignIns(t.Context(), zhou, wang.ID, began)
	refused(t, err, fault.Forbidden, "管理员")
	refused(t, a.EndSignIn(t.Context(), zhou, wang.ID, "new"), fault.Forbidden, "管理员")
	refused(t, a.SignOutEverywhere(t.Context(), zhou, wang.ID), fault.Forbidden, "管理员")

	for range 2 { // the second time it is over
		if err := a.EndSignIn(t.Context(), admin, wang.ID, "new"); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.EndSignIn(t.Context(), zhou, zhou.ID, "old"); err != nil {
		t.Fatal(err)
	}
	keep(wang, "new") // a request that was under way
	if _, found, err := k.FindCtx(t.Context(), "token of new"); found || err != nil {
		t.Errorf("an ended sign-in came back: %v", err)
	}
	same(t, "sign-ins left", ids(admin, wang), []string{"old"})
	acts := must[[]catalog.Audit](t)(s.AuditsBefore(t.Context(), 0, 1))
	if acts[0].Act != "user.signout.one" || acts[0].Actor != "admin" || acts[0].Ref != wang.ID {
		t.Errorf("audited %+v", acts[0])
	}
	clock.Advance(time.Second)
	if err := a.SignOutEverywhere(t.Context(), admin, wang.ID); err != nil {
		t.Fatal(err)
	}
	same(t, "after signing out everywhere", ids(admin, wang), []string(nil))
	for i := range account.MaxSignIns + 5 {
		clock.Advance(time.Second)
		began = clock.Now()
		keep(zhou, string(rune('a'+i)))
	}
	list := must[[]account.SignIn](t)(a.SignIns(t.Context(), zhou, zhou.ID, time.Time{}))
	if len(list) != account.MaxSignIns || list[0].ID != string(rune('a'+account.MaxSignIns+4)) {
		t.Errorf("%d sign-ins last, the newest %+v", len(list), list[0])
	}
	if _, found, err := k.FindCtx(t.Context(), "token of a"); found || err != nil {
		t.Errorf("one sign-in too many still lets in: %v", err)
	}
}
