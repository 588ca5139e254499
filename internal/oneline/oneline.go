// Package oneline handles short texts that stand on one line: titles, labels,
// names. It knows nothing of what they mean.
package oneline

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Of turns every run of white space into one blank.
func Of(s string) string { return strings.Join(strings.Fields(s), " ") }

// Clip cuts s to n runes and makes it fit to be stored and shown: valid UTF-8
// without control characters.
func Clip(s string, n int) string {
	if len(s) <= n && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if n == 0 {
			break
		}
		if !unicode.IsControl(r) {
			b.WriteRune(r) // a broken byte comes as U+FFFD
			n--
		}
	}
	return b.String()
}

// First returns the first of the texts that is not blank, empty if all are.
func First(texts ...string) string {
	for _, s := range texts {
		if strings.TrimSpace(s) != "" {
			return s
		}
	}
	return ""
}

// Words returns the words of s as a set.
func Words(s string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(s) {
		set[w] = true
	}
	return set
}
