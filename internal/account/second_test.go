package account_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"zhanqun/internal/account"
)

// The vectors of RFC 6238, appendix B, for SHA-1, in six digits.
func TestCodesAreThoseOfTheStandard(t *testing.T) {
	s := account.Second{Secret: []byte("12345678901234567890")}
	for seconds, code := range map[int64]string{59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130"} {
		step, ok := s.Check(code, time.Unix(seconds, 0))
		if !ok || step != uint64(seconds)/30 {
			t.Errorf("at %d: step %d, %v", seconds, step, ok)
		}
		if _, ok := s.Check(code, time.Unix(seconds+120, 0)); ok {
			t.Errorf("the code of %d is taken two minutes later", seconds)
		}
	}
}

func TestCodeIsTakenOnceAndNearItsTime(t *testing.T) {
	s := account.Second{Secret: []byte("12345678901234567890")}
	at := time.Unix(1111111109, 0) // the last second of its step
	for _, typed := range []string{"081804", " 081 804 ", "０８１８０４", "081　804"} {
		if _, ok := s.Check(typed, at); !ok {
			t.Errorf("%q is refused", typed)
		}
	}
	for _, typed := range []string{"", "81804", "0081804", "081805", "o81804", "081804\n", "-081804"} {
		if _, ok := s.Check(typed, at); ok {
			t.Errorf("%q is taken", typed)
		}
	}
	for off, want := range map[time.Duration]bool{-31 * time.Second: true, 30 * time.Second: true, -61 * time.Second: false, 31 * time.Second: false} {
		if _, ok := s.Check("081804", at.Add(off)); ok != want {
			t.Errorf("%s off: taken %v", off, ok)
		}
	}
	s.Step, _ = s.Check("081804", at)
	if _, ok := s.Check("081804", at); ok {
		t.Error("a code is taken twice")
	}
	if step, ok := s.Check("050471", at.Add(2*time.Second)); !ok || step != s.Step+1 {
		t.Errorf("the next one: step %d, %v", step, ok)
	}
	if _, ok := s.Check("081804", time.Unix(-5, 0)); ok {
		t.Error("a code from before 1970")
	}
}

func TestNewSecond(t *testing.T) {
	now := time.Date(2026, 11, 3, 9, 0, 0, 0, time.UTC)
	s, err := account.NewSecond(now)
	if err != nil || len(s.Secret) != 20 || s.On() || !s.Waits(now) || s.Waits(now.Add(time.Hour)) {
		t.Fatalf("%+v, %v", s, err)
	}
	text, err := s.URL("站群: 思南县", "wang:li")
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/站群  思南县:wang li" || u.Query().Get("issuer") != "站群  思南县" {
		t.Errorf("address %q, %v", text, err)
	}
	if secret := u.Query().Get("secret"); secret != strings.ReplaceAll(s.Text(), " ", "") {
		t.Errorf("secret %q and %q", secret, s.Text())
	}
}

func TestRecoveryCodes(t *testing.T) {
	codes, hashes := account.NewRecovery("wang")
	if len(codes) != account.RecoveryCodes || len(hashes) != len(codes) {
		t.Fatalf("%v", codes)
	}
	seen := map[string]bool{}
	for i, code := range codes {
		if got := account.Recovery("wang", strings.ToLower(strings.ReplaceAll(code, "-", " "))); got != hashes[i] {
			t.Errorf("typed as %s: %s", code, got)
		}
		if account.Recovery("zhou", code) == hashes[i] {
			t.Error("another account's digest is the same")
		}
		seen[hashes[i]] = true
	}
	if len(seen) != len(codes) || account.Recovery("wang", "123456") != "" {
		t.Error("codes are alike, or a short one is one")
	}
}

func TestDemand(t *testing.T) {
	for d, want := range map[account.Demand][2]bool{account.DemandNone: {false, false}, "": {false, false}, account.DemandAdmins: {true, false}, account.DemandAll: {true, true}} {
		if got := [2]bool{d.Of(true), d.Of(false)}; got != want {
			t.Errorf("%q: %v", d, got)
		}
	}
}
