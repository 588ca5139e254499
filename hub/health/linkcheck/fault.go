package linkcheck

import (
	"errors"
	"net/netip"
	"regexp"
	"strings"

	"zhanqun/internal/reach"
)

// Fault names a slip an editor made in writing a link. It is a hint, not a
// verdict: the link is resolved as browsers resolve it and can still be asked.
type Fault string

// The slips that are told apart.
const (
	FaultDoubledScheme Fault = "doubled_scheme" // http://http://www.example.cn
	FaultBrokenScheme  Fault = "broken_scheme"  // htp://, http//, http:/www
	FaultMissingScheme Fault = "missing_scheme" // www.example.cn without http://
	FaultLocalPath     Fault = "local_path"     // C:\photos\1.jpg, file:///, \\server\share
	FaultLocalHost     Fault = "local_host"     // localhost, 127.0.0.1
	FaultPrivateHost   Fault = "private_host"   // 192.168.1.5, reachable in one office only
	FaultTestHost      Fault = "test_host"      // names that exist on no public network: .local, .test
	FaultTemplate      Fault = "template"       // {{url}}, ${id}, undefined
	FaultFullWidth     Fault = "full_width"     // Chinese punctuation inside or behind the address
	FaultMail          Fault = "mail_as_web"    // a mail address without mailto:
	FaultBadAddress    Fault = "bad_address"    // no browser can open it: no host, bad port, over-long
)

var faultTexts = map[Fault]string{
	FaultDoubledScheme: "网址开头写了两遍（如 http://http://），请删去一个。",
	FaultBrokenScheme:  "网址开头写错（应为 http:// 或 https://），请改正。",
	FaultMissingScheme: "网址缺少 http:// 或 https://，浏览器会把它当成本站目录，请补上。",
	FaultLocalPath:     "链接指向编辑电脑上的文件，别人打不开，请上传文件后重新插入。",
	FaultLocalHost:     "链接指向本机（localhost），别人打不开，请改成正式网址。",
	FaultPrivateHost:   "链接指向单位内部网络地址，公众打不开，请改成正式网址。",
	FaultTestHost:      "链接指向测试或内部域名，公众打不开，请改成正式网址。",
	FaultTemplate:      "链接里留有没有替换的模板符号，请检查栏目模板。",
	FaultFullWidth:     "网址里有全角标点，请改成半角。",
	FaultMail:          "这是电子邮箱，请用 mailto: 开头。",
	FaultBadAddress:    "网址不完整或写错，浏览器无法打开，请改正。",
}

// Text returns one sentence in Chinese for the editor; empty for no fault.
func (f Fault) Text() string { return faultTexts[f] }

// slips are tried in this order on the address as it was written.
var slips = []struct {
	fault   Fault
	pattern *regexp.Regexp
}{
	{FaultLocalPath, regexp.MustCompile(`(?i)^(?:file:|mhtml:|/?[a-z]:[\\/]|[a-z]\|[\\/]|https?://?/?[a-z]:[\\/]|\\\\[a-z0-9]|[a-z]:%5c)`)},
	{FaultTemplate, regexp.MustCompile(`\{\{|\}\}|[$#@]\{|\{[$%]|<%|%>|(?i:%7b%7b)|\[object |^(?i:undefined|null|nan|none)$|/(?:undefined|NaN)$`)},
	{FaultFullWidth, regexp.MustCompile(`(?i)^https?：|^https?:／|？[a-z_]+[=＝]|[＆＝]|^.{4,}[，。；、]$`)},
	{FaultDoubledScheme, regexp.MustCompile(`(?i)^https?:?[/\\]*\s*(?:https?|ttps?)\s*[:;：；.]?[/\\]`)},
	{FaultBrokenScheme, regexp.MustCompile(`(?i)^(?:https?(?:[;；.,，]?[/\\]{2}|:[^/\\]|:[/\\][^/\\])|ttps?:|:[/\\]{2})`)},
	{FaultMail, regexp.MustCompile(`(?i)^(?:https?://)?[\w.+-]+@(?:[\w-]+\.)+[a-z]{2,}/?$`)},
	{FaultMissingScheme, regexp.MustCompile(`(?i)^(?:www\.[\w-]+\.[a-z]|(?:[\w-]+\.)+(?:gov|com|org|edu|net)\.cn(?:[/:?]|$)|(?:[\w-]+\.)+(?:com|cn|net|org)[/:])`)},
}

