package linkcheck

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSrcset(t *testing.T) {
	for in, want := range map[string][]string{
		"":                           nil,
		" , ,":                       nil,
		"a.jpg":                      {"a.jpg"},
		"a.jpg, b.jpg 2x":            {"a.jpg", "b.jpg"},
		"a.jpg 1x,b.jpg":             {"a.jpg", "b.jpg"},
		"a,b.jpg 1x, c.jpg, d.jpg":   {"a,b.jpg", "c.jpg", "d.jpg"},
		"data:image/png,x 1x, c.jpg": {"data:image/png,x", "c.jpg"},
		"a.jpg calc(1x, 2x), b.jpg":  {"a.jpg", "b.jpg"},
	} {
		if diff := cmp.Diff(want, srcset(in)); diff != "" {
			t.Errorf("%q: -want +got\n%s", in, diff)
		}
	}
}

func TestParseRefresh(t *testing.T) {
	for in, want := range map[string]string{
		"0;url=/a":        "0s /a",
		"5; URL = '/a b'": "5s /a b",
		`3,url="x"`:       "3s x",
		"1 /a":            "1s /a",
		"2;/a":            "2s /a",
		"10":              "10s ",
		".5;url=a":        "0s a",
		"url=/a":          "-",
		"":                "-",
	} {
		after, target, ok := parseRefresh(in)
		got := "-"
		if ok {
			got = fmt.Sprint(after, " ", target)
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
