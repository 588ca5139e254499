package queue_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"zhanqun/internal/account"
	"zhanqun/internal/fault"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

const password = "xujiaba-dangzheng-ban"

func addWang(t *testing.T, q *queue.Queue) queue.Account {
	t.Helper()
	a, err := q.AddAccount(t.Context(), queue.Account{Login: "Wang", Name: "王芳", Role: account.RoleLiaison}, password, true)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAddAccountRefuses(t *testing.T) {
	q, h := open(t)
	addWang(t, q)
	down(t, q, h.says(t, protocol.KindSettings, &protocol.Settings{Unit: protocol.Unit{Code: unit}, Villages: []protocol.Unit{{Code: villageA}}}))
	for _, tt := range []struct {
		name, field string
		a           queue.Account
		password    string
	}{
		{"a taken login", "login", queue.Account{Login: "WANG", Name: "x", Role: account.RoleLiaison}, password},
		{"no login", "login", queue.Account{Name: "x", Role: account.RoleLiaison}, password},
		{"a login with a blank", "login", queue.Account{Login: "a b", Name: "x", Role: account.RoleLiaison}, password},
		{"no name", "name", queue.Account{Login: "x", Role: account.RoleLiaison}, password},
		{"a role of the county", "role", queue.Account{Login: "x", Name: "x", Role: account.RoleChief}, password},
		{"a village liaison of nowhere", "village", queue.Account{Login: "x", Name: "x", Role: account.RoleVillage}, password},
		{"a village of another township", "village", queue.Account{Login: "x", Name: "x", Role: account.RoleVillage, Village: villageB}, password},
		{"a short password", "password", queue.Account{Login: "x", Name: "x", Role: account.RoleLiaison}, "123456"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := q.AddAccount(t.Context(), tt.a, tt.password, true)
			wantKind(t, err, fault.Invalid)
			if _, ok := fault.Fields(err)[tt.field]; !ok {
				t.Errorf("told at %v", fault.Fields(err))
			}
		})
	}
	if _, err := q.AddAccount(t.Context(), queue.Account{Login: "li", Name: "李强", Role: account.RoleVillage, Village: villageA}, password, true); err != nil {
		t.Error(err)
	}
	if list, err := q.Accounts(t.Context()); err != nil || len(list) != 2 {
		t.Errorf("%v, %v", list, err)
	}
}

func TestSignIn(t *testing.T) {
	now := start
	q := openAt(t, t.TempDir(), func() time.Time { return now })
	addWang(t, q)
	a, err := q.SignIn(t.Context(), " WANG ", password, "192.0.2.10")
	if err != nil || a.Actor() != (queue.Actor{Login: "wang", Name: "王芳", Role: account.RoleLiaison}) || !a.MustChange {
		t.Fatalf("%+v, %v", a, err)
	}
	_, err = q.SignIn(t.Context(), "nobody", password, "192.0.2.10")
	wantKind(t, err, fault.Unauthenticated)
	for range 5 {
		_, err := q.SignIn(t.Context(), "wang", "wrong", "192.0.2.10")
		wantKind(t, err, fault.Unauthenticated)
	}
	_, err = q.SignIn(t.Context(), "wang", password, "192.0.2.10")
	wantKind(t, err, fault.Limited)
	told := fault.Message(err)
	for range 4 { // there has been one
		_, err := q.SignIn(t.Context(), "Nobody", "wrong", "192.0.2.10")
		wantKind(t, err, fault.Unauthenticated)
	}
	if _, err = q.SignIn(t.Context(), "nobody", "wrong", "192.0.2.10"); fault.Message(err) != told {
		t.Errorf("a lock tells who exists: %v", err)
	}
	now = now.Add(2 * time.Minute)
	if a, err = q.SignIn(t.Context(), "wang", password, "192.0.2.10"); err != nil {
		t.Fatal(err)
	}
	ref := a.Ref()
	if got, err := q.AccountByRef(t.Context(), ref); err != nil || got.Login != "wang" || got.SeenAt.IsZero() {
		t.Errorf("%+v, %v", got, err)
	}
	for range 5 {
		_, err := q.SignIn(t.Context(), "wang", "wrong", "192.0.2.10")
		wantKind(t, err, fault.Unauthenticated)
	}
	if err := q.SetPassword(t.Context(), "wang", "another-good-one-2026", false, "wang", "192.0.2.10"); err != nil { // lifts the lock
		t.Fatal(err)
	}
	_, err = q.AccountByRef(t.Context(), ref) // the old session is over
	wantKind(t, err, fault.Unauthenticated)
	if a, err = q.SignIn(t.Context(), "wang", "another-good-one-2026", "192.0.2.10"); err != nil || a.MustChange {
		t.Fatalf("%+v, %v", a, err)
	}
	if err := q.SetDisabled(t.Context(), "wang", true); err != nil {
		t.Fatal(err)
	}
	_, err = q.AccountByRef(t.Context(), a.Ref())
	wantKind(t, err, fault.Unauthenticated)
	_, err = q.SignIn(t.Context(), "wang", "another-good-one-2026", "192.0.2.10")
	wantKind(t, err, fault.Unauthenticated)
	_, err = q.AccountByRef(t.Context(), "")
	wantKind(t, err, fault.Unauthenticated)
}

