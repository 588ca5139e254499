package protocol

import (
	"strings"
	"testing"
	"unicode"
)

// Going by bytes finds what going by runes finds, for every rune there is.
func TestHasControl(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if r >= 0xd800 && r < 0xe000 {
			continue // no text holds half a pair
		}
		s := "字" + string(r) + "é"
		if got, want := hasControl(s, false), unicode.IsControl(r); got != want {
			t.Fatalf("%U in a line: %v", r, got)
		}
		if got, want := hasControl(s, true), unicode.IsControl(r) && !strings.ContainsRune("\n\r\t", r); got != want {
			t.Fatalf("%U in a text: %v", r, got)
		}
	}
}
