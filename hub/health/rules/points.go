package rules

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Points are points or per cent in hundredths: 7.15 points are 715.
type Points int64

// Whole returns n whole points.
func Whole(n int) Points { return Points(n) * 100 }

// String writes points without needless zeros: 7.15, 0.1, 5.
func (p Points) String() string {
	sign := ""
	if p < 0 {
		sign, p = "-", -p
	}
	text := fmt.Sprintf("%d.%02d", p/100, p%100)
	return sign + strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

// MarshalJSON writes points as a number.
func (p Points) MarshalJSON() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalJSON reads points from a number.
func (p *Points) UnmarshalJSON(text []byte) error {
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		return fmt.Errorf("reading points: %w", err)
	}
	return p.set(f)
}

// UnmarshalTOML reads points from a number with at most two decimals.
func (p *Points) UnmarshalTOML(value any) error {
	switch v := value.(type) {
	case int64:
		return p.set(float64(v))
	case float64:
		return p.set(v)
	}
	return fmt.Errorf("分值应写成数字，不加引号")
}

func (p *Points) set(v float64) error {
	scaled := v * 100
	if math.IsNaN(v) || math.Abs(scaled) > 1e9 || math.Abs(scaled-math.Round(scaled)) > 1e-6 {
		return fmt.Errorf("分值最多两位小数：%v", v)
	}
	*p = Points(math.Round(scaled))
	return nil
}
