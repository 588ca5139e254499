package account_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"zhanqun/internal/account"
	"zhanqun/internal/fault"
)

func TestHashAndVerify(t *testing.T) {
	ctx := context.Background()
	stored, err := account.Hash(ctx, "思南县 tangtou 2026")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(stored, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("stored form %q", stored)
	}
	again, _ := account.Hash(ctx, "思南县 tangtou 2026")
	if again == stored {
		t.Error("two hashes of one password are equal: the salt is missing")
	}
	for pw, want := range map[string]bool{"思南县 tangtou 2026": true, "思南县 tangtou 2027": false, "": false} {
		ok, rehash, err := account.Verify(ctx, stored, pw)
		if ok != want || rehash || err != nil {
			t.Errorf("Verify(%q) = %v, %v, %v", pw, ok, rehash, err)
		}
	}
}

// The string is a known answer of the reference implementation: it holds that
// strings of other programs and other costs are read, and marked for renewal.
func TestVerifyAsksForRehash(t *testing.T) {
	const stored = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
	ok, rehash, err := account.Verify(context.Background(), stored, "password")
	if err != nil || ok != rehash {
		t.Errorf("Verify = %v, %v, %v", ok, rehash, err)
	}
	if !ok {
		t.Error("the known vector does not match")
	}
}

func TestVerifyRefusesDamagedStrings(t *testing.T) {
	good, err := account.Hash(context.Background(), "x")
	if err != nil {
		t.Fatal(err)
	}
	for _, stored := range []string{
		"", "$", "plain", good[1:], good + "$", strings.Replace(good, "argon2id", "argon2i", 1),
		strings.Replace(good, "v=19", "v=16", 1),
		strings.Replace(good, "m=19456", "m=4194304", 1), // 4 GiB
		strings.Replace(good, "t=2", "t=99999", 1),
		strings.Replace(good, "t=2", "t=0", 1), // argon2 panics on this
		strings.Replace(good, "p=1", "p=0", 1),
		strings.Replace(good, "p=1", "p=256", 1),
		strings.Replace(good, "m=19456,t=2,p=1", "m=19456", 1),
		good[:strings.LastIndexByte(good, '$')+1],
	} {
		ok, _, err := account.Verify(context.Background(), stored, "x")
		if ok || !errors.Is(err, account.ErrMalformed) {
			t.Errorf("Verify(%q) = %v, %v", stored, ok, err)
		}
	}
}

func TestHashingEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := account.Hash(ctx, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("Hash: %v", err)
	}
	if err := account.VerifyNobody(ctx, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("VerifyNobody: %v", err)
	}
	if err := account.VerifyNobody(context.Background(), "x"); err != nil {
		t.Errorf("VerifyNobody: %v", err)
	}
}

func TestCheckPassword(t *testing.T) {
	for _, tt := range []struct {
		name, login, pw string
		says            string // "" = accepted
	}{
		{"good", "zhangsan", "tangtou-green-tea", ""},
		{"Chinese counts in characters", "zhangsan", "乌江边上的一座古城思南城", ""},
		{"login inside a long one", "li", "li likes to climb hills", ""},
		{"short", "zhangsan", "Ab1!xyz29ok", "至少"},
		{"eleven Chinese characters", "zhangsan", "乌江边上的一座古城思南", "至少"},
		{"long", "zhangsan", strings.Repeat("tangtou-", 17), "最多"},
		{"is the login", "TangTouZhenShi", "tangtouzhenshi", "用户名"},
		{"login and a bit", "tangtouzhen", "TangTouZhen1!", "用户名"},
		{"one character", "x", "111111111111", "重复"},
		{"one pair", "x", "abababababab", "重复"},
		{"one triple, cut", "x", "1231231231231", "重复"},
		{"digits up", "x", "123456789012", "连续"},
		{"digits down", "x", "109876543210", "连续"},
		{"letters down", "x", "zyxwvutsrqpo", "连续"},
		{"keyboard row", "x", "QWERTYUIOPAS", "连续"},
		{"common", "x", "WoAiNi1314520", "太常见"},
		{"control", "x", "tangtou\x00green", "无法识别"},
		{"broken UTF-8", "x", "tangtou\xffgreen", "无法识别"},
	} {
		err := account.CheckPassword(tt.login, tt.pw)
		if tt.says == "" {
			if err != nil {
				t.Errorf("%s: %v", tt.name, err)
			}
			continue
		}
		if msg := fault.Fields(err)["password"]; !strings.Contains(msg, tt.says) {
			t.Errorf("%s: %q, want to hear %q", tt.name, msg, tt.says)
		}
	}
}

// What guessing programs try first is refused, in whatever order it is put
// together; words nobody puts together are not.
func TestGuessedPasswords(t *testing.T) {
	for _, pw := range []string{
		"11223344556677",
		"1233211234567",
		"123456789abc",
		"123456abcdef",
		"147258369abc",
		"1q2w3e4r5t6y",
		"1qaz2wsx3edc",
		"1qaz@wsx3edc",
		"Admin888888!",
		"Guizhou@2025",
		"P@ssw0rd2026",
		"Password@2026",
		"Qwerty123456",
		"Welcome2024!!",
		"aaaa12345678",
		"abc123456789",
		"abcd12345678",
		"admin1234567",
		"admin12345678",
		"admin@123456",
		"administrator",
		"asd123456789",
		"changeme1234",
		"gongzuo123456",
		"iloveyou1314",
		"p@ssw0rd1234",
		"password1234",
		"password12345",
		"password123456",
		"qazwsx123456",
		"qazwsxedcrfv",
		"qwer12345678",
		"qwer1234asdf",
		"qwerty123456",
		"qwertyuiop123",
		"root@12345678",
		"test123456789",
		"woaini123456",
		"woaini1314520",
		"woaini5201314",
		"zhanqun123456",
		"zhengfu123456",
		"zhengwu123456",
		"zhongguo1949",
		"zxc123456789",
	} {
		if msg := fault.Fields(account.CheckPassword("", pw))["password"]; !strings.Contains(msg, "太常见") {
			t.Errorf("%q: %q", pw, msg)
		}
	}
	for _, pw := range []string{"correct horse battery", "admin and his dragon", "tongren-sinan-wujiang", "我爱思南县城的乌江大桥", "mima-mima-hao-2026-x", "password of the week"} {
		if err := account.CheckPassword("", pw); err != nil && !strings.Contains(err.Error(), "至少") {
			t.Errorf("%q: %v", pw, err)
		}
	}
}

func TestGeneratePassword(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		pw := account.GeneratePassword()
		if len(pw) != 24 || seen[pw] || account.CheckPassword("admin", pw) != nil {
			t.Fatalf("generated %q", pw)
		}
		if strings.ContainsAny(pw, "l01e") {
			t.Fatalf("%q has characters that are easily mistaken", pw)
		}
		seen[pw] = true
	}
}

func FuzzVerify(f *testing.F) {
	f.Add("$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4")
	f.Add("$argon2id$v=19$m=8,t=1,p=2$$")
	f.Fuzz(func(t *testing.T, stored string) {
		// The context has ended: parsing is tried, the costly part is not.
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if ok, _, err := account.Verify(ctx, stored, "x"); ok || err == nil {
			t.Errorf("Verify(%q) = %v, %v", stored, ok, err)
		}
	})
}
