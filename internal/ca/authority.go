// Package ca gives a program its certificates: those of its own CA, which it makes
// on the first start, or those an administrator put into files.
//
// It promises:
//   - The CA is made once, lives in a file only its owner can read, and stays the
//     same for as long as that file does. The hub's keys vouch for its CA (see
//     package trust), so nodes that have joined take another one as well. Nobody
//     vouches for a node's, which only browsers meet. It may be limited to the names
//     the program is called by, so that it is worth nothing to who steals it.
//   - A certificate is replaced well before it ends, when the machine's names or
//     addresses change, and when the administrator's files do, without a restart
//     and without ending a connection: the next handshake gets the new one.
//   - Files that cannot be used leave the certificate that is in use; it is said
//     in the log.
package ca

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"zhanqun/internal/disk"
	"zhanqun/internal/fault"
	"zhanqun/internal/trust"
)

// Names in the data folder.
const (
	// KeyName is the CA: its key and its certificate. Whoever has it can pass
	// himself off as the program to all who trust it, and a backup holds it.
	KeyName = "ca.pem"
	// CertName is the CA's certificate alone, for the browsers of the office.
	CertName = "ca.crt"
	// serverName holds the server's present key and chain.
	serverName = "server.pem"
)

// How long certificates are good for. Browsers take none of more than 398 days
// for a server; nobody can replace a CA in the browsers of a county.
const (
	caLife     = 30 * 365 * 24 * time.Hour
	serverLife = 397 * 24 * time.Hour
	early      = 48 * time.Hour // valid from that long ago, for clocks that are late
)

// Voucher returns what is said for the CA with a fingerprint, by all keys that
// nodes may know the hub by (see trust.By).
type Voucher func(fingerprint string) []*url.URL

// Authority is a program's own CA.
type Authority struct {
	dir     string
	owner   string
	vouch   Voucher
	limits  func() Limits
	cert    *x509.Certificate
	key     *ecdsa.PrivateKey
	widened bool // browsers that were taught a former certificate have to be taught again
}

// Open reads the CA in the data folder dir, or makes it. Its certificates name
// owner, for people. vouch vouches for it; nil for nobody.
func Open(dir, owner string, vouch Voucher, now time.Time) (*Authority, error) {
	return (&Authority{dir: dir, owner: owner, vouch: vouch}).open(now)
}

func (a *Authority) open(now time.Time) (*Authority, error) {
	path := filepath.Join(a.dir, KeyName)
	text, err := os.ReadFile(path) // #nosec G304 -- in the data folder
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, fault.Wrap(fault.Internal, "读不了自建证书机构 "+path+"，请检查权限。", err)
	default:
		if a.key, a.cert, err = readPair(text); err != nil {
			return nil, fault.Wrap(fault.Internal, "自建证书机构 "+path+" 已损坏。请从备份恢复这个文件；没有备份的，删除它会自动新建一个，浏览器要重新信任；县级平台的，没用过的入网码还要重发，已入网的乡镇不受影响。", err)
		}
	}
	if err := a.certify(now); err != nil {
		return nil, fault.Wrap(fault.Internal, "无法保存自建证书机构 "+path+"，请检查磁盘和权限。", err)
	}
	return a, nil
}

// valid reports whether the CA's certificate is good for longer than one it
// issues. It is not when it was made while the clock was wrong by years.
func (a *Authority) valid(now time.Time) bool {
	return now.After(a.cert.NotBefore) && now.Add(2*serverLife).Before(a.cert.NotAfter)
}

// certify makes the CA's certificate, unless it has a valid one that holds all that
// is said for it and allows what it has to. With the same key it has the same
// fingerprint.
func (a *Authority) certify(now time.Time) error {
	spki, err := x509.MarshalPKIXPublicKey(&a.key.PublicKey)
	if err != nil {
		return err
	}
	name := trust.Fingerprint(&x509.Certificate{RawSubjectPublicKeyInfo: spki})
	var words []*url.URL
	if a.vouch != nil {
		words = a.vouch(name)
	}
	limits, ok := a.limit()
	if a.cert != nil && a.valid(now) && holds(a.cert, words) && ok {
		return a.publish()
	}
	t := &x509.Certificate{
		Subject:   pkix.Name{Organization: []string{"Zhanqun"}, CommonName: a.owner + " " + name[:8]},
		NotBefore: now.Add(-early), NotAfter: now.Add(caLife),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, // and not for mail or programs
		URIs:        words,
	}
	if a.limits != nil {
		limits.write(t)
		a.widened = a.cert != nil && a.cert.PermittedDNSDomainsCritical && !ok
	}
	if a.cert, err = sign(t, nil, a.key, a.key); err != nil {
		return err
	}
	text, err := writePair(a.key, a.cert)
	if err != nil {
		return err
	}
	if err := disk.WriteSecret(filepath.Join(a.dir, KeyName), text); err != nil {
		return err
	}
	return a.publish()
}

