package ca_test

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"zhanqun/internal/ca"
)

// thief is somebody who has the file of a CA.
type thief struct {
	t    *testing.T
	pair tls.Certificate
}

func steal(t *testing.T, dir string) thief {
	t.Helper()
	path := filepath.Join(dir, ca.KeyName)
	pair, err := tls.LoadX509KeyPair(path, path)
	if err != nil {
		t.Fatal(err)
	}
	return thief{t, pair}
}

// forge makes a certificate for a name or an address.
func (f thief) forge(name string, use x509.ExtKeyUsage) *x509.Certificate {
	f.t.Helper()
	c := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), NotBefore: noon.Add(-time.Hour), NotAfter: noon.Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{use}}
	if ip := net.ParseIP(name); ip != nil {
		c.IPAddresses = []net.IP{ip}
	} else {
		c.DNSNames = []string{name}
	}
	key := f.pair.PrivateKey.(*ecdsa.PrivateKey)
	der, err := x509.CreateCertificate(rand.Reader, c, f.pair.Leaf, &key.PublicKey, key)
	if err != nil {
		f.t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		f.t.Fatal(err)
	}
	return made
}

// believed reports whether a browser that was taught a CA takes a certificate.
func believed(taught *tls.Config, c *x509.Certificate, use x509.ExtKeyUsage) bool {
	_, err := c.Verify(x509.VerifyOptions{Roots: taught.RootCAs, CurrentTime: noon, KeyUsages: []x509.ExtKeyUsage{use}})
	return err == nil
}

// answers reports whether a browser opens the pages under a name.
func (h *hub) answers(taught *tls.Config, name string) bool {
	h.t.Helper()
	c := taught.Clone()
	c.ServerName = name
	_, err := h.call(c)
	return err == nil
}

// Who steals a CA with limits can pretend to be nobody but the machine it is of.
func TestLimits(t *testing.T) {
	dir := t.TempDir()
	h := serve(t, ca.Options{
		Dir: dir, Names: func() []string {
			return []string{"zhen.example.gov.cn", "PC-7", "10.3.2.7", "2001:db8::7", "127.0.0.1"}
		},
		Limits: func() ca.Limits {
			return ca.Limits{Names: []string{"zhen.example.gov.cn", "PC-7", "gov.cn", "县-7"}, Nets: []netip.Prefix{netip.MustParsePrefix("10.3.2.7/24"), netip.MustParsePrefix("fd00:7::1/64")}}
		},
	})
	taught := browser(t, dir)
	for name, want := range map[string]bool{"zhen.example.gov.cn": true, "pc-7": true, "10.3.2.7": true, "127.0.0.1": true, "2001:db8::7": false, "zhen.gov.cn": false} {
		if h.answers(taught, name) != want {
			t.Errorf("the pages as %s: %v, want %v", name, !want, want)
		}
	}
	if leaf := h.State().Leaf; len(leaf.Subject.Names) > 0 {
		t.Errorf("issued to %s, of which the limits say nothing: old systems refuse it", leaf.Subject)
	}
	f := steal(t, dir)
	for name, want := range map[string]bool{
		"zhen.example.gov.cn": true, "10.3.2.200": true, "fd00:7::2": true, "localhost": true,
		"www.gov.cn": false, "example.gov.cn": false, "axzhen.example.gov.cn": false, "bank.example": false,
		"10.3.3.7": false, "192.0.2.1": false, "127.0.0.2": false, "fd00:8::2": false, "2001:db8::7": false,
	} {
		if got := believed(taught, f.forge(name, x509.ExtKeyUsageServerAuth), x509.ExtKeyUsageServerAuth); got != want {
			t.Errorf("a certificate for %s is believed: %v", name, got)
		}
	}
	for _, use := range []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning, x509.ExtKeyUsageEmailProtection, x509.ExtKeyUsageClientAuth} {
		if believed(taught, f.forge("localhost", use), use) {
			t.Errorf("believed for use %v", use)
		}
	}
}

// A name that comes later needs another certificate of the CA, and browsers to be
// taught once more; where the machine was before it stays known. Another address in
// the same network, or one name less, needs nothing.
func TestLimitsGrow(t *testing.T) {
	dir := t.TempDir()
	names, nets := []string{"10.3.2.7"}, []netip.Prefix{netip.MustParsePrefix("10.3.2.7/24")}
	limits := ca.Limits{Nets: nets}
	o := ca.Options{Dir: dir, Names: func() []string { return names }, Limits: func() ca.Limits { return limits }}
	h := serve(t, o)
	first, pin := browser(t, dir), h.State().Pin
	names, limits.Nets = []string{"10.3.2.9"}, []netip.Prefix{netip.MustParsePrefix("10.3.2.9/24")}
	if h.Look(); !h.answers(first, "10.3.2.9") {
		t.Error("another address in the network is not believed")
	}
	names, limits = []string{"zhen.example"}, ca.Limits{Names: []string{"zhen.example"}}
	h.Look()
	if second := browser(t, dir); !h.answers(second, "zhen.example") || h.answers(first, "zhen.example") {
		t.Error("a new name needs a new certificate of the CA, and has one")
	}
	if !strings.Contains(h.log.String(), "taught") {
		t.Errorf("not said:\n%s", h.log.String())
	}
	again := serve(t, o)
	names, limits = []string{"10.3.2.7", "zhen.example"}, ca.Limits{Nets: nets}
	again.Look()
	if second := browser(t, dir); !again.answers(second, "10.3.2.7") || !again.answers(second, "zhen.example") || strings.Contains(again.log.String(), "taught") {
		t.Errorf("back where it was:\n%s", again.log.String())
	}
	if h.State().Pin != pin || again.State().Pin != pin {
		t.Error("the CA is another one")
	}
}

// A CA of before limits gets them, with the same key: browsers that were taught it
// go on. A server's certificate that holds more than may be is replaced.
func TestLimitsComeLater(t *testing.T) {
	dir := t.TempDir()
	names := func() []string { return []string{"10.3.2.7", "2001:db8::7"} }
	old := serve(t, ca.Options{Dir: dir, Names: names})
	before := browser(t, dir)
	h := serve(t, ca.Options{Dir: dir, Names: names, Limits: func() ca.Limits { return ca.Limits{Nets: []netip.Prefix{netip.MustParsePrefix("10.3.2.0/24")}} }})
	for name, taught := range map[string]*tls.Config{"before": before, "now": browser(t, dir)} {
		if !h.answers(taught, "10.3.2.7") {
			t.Errorf("a browser taught %s does not believe", name)
		}
	}
	if h.State().Pin != old.State().Pin || !h.State().CA.PermittedDNSDomainsCritical || strings.Contains(h.log.String(), "taught") {
		t.Errorf("another CA, or one without limits:\n%s", h.log.String())
	}
	if leaf := h.State().Leaf; slices.ContainsFunc(leaf.IPAddresses, func(ip net.IP) bool { return ip.To4() == nil }) {
		t.Errorf("for %v", leaf.IPAddresses)
	}
}
