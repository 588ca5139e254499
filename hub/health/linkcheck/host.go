package linkcheck

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// hostProfile maps names as browsers do: Chinese names become punycode,
// underscores and odd hyphens, which real sites use, are let through.
var hostProfile = idna.New(idna.MapForLookup(), idna.Transitional(false),
	idna.StrictDomainName(false), idna.CheckHyphens(false), idna.BidiRule())

// asciiHost turns the host of an address into what is looked up and sent.
func asciiHost(host string) (string, error) {
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		ip, err := netip.ParseAddr(host[1 : len(host)-1])
		if err != nil || !ip.Is6() || ip.Zone() != "" {
			return "", errHost
		}
		return "[" + ip.String() + "]", nil
	}
	if p, err := url.PathUnescape(host); err == nil {
		host = p
	}
	if host == "" || !utf8.ValidString(host) {
		return "", errHost
	}
	name, err := hostProfile.ToASCII(host)
	if err != nil || name == "" || len(name) > 254 || strings.ContainsAny(name, " #/:<>?@[\\]^|%\"`{}") {
		return "", errHost
	}
	for i := range len(name) {
		if name[i] < ' ' || name[i] > '~' {
			return "", errHost
		}
	}
	if strings.Contains(name, "..") || name[0] == '.' {
		return "", errHost
	}
	if !endsInNumber(name) {
		return name, nil
	}
	ip, ok := parseIPv4(name)
	if !ok {
		return "", errHost
	}
	return ip.String(), nil
}

// endsInNumber tells whether browsers read name as an IPv4 address, such as
// 10.1 or 0x7f000001, and hence never ask the name service for it.
func endsInNumber(name string) bool {
	name = strings.TrimSuffix(name, ".")
	last := name[strings.LastIndexByte(name, '.')+1:]
	if last == "" {
		return false
	}
	if strings.Trim(last, "0123456789") == "" {
		return true
	}
	_, ok := parseNumber(last)
	return ok
}

// parseIPv4 reads the old spellings of IPv4 addresses: fewer parts than four,
// octal and hexadecimal. They matter because http://2130706433/ is loopback.
func parseIPv4(name string) (netip.Addr, bool) {
	parts := strings.Split(strings.TrimSuffix(name, "."), ".")
	if len(parts) > 4 {
		return netip.Addr{}, false
	}
	var value uint64
	for i, part := range parts {
		n, ok := parseNumber(part)
		if !ok {
			return netip.Addr{}, false
		}
		if i < len(parts)-1 {
			if n > 255 {
				return netip.Addr{}, false
			}
			value |= n << (8 * (3 - i))
			continue
		}
		if n >= 1<<(8*(4-i)) {
			return netip.Addr{}, false
		}
		value |= n
	}
	return netip.AddrFrom4([4]byte{byte(value >> 24), byte(value >> 16), byte(value >> 8), byte(value)}), true
}

func parseNumber(s string) (uint64, bool) {
	base := 10
	switch {
	case len(s) >= 2 && s[0] == '0' && s[1]|0x20 == 'x':
		base, s = 16, s[2:]
	case len(s) >= 2 && s[0] == '0':
		base, s = 8, s[1:]
	}
	if s == "" {
		return 0, base == 16
	}
	if s[0] == '+' || s[0] == '-' || strings.Contains(s, "_") {
		return 0, false
	}
	n, err := strconv.ParseUint(s, base, 33)
	return n, err == nil
}

// cleanPort returns the port without leading zeros, empty for the scheme's own.
func cleanPort(scheme, port string) (string, error) {
	if port == "" {
		return "", nil
	}
	if strings.Trim(port, "0123456789") != "" {
		return "", errPort
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return "", errPort
	}
	if scheme == "http" && n == 80 || scheme == "https" && n == 443 {
		return "", nil
	}
	return strconv.FormatUint(n, 10), nil
}
