package account

import (
	"crypto/rand"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"zhanqun/internal/fault"
)

// Limits of a password in characters. Twelve with a few exclusions beats eight
// with rules about classes, which people answer with "Abc12345!". The upper
// bound only keeps hashing cheap.
const (
	MinPassword = 12 // OWASP ASVS 4.0.3, 2.1.1
	MaxPassword = 128
)

// CheckPassword reports why pw is no acceptable password for login, as a fault
// at the field "password", or nil.
func CheckPassword(login, pw string) error {
	n := utf8.RuneCountInString(pw)
	folded := strings.ToLower(pw)
	switch {
	case !utf8.ValidString(pw) || strings.ContainsFunc(pw, unicode.IsControl):
		return fault.Field("password", "密码里有无法识别的字符，请重新输入。")
	case n < MinPassword:
		return fault.Field("password", "密码至少要 12 个字符，可以用几个词连起来。")
	case n > MaxPassword:
		return fault.Field("password", "密码最多 128 个字符。")
	case likeLogin(strings.ToLower(login), folded):
		return fault.Field("password", "密码不能是用户名，也不能只在用户名前后加几个字符。")
	case repeated(folded):
		return fault.Field("password", "密码不能是同一个字符或同一小段的重复。")
	case sequential(folded):
		return fault.Field("password", "密码不能是连续的数字或字母，例如 1234567890。")
	case guessable(folded):
		return fault.Field("password", "这个密码太常见，容易被猜中，请换一个。")
	}
	return nil
}

// likeLogin reports whether pw is the login with fewer than four characters around it.
func likeLogin(login, pw string) bool {
	if login == "" || !strings.Contains(pw, login) {
		return false
	}
	return utf8.RuneCountInString(pw)-utf8.RuneCountInString(login) < 4
}

// repeated reports whether pw is a unit of at most three characters over and over.
func repeated(pw string) bool {
	r := []rune(pw)
	for unit := 1; unit <= 3; unit++ {
		same := true
		for i := unit; i < len(r); i++ {
			if r[i] != r[i-unit] {
				same = false
				break
			}
		}
		if same {
			return true
		}
	}
	return false
}

// rows are the orders a finger or the alphabet walks.
var rows = []string{"01234567890123456789", "abcdefghijklmnopqrstuvwxyz",
	"1234567890-=", "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./", "qwertyuiopasdfghjklzxcvbnm"}

// sequential reports whether pw is one stretch of a row, forwards or backwards.
func sequential(pw string) bool {
	back := []rune(pw)
	slices.Reverse(back)
	for _, row := range rows {
		if strings.Contains(row, pw) || strings.Contains(row, string(back)) {
			return true
		}
	}
	return false
}

// GeneratePassword returns a one-time password of five syllable pairs such as
// "kafu-momi-wozu-niba-tiro": 60 bits of chance, no letter that is mistaken for
// another, easy to read out over the telephone.
func GeneratePassword() string {
	const consonants, vowels = "bdfghjkmnprstvwz", "aiou" // 16 and 4: no modulo bias
	var raw [10]byte
	_, _ = rand.Read(raw[:])
	var b strings.Builder
	for i, x := range raw {
		if i > 0 && i%2 == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(consonants[x&15])
		b.WriteByte(vowels[x>>4&3])
	}
	return b.String()
}
