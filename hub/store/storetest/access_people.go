package storetest

import (
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhanqun/hub/access"
	"zhanqun/internal/account"
	"zhanqun/internal/fault"
)

// office is the address people of these tests sign in from.
const office = "192.0.2.10"

func peopleSuite(t *testing.T, open Open) {
	t.Run("a new hub has one administrator", func(t *testing.T) {
		s := open(t)
		passwords, errs := make([]string, 3), make([]error, 3)
		var wg sync.WaitGroup
		for i := range passwords {
			wg.Go(func() { passwords[i], errs[i] = Access(s).Prepare(t.Context()) })
		}
		wg.Wait()
		var password string
		for i, p := range passwords {
			if errs[i] != nil {
				t.Error(errs[i])
			}
			if p != "" && password != "" {
				t.Error("two programs each made an administrator")
			}
			password += p
		}
		u, err := Access(s).SignIn(t.Context(), access.FirstLogin, password, office)
		if err != nil || !u.MustChange || u.Role != account.RoleAdmin {
			t.Errorf("signed in as %+v, %v", u, err)
		}
		if again := must[string](t)(Access(s).Prepare(t.Context())); again != "" {
			t.Error("a second start made another password")
		}
		if n := len(must[[]access.User](t)(s.Accounts(t.Context(), access.UserQuery{Limit: 9}))); n != 1 {
			t.Errorf("%d accounts", n)
		}
	})

	t.Run("adding", func(t *testing.T) {
		s := open(t)
		a := Access(s)
		Units(t, s)
		u, password, err := a.AddUser(t.Context(), Admin(), access.NewUser{Login: " Ｗang.Li ", Name: "王丽", Role: account.RoleLiaison, Unit: Sitang})
		if err != nil || u.Login != "wang.li" || u.UnitName != "思唐街道" || !u.MustChange {
			t.Fatalf("added %+v, %v", u, err)
		}
		if in := must[access.User](t)(a.SignIn(t.Context(), "WANG.LI", password, office)); in.ID != u.ID {
			t.Errorf("signed in as %+v", in)
		}
		for _, tt := range []struct {
			name  string
			n     access.NewUser
			field string
		}{
			{"taken", access.NewUser{Login: "WANG.li", Role: account.RoleViewer}, "login"},
			{"blank inside", access.NewUser{Login: "wang li", Role: account.RoleViewer}, "login"},
			{"too short", access.NewUser{Login: "w", Role: account.RoleViewer}, "login"},
			{"no role", access.NewUser{Login: "zhao"}, "role"},
			{"liaison without unit", access.NewUser{Login: "zhao", Role: account.RoleVillage}, "unit"},
			{"unknown unit", access.NewUser{Login: "zhao", Role: account.RoleViewer, Unit: "x"}, "unit"},
			{"weak password", access.NewUser{Login: "zhao", Role: account.RoleViewer, Password: "1234567890"}, "password"},
			{"name of two lines", access.NewUser{Login: "zhao", Role: account.RoleViewer, Name: "a\nb"}, "name"},
		} {
			if _, _, err := a.AddUser(t.Context(), Admin(), tt.n); fault.Fields(err)[tt.field] == "" {
				t.Errorf("%s: %v", tt.name, err)
			}
		}
		_, _, err = a.AddUser(t.Context(), u, access.NewUser{Login: "zhao", Role: account.RoleViewer})
		refused(t, err, fault.Forbidden, "管理员")
	})

	t.Run("pages", func(t *testing.T) {
		s := open(t)
		for _, login := range []string{"c", "a", "b"} {
			User(t, s, login, account.RoleReviewer, "")
		}
		User(t, s, "0", account.RoleAdmin, "")
		var logins []string
		q := access.UserQuery{Role: account.RoleReviewer, Limit: 2}
		for {
			list := must[[]access.User](t)(Access(s).Users(t.Context(), Admin(), q))
			for _, u := range list {
				logins = append(logins, u.Login)
				q.After = u.Login
			}
			if len(list) < q.Limit {
				break
			}
		}
		if diff := cmp.Diff([]string{"a", "b", "c"}, logins); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})

	t.Run("somebody can always administer", func(t *testing.T) {
		s := open(t)
		a := Access(s)
		one, two := User(t, s, "one", account.RoleAdmin, ""), User(t, s, "two", account.RoleAdmin, "")
		_, err := a.DisableUser(t.Context(), one, one.ID)
		refused(t, err, fault.Conflict, "自己")
		// Each disables the other at the same moment: one of them must fail.
		errs := make([]error, 2)
		var wg sync.WaitGroup
		wg.Go(func() { _, errs[0] = a.DisableUser(t.Context(), one, two.ID) })
		wg.Go(func() { _, errs[1] = a.DisableUser(t.Context(), two, one.ID) })
		wg.Wait()
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("disabling each other: %v and %v", errs[0], errs[1])
		}
		left := one
		if errs[1] == nil {
			left = two
		}
		_, err = a.EditUser(t.Context(), Admin(), left.ID, left.Name, account.RoleChief, "")
		refused(t, err, fault.Conflict, "最后一位管理员")
		edited, err := a.EditUser(t.Context(), Admin(), left.ID, "新名字", account.RoleAdmin, "")
		if err != nil || edited.Name != "新名字" {
			t.Errorf("edited %+v, %v", edited, err)
		}
	})
}

