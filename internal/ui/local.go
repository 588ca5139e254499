package ui

import (
	"net/url"
	"strings"
)

// LocalPath returns to when it is a path on this host, and otherwise fallback.
// It keeps "back" and "next" parameters from leading to a stranger's site:
// browsers read "//host" and "/\host" as addresses of another host.
func LocalPath(to, fallback string) string {
	if !strings.HasPrefix(to, "/") || strings.ContainsAny(to, "\\\r\n\t") {
		return fallback
	}
	u, err := url.Parse(to)
	if err != nil || u.Host != "" || u.Scheme != "" || strings.HasPrefix(u.Path, "//") || strings.HasPrefix(to, "//") {
		return fallback
	}
	return u.String()
}
