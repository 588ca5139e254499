// Package trust decides whether who answers at an address is the hub.
//
// A hub outside its own machine speaks TLS, with certificates of its own CA or
// with those of its administrator. A node believes a certificate for one of
// three reasons:
//
//   - It comes from the CA whose fingerprint stands in the join code. This is
//     for the first contact, and then the only reason.
//   - It comes from a CA the hub's key vouches for, in a certificate that is sent
//     along (see [Vouch]). A node that has joined knows that key, so the hub may
//     make itself a new CA, or take certificates of another, and every node goes
//     on. Neither the name nor the time is looked at then: nobody but the hub can
//     have such a certificate, it is reached under addresses it never heard of,
//     and old computers have wrong clocks.
//   - It comes from a CA the system trusts, for the very name that was dialled,
//     and is valid now: the ordinary rule of the web.
//
// Anything else is refused before a byte of the conversation has been sent.
package trust

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"net/url"
	"strings"
	"time"

	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// Fingerprint names the holder of a certificate's key, whatever else the
// certificate says: SHA-256 of the SubjectPublicKeyInfo in unpadded base64url.
func Fingerprint(c *x509.Certificate) string {
	return fingerprint(c.RawSubjectPublicKeyInfo)
}

func fingerprint(spki []byte) string {
	sum := sha256.Sum256(spki)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// vouchScheme begins a subject alternative name that is a voucher.
const vouchScheme = "zhanqun-ca"

// Vouch returns what the hub says of a CA: a name (a URI) for a certificate that
// is sent along in each handshake.
func Vouch(hub protocol.Key, fingerprint string) *url.URL {
	sig := base64.RawURLEncoding.EncodeToString(hub.Sign(protocol.VouchText(fingerprint)))
	return &url.URL{Scheme: vouchScheme, Opaque: fingerprint + "." + sig}
}

// By returns what hub keys say of a CA, one name each. A hub that has taken another
// key lets those it had before vouch as well, for nodes that were away.
func By(keys ...protocol.Key) func(fingerprint string) []*url.URL {
	return func(fingerprint string) []*url.URL {
		list := make([]*url.URL, len(keys))
		for i, key := range keys {
			list[i] = Vouch(key, fingerprint)
		}
		return list
	}
}

// Vouched returns the fingerprints that certificates in chain hold the hub's word for.
func Vouched(hub protocol.PublicKey, chain []*x509.Certificate) map[string]bool {
	found := map[string]bool{}
	for _, c := range chain {
		for _, u := range c.URIs {
			name, text, _ := strings.Cut(u.Opaque, ".")
			sig, err := base64.RawURLEncoding.DecodeString(text)
			if u.Scheme == vouchScheme && err == nil && hub.Verify(protocol.VouchText(name), sig) {
				found[name] = true
			}
		}
	}
	return found
}

// Hub is what is known of a hub before it shows a certificate.
type Hub struct {
	CA    string               // fingerprint of its CA, from a join code; then only that counts
	Key   *protocol.PublicKey  // its key, which may vouch for a CA; nil before joining
	Past  []protocol.PublicKey // keys it had before: they vouch for nothing any more
	Roots *x509.CertPool       // CAs to trust beside; nil for the system's
}

// Client returns settings for talking to the hub at host, which is a name or an
// address without port.
func (h Hub) Client(host string) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12, ServerName: host,
		InsecureSkipVerify: true, // #nosec G402 -- VerifyConnection does it, by the rules above
		VerifyConnection:   func(s tls.ConnectionState) error { return h.verify(host, s.PeerCertificates) },
	}
}

var (
	errOtherCA = fault.New(fault.Invalid, "在这个地址应答的不是发入网码的县级平台（证书与入网码里的指纹不符），什么也没有发送。可能县里换过证书，也可能有人在中间冒充。请向县里核实，要一个新的入网码。")
	errNoCA    = fault.New(fault.Invalid, "线路另一头的证书既不是本机入网的县级平台的，也不是系统信任的机构签发的，已断开，什么也没有发送。可能县里换了证书，也可能有人在中间冒充。请联系县级管理员。")
	errPast    = fault.New(fault.Invalid, "线路另一头的证书只有县级平台已经换下的旧密钥担保，多半是恢复了换密钥以前的备份。为防冒充已断开，什么也没有发送，内容都在本机。请县级管理员运行 hub doctor，按提示把换密钥以后的 hub.seed 放回去；不用重新入网。")
	errExpired = fault.New(fault.Invalid, "县级平台的证书现在无效：已经过期，或者本机的时钟不准。请先校准本机时间；时间没错的，请县级管理员更新证书。")
	errName    = fault.New(fault.Invalid, "县级平台的证书不是给这个地址的。请县级管理员核对访问地址（http.public_url）和证书里的名称。")
)

func (h Hub) verify(host string, chain []*x509.Certificate) error {
	if len(chain) == 0 {
		return errNoCA
	}
	if h.CA != "" {
		if !issued(chain, map[string]bool{h.CA: true}) {
			return errOtherCA
		}
		return nil
	}
	if h.Key != nil && issued(chain, Vouched(*h.Key, chain)) {
		return nil
	}
	for _, past := range h.Past {
		if issued(chain, Vouched(past, chain)) {
			return errPast
		}
	}
	// One after the other, so that a person hears of a stranger, and not of his
	// certificate's faults.
	o := x509.VerifyOptions{Roots: h.Roots, Intermediates: pool(chain[1:]), CurrentTime: middle(chain[0])}
	if _, err := chain[0].Verify(o); err != nil {
		return fault.Wrap(fault.Invalid, errNoCA.Message, err)
	}
	if err := chain[0].VerifyHostname(host); err != nil {
		return fault.Wrap(fault.Invalid, errName.Message, err)
	}
	o.CurrentTime = time.Time{} // now
	if _, err := chain[0].Verify(o); err != nil {
		return fault.Wrap(fault.Invalid, errExpired.Message, err)
	}
	return nil
}

// issued reports whether the first of chain comes from one of the CAs, each of
// which has to be in chain.
func issued(chain []*x509.Certificate, cas map[string]bool) bool {
	roots := x509.NewCertPool()
	for _, c := range chain {
		if cas[Fingerprint(c)] {
			roots.AddCert(c)
		}
	}
	_, err := chain[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: pool(chain[1:]), CurrentTime: middle(chain[0])})
	return err == nil
}

// middle is a time at which c is valid, whatever the clock says.
func middle(c *x509.Certificate) time.Time {
	return c.NotBefore.Add(c.NotAfter.Sub(c.NotBefore) / 2)
}

func pool(list []*x509.Certificate) *x509.CertPool {
	p := x509.NewCertPool()
	for _, c := range list {
		p.AddCert(c)
	}
	return p
}
