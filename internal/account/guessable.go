package account

import "strings"

// guessed are what guessing programs put together first, folded: words, keys in a
// row, and the years and dates people add.
var guessed = strings.Fields(`password passw0rd pssword pssw0rd pass admin administrator root user test guest login welcome letmein
	master monkey dragon sunshine princess football baseball superman batman shadow michael iloveyou love secret changeme default system
	qwerty qwertyuiop qwer asd asdf asdfgh asdfghjkl zxc zxcv zxcvbn zxcvbnm qazwsx qazwsxedc wsx edc rfv wsxedc 1qaz 2wsx 3edc 4rfv 1q2w 3e4r 5t6y 1q2w3e 1q2w3e4r zaq1 xsw2 q1w2 e3r4
	abc abcd abcde abcdef abc123 aaa aaaa xxx zzz qqq www
	woaini woaiwojia nihao zhongguo china beijing guizhou tongren sinan gongzuo guanliyuan xitong wangzhan zhanqun shengri mima dangwei zhengfu zhengwu
	520 521 1314 5201314 7758521 147258 159357 147258369 123 1234 12345 123456 1234567 12345678 123456789 1234567890 12 01 00 000 0000 111 1111 111111 11111111
	222 2222 333 555 666 6666 666666 777 888 8888 888888 88888888 999 9999 321 4321 54321 654321 87654321 987654321 112233 445566 334455 778899 77 123123 123321 121212 789 456 963 852 741`)

// mostParts is of how many guessed parts a password is still guessed.
const mostParts = 4

// guessable reports whether pw is nothing but a few guessed parts, with signs
// between and around them.
func guessable(pw string) bool {
	pw = strings.Map(func(r rune) rune {
		if strings.ContainsRune("!@#$%^&*()_-+=.,;:?~ /", r) {
			return -1
		}
		return r
	}, pw)
	// parts[i] is the fewest parts that make pw[:i].
	parts := make([]int, len(pw)+1)
	for i := 1; i <= len(pw); i++ {
		parts[i] = mostParts + 1
		for _, g := range guessed {
			if strings.HasSuffix(pw[:i], g) {
				parts[i] = min(parts[i], parts[i-len(g)]+1)
			}
		}
		if i >= 4 && year(pw[i-4:i]) {
			parts[i] = min(parts[i], parts[i-4]+1)
		}
	}
	return parts[len(pw)] <= mostParts
}

// year reports whether s may be the year somebody was born in, or lives in.
func year(s string) bool {
	return (strings.HasPrefix(s, "19") || strings.HasPrefix(s, "20")) && strings.Trim(s, "0123456789") == ""
}
