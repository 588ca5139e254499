package linkcheck

// Verdict is what one look says of a URL.
type Verdict string

// The verdicts.
const (
	// OK: it answers with what a reader may expect.
	OK Verdict = "ok"
	// Suspect: it answers, but a person should look: a "not found" page under
	// status 200, a deep page sent to the home page, the wrong kind of file.
	Suspect Verdict = "suspect"
	// Dead: this look failed. It is a candidate only; Policy.Next confirms it
	// from looks that are apart in time.
	Dead Verdict = "dead"
	// Inconclusive: this look proves nothing, neither for nor against.
	Inconclusive Verdict = "inconclusive"
	// Excluded: not asked, for the reason given.
	Excluded Verdict = "excluded"
)

// Class is the official class of a faulty link; empty when there is no fault.
type Class string

// The classes, after the inspection rules for government websites.
const (
	ClassDead     Class = "dead"     // 死链: the address does not open
	ClassSoft     Class = "soft"     // 内容死链: opens, but the content is not there
	ClassWrong    Class = "wrong"    // 错链: the link itself is wrong
	ClassHijacked Class = "hijacked" // 外链变异: the name has passed to a stranger
	ClassHidden   Class = "hidden"   // 暗链: hidden from people
	ClassTrojan   Class = "trojan"   // 挂马: something unseen is loaded
	// ClassCertificate is none of the official ones: browsers warn of the way.
	ClassCertificate Class = "certificate"
)

// Label returns the class's name in Chinese; empty for no class.
func (c Class) Label() string {
	return map[Class]string{ClassDead: "死链", ClassSoft: "内容死链", ClassWrong: "错链", ClassHijacked: "外链变异", ClassHidden: "暗链", ClassTrojan: "挂马", ClassCertificate: "证书问题"}[c]
}

// Label returns the verdict's name in Chinese.
func (v Verdict) Label() string {
	return map[Verdict]string{OK: "正常", Suspect: "可疑", Dead: "打不开", Inconclusive: "无法判断", Excluded: "不检查"}[v]
}

// ErrorKind names the way the network failed; empty when an answer came.
type ErrorKind string

// The ways a request fails without an answer, or with half a one.
const (
	KindDNS         ErrorKind = "dns"              // the name does not exist
	KindDNSPassing  ErrorKind = "dns_passing"      // the resolver failed or was silent
	KindRefused     ErrorKind = "refused"          // nothing listens there
	KindReset       ErrorKind = "reset"            // connection broken before an answer
	KindUnreachable ErrorKind = "unreachable"      // a router says there is no such host
	KindNoRoute     ErrorKind = "no_route"         // this machine has no way there, e.g. no IPv6
	KindTimeout     ErrorKind = "timeout"          // no complete answer within the limit
	KindTLS         ErrorKind = "tls"              // no encrypted connection came about
	KindTLSForeign  ErrorKind = "tls_foreign"      // it wants encryption this machine does not speak, e.g. SM2
	KindProtocol    ErrorKind = "protocol"         // the answer is no HTTP
	KindTooMany     ErrorKind = "toomanyredirects" // longer chain than Options.MaxRedirects
	KindLoop        ErrorKind = "loop"             // a redirect back to where it was
	KindBadTarget   ErrorKind = "bad_target"       // a redirect to no address
	KindTruncated   ErrorKind = "truncated"        // the body broke off
	KindBadEncoding ErrorKind = "bad_encoding"     // compressed data that is none
	KindPrivate     ErrorKind = "private"          // the address is not public and not allowed
	KindCancelled   ErrorKind = "cancelled"        // the caller gave up
	KindResting     ErrorKind = "resting"          // the host asked for a pause that has not passed
)
