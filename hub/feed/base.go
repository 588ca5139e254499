package feed

import (
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"zhanqun/internal/fault"
)

var errHost = fault.New(fault.Invalid, "请求里的主机名无效。")

// base returns the address of the portal, without a slash at the end: the one
// that is set, or else the one the request was made under, if it can be one.
func (s *Service) base(r *http.Request) (string, error) {
	if s.Base != nil {
		if set := strings.TrimRight(s.Base(r), "/"); set != "" {
			u, err := url.Parse(set)
			if err != nil || !validHost(u.Host) || u.Scheme != "http" && u.Scheme != "https" {
				return "", errHost
			}
			return set, nil
		}
	}
	host := strings.ToLower(r.Host)
	if !validHost(host) {
		return "", errHost
	}
	if r.TLS != nil {
		return "https://" + host, nil
	}
	return "http://" + host, nil
}

// validHost reports whether s is a host name or address, with or without a
// port. What else stood there would go into every link of the feed.
func validHost(s string) bool {
	host := s
	if i := strings.LastIndexByte(s, ':'); i >= 0 && !strings.HasSuffix(s, "]") {
		port := s[i+1:]
		host = s[:i]
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 || strconv.Itoa(n) != port {
			return false
		}
	}
	if inner, ok := strings.CutPrefix(host, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		a, err := netip.ParseAddr(inner)
		return ok && err == nil && a.Is6() && a.Zone() == ""
	}
	if host == "" || len(host) > 253 {
		return false
	}
	for label := range strings.SplitSeq(strings.TrimSuffix(host, "."), ".") {
		if label == "" || len(label) > 63 || strings.ContainsFunc(label, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
		}) {
			return false
		}
	}
	return true
}
