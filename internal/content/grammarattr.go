package content

import (
	"strings"
)

// attPrefix begins the address of an image that is one of the item's own
// attachments: att: and its SHA-256.
const attPrefix = "att:"

// maxURL is the longest address a link may have, in bytes. Browsers and mail
// gateways cut at about this length.
const maxURL = 2048

// attrsClean reports whether rest, what stands between an element's name and
// ">", is exactly as the grammar writes it. attrs is rest without its blank.
func attrsClean(name, rest, attrs string, void bool) bool {
	switch name {
	case "a":
		href, ok := cutAttr(&attrs, `href="`)
		return ok && attrs == ` rel="noopener"` && cleanURL(href)
	case "img":
		src, ok := cutAttr(&attrs, `src="`)
		alt, ok2 := cutAttr(&attrs, ` alt="`)
		return ok && ok2 && attrs == "/" && isAttachment(src) && textLen(alt) == len(alt)
	case "td", "th":
		if rest == "" {
			return true
		}
		attrs = rest
		ok := false
		for _, prefix := range [...]string{` colspan="`, ` rowspan="`} {
			if v, found := cutAttr(&attrs, prefix); found {
				ok = cleanSpan(v)
				if !ok {
					return false
				}
			}
		}
		return ok && attrs == ""
	}
	if void {
		return rest == "/"
	}
	return rest == ""
}

// cutAttr takes prefix and the value up to the closing quote off the front of s.
func cutAttr(s *string, prefix string) (value string, ok bool) {
	rest, ok := strings.CutPrefix(*s, prefix)
	if !ok {
		return "", false
	}
	value, rest, ok = strings.Cut(rest, `"`)
	if ok {
		*s = rest
	}
	return value, ok
}

// isAttachment reports whether src names an attachment of ours.
func isAttachment(src string) bool {
	sha, ok := strings.CutPrefix(src, attPrefix)
	if !ok || len(sha) != 64 {
		return false
	}
	return strings.Trim(sha, "0123456789abcdef") == ""
}

// cleanURL reports whether href, as written in an attribute, is an address of
// an allowed scheme in printable ASCII.
func cleanURL(href string) bool {
	if len(href) > maxURL || !allowedScheme(href) {
		return false
	}
	for i := 0; i < len(href); i++ {
		switch c := href[i]; {
		case c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>\\`^{|}", c) >= 0:
			return false
		case c == '&' && entityLen(href[i:]) == 0:
			return false
		}
	}
	return true
}

func allowedScheme(href string) bool {
	for _, s := range [...]string{"https://", "http://", "mailto:"} {
		if len(href) > len(s) && strings.HasPrefix(href, s) {
			return true
		}
	}
	return false
}

// cleanSpan reports whether v is a number from 2 to 99.
func cleanSpan(v string) bool {
	switch len(v) {
	case 1:
		return v[0] >= '2' && v[0] <= '9'
	case 2:
		return v[0] >= '1' && v[0] <= '9' && v[1] >= '0' && v[1] <= '9'
	}
	return false
}
