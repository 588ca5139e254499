package account_test

import (
	"strings"
	"testing"

	"zhanqun/internal/account"
	"zhanqun/internal/fault"
)

func TestTokens(t *testing.T) {
	plain, hash := account.NewToken("zqt")
	other, _ := account.NewToken("zqt")
	if !strings.HasPrefix(plain, "zqt_") || len(plain) != len("zqt_")+43 || plain == other {
		t.Errorf("token %q, then %q", plain, other)
	}
	if hash != account.HashToken(plain) || len(hash) != 64 || hash == account.HashToken(plain+"x") {
		t.Errorf("hash %q", hash)
	}
	// SHA-256 of "abc", FIPS 180-2.
	if got := account.HashToken("abc"); got != "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" {
		t.Errorf("HashToken(abc) = %s", got)
	}
}

func TestCodeSurvivesPeople(t *testing.T) {
	for range 200 {
		code := account.NewCode()
		bare := strings.ReplaceAll(code, "-", "")
		for _, typed := range []string{
			code, bare, strings.ToLower(code), "  " + code + "\r\n", strings.ReplaceAll(code, "-", " "),
			strings.ReplaceAll(code, "-", "—"), fullWidth(code),
			strings.NewReplacer("0", "O", "1", "l").Replace(code),
		} {
			got, err := account.ParseCode(typed)
			if err != nil || got != code {
				t.Fatalf("ParseCode(%q) = %q, %v, want %q", typed, got, err, code)
			}
		}
	}
}

// Every single wrong character and every swap of two characters is caught.
func TestCodeCatchesSlips(t *testing.T) {
	const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	code := account.NewCode()
	for i := range code {
		if code[i] == '-' {
			continue
		}
		for _, c := range alphabet {
			if slip := code[:i] + string(c) + code[i+1:]; slip != code {
				refused(t, slip)
			}
		}
		for j := i + 1; j < len(code); j++ {
			if code[j] == '-' || code[i] == code[j] {
				continue
			}
			b := []byte(code)
			b[i], b[j] = b[j], b[i]
			refused(t, string(b))
		}
	}
	for _, s := range []string{"", "-", code[1:], code + "0", strings.Repeat("0", 1<<16), "U" + code[1:], "码" + code} {
		refused(t, s)
	}
}

func refused(t *testing.T, code string) {
	t.Helper()
	if got, err := account.ParseCode(code); fault.Fields(err)["code"] == "" || got != "" {
		t.Errorf("ParseCode(%.60q) = %q, %v, want a fault at the field", code, got, err)
	}
}

func fullWidth(s string) string {
	return strings.Map(func(r rune) rune { return r + 0xFEE0 }, s)
}

func FuzzParseCode(f *testing.F) {
	f.Add(account.NewCode())
	f.Add("oooo-oooo-oooo-oooo-oooo")
	f.Fuzz(func(t *testing.T, typed string) {
		code, err := account.ParseCode(typed)
		if err != nil {
			return
		}
		if again, err := account.ParseCode(code); again != code || err != nil || len(code) != 24 {
			t.Errorf("ParseCode(%q) = %q, then %q, %v", typed, code, again, err)
		}
	})
}
