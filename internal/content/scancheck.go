package content

import (
	"strings"
	"time"
)

// idCheck reports whether the 18 digits (the last may be 10, for X) have the
// right check character: ISO 7064 MOD 11-2.
func idCheck(d []byte) bool {
	weights := [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	sum := 0
	for i, w := range weights {
		if d[i] > 9 {
			return false
		}
		sum += w * int(d[i])
	}
	return int(d[17]) == (12-sum%11)%11
}

// luhn reports whether the digits have the right check digit of ISO 7812.
func luhn(d []byte) bool {
	sum := 0
	for i := range d {
		v := int(d[len(d)-1-i])
		if i%2 == 1 {
			if v *= 2; v > 9 {
				v -= 9
			}
		}
		sum += v
	}
	return sum%10 == 0
}

// number reads digits as one number.
func number(d []byte) int {
	n := 0
	for _, v := range d {
		n = n*10 + int(v)
	}
	return n
}

// validDate reports whether the day exists and somebody who is alive or about
// to be born can have been born on it.
func validDate(year, month, day int) bool {
	if year < 1900 || year > 2099 || month < 1 || month > 12 || day < 1 {
		return false
	}
	return day <= time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// plusBefore reports whether a plus sign, bracket allowed, stands before byte i.
func plusBefore(s string, i int) bool {
	left := strings.TrimRight(s[:i], " ")
	return strings.HasSuffix(left, "+") || strings.HasSuffix(left, "＋")
}
