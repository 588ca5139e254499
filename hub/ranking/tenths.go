package ranking

import (
	"fmt"
	"strconv"
	"strings"
)

// Tenths is a number of points, in tenths. It reads and writes itself as a
// decimal number with at most one place.
type Tenths int

// String returns the number as people write it: 12, 12.5, -0.5.
func (t Tenths) String() string {
	sign, n := "", int(t)
	if n < 0 {
		sign, n = "-", -n
	}
	if n%10 == 0 {
		return sign + strconv.Itoa(n/10)
	}
	return fmt.Sprintf("%s%d.%d", sign, n/10, n%10)
}

// MarshalJSON writes a number.
func (t Tenths) MarshalJSON() ([]byte, error) { return []byte(t.String()), nil }

// maxPoints bounds what one thing can be worth, in points.
const maxPoints = 10_000

// UnmarshalJSON reads a number with at most one decimal place.
func (t *Tenths) UnmarshalJSON(b []byte) error {
	text, negative := strings.CutPrefix(string(b), "-")
	whole, part, parted := strings.Cut(text, ".")
	n, err := strconv.Atoi(whole)
	if err != nil || n < 0 || n > maxPoints || strings.HasPrefix(whole, "+") {
		return fmt.Errorf("分值 %s 不对，应为不超过 %d 的数字", b, maxPoints)
	}
	n *= 10
	if parted {
		if len(part) != 1 || part[0] < '0' || part[0] > '9' {
			return fmt.Errorf("分值 %s 最多一位小数", b)
		}
		n += int(part[0] - '0')
	}
	if negative {
		n = -n
	}
	*t = Tenths(n)
	return nil
}
