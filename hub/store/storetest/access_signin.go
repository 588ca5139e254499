package storetest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/internal/account"
	"zhanqun/internal/fault"
)

// guardSuite is what keeps accounts from strangers and their owners from lapses.
func guardSuite(t *testing.T, open Open) {
	t.Run("a guesser does not lock the owner out", func(t *testing.T) { guesser(t, open) })
	t.Run("given passwords lapse", func(t *testing.T) { oneTimeLapses(t, open) })
	t.Run("passwords age", func(t *testing.T) { passwordsAge(t, open) })
	t.Run("what happens is audited", func(t *testing.T) { guardAudits(t, open) })
}

func guesser(t *testing.T, open Open) {
	clock := NewClock()
	s := open(t, clock.Now)
	a := Access(s)
	User(t, s, "chen", account.RoleChief, "")
	must[access.User](t)(a.SignIn(t.Context(), "chen", Password, office))
	locked := 0
	for i := range 60 {
		if _, err := a.SignIn(t.Context(), "chen", "wrong password", fmt.Sprintf("198.51.100.%d", i)); fault.Is(err, fault.Limited) {
			locked++
		}
	}
	if locked != 30 {
		t.Errorf("%d of 60 guesses from all over were refused, want 30", locked)
	}
	if _, err := a.SignIn(t.Context(), "chen", Password, "198.51.100.99"); !fault.Is(err, fault.Limited) {
		t.Errorf("one more stranger: %v", err)
	}
	must[access.User](t)(a.SignIn(t.Context(), "chen", Password, office))
	if err := a.Prune(t.Context()); err != nil {
		t.Fatal(err)
	}
	clock.Advance(48 * time.Hour)
	if err := a.Prune(t.Context()); err != nil {
		t.Fatal(err)
	}
	must[access.User](t)(a.SignIn(t.Context(), "chen", Password, "198.51.100.99"))
}

func oneTimeLapses(t *testing.T, open Open) {
	clock := NewClock()
	s := open(t, clock.Now)
	a := Access(s)
	u, once, err := a.AddUser(t.Context(), Admin(), access.NewUser{Login: "wang", Role: account.RoleReviewer})
	if err != nil {
		t.Fatal(err)
	}
	clock.Advance(account.OneTimeLife - time.Second)
	must[access.User](t)(a.SignIn(t.Context(), "wang", once, office))
	clock.Advance(time.Second)
	_, err = a.SignIn(t.Context(), "wang", once, office)
	refused(t, err, fault.Unauthenticated, "一次性密码已超过")
	_, err = a.SignIn(t.Context(), "wang", "another password", office)
	refused(t, err, fault.Unauthenticated, "用户名或密码不对")
	again := must[string](t)(a.ResetPassword(t.Context(), Admin(), u.ID, ""))
	u = must[access.User](t)(a.SignIn(t.Context(), "wang", again, office))
	if err := a.ChangePassword(t.Context(), u, again, Password, "192.0.2.99"); err != nil {
		t.Fatal(err)
	}
	clock.Advance(2 * account.OneTimeLife)
	u = must[access.User](t)(a.SignIn(t.Context(), "wang", Password, office))
	if u.PasswordBy != "" || u.PasswordFrom != "192.0.2.99" || u.SeenFrom != office || u.SeenAt.IsZero() {
		t.Errorf("of the sign-in before: %+v", u)
	}
}

func passwordsAge(t *testing.T, open Open) {
	clock := NewClock()
	s := open(t, clock.Now)
	a := access.New(access.Config{Store: s, Now: clock.Now, Rules: account.Rules{Days: 90, Past: 3}})
	u := User(t, s, "wang", account.RoleReviewer, "")
	if now := must[access.User](t)(a.User(t.Context(), u.ID)); a.MustChange(now) {
		t.Error("a new password is too old")
	}
	clock.Advance(90 * 24 * time.Hour)
	u = must[access.User](t)(a.SignIn(t.Context(), "wang", Password, office))
	if !a.MustChange(u) || u.MustChange {
		t.Error("a password of 90 days is not too old")
	}
	change := func(old, next string) error {
		clock.Advance(time.Minute)
		return a.ChangePassword(t.Context(), u, old, next, office)
	}
	list := []string{Password, "the first long one", "the second long one", "the third long one"}
	for i, next := range list[1:] {
		if err := change(list[i], next); err != nil {
			t.Fatal(err)
		}
	}
	if now := must[access.User](t)(a.User(t.Context(), u.ID)); a.MustChange(now) {
		t.Error("a changed password is too old")
	}
	for _, former := range list[1:3] {
		if err := change(list[3], former); !strings.Contains(fault.Fields(err)["password"], "最近用过") {
			t.Errorf("%q came back: %v", former, err)
		}
	}
	if err := change(list[3], Password); err != nil {
		t.Errorf("the fourth but last: %v", err)
	}
}

func guardAudits(t *testing.T, open Open) {
	clock := NewClock()
	s := open(t, clock.Now)
	a := Access(s)
	u := User(t, s, "wang", account.RoleReviewer, "")
	const typo = "a-password-in-the-wrong-field"
	must[access.User](t)(a.SignIn(t.Context(), "wang", Password, office))
	for range account.DefaultLockout().MaxFailures + 1 {
		for _, login := range []string{"wang", typo} {
			_, _ = a.SignIn(t.Context(), login, "wrong password", "198.51.100.7")
		}
	}
	if err := a.SignOutEverywhere(t.Context(), u, u.ID); err != nil {
		t.Fatal(err)
	}
	if now := must[access.User](t)(a.User(t.Context(), u.ID)); now.Valid(clock.Now().Add(-time.Second)) || !now.Valid(clock.Now()) {
		t.Errorf("sessions count from %v", now.SessionsFrom)
	}
	var acts []string
	for _, x := range must[[]catalog.Audit](t)(s.Audits(t.Context(), 0, 100)) {
		acts = append(acts, x.Act)
		text, err := json.Marshal(x)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{Password, "wrong password", typo} {
			if strings.Contains(string(text), secret) {
				t.Errorf("%s tells a secret: %s", x.Act, text)
			}
		}
	}
	same(t, "acts", acts, []string{"user.add", "user.signin", "user.locked", "user.signout"})
}