// limit returns what the CA's certificate has to allow, and whether it does.
func (a *Authority) limit() (l Limits, ok bool) {
	if a.limits == nil {
		return Limits{}, true
	}
	l = a.limits().whole()
	if a.cert == nil {
		return l, false
	}
	has := limitsOf(a.cert)
	if all := l.with(has); len(all.Names)+len(all.Nets) <= mostLimits {
		return all, has.hold(l)
	}
	return l, has.hold(l)
}

// holds reports whether a certificate has all words among its names.
func holds(c *x509.Certificate, words []*url.URL) bool {
	for _, w := range words {
		if !slices.ContainsFunc(c.URIs, func(u *url.URL) bool { return u.String() == w.String() }) {
			return false
		}
	}
	return true
}

// publish writes the certificate alone, if it is not there.
func (a *Authority) publish() error {
	path := filepath.Join(a.dir, CertName)
	text := pem.EncodeToMemory(&pem.Block{Type: certificateType, Bytes: a.cert.Raw})
	if have, err := os.ReadFile(path); err == nil && bytes.Equal(have, text) { // #nosec G304 -- in the data folder
		return nil
	}
	return os.WriteFile(path, text, 0o644) // #nosec G306 -- for everybody
}

// Issue returns a key and a chain in PEM for a server of somebody else's that nodes
// shall take for the hub's, such as an external broker, under names, which are
// host names and addresses. A name that cannot be one is a fault.
func (a *Authority) Issue(names []string, life time.Duration, now time.Time) (key, chain []byte, err error) {
	for _, name := range names {
		if net.ParseIP(name) == nil && !hostName.MatchString(name) {
			return nil, nil, fault.New(fault.Invalid, "“"+name+"”不是主机名或 IP 地址。")
		}
	}
	private, cert, err := a.server(names, life, now)
	if err != nil {
		return nil, nil, err
	}
	if key, err = writePair(private); err != nil {
		return nil, nil, err
	}
	for _, c := range []*x509.Certificate{cert, a.cert} {
		chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: certificateType, Bytes: c.Raw})...)
	}
	return key, chain, nil
}

// server returns a key and a certificate for a server under names, which may be
// host names and addresses.
func (a *Authority) server(names []string, life time.Duration, now time.Time) (*ecdsa.PrivateKey, *x509.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	t := &x509.Certificate{
		Subject: pkix.Name{Organization: []string{"Zhanqun"}, CommonName: a.owner}, NotBefore: now.Add(-early), NotAfter: now.Add(life - early),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true,
	}
	if a.limits != nil {
		t.Subject = pkix.Name{} // Windows XP takes a kind of name that the limits do not speak of for a forbidden one
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			t.IPAddresses = append(t.IPAddresses, ip)
		} else {
			t.DNSNames = append(t.DNSNames, name)
		}
	}
	if t.NotAfter.After(a.cert.NotAfter) {
		t.NotAfter = a.cert.NotAfter
	}
	cert, err := sign(t, a.cert, key, a.key)
	return key, cert, err
}

// sign makes a certificate; without a parent it signs itself.
func sign(t, parent *x509.Certificate, key, signer *ecdsa.PrivateKey) (*x509.Certificate, error) {
	serial := make([]byte, 16)
	if _, err := rand.Read(serial); err != nil {
		return nil, err
	}
	serial[0] &= 0x7f
	t.SerialNumber = new(big.Int).SetBytes(serial)
	if parent == nil {
		parent = t
	}
	der, err := x509.CreateCertificate(rand.Reader, t, parent, &key.PublicKey, signer)
	if err != nil {
		return nil, fmt.Errorf("making certificate: %w", err)
	}
	return x509.ParseCertificate(der)
}

// voucher returns a certificate that says nothing but what is said for another's
// CA. Its own key is thrown away.
func voucher(words []*url.URL, now time.Time) (*x509.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	return sign(&x509.Certificate{
		Subject: pkix.Name{Organization: []string{"Zhanqun"}}, NotBefore: now.Add(-early), NotAfter: now.Add(caLife),
		URIs: words,
	}, nil, key, key)
}