// slipIn returns the slip visible in an address as written.
func slipIn(raw string) Fault {
	raw = strings.TrimSpace(raw)
	if len(raw) > maxAddress {
		return FaultBadAddress
	}
	if ordinary(raw) {
		return ""
	}
	for _, s := range slips {
		if s.pattern.MatchString(raw) {
			return s.fault
		}
	}
	if scheme, _ := cutScheme(raw); misspelt(scheme) || strings.HasPrefix(scheme, "httphttp") {
		return FaultBrokenScheme
	}
	return ""
}

// ordinary tells at once of most addresses that there is no slip in them: an
// http or https address, or a path, of plain characters. It spares the patterns,
// which are slow; what it does not know is left to them.
func ordinary(raw string) bool {
	rest, absolute := strings.CutPrefix(raw, "http://")
	if !absolute {
		rest, absolute = strings.CutPrefix(raw, "https://")
	}
	for i := range len(rest) {
		if !plainly[rest[i]] {
			return false
		}
	}
	if strings.Contains(rest, "%7b") || strings.Contains(rest, "%7B") { // {{ escaped
		return false
	}
	if strings.HasPrefix(rest, "//") || startsLike(rest, "http") || startsLike(rest, "ttp") {
		return false
	}
	for _, word := range []string{"undefined", "null", "nan", "none"} {
		if n := len(rest) - len(word); n >= 0 && strings.EqualFold(rest[n:], word) {
			return false
		}
	}
	if absolute {
		return true
	}
	if startsLike(rest, "www.") {
		return false
	}
	first := rest
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		first = rest[:end]
	}
	for _, tail := range []string{".cn", ".com", ".net", ".org"} {
		if n := len(first) - len(tail); n >= 0 && strings.EqualFold(first[n:], tail) {
			return false
		}
	}
	return true
}

func startsLike(s, word string) bool {
	return len(s) >= len(word) && strings.EqualFold(s[:len(word)], word)
}

// plainly are the characters that stand in no slip but those ordinary looks for.
var plainly = func() (table [256]bool) {
	for c := range table {
		table[c] = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
	}
	for _, c := range []byte("-._~/#?=&+()!*',%") {
		table[c] = true
	}
	return table
}()

// misspelt tells whether scheme is http or https with one slip of the finger.
func misspelt(scheme string) bool {
	if scheme == "" || scheme == "http" || scheme == "https" {
		return false
	}
	return oneSlip(scheme, "http") || oneSlip(scheme, "https")
}

// oneSlip tells whether a becomes b by one letter added, left out, changed, or
// by two neighbours exchanged.
func oneSlip(a, b string) bool {
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return len(a) <= 1 && len(b) <= 1 || len(a) == 2 && len(b) == 2 && a[0] == b[1] && a[1] == b[0]
}

// unofficial are the ends of names that exist on no public network.
var unofficial = []string{".local", ".lan", ".internal", ".intranet", ".test", ".invalid", ".example", ".localdomain", ".home.arpa"}

// hostFault returns the fault of a link to a host only its writer can reach. A
// page that stands on that very host may link to it.
func hostFault(host, pageHost string) Fault {
	if host == pageHost {
		return ""
	}
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return FaultLocalHost
	}
	name := strings.TrimSuffix(host, ".")
	for _, end := range unofficial {
		if strings.HasSuffix(name, end) {
			return FaultTestHost
		}
	}
	if !strings.HasPrefix(host, "[") && !endsInNumber(host) {
		return ""
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	switch {
	case err != nil || reach.Of(ip) == reach.Public:
		return ""
	case ip.Unmap().IsLoopback() || ip.Unmap().IsUnspecified():
		return FaultLocalHost
	}
	return FaultPrivateHost
}

// parseLoose reads an address as a person types it: blanks around it and a
// missing http:// are forgiven.
func parseLoose(raw string) (address, error) {
	raw = strings.TrimSpace(raw)
	a, err := parseAddress(raw, nil, nil)
	if err == nil || len(raw) > maxAddress {
		return a, err
	}
	if strings.HasPrefix(raw, "//") {
		return parseAddress("http:"+raw, nil, nil)
	}
	host, _, _ := strings.Cut(raw, "/")
	if errors.Is(err, errNoScheme) && strings.Contains(host, ".") || hostThenPort.MatchString(raw) {
		return parseAddress("http://"+raw, nil, nil)
	}
	return a, err
}

// hostThenPort is what a name with a port looks like: to a parser its name is a
// scheme.
var hostThenPort = regexp.MustCompile(`(?i)^(?:localhost|[\w-]+(?:\.[\w-]+)+):\d+(?:[/?#]|$)`)