// A hundred guesses sent at once are five, however the program is run.
// A guesser elsewhere does not lock the owner out, and former passwords do not
// come back while the rules say so.
func TestSignInRules(t *testing.T) {
	now := start
	q, err := queue.Open(t.Context(), queue.Options{Dir: t.TempDir(), Now: func() time.Time { return now }, Reserve: -1, Rules: account.Rules{Days: 90, Past: 2}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := q.Close(); err != nil {
			t.Error(err)
		}
	}()
	if _, err := q.AddAccount(t.Context(), queue.Account{Login: "wang", Name: "王芳", Role: account.RoleLiaison}, password, false); err != nil {
		t.Fatal(err)
	}
	const office = "192.0.2.10"
	a, err := q.SignIn(t.Context(), "wang", password, office)
	if err != nil || q.MustChange(a) {
		t.Fatalf("%+v, %v", a, err)
	}
	for range 50 {
		_, err = q.SignIn(t.Context(), "wang", "wrong", "198.51.100.7")
	}
	wantKind(t, err, fault.Limited)
	now = now.Add(90 * 24 * time.Hour)
	if a, err = q.SignIn(t.Context(), "wang", password, office); err != nil || !q.MustChange(a) {
		t.Errorf("after 90 days: %+v, %v", a, err)
	}
	if err := q.SetPassword(t.Context(), "wang", "the second long one", false, "wang", "192.0.2.10"); err != nil {
		t.Fatal(err)
	}
	for _, former := range []string{password, "the second long one"} {
		if err := q.SetPassword(t.Context(), "wang", former, false, "wang", "192.0.2.10"); fault.Fields(err)["password"] == "" {
			t.Errorf("%q came back: %v", former, err)
		}
	}
	if err := q.SetPassword(t.Context(), "wang", "the third long one", false, "wang", "192.0.2.10"); err != nil {
		t.Fatal(err)
	}
	if err := q.SetPassword(t.Context(), "wang", password, false, "wang", "192.0.2.10"); err != nil {
		t.Errorf("the third but last: %v", err)
	}
	if a, err = q.SignIn(t.Context(), "wang", password, office); err != nil || q.MustChange(a) {
		t.Errorf("%+v, %v", a, err)
	}
	if err := q.SignOutEverywhere(t.Context(), "wang"); err != nil {
		t.Fatal(err)
	}
	_, err = q.AccountByRef(t.Context(), a.Ref())
	wantKind(t, err, fault.Unauthenticated)
}

func TestGuessesAtOnce(t *testing.T) {
	q, _ := open(t)
	addWang(t, q)
	var guessed atomic.Int64
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			if _, err := q.SignIn(t.Context(), "wang", "wrong", "192.0.2.10"); fault.Is(err, fault.Unauthenticated) {
				guessed.Add(1)
			} else if !fault.Is(err, fault.Limited) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := guessed.Load(); n != 5 {
		t.Errorf("%d guesses were made before the name was locked", n)
	}
}

func TestTokens(t *testing.T) {
	now := start
	q := openAt(t, t.TempDir(), func() time.Time { return now })
	addWang(t, q)
	_, err := q.CreateToken(t.Context(), "nobody", "脚本", 0)
	wantKind(t, err, fault.NotFound)
	_, err = q.CreateToken(t.Context(), "wang", " ", 0)
	wantKind(t, err, fault.Invalid)
	short, err := q.CreateToken(t.Context(), "wang", "办公系统", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	long, err := q.CreateToken(t.Context(), "wang", "脚本", 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, plain := range []string{short, long} {
		if a, err := q.AccountByToken(t.Context(), plain); err != nil || a.Login != "wang" {
			t.Errorf("%+v, %v", a, err)
		}
	}
	now = now.Add(2 * time.Hour)
	_, err = q.AccountByToken(t.Context(), short)
	wantKind(t, err, fault.Unauthenticated)
	list, err := q.Tokens(t.Context())
	if err != nil || len(list) != 2 {
		t.Fatalf("%+v, %v", list, err)
	}
	for _, k := range list {
		if err := q.RevokeToken(t.Context(), k.ID); err != nil {
			t.Error(err)
		}
		wantKind(t, q.RevokeToken(t.Context(), k.ID), fault.NotFound)
	}
	_, err = q.AccountByToken(t.Context(), long)
	wantKind(t, err, fault.Unauthenticated)
}

func TestSessions(t *testing.T) {
	now := start
	q := openAt(t, t.TempDir(), func() time.Time { return now })
	s := q.Sessions()
	if _, found, err := s.Find("a"); found || err != nil {
		t.Errorf("%v, %v", found, err)
	}
	for _, data := range []string{"one", "two"} {
		if err := s.Commit("a", []byte(data), now.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	if data, found, err := s.Find("a"); string(data) != "two" || !found || err != nil {
		t.Errorf("%q, %v, %v", data, found, err)
	}
	now = now.Add(2 * time.Hour)
	if _, found, err := s.Find("a"); found || err != nil {
		t.Errorf("an expired session: %v, %v", found, err)
	}
	if _, err := q.Prune(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n, err := q.Count(t.Context(), `SELECT count(*) FROM session`); err != nil || n != 0 {
		t.Errorf("%d left (%v)", n, err)
	}
	if err := s.Delete("b"); err != nil {
		t.Error(err)
	}
}
