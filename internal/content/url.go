package content

import (
	"net/url"
	"regexp"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/idna"
)

var (
	hostPattern = regexp.MustCompile(`^(?:[a-z0-9_](?:[a-z0-9._-]*[a-z0-9])?\.?|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?$`)
	mailPattern = regexp.MustCompile(`^[A-Za-z0-9._+-]+@[A-Za-z0-9][A-Za-z0-9.-]*$`)
)

// safeURL returns href in the grammar's spelling: absolute, http, https or
// mailto, host in ASCII, path escaped, no user name or password.
func safeURL(href string) (string, bool) {
	u, err := url.Parse(strings.TrimSpace(href))
	if err != nil || u.User != nil {
		return "", false
	}
	switch u.Scheme {
	case "http", "https":
		host, err := asciiHost(u)
		if err != nil || !hostPattern.MatchString(host) {
			return "", false
		}
		u.Host = host
	case "mailto":
		if !mailPattern.MatchString(u.Opaque) {
			return "", false
		}
		u.RawQuery, u.ForceQuery, u.Fragment = "", false, ""
	default:
		return "", false
	}
	// A query is kept as it was typed, and may hold what must be escaped.
	s := escapeRest(u.String())
	return s, cleanURL(html.EscapeString(s))
}

// asciiHost returns u's host and port with a Chinese domain name in its ASCII
// form. A name that is ASCII already is left alone: old sites have underscores.
func asciiHost(u *url.URL) (string, error) {
	if strings.IndexFunc(u.Host, func(r rune) bool { return r >= 0x80 }) < 0 {
		return strings.ToLower(u.Host), nil
	}
	host, err := idna.Lookup.ToASCII(u.Hostname())
	if err != nil {
		return "", err
	}
	if port := u.Port(); port != "" {
		host += ":" + port
	}
	return host, nil
}

// escapeRest percent-encodes what url.URL leaves as it is but an attribute or a
// header should not carry.
func escapeRest(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>\\`^{|}", c) >= 0 {
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}
