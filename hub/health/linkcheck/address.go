package linkcheck

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/text/encoding"
)

// maxAddress is the longest address looked at, in bytes. Browsers and servers
// give up at about this length too.
const maxAddress = 8 << 10

// Why an address cannot be asked. A schemeError is not among them: such a link
// is well formed and merely not ours to check.
var (
	errNoScheme = errors.New("address has no scheme")
	errHost     = errors.New("address has no valid host")
	errPort     = errors.New("address has no valid port")
	errTooLong  = errors.New("address is too long")
)

// schemeError says that an address names something other than http and https.
type schemeError struct{ scheme string }

func (e *schemeError) Error() string { return "address has scheme " + e.scheme }

// address is a web address taken apart the way browsers take it apart (WHATWG
// URL standard, the part for http and https). Each part is held as it goes on
// the wire: Path and Query keep the escapes they came with, lone per cent
// signs included, which net/url would refuse.
type address struct {
	scheme   string // "http" or "https"
	user     string // "name:password" as written, usually empty
	host     string // lower-case ASCII; IPv6 in brackets
	port     string // empty when it is the scheme's own
	path     string // begins with "/"
	query    string
	hasQuery bool
	fragment string
}

// breaks takes out what browsers take out of an address.
var breaks = strings.NewReplacer("\t", "", "\n", "", "\r", "")

// parseAddress reads raw, relative to base when base is not nil. Non-ASCII
// text in the query is written in enc, the page's encoding, as browsers do;
// nil means UTF-8. Everywhere else UTF-8 is used.
func parseAddress(raw string, base *address, enc encoding.Encoding) (address, error) {
	if len(raw) > maxAddress {
		return address{}, errTooLong
	}
	raw = strings.TrimFunc(raw, func(r rune) bool { return r <= ' ' })
	if strings.ContainsAny(raw, "\t\n\r") {
		raw = breaks.Replace(raw)
	}

	scheme, rest := cutScheme(raw)
	switch {
	case scheme == "http" || scheme == "https":
		if base != nil && base.scheme == scheme && !(len(rest) > 1 && hasSlash(rest) && hasSlash(rest[1:])) {
			return base.join(rest, enc)
		}
		return parseAuthority(scheme, strings.TrimLeft(rest, `/\`), enc)
	case scheme != "":
		return address{}, &schemeError{scheme}
	case base == nil:
		return address{}, errNoScheme
	}
	return base.join(raw, enc)
}

// cutScheme splits "http:rest"; the scheme is lower-cased and empty when raw
// does not begin with one.
func cutScheme(raw string) (scheme, rest string) {
	for i := range len(raw) {
		c := raw[i]
		switch {
		case 'a' <= c|0x20 && c|0x20 <= 'z':
		case i > 0 && ('0' <= c && c <= '9' || c == '+' || c == '-' || c == '.'):
		case i > 0 && c == ':':
			return strings.ToLower(raw[:i]), raw[i+1:]
		default:
			return "", raw
		}
	}
	return "", raw
}

func hasSlash(s string) bool { return s != "" && (s[0] == '/' || s[0] == '\\') }

// parseAuthority reads what follows "scheme://".
func parseAuthority(scheme, rest string, enc encoding.Encoding) (address, error) {
	a := address{scheme: scheme}
	end := strings.IndexAny(rest, `/\?#`)
	if end < 0 {
		end = len(rest)
	}
	authority := rest[:end]
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		a.user, authority = escape(authority[:at], userSet), authority[at+1:]
	}
	host, port := authority, ""
	if i := strings.LastIndexByte(authority, ':'); i > strings.LastIndexByte(authority, ']') {
		host, port = authority[:i], authority[i+1:]
	}
	var err error
	if a.host, err = asciiHost(host); err != nil {
		return address{}, err
	}
	if a.port, err = cleanPort(scheme, port); err != nil {
		return address{}, err
	}
	a.setTail(rest[end:], "", enc)
	return a, nil
}

// join resolves a reference without a scheme against a.
func (a *address) join(ref string, enc encoding.Encoding) (address, error) {
	if len(ref) > 1 && hasSlash(ref) && hasSlash(ref[1:]) {
		return parseAuthority(a.scheme, strings.TrimLeft(ref, `/\`), enc)
	}
	to := *a
	to.fragment = ""
	switch {
	case ref == "":
	case ref[0] == '#':
		to.fragment = escape(ref[1:], fragmentSet)
	case ref[0] == '?':
		query, fragment, _ := strings.Cut(ref[1:], "#")
		to.setQuery(query, enc)
		to.fragment = escape(fragment, fragmentSet)
	case hasSlash(ref):
		to.setTail(ref, "", enc)
	default:
		to.setTail(ref, a.path[:strings.LastIndexByte(a.path, '/')+1], enc)
	}
	return to, nil
}

// setTail sets path, query and fragment from tail, the path below dir.
func (a *address) setTail(tail, dir string, enc encoding.Encoding) {
	tail, fragment, _ := strings.Cut(tail, "#")
	path, query, hasQuery := strings.Cut(tail, "?")
	a.query, a.hasQuery = "", false
	if hasQuery {
		a.setQuery(query, enc)
	}
	a.fragment = escape(fragment, fragmentSet)
	path = escape(strings.ReplaceAll(path, `\`, "/"), pathSet)
	a.path = cleanPath(dir + path)
}

func (a *address) setQuery(query string, enc encoding.Encoding) {
	a.query, a.hasQuery = escape(encodeQuery(query, enc), querySet), true
}

// hostPort returns what goes into the Host header.
func (a *address) hostPort() string {
	if a.port == "" {
		return a.host
	}
	return a.host + ":" + a.port
}

// String returns the address without its fragment.
func (a *address) String() string {
	var b strings.Builder
	b.WriteString(a.scheme + "://")
	if a.user != "" {
		b.WriteString(a.user + "@")
	}
	b.WriteString(a.hostPort())
	b.WriteString(a.path)
	if a.hasQuery {
		b.WriteString("?" + a.query)
	}
	return b.String()
}

// Normalize returns raw in the form it is asked in: host in ASCII, dot
// segments resolved, non-ASCII and unsafe characters escaped, escapes that
// were there untouched, the fragment dropped. A missing scheme is read as
// http. It fails when raw is no http or https address.
func Normalize(raw string) (string, error) {
	a, err := parseLoose(raw)
	if err != nil {
		return "", fmt.Errorf("normalize address: %w", err)
	}
	return a.String(), nil
}
