package health

import (
	"context"
	"strings"

	"zhanqun/hub/health/crawl"
	"zhanqun/hub/health/linkcheck"
)

// The certificate of a host is watched as a target of its own, named after the
// host: a fault in it is one finding, however many links lead there.
const certificateMark = "#certificate"

// certificateOf returns the target that is a host's certificate.
func certificateOf(host string) string { return "https://" + host + "/" + certificateMark }

// certificateHost returns the host whose certificate a target is.
func certificateHost(address string) (host string, ok bool) {
	if !strings.HasSuffix(address, certificateMark) {
		return "", false
	}
	return HostOf(address), true
}

// lookAt takes one look at a target.
func (s *Service) lookAt(ctx context.Context, address string) linkcheck.Result {
	host, ok := certificateHost(address)
	if !ok {
		return s.Checker.Check(ctx, address)
	}
	r := s.Checker.CheckCertificate(ctx, strings.TrimSuffix(address, certificateMark))
	r.URL, r.Final = address, address
	if s.OnCluster(ctx, host) {
		return r
	}
	// What others have to mend is for a person to judge.
	switch r.Reason {
	case linkcheck.ReasonCertificate:
		r.Verdict = linkcheck.Suspect
	case linkcheck.ReasonCertificateSoon:
		r.Verdict, r.Class, r.Reason = linkcheck.OK, "", ""
	}
	return r
}

// certificate notes a link behind a faulty certificate.
func (f *found) certificate(l crawl.Line) {
	if host := HostOf(l.URL); f.certs[host] == certUnseen {
		f.certs[host] = certLinked
	}
	if l.CertHost == "" {
		return
	}
	address := certificateOf(l.CertHost)
	t := f.targets[address]
	if t == nil {
		if len(f.targets) >= 2*maxBad {
			return
		}
		t = &seenTarget{}
		f.targets[address] = t
	}
	one := l
	one.Verdict, one.Class, one.Reason, one.Status = linkcheck.Dead, linkcheck.ClassCertificate, linkcheck.ReasonCertificate, 0
	one.Detail, one.Final, one.URL, one.Kind = l.Certificate+"，浏览器会警告访问者。", address, address, ""
	if !f.hosts[bareHost(l.CertHost)] {
		one.Verdict = linkcheck.Suspect
	}
	t.take(f, one)
}

// What is known of hosts whose certificates are watched.
const (
	certUnseen = iota + 1 // no link leads there so far
	certLinked
)

// stays tells whether a certificate that no link shows to be faulty any more is
// watched on: its own looks tell when it is well.
func (f *found) stays(address string) bool {
	host, ok := certificateHost(address)
	return ok && f.certs[host] == certLinked
}