func signInSuite(t *testing.T, open Open) {
	t.Run("a lock does not tell who exists", func(t *testing.T) {
		clock := NewClock()
		s := open(t, clock.Now)
		User(t, s, "wang", account.RoleReviewer, "")
		for _, login := range []string{"wang", "nobody"} {
			for range account.DefaultLockout().MaxFailures {
				_, err := Access(s).SignIn(t.Context(), login, "wrong password", office)
				refused(t, err, fault.Unauthenticated, "用户名或密码不对。")
			}
			// Another service is another program, or this one after a restart.
			_, err := Access(s).SignIn(t.Context(), login, Password, office)
			refused(t, err, fault.Limited, "60 秒")
		}
		clock.Advance(time.Minute)
		must[access.User](t)(Access(s).SignIn(t.Context(), "wang", Password, office))
		_, err := Access(s).SignIn(t.Context(), "wang", "wrong password", office)
		refused(t, err, fault.Unauthenticated, "不对") // counted from one again
		if err := Access(s).Prune(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, typed := range []string{"", "x", "wang wang", string(make([]byte, 1<<20))} {
			_, err := Access(s).SignIn(t.Context(), typed, "x", office)
			refused(t, err, fault.Unauthenticated, "不对")
		}
	})

	t.Run("guesses sent at once are counted one by one", func(t *testing.T) {
		s := open(t)
		User(t, s, "wang", account.RoleReviewer, "")
		errs := make([]error, 12)
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() { _, errs[i] = Access(s).SignIn(t.Context(), "wang", "wrong password", office) })
		}
		wg.Wait()
		looked := 0
		for _, err := range errs {
			if !fault.Is(err, fault.Limited) {
				refused(t, err, fault.Unauthenticated, "不对")
				looked++
			}
		}
		if limit := account.DefaultLockout().MaxFailures; looked != limit {
			t.Errorf("%d guesses were looked at, want %d", looked, limit)
		}
	})

	t.Run("passwords", func(t *testing.T) {
		clock := NewClock()
		s := open(t, clock.Now)
		a := Access(s)
		u := User(t, s, "wang", account.RoleReviewer, "")
		begun := clock.Advance(time.Second)
		const fresh = "another long password"
		if err := a.ChangePassword(t.Context(), u, "wrong password", fresh, office); fault.Fields(err)["old"] == "" {
			t.Errorf("wrong old password: %v", err)
		}
		if err := a.ChangePassword(t.Context(), u, Password, "short", office); fault.Fields(err)["password"] == "" {
			t.Errorf("weak new password: %v", err)
		}
		if err := a.ChangePassword(t.Context(), u, Password, Password, office); fault.Fields(err)["password"] == "" {
			t.Errorf("same password: %v", err)
		}
		changed := clock.Advance(time.Second)
		if err := a.ChangePassword(t.Context(), u, Password, fresh, office); err != nil {
			t.Fatal(err)
		}
		u = must[access.User](t)(a.User(t.Context(), u.ID))
		if u.Valid(begun) || !u.Valid(changed) {
			t.Errorf("sessions count from %v; begun %v, changed %v", u.SessionsFrom, begun, changed)
		}
		must[access.User](t)(a.SignIn(t.Context(), "wang", fresh, office))
		clock.Advance(time.Second)
		once := must[string](t)(a.ResetPassword(t.Context(), Admin(), u.ID, ""))
		if u = must[access.User](t)(a.User(t.Context(), u.ID)); !u.MustChange || u.Valid(changed) {
			t.Errorf("after a reset: %+v", u)
		}
		must[access.User](t)(a.SignIn(t.Context(), "wang", once, office))
		disabled := must[access.User](t)(a.DisableUser(t.Context(), Admin(), u.ID))
		if disabled.Valid(clock.Advance(time.Hour)) {
			t.Error("a disabled account keeps its sessions")
		}
		_, err := a.SignIn(t.Context(), "wang", once, office)
		refused(t, err, fault.Forbidden, "停用")
		_, err = a.SignIn(t.Context(), "wang", fresh, office)
		refused(t, err, fault.Unauthenticated, "不对") // says nothing to who does not know it
		_, err = a.ResetPassword(t.Context(), Admin(), "x", "")
		refused(t, err, fault.NotFound, "没有这个账号")
	})
}

