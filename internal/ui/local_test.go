package ui

import (
	"net/url"
	"strings"
	"testing"
)

func TestLocalPath(t *testing.T) {
	for to, want := range map[string]string{
		"/items?state=returned#a": "/items?state=returned#a",
		"":                        "/home",
		"items":                   "/home",
		"//evil.example/":         "/home",
		"/\\evil.example":         "/home",
		"https://evil.example":    "/home",
		"/%2f%2fevil.example":     "/home",
		"/\t/evil.example":        "/home",
		"/a//b":                   "/a//b",
		"/中文":                     "/%E4%B8%AD%E6%96%87",
	} {
		if got := LocalPath(to, "/home"); got != want {
			t.Errorf("LocalPath(%q) = %q, want %q", to, got, want)
		}
	}
}

func FuzzLocalPath(f *testing.F) {
	f.Add("/a")
	f.Add("//b")
	f.Add("/%5cevil")
	base, err := url.Parse("https://hub.example/lang/en")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, to string) {
		got := LocalPath(to, "/")
		ref, err := url.Parse(got)
		if err != nil {
			t.Fatalf("LocalPath(%q) = %q: %v", to, got, err)
		}
		if at := base.ResolveReference(ref); at.Host != base.Host || at.Scheme != base.Scheme {
			t.Errorf("LocalPath(%q) = %q leads to %s", to, got, at)
		}
		if !strings.HasPrefix(got, "/") || strings.HasPrefix(got, "//") || strings.Contains(got, "\\") {
			t.Errorf("LocalPath(%q) = %q", to, got)
		}
	})
}
