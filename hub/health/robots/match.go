package robots

import (
	"cmp"
	"slices"
	"strings"
)

// rule is one line with a wildcard or an end mark in it, or not.
type rule struct {
	allow  bool
	length int      // of the pattern as it is compared, for finding the longest
	parts  []string // what stands between the wildcards
	end    bool     // must match up to the end of the path
}

func newRule(pattern string, allow bool) rule {
	r := rule{allow: allow}
	if strings.HasSuffix(pattern, "$") {
		pattern, r.end, r.length = pattern[:len(pattern)-1], true, 1
	}
	// Many wildcards in a row are one.
	for i, part := range strings.Split(pattern, "*") {
		if i > 1 && part == "" && r.parts[len(r.parts)-1] == "" {
			continue
		}
		r.parts = append(r.parts, part)
	}
	query := false
	for i, part := range r.parts {
		r.parts[i], query = normal(part, query)
		r.length += len(r.parts[i])
	}
	r.length += len(r.parts) - 1
	return r
}

// build makes the rules of a group ready for use.
func (g *group) build() *Rules {
	r := &Rules{Delay: g.delay, plain: make(map[string]bool)}
	for _, one := range g.rules {
		if len(one.parts) > 1 || one.end {
			r.wild = append(r.wild, one)
			continue
		}
		pattern := one.parts[0]
		if allowed, known := r.plain[pattern]; !known {
			r.lengths = append(r.lengths, len(pattern))
			r.plain[pattern] = one.allow
		} else {
			r.plain[pattern] = allowed || one.allow
		}
	}
	slices.SortFunc(r.lengths, func(a, b int) int { return cmp.Compare(b, a) })
	r.lengths = slices.Compact(r.lengths)
	slices.SortStableFunc(r.wild, func(a, b rule) int { return cmp.Compare(b.length, a.length) })
	return r
}

// Allowed tells whether the path of an address, with its query and as it is
// sent, may be asked for. The longest rule that matches decides, the kinder one
// of two that are equally long. /robots.txt itself always may.
func (r *Rules) Allowed(path string) bool {
	if path == "" || path[0] != '/' {
		path = "/" + path
	}
	if path == "/robots.txt" {
		return true
	}
	if r.never {
		return false
	}
	path, _ = normal(path, false)
	allowed, length := true, -1
	for _, n := range r.lengths {
		if n > len(path) {
			continue
		}
		if allow, ok := r.plain[path[:n]]; ok {
			allowed, length = allow, n
			break
		}
	}
	for _, one := range r.wild {
		if one.length < length {
			break
		}
		if one.length == length && allowed {
			continue
		}
		if one.matches(path) {
			allowed, length = one.allow, one.length
		}
	}
	return allowed
}

// matches looks for the parts one after the other. Taking the first place each
// part fits leaves the most room for the rest, so nothing is tried twice; with
// an end mark the last part has but one place.
func (r *rule) matches(path string) bool {
	rest, ok := strings.CutPrefix(path, r.parts[0])
	if !ok {
		return false
	}
	if len(r.parts) == 1 {
		return !r.end || rest == ""
	}
	last := len(r.parts) - 1
	for _, part := range r.parts[1:last] {
		at := strings.Index(rest, part)
		if at < 0 {
			return false
		}
		rest = rest[at+len(part):]
	}
	if r.end {
		return strings.HasSuffix(rest, r.parts[last])
	}
	return strings.Contains(rest, r.parts[last])
}

const hexDigits = "0123456789ABCDEF"

// normal writes a path in the one way it is compared (RFC 9309, 2.2.2): escapes
// of plain characters are undone, everything outside ASCII is escaped, hex
// digits are capitals. Behind the question mark, characters that mean nothing
// there are plain as well. query tells whether s stands or ends behind it.
func normal(s string, query bool) (string, bool) {
	clean := true
	for i := range len(s) {
		if c := s[i]; c == '%' || c == '?' || c == '*' || c == '$' || c <= ' ' || c >= 0x7f {
			clean = false
			break
		}
	}
	if clean {
		return s, query
	}
	b := make([]byte, 0, len(s)+16)
	for i := 0; i < len(s); i++ {
		c, escaped := s[i], false
		if c == '%' && i+2 < len(s) {
			hi, lo := unhex(s[i+1]), unhex(s[i+2])
			if hi >= 0 && lo >= 0 {
				c, escaped = byte(hi<<4|lo), true
				i += 2
			}
		}
		switch {
		case !escaped && c == '?':
			query = true
			b = append(b, c)
		case escaped && !(unreserved(c) || query && strings.IndexByte(":/?@", c) >= 0),
			!escaped && c == '%', c == '*', c == '$', c <= ' ', c >= 0x7f:
			b = append(b, '%', hexDigits[c>>4], hexDigits[c&15])
		default:
			b = append(b, c)
		}
	}
	return string(b), query
}

func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~'
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}