func tokenSuite(t *testing.T, open Open) {
	clock := NewClock()
	s := open(t, clock.Now)
	a := Access(s)
	u, other := User(t, s, "wang", account.RoleReviewer, ""), User(t, s, "zhao", account.RoleReviewer, "")
	make := func(life time.Duration) (string, access.Token) {
		t.Helper()
		secret, k, err := a.NewToken(t.Context(), u, "Wang", "统计程序", life)
		if err != nil {
			t.Fatal(err)
		}
		return secret, k
	}
	works := func(secret string) bool {
		t.Helper()
		got, err := a.UserByToken(t.Context(), secret)
		if err != nil {
			refused(t, err, fault.Unauthenticated, "令牌无效")
		}
		return err == nil && got.ID == u.ID
	}
	year, k := make(0)
	hour, _ := make(time.Hour)
	if k.ExpiresAt.Sub(k.CreatedAt) != access.TokenLife || !works(year) || !works(hour) || works(year+"x") || works("") {
		t.Error("a good token must work and a bad one must not")
	}
	used := clock.Now()
	clock.Advance(time.Minute)
	works(year) // too soon to be noted again
	clock.Advance(59 * time.Minute)
	if works(hour) {
		t.Error("an expired token works")
	}
	list := must[[]access.Token](t)(a.Tokens(t.Context(), u, u.ID))
	if len(list) != 2 || list[1].ID != k.ID || !list[1].UsedAt.Equal(used) {
		t.Errorf("tokens %+v, want the first used at %v", list, used)
	}

	_, _, err := a.NewToken(t.Context(), other, "wang", "x", 0)
	refused(t, err, fault.Forbidden, "管理员")
	_, err = a.Tokens(t.Context(), other, u.ID)
	refused(t, err, fault.Forbidden, "管理员")
	refused(t, a.RevokeToken(t.Context(), other, other.ID, k.ID), fault.NotFound, "没有这个令牌")
	_, _, err = a.NewToken(t.Context(), u, "wang", "x", time.Second)
	refused(t, err, fault.Invalid, "有效期")
	_, _, err = a.NewToken(t.Context(), Admin(), "nobody", "x", 0)
	refused(t, err, fault.NotFound, "没有这个账号")

	if err := a.RevokeToken(t.Context(), u, u.ID, k.ID); err != nil || works(year) {
		t.Errorf("a revoked token works (%v)", err)
	}
	secret, _ := make(0)
	must[access.User](t)(a.DisableUser(t.Context(), Admin(), u.ID))
	if works(secret) {
		t.Error("a token of a disabled account works")
	}
	_, _, err = a.NewToken(t.Context(), Admin(), "wang", "x", 0)
	refused(t, err, fault.Conflict, "停用")
	must[access.User](t)(a.EnableUser(t.Context(), Admin(), u.ID))
	if works(secret) {
		t.Error("enabling the account brought an old token back")
	}
	secret, _ = make(0)
	must[string](t)(a.ResetPassword(t.Context(), Admin(), u.ID, ""))
	if works(secret) {
		t.Error("a token outlived a reset of the password")
	}
}
