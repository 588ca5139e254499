package web

import (
	"net"
	"net/http"
	"net/netip"
	"strings"

	"zhanqun/internal/fault"
)

// Hosts answers only requests made under one of the given host names (without
// port). Addresses of this machine's loopback always pass. A page elsewhere
// that makes its own name point to 127.0.0.1 (DNS rebinding) would otherwise
// read a clerk's node through her browser. With allow "*" all names pass.
func Hosts(errs Errors, allow ...string) Middleware {
	names := map[string]bool{"localhost": true}
	for _, name := range allow {
		names[strings.ToLower(name)] = true
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			host := hostname(r.Host)
			at, err := netip.ParseAddr(host)
			if names["*"] || names[host] || err == nil && at.Unmap().IsLoopback() {
				next.ServeHTTP(w, r)
				return
			}
			errs.Answer(w, r, fault.New(fault.Forbidden,
				"这个网址没有登记为本机的访问地址。请用管理员给的地址打开，或把它加进设置的访问地址里。"))
		})
	}
}

// hostname is the host of a Host header, without port, brackets and case.
func hostname(hostport string) string {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	return strings.ToLower(strings.Trim(host, "[]"))
}
