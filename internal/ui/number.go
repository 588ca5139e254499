package ui

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// Bytes says a size as people read it: 812 B, 40 KB, 3.2 MB (1 KB = 1024 B).
func Bytes(n any) (string, error) {
	v := reflect.ValueOf(n)
	if !v.IsValid() || !isNumber(v.Kind()) {
		return "", fmt.Errorf("not a size: %T", n)
	}
	size := toFloat(v)
	if size < 1024 {
		return strconv.FormatFloat(size, 'f', 0, 64) + " B", nil
	}
	units := []string{"KB", "MB", "GB", "TB"}
	unit := 0
	for size /= 1024; size >= 1023.95 && unit < len(units)-1; size /= 1024 {
		unit++
	}
	digits := 1
	if size >= 9.95 {
		digits = 0
	}
	return strings.TrimSuffix(strconv.FormatFloat(size, 'f', digits, 64), ".0") + " " + units[unit], nil
}

// Num writes a number with thousands parted by commas, and at most two
// decimals: 1,234,567 and 12.5.
func Num(n any) (string, error) {
	v := reflect.ValueOf(n)
	if !v.IsValid() || !isNumber(v.Kind()) {
		return "", fmt.Errorf("not a number: %T", n)
	}
	var s string
	switch {
	case v.CanInt():
		s = strconv.FormatInt(v.Int(), 10)
	case v.CanUint():
		s = strconv.FormatUint(v.Uint(), 10)
	default:
		s = strconv.FormatFloat(v.Float(), 'f', 2, 64)
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
		if s == "-0" {
			s = "0"
		}
	}
	whole, part, _ := strings.Cut(s, ".")
	sign := ""
	if whole[0] == '-' {
		sign, whole = "-", whole[1:]
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if part != "" {
		whole += "." + part
	}
	return sign + whole, nil
}

func toFloat(v reflect.Value) float64 {
	switch {
	case v.CanInt():
		return float64(v.Int())
	case v.CanUint():
		return float64(v.Uint())
	}
	return v.Float()
}
