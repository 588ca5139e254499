package linkcheck

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"slices"
	"strings"
	"time"

	"zhanqun/internal/oneline"
)

// CertProblem names one thing browsers warn of in a certificate.
type CertProblem string

// The problems, as a browser would name them.
const (
	CertSelfSigned    CertProblem = "self_signed"      // vouches for itself
	CertUnknownIssuer CertProblem = "unknown_issuer"   // by an authority nobody knows
	CertIncomplete    CertProblem = "incomplete_chain" // the server forgot to send a link of the chain
	CertExpired       CertProblem = "expired"
	CertNotYetValid   CertProblem = "not_yet_valid"
	CertWrongHost     CertProblem = "wrong_host"   // made for another name
	CertOldProtocol   CertProblem = "old_protocol" // older than TLS 1.2
	CertInvalid       CertProblem = "invalid"      // faulty in another way
)

var certTexts = map[CertProblem]string{
	CertSelfSigned:    "证书是自签名的",
	CertUnknownIssuer: "证书由不受信任的机构签发",
	CertIncomplete:    "服务器没有发送完整的证书链",
	CertExpired:       "证书已过期",
	CertNotYetValid:   "证书尚未生效",
	CertWrongHost:     "证书不是发给这个域名的",
	CertOldProtocol:   "加密协议过旧（低于 TLS 1.2）",
	CertInvalid:       "证书无效",
}

// Certificate is what was found of one host's certificate on the way. It does
// not change the verdict on the page.
type Certificate struct {
	Host     string        `json:"host"`
	Problems []CertProblem `json:"problems,omitempty"` // empty: browsers are content
	NotAfter time.Time     `json:"notAfter"`
	Subject  string        `json:"subject"`
	Issuer   string        `json:"issuer"`
	Protocol string        `json:"protocol"`
}

// Text says the problems in plain Chinese; empty if there are none.
func (c *Certificate) Text() string {
	texts := make([]string, len(c.Problems))
	for i, p := range c.Problems {
		texts[i] = certTexts[p]
	}
	return strings.Join(texts, "；")
}

// tlsConfig accepts what can be spoken at all: judging comes later and apart,
// so that a page behind a bad certificate is examined too. Nothing secret is
// sent over these connections.
func tlsConfig() *tls.Config {
	config := &tls.Config{
		InsecureSkipVerify: true, //nolint:gosec // judged by inspect, see above
		MinVersion:         tls.VersionTLS10,
		NextProtos:         nil,
	}
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		config.CipherSuites = append(config.CipherSuites, suite.ID)
	}
	return config
}

// authorities returns the roots to judge by, and whether there are any: a
// machine without a certificate store can say nothing of issuers.
func authorities(roots *x509.CertPool) (*x509.CertPool, bool) {
	if roots != nil {
		return roots, true
	}
	pool, err := x509.SystemCertPool()
	return pool, err == nil && !pool.Equal(x509.NewCertPool())
}

// inspect judges the certificate of a connection to host at now.
func (c *Checker) inspect(state *tls.ConnectionState, host string, now time.Time) *Certificate {
	if state == nil || len(state.PeerCertificates) == 0 {
		return nil
	}
	leaf := state.PeerCertificates[0]
	found := &Certificate{
		Host: host, NotAfter: leaf.NotAfter.UTC(), Protocol: tls.VersionName(state.Version),
		Subject: oneline.Clip(leaf.Subject.String(), 200), Issuer: oneline.Clip(leaf.Issuer.String(), 200),
	}
	add := func(p CertProblem) {
		if !slices.Contains(found.Problems, p) {
			found.Problems = append(found.Problems, p)
		}
	}
	if p := c.chain(state.PeerCertificates, now); p != "" {
		add(p)
	}
	if now.After(leaf.NotAfter) {
		add(CertExpired)
	} else if now.Before(leaf.NotBefore) {
		add(CertNotYetValid)
	}
	if leaf.VerifyHostname(strings.Trim(host, "[]")) != nil {
		add(CertWrongHost)
	}
	if state.Version < tls.VersionTLS12 {
		add(CertOldProtocol)
	}
	return found
}

// chain judges who vouches for certs[0], apart from its own dates and name.
func (c *Checker) chain(certs []*x509.Certificate, now time.Time) CertProblem {
	leaf := certs[0]
	if bytes.Equal(leaf.RawIssuer, leaf.RawSubject) &&
		leaf.CheckSignature(leaf.SignatureAlgorithm, leaf.RawTBSCertificate, leaf.Signature) == nil {
		if _, err := leaf.Verify(x509.VerifyOptions{Roots: c.roots, CurrentTime: within(leaf, now)}); err == nil && c.hasRoots {
			return ""
		}
		return CertSelfSigned
	}
	if !c.hasRoots {
		return ""
	}
	pool := x509.NewCertPool()
	for _, cert := range certs[1:min(len(certs), 10)] {
		pool.AddCert(cert)
	}
	_, err := leaf.Verify(x509.VerifyOptions{Roots: c.roots, Intermediates: pool, CurrentTime: within(leaf, now)})
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &unknown):
		if len(certs) == 1 && len(leaf.IssuingCertificateURL) > 0 {
			return CertIncomplete
		}
		return CertUnknownIssuer
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired && invalid.Cert != leaf:
		return CertExpired
	}
	return CertInvalid
}

// within returns now, or the nearest moment at which cert is valid, so that its
// dates do not hide who issued it.
func within(cert *x509.Certificate, now time.Time) time.Time {
	if now.After(cert.NotAfter) {
		return cert.NotAfter
	}
	if now.Before(cert.NotBefore) {
		return cert.NotBefore
	}
	return now
}
