package linkcheck

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// soonEnds is how long before its end a certificate is warned of. Certificates
// that renew themselves do so a month before.
const soonEnds = 14 * 24 * time.Hour

// CheckCertificate takes one look at the certificate of the host that an https
// address names, not at what is found there: OK, Suspect when it ends within two
// weeks, Dead when browsers warn of it, Inconclusive when none was seen.
func (c *Checker) CheckCertificate(ctx context.Context, rawURL string) Result {
	r := c.visit(ctx, rawURL, false).result
	if r.Verdict == Excluded && len(r.Certificates) == 0 {
		r.Detail = r.sentence()
		return r
	}
	if len(r.Certificates) == 0 || r.Certificates[0].Host != hostOf(rawURL) {
		kind := r.ErrorKind
		r.say(Inconclusive, "", ReasonUntestable)
		r.Detail = "没有看到证书：" + (&Result{ErrorKind: kind, Verdict: Inconclusive, Reason: ReasonUntestable}).sentence()
		return r
	}
	found := r.Certificates[0]
	r.ErrorKind, r.Final, r.Title, r.Status = "", r.URL, "", 0
	left := found.NotAfter.Sub(c.opts.Now())
	switch {
	case len(found.Problems) > 0:
		r.say(Dead, ClassCertificate, ReasonCertificate)
		r.Detail = fmt.Sprintf("%s 的%s（有效期到 %s），浏览器会警告访问者，多数人打不开。", found.Host, found.Text(), found.NotAfter.In(china).Format(time.DateOnly))
	case left < soonEnds:
		r.say(Suspect, ClassCertificate, ReasonCertificateSoon)
		r.Detail = fmt.Sprintf("%s 的证书 %s 到期，还有 %d 天，请及时更换。", found.Host, found.NotAfter.In(china).Format("2006年1月2日"), int(left/(24*time.Hour)))
	default:
		r.say(OK, "", "")
		r.Detail = fmt.Sprintf("%s 的证书正常，有效期到 %s。", found.Host, found.NotAfter.In(china).Format(time.DateOnly))
	}
	return r
}

// china is the time the ends of certificates are told in.
var china = time.FixedZone("CST", 8*60*60)

func hostOf(rawURL string) string {
	a, err := parseLoose(rawURL)
	if err != nil {
		return ""
	}
	return a.host
}

// CertText says in plain Chinese what is wrong, of problems joined by commas.
func CertText(problems string) string {
	var c Certificate
	for p := range strings.SplitSeq(problems, ",") {
		c.Problems = append(c.Problems, CertProblem(p))
	}
	return c.Text()
}
