package crawl

import (
	"strings"
)

// place is an address taken apart as far as a crawl needs it. The address is
// one of linkcheck's, so it is well formed.
type place struct {
	origin string // "http://host:port"
	host   string // "host:port", the port only if it is not the scheme's own
	path   string // with what follows a semicolon
	query  string // without "?"
}

// locate takes an address apart.
func locate(address string) (p place) {
	at := strings.Index(address, "://")
	if at < 0 {
		return p
	}
	rest := address[at+3:]
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	p.origin, p.host = address[:at+3+end], rest[:end]
	if user := strings.LastIndexByte(p.host, '@'); user >= 0 {
		p.host = p.host[user+1:]
	}
	rest, _, _ = strings.Cut(rest[end:], "#")
	p.path, p.query, _ = strings.Cut(rest, "?")
	return p
}

// siteOf returns what all hosts of one site have in common: the name without
// "www.", and the port unless it is that of http or https.
func siteOf(host string) string { return strings.TrimPrefix(host, "www.") }

// deep tells whether a path is so deep or long that nobody meant it.
func deep(path string) bool { return strings.Count(path, "/") > 24 || len(path) > 2000 }

// repeats returns a path with the part that it repeats put in many times more,
// if it repeats one: a, b, a, b, a, b or a, a, a, a.
func repeats(path string) (more string, ok bool) {
	parts := strings.Split(path, "/")
	for size := 1; size <= 6; size++ {
		times := 3
		if size == 1 {
			times = 4
		}
		run := 0
		for i := size; i < len(parts); i++ {
			if parts[i] != parts[i-size] || parts[i] == "" {
				run = 0
				continue
			}
			if run++; run >= size*(times-1) {
				return multiplied(parts, i+1, parts[i+1-size:i+1]), true
			}
		}
	}
	return "", false
}

// multiplied returns parts with the given ones put in twenty times at a place.
func multiplied(parts []string, at int, what []string) string {
	var b strings.Builder
	b.WriteString(strings.Join(parts[:at], "/"))
	for range 20 {
		b.WriteString("/" + strings.Join(what, "/"))
	}
	if at < len(parts) {
		b.WriteString("/" + strings.Join(parts[at:], "/"))
	}
	return b.String()
}

// loops tells whether a path is another one with folders put in, and one of its
// folders stands in it twice, as below a folder that contains itself. It returns
// the path with that folder put in many times more.
func loops(path, other string) (more string, ok bool) {
	long, short := strings.Split(path, "/"), strings.Split(other, "/")
	if len(long) <= len(short) {
		return "", false
	}
	seen, at := map[string]bool{}, 0
	for i, part := range long {
		if at < len(short) && part == short[at] {
			at++
		}
		if part != "" && i < len(long)-1 {
			if seen[part] && more == "" {
				more = multiplied(long, i+1, long[i:i+1])
			}
			seen[part] = true
		}
	}
	return more, more != "" && at == len(short)
}
