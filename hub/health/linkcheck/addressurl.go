package linkcheck

import (
	"net/url"
	"strings"
)

// request returns a as net/http must be given it so that path and query are
// sent byte for byte.
func (a *address) request() *url.URL {
	u := &url.URL{Scheme: a.scheme, Host: a.hostPort(), Opaque: a.path, RawQuery: a.query}
	u.ForceQuery = a.hasQuery && a.query == ""
	if strings.HasPrefix(a.path, "//") {
		// An opaque part in two slashes would be sent with scheme and all.
		u.Opaque, u.Path, u.RawPath = "", a.plainPath(), a.path
	}
	if a.user != "" {
		name, password, has := strings.Cut(a.user, ":")
		name, _ = url.PathUnescape(name)
		password, _ = url.PathUnescape(password)
		u.User = url.User(name)
		if has {
			u.User = url.UserPassword(name, password)
		}
	}
	return u
}

// plainPath returns the path with its escapes undone where they are sound.
func (a *address) plainPath() string {
	if p, err := url.PathUnescape(a.path); err == nil {
		return p
	}
	return a.path
}

// place returns a as cookie jars want it.
func (a *address) place() *url.URL {
	return &url.URL{Scheme: a.scheme, Host: a.hostPort(), Path: a.plainPath()}
}
