package crawl

import (
	"slices"
	"strings"
)

// sessionNames are query parameters that name the visitor, not the page,
// whatever their value.
var sessionNames = map[string]bool{
	"phpsessid": true, "jsessionid": true, "aspsessionid": true, "asp.net_sessionid": true, "sessionid": true, "session_id": true,
	"sessid": true, "cfid": true, "cftoken": true, "zenid": true, "oscsid": true, "xtcsid": true,
}

// maybeSession are names that do so when their value looks like a draw of lots.
// 栏目 numbers are called sid too.
var maybeSession = map[string]bool{"sid": true, "s": true, "session": true, "ssid": true, "token": true, "uid": true, "visitor": true}

// busters are names by which a page keeps caches from answering.
var busters = map[string]bool{"_": true, "rand": true, "random": true, "nocache": true, "timestamp": true, "ts": true, "t": true, "time": true, "_t": true}

// identity returns what tells whether two addresses are one: without session
// ids, and with the values of a query sorted. noise holds what this site was
// found to add besides.
func identity(address string, noise map[string]bool) string {
	if !strings.ContainsAny(address, "?;(") && len(noise) == 0 {
		return address
	}
	p := locate(address)
	path := dropSession(p.path)
	if len(noise) > 0 {
		path = dropNoise(path, noise)
	}
	if !strings.Contains(address, "?") {
		return p.origin + path
	}
	list := strings.Split(p.query, "&")
	kept := list[:0]
	for _, one := range list {
		name, value, _ := strings.Cut(one, "=")
		name = strings.ToLower(name)
		switch {
		case sessionNames[name], strings.HasPrefix(name, "aspsessionid"),
			maybeSession[name] && drawn(value), busters[name] && moment(value), noise["?"+name]:
		default:
			kept = append(kept, one)
		}
	}
	if len(kept) == 0 && len(list) > 0 && p.query != "" {
		return p.origin + path
	}
	if len(kept) > 1 {
		slices.Sort(kept)
	}
	return p.origin + path + "?" + strings.Join(kept, "&")
}

// dropSession takes ";jsessionid=…" and "/(S(…))" out of a path.
func dropSession(path string) string {
	for {
		semi := strings.IndexByte(path, ';')
		if semi < 0 {
			break
		}
		end := semi + 1
		for end < len(path) && path[end] != '/' && path[end] != ';' {
			end++
		}
		name, _, _ := strings.Cut(strings.ToLower(path[semi+1:end]), "=")
		if !sessionNames[name] && !maybeSession[name] {
			break
		}
		path = path[:semi] + path[end:]
	}
	if open := strings.Index(path, "/("); open >= 0 {
		if end := strings.Index(path[open:], "))/"); end > 0 && strings.Contains(path[open:open+end], "S(") {
			path = path[:open] + path[open+end+2:]
		}
	}
	return path
}

// drawn tells whether a value looks like a draw of lots: long, with both
// letters and digits, and nothing else.
func drawn(value string) bool {
	if len(value) < 8 {
		return false
	}
	letters, digits, changes, last := 0, 0, 0, byte(0)
	for i := range len(value) {
		var kind byte
		switch c := value[i]; {
		case c >= '0' && c <= '9':
			digits++
			kind = 'd'
		case c|0x20 >= 'a' && c|0x20 <= 'z':
			letters++
			kind = 'l'
		case c == '-' || c == '_':
			continue
		default:
			return false
		}
		if last != 0 && kind != last {
			changes++
		}
		last = kind
	}
	return letters > 0 && digits > 0 && changes >= 2 || digits >= 16
}

// moment tells whether a value is a clock's or a dice's: ten digits and more,
// or a fraction of one.
func moment(value string) bool {
	if rest, ok := strings.CutPrefix(value, "0."); ok {
		return rest != "" && strings.Trim(rest, "0123456789") == ""
	}
	return len(value) >= 10 && strings.Trim(value, "0123456789") == ""
}

// difference returns where two addresses that show the same text differ, if
// that is one part of the path or one value of the query and both look drawn by
// lot: "/" and the number of the part from the left, or "?" and the name. It is
// not sure where the values are short.
func difference(a, b place) (where string, sure, ok bool) {
	sure = true
	if a.path != b.path {
		x, y := strings.Split(a.path, "/"), strings.Split(b.path, "/")
		if len(x) != len(y) || a.query != b.query {
			return "", false, false
		}
		for i := range x {
			if x[i] == y[i] {
				continue
			}
			if where != "" || !drawn(x[i]) || !drawn(y[i]) {
				return "", false, false
			}
			where = partName(i)
		}
		return where, true, where != ""
	}
	x, y := strings.Split(a.query, "&"), strings.Split(b.query, "&")
	if len(x) != len(y) {
		return "", false, false
	}
	for i := range x {
		if x[i] == y[i] {
			continue
		}
		name, value, _ := strings.Cut(x[i], "=")
		other, second, _ := strings.Cut(y[i], "=")
		long := drawn(value) && drawn(second)
		sure = sure && long
		if where != "" || name != other || !long && !(mixed(value) && mixed(second)) {
			return "", false, false
		}
		where = "?" + strings.ToLower(name)
	}
	return where, sure, where != ""
}

// mixed tells whether a value may be a short draw of lots: letters and digits
// and nothing else.
func mixed(value string) bool {
	letters, digits := false, false
	for i := range len(value) {
		switch c := value[i]; {
		case c >= '0' && c <= '9':
			digits = true
		case c|0x20 >= 'a' && c|0x20 <= 'z':
			letters = true
		default:
			return false
		}
	}
	return len(value) >= 4 && letters && digits
}

func partName(i int) string { return "/" + string(rune('0'+min(i, 40))) }

// dropNoise replaces the parts of a path that were found to mean nothing.
func dropNoise(path string, noise map[string]bool) string {
	parts := strings.Split(path, "/")
	changed := false
	for i := range parts {
		if noise[partName(i)] && drawn(parts[i]) {
			parts[i], changed = "*", true
		}
	}
	if !changed {
		return path
	}
	return strings.Join(parts, "/")
}
