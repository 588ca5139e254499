package storetest

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/hotp"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/internal/account"
	"zhanqun/internal/fault"
)

// Code is what an authenticator with the secret shows at a time.
func Code(t testing.TB, f account.Second, at time.Time) string {
	t.Helper()
	return must[string](t)(hotp.GenerateCode(strings.ReplaceAll(f.Text(), " ", ""), uint64(at.Unix())/30)) // #nosec G115 -- after 1970
}

// SetUpSecond gives somebody a second factor and returns it with its recovery
// codes.
func SetUpSecond(t testing.TB, a *access.Service, u access.User) (account.Second, []string) {
	t.Helper()
	if err := a.BeginSecond(t.Context(), u, Password, office); err != nil {
		t.Fatal(err)
	}
	f := must[account.Second](t)(a.Second(t.Context(), u))
	codes := must[[]string](t)(a.ConfirmSecond(t.Context(), u, Code(t, f, a.Now())))
	return f, codes
}

// secondSuite is what a second factor promises.
func secondSuite(t *testing.T, open Open) {
	clock := NewClock()
	s := open(t, clock.Now)
	a := access.New(access.Config{Store: s, Now: clock.Now, Rules: account.Rules{Second: account.DemandAdmins}})
	chen, admin := User(t, s, "chen", account.RoleChief, ""), User(t, s, "admin", account.RoleAdmin, "")
	if a.MustSetUpSecond(chen) || !a.MustSetUpSecond(admin) {
		t.Error("it is demanded of others than the administrators")
	}
	again := func() { chen = must[access.User](t)(a.User(t.Context(), chen.ID)) }
	finish := func(code string) (left int, err error) {
		t.Helper()
		if u := must[access.User](t)(a.SignIn(t.Context(), "chen", Password, office)); !u.SecondFactor {
			t.Fatal("the password alone lets in")
		}
		_, left, err = a.FinishSignIn(t.Context(), chen.ID, clock.Now(), code, office)
		return left, err
	}

	// Nothing counts before a first code.
	refused(t, a.BeginSecond(t.Context(), chen, "wrong password", office), fault.Invalid, "原密码不对")
	if err := a.BeginSecond(t.Context(), chen, Password, office); err != nil {
		t.Fatal(err)
	}
	_, err := a.ConfirmSecond(t.Context(), chen, "000000")
	refused(t, err, fault.Invalid, "验证码不对")
	clock.Advance(account.SecondSetup)
	_, err = a.ConfirmSecond(t.Context(), chen, Code(t, must[account.Second](t)(a.Second(t.Context(), chen)), clock.Now()))
	refused(t, err, fault.Conflict, "重新开始")
	if u := must[access.User](t)(a.SignIn(t.Context(), "chen", Password, office)); u.SecondFactor {
		t.Error("one that waits is asked for")
	}
	f, codes := SetUpSecond(t, a, chen)
	refused(t, a.BeginSecond(t.Context(), chen, Password, office), fault.Conflict, "已经开着")
	again()
	if got := must[account.Second](t)(a.Second(t.Context(), chen)); !got.On() || got.Codes != account.RecoveryCodes || got.Text() != f.Text() || !chen.SecondFactor {
		t.Errorf("set up: %+v", got)
	}
	_, _, rows := Dump(t, s)
	for _, row := range rows {
		if strings.HasPrefix(row, "second_factor ") && strings.Contains(row, string(f.Secret)) || strings.HasPrefix(row, "recovery_code ") && strings.Contains(row, codes[0]) {
			t.Errorf("a copy of the database gives it away: %s", row)
		}
	}

	// The code that set it up is used up; each next one lets in once.
	clock.Advance(time.Second)
	_, err = finish(Code(t, f, clock.Now()))
	refused(t, err, fault.Unauthenticated, "已经用过")
	clock.Advance(30 * time.Second)
	if _, err := finish(Code(t, f, clock.Now())); err != nil {
		t.Fatal(err)
	}
	if acts := must[[]catalog.Audit](t)(s.AuditsBefore(t.Context(), 0, 1)); acts[0].Act != "user.signin" {
		t.Errorf("the sign-in is audited as %+v", acts[0])
	}
	clock.Advance(30 * time.Second)
	code, errs := Code(t, f, clock.Now()), make([]error, 2)
	must[access.User](t)(a.SignIn(t.Context(), "chen", Password, office))
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { _, _, errs[i] = a.FinishSignIn(t.Context(), chen.ID, clock.Now(), code, office) })
	}
	wg.Wait()
	if (errs[0] == nil) == (errs[1] == nil) {
		t.Errorf("one code at the same moment twice: %v and %v", errs[0], errs[1])
	}

	// A recovery code opens once.
	if left, err := finish(strings.ToLower(codes[3])); err != nil || left != account.RecoveryCodes-1 {
		t.Errorf("a recovery code: %d left, %v", left, err)
	}
	_, err = finish(codes[3])
	refused(t, err, fault.Unauthenticated, "已经用过")
	clock.Advance(time.Second)
	fresh := must[[]string](t)(a.RenewRecovery(t.Context(), chen, Password, office))
	_, err = finish(codes[0])
	refused(t, err, fault.Unauthenticated, "验证码不对")
	if left, err := finish(fresh[0]); err != nil || left != account.RecoveryCodes-1 {
		t.Errorf("a renewed recovery code: %d left, %v", left, err)
	}

	// A half sign-in ends with what ends whole ones.
	began := clock.Now()
	clock.Advance(time.Second)
	if err := a.SignOutEverywhere(t.Context(), chen, chen.ID); err != nil {
		t.Fatal(err)
	}
	_, _, err = a.FinishSignIn(t.Context(), chen.ID, began, fresh[1], office)
	refused(t, err, fault.Unauthenticated, "重新登录")

	// Whoever knows the password guesses no codes: the right password in between
	// takes nothing back.
	locked := false
	for range account.DefaultLockout().MaxFailures {
		if _, err := a.SignIn(t.Context(), "chen", Password, office); fault.Is(err, fault.Limited) {
			locked = true
			break
		}
		_, _, err := a.FinishSignIn(t.Context(), chen.ID, clock.Now(), "123456", office)
		locked = locked || fault.Is(err, fault.Limited)
	}
	if !locked {
		t.Error("codes can be guessed for ever")
	}
	clock.Advance(time.Hour)

	// Its owner takes it away with the password, the administrator without.
	refused(t, a.DropOwnSecond(t.Context(), chen, "wrong password", office), fault.Invalid, "原密码不对")
	refused(t, a.DropSecond(t.Context(), chen, admin.ID), fault.Forbidden, "管理员")
	refused(t, a.DropSecond(t.Context(), admin, admin.ID), fault.Conflict, "自己")
	refused(t, a.DropSecond(t.Context(), Admin(), admin.ID), fault.Conflict, "没有二次验证")
	before := clock.Now()
	clock.Advance(time.Second)
	if err := a.DropSecond(t.Context(), admin, chen.ID); err != nil {
		t.Fatal(err)
	}
	if acts := must[[]catalog.Audit](t)(s.AuditsBefore(t.Context(), 0, 1)); acts[0].Act != "user.second.off" || acts[0].Actor != "admin" || acts[0].Ref != chen.ID {
		t.Errorf("audited %+v", acts[0])
	}
	again()
	if chen.SecondFactor || chen.Valid(before) {
		t.Errorf("after the reset %+v", chen)
	}
	clock.Advance(time.Hour)
	SetUpSecond(t, a, chen)
	again()
	if err := a.DropOwnSecond(t.Context(), chen, Password, office); err != nil {
		t.Fatal(err)
	}
	if u := must[access.User](t)(a.SignIn(t.Context(), "chen", Password, office)); u.SecondFactor {
		t.Error("it is still asked for")
	}
}
