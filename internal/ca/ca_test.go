package ca_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"zhanqun/internal/ca"
	"zhanqun/internal/fault"
	"zhanqun/internal/trust"
	"zhanqun/protocol"
)

var noon = time.Date(2026, 11, 3, 12, 0, 0, 0, time.UTC)

func hubKey(t *testing.T) (protocol.Key, *protocol.PublicKey) {
	t.Helper()
	key, err := protocol.NewHubKey()
	if err != nil {
		t.Fatal(err)
	}
	public, err := protocol.ParsePublic(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return key, &public
}

// hub is a server with a clock.
type hub struct {
	*ca.Server
	t    *testing.T
	now  time.Time
	log  bytes.Buffer
	addr string
}

func serve(t *testing.T, o ca.Options) *hub {
	t.Helper()
	h := &hub{t: t, now: noon}
	o.Now = func() time.Time { return h.now }
	o.Log = slog.New(slog.NewTextHandler(&h.log, nil))
	var err error
	if h.Server, err = ca.New(o); err != nil {
		t.Fatal(err)
	}
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { plain.Close() })
	h.addr = plain.Addr().String()
	l := tls.NewListener(plain, h.Config())
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { // an echo
				defer c.Close()
				_, _ = io.Copy(c, c)
			}()
		}
	}()
	return h
}

// call makes a connection and says something on it.
func (h *hub) call(c *tls.Config) (*tls.Conn, error) {
	h.t.Helper()
	conn, err := tls.Dial("tcp", h.addr, c)
	if err != nil {
		return nil, err
	}
	h.t.Cleanup(func() { conn.Close() })
	return conn, echo(conn)
}

func echo(c *tls.Conn) error {
	if _, err := io.WriteString(c, "x"); err != nil {
		return err
	}
	_, err := io.ReadFull(c, make([]byte, 1))
	return err
}

func (h *hub) must(c *tls.Config) *tls.Conn {
	h.t.Helper()
	conn, err := h.call(c)
	if err != nil {
		h.t.Fatal(err)
	}
	return conn
}

func serial(c *tls.Conn) string { return c.ConnectionState().PeerCertificates[0].SerialNumber.String() }

// refuses holds that nothing is said to the server, and that a person is told why.
func (h *hub) refuses(c *tls.Config, words string) {
	h.t.Helper()
	_, err := h.call(c)
	var told *fault.Error
	if !errors.As(err, &told) || !strings.Contains(told.Message, words) {
		h.t.Errorf("%v, want %q", err, words)
	}
}

// browser is one into which an administrator has put the CA's certificate.
func browser(t *testing.T, dir string) *tls.Config {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, ca.CertName))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	return &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12, Time: func() time.Time { return noon }}
}

// The CA is made once, by P-256, in a file only its owner reads; nodes and
// browsers know it again after a restart.
func TestOwnCA(t *testing.T) {
	dir := t.TempDir()
	key, public := hubKey(t)
	o := ca.Options{Dir: dir, Vouch: trust.By(key), Names: func() []string { return []string{"127.0.0.1", "zq.example.gov.cn", "县-hub", "fe80::1"} }}
	h := serve(t, o)
	pin := h.State().Pin
	joining, joined := trust.Hub{CA: pin}, trust.Hub{Key: public}
	first := h.must(joining.Client("127.0.0.1"))
	h.must(joined.Client("under.another.name"))
	leaf := first.ConnectionState().PeerCertificates[0]
	if leaf.NotAfter.Sub(leaf.NotBefore) > 398*24*time.Hour || leaf.VerifyHostname("zq.example.gov.cn") != nil || leaf.VerifyHostname("127.0.0.1") != nil {
		t.Errorf("valid %v to %v for %v %v", leaf.NotBefore, leaf.NotAfter, leaf.DNSNames, leaf.IPAddresses)
	}
	root := first.ConnectionState().PeerCertificates[1]
	if k, ok := root.PublicKey.(*ecdsa.PublicKey); !ok || k.Curve != elliptic.P256() || !root.IsCA || trust.Fingerprint(root) != pin {
		t.Errorf("CA %v %v", root.PublicKeyAlgorithm, root.IsCA)
	}
	if info, err := os.Stat(filepath.Join(dir, ca.KeyName)); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("file of the CA: %v, %v", info, err)
	}
	h.must(browser(t, dir))
	for _, use := range []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning, x509.ExtKeyUsageEmailProtection} {
		if believed(browser(t, dir), steal(t, dir).forge("localhost", use), use) {
			t.Errorf("believed for use %v", use)
		}
	}

	again := serve(t, o)
	if c := again.must(joining.Client("127.0.0.1")); serial(c) != serial(first) {
		t.Error("a restart made another certificate")
	}
	if s, err := ca.Examine(dir, "", ""); err != nil || !s.Own || s.Pin != pin || !s.Ends.Equal(leaf.NotAfter) {
		t.Errorf("examined %+v, %v", s, err)
	}
	if _, err := ca.Examine(t.TempDir(), "", ""); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an empty folder: %v", err)
	}
}

// Whoever is not the hub is refused, whatever certificates he shows.
func TestStrangersAreRefused(t *testing.T) {
	key, public := hubKey(t)
	mine := serve(t, ca.Options{Dir: t.TempDir(), Vouch: trust.By(key)})
	otherKey, _ := hubKey(t)
	stranger := serve(t, ca.Options{Dir: t.TempDir(), Vouch: trust.By(otherKey)})
	stranger.refuses(trust.Hub{CA: mine.State().Pin}.Client("127.0.0.1"), "指纹不符")
	stranger.refuses(trust.Hub{Key: public}.Client("127.0.0.1"), "既不是本机入网的县级平台的")
	stranger.refuses(trust.Hub{}.Client("127.0.0.1"), "既不是本机入网的县级平台的")
	// The hub's own certificates, which anybody can see, in front of another key.
	seen := mine.must(trust.Hub{Key: public}.Client("")).ConnectionState().PeerCertificates
	for name, own := range map[string]func() (*tls.Certificate, error){
		"the CA behind a foreign certificate": func() (*tls.Certificate, error) {
			c, err := stranger.Config().GetCertificate(nil)
			return &tls.Certificate{Certificate: [][]byte{c.Certificate[0], seen[1].Raw}, PrivateKey: c.PrivateKey}, err
		},
		"the CA in front": func() (*tls.Certificate, error) {
			c, err := stranger.Config().GetCertificate(nil)
			return &tls.Certificate{Certificate: [][]byte{c.Certificate[0], c.Certificate[1], seen[1].Raw}, PrivateKey: c.PrivateKey}, err
		},
	} {
		t.Run(name, func(t *testing.T) {
			cert, err := own()
			if err != nil {
				t.Fatal(err)
			}
			client, server := net.Pipe()
			defer client.Close()
			go func() { _ = tls.Server(server, &tls.Config{Certificates: []tls.Certificate{*cert}}).Handshake() }()
			if err := tls.Client(client, trust.Hub{Key: public}.Client("127.0.0.1")).Handshake(); !fault.Is(err, fault.Invalid) {
				t.Errorf("a handshake ended with %v", err)
			}
		})
	}
}

// A certificate is replaced while connections stand, long before it ends, and by
// the clock of the hub; nodes with a wrong clock do not care.
func TestRenewal(t *testing.T) {
	key, public := hubKey(t)
	names := []string{"127.0.0.1"}
	h := serve(t, ca.Options{Dir: t.TempDir(), Vouch: trust.By(key), Names: func() []string { return names }})
	node := trust.Hub{Key: public}.Client("127.0.0.1")
	old := h.must(node)
	h.now = noon.Add(200 * 24 * time.Hour)
	if h.Look(); serial(h.must(node)) != serial(old) {
		t.Error("replaced with half of its time left")
	}
	h.now = noon.Add(300 * 24 * time.Hour)
	h.Look()
	fresh := h.must(node)
	if serial(fresh) == serial(old) {
		t.Error("not replaced")
	}
	if ends := h.State().Ends; ends.Before(h.now.Add(390 * 24 * time.Hour)) {
		t.Errorf("ends %v", ends)
	}
	if err := echo(old); err != nil {
		t.Errorf("the connection made before: %v", err)
	}
	names = append(names, "10.1.2.3")
	h.Look()
	if c := h.must(node); c.ConnectionState().PeerCertificates[0].VerifyHostname("10.1.2.3") != nil {
		t.Error("a new address of the machine is not in the certificate")
	}
	if strings.Contains(h.log.String(), "level=ERROR") {
		t.Error(h.log.String())
	}
}

// A hub whose clock was wrong by years when it made its CA has the same one, under
// a certificate with better times, as soon as the clock is right.
func TestClockPutRight(t *testing.T) {
	for name, wrong := range map[string]time.Time{"behind": time.Unix(0, 0), "ahead": noon.Add(40 * 365 * 24 * time.Hour)} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			key, public := hubKey(t)
			h := serve(t, ca.Options{Dir: dir, Vouch: trust.By(key), Names: func() []string { return []string{"127.0.0.1"} }})
			pin := h.State().Pin
			h.now = wrong
			h.Look()
			h.must(trust.Hub{Key: public}.Client("127.0.0.1"))
			h.now = noon
			h.Look()
			h.must(trust.Hub{CA: pin}.Client("127.0.0.1"))
			h.must(browser(t, dir))
		})
	}
}

// A new CA is believed by nodes that have joined, and not by old join codes.
func TestCAMadeAnew(t *testing.T) {
	key, public := hubKey(t)
	before := serve(t, ca.Options{Dir: t.TempDir(), Vouch: trust.By(key)}).State().Pin
	h := serve(t, ca.Options{Dir: t.TempDir(), Vouch: trust.By(key)})
	h.must(trust.Hub{Key: public}.Client("127.0.0.1"))
	h.refuses(trust.Hub{CA: before}.Client("127.0.0.1"), "指纹不符")
}

// A hub with another key keeps the CA and vouches for it anew.
func TestCAUnderAnotherKey(t *testing.T) {
	dir := t.TempDir()
	first, _ := hubKey(t)
	pin := serve(t, ca.Options{Dir: dir, Vouch: trust.By(first)}).State().Pin
	second, public := hubKey(t)
	h := serve(t, ca.Options{Dir: dir, Vouch: trust.By(second)})
	if h.State().Pin != pin {
		t.Error("the CA is another one")
	}
	h.must(trust.Hub{Key: public}.Client("127.0.0.1"))
}

func TestDamagedCA(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, ca.KeyName), []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	key, _ := hubKey(t)
	if _, err := ca.New(ca.Options{Dir: dir, Vouch: trust.By(key)}); !strings.Contains(fault.Message(err), "已损坏") {
		t.Errorf("%v", err)
	}
}

// office is a CA of an authority that no system knows.
type office struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{t: t}
	o.cert, o.key = o.sign(&x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		NotBefore: noon.Add(-time.Hour), NotAfter: noon.Add(5 * 365 * 24 * time.Hour)})
	return o
}

func (o *office) sign(c *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	o.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		o.t.Fatal(err)
	}
	c.SerialNumber = big.NewInt(time.Now().UnixNano())
	c.Subject = pkix.Name{CommonName: "单位"}
	parent, signer := o.cert, o.key
	if parent == nil {
		parent, signer = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	if err != nil {
		o.t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		o.t.Fatal(err)
	}
	return made, key
}

// write writes a server's files, as an administrator does.
func (o *office) write(certFile, keyFile string, ends time.Time) {
	o.t.Helper()
	cert, key := o.sign(&x509.Certificate{NotBefore: noon.Add(-time.Hour), NotAfter: ends,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
	var chain []byte
	for _, c := range []*x509.Certificate{cert, o.cert} {
		chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		o.t.Fatal(err)
	}
	for path, text := range map[string][]byte{certFile: chain, keyFile: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			o.t.Fatal(err)
		}
	}
}

// The administrator's files: nodes know them by their CA, whether they join now
// or had joined before, and new ones are taken while connections stand.
func TestAdministratorsFiles(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "zq.crt"), filepath.Join(dir, "zq.key")
	o := newOffice(t)
	o.write(certFile, keyFile, noon.Add(90*24*time.Hour))
	key, public := hubKey(t)
	h := serve(t, ca.Options{Dir: dir, Vouch: trust.By(key), CertFile: certFile, KeyFile: keyFile})
	if s := h.State(); s.Own || s.Public || s.Pin != trust.Fingerprint(o.cert) {
		t.Errorf("state %+v", s)
	}
	joined := trust.Hub{Key: public}.Client("127.0.0.1")
	old := h.must(joined)
	h.must(trust.Hub{CA: h.State().Pin}.Client("127.0.0.1"))
	// A system that knows the office, at the hub's time.
	roots := x509.NewCertPool()
	roots.AddCert(o.cert)
	h.must(&tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12, Time: func() time.Time { return noon }})

	if err := os.WriteFile(certFile, []byte("half a fi"), 0o600); err != nil {
		t.Fatal(err)
	}
	h.Look()
	h.Look()
	if c := h.must(joined); serial(c) != serial(old) {
		t.Error("another certificate while the files are unusable")
	}
	if n := strings.Count(h.log.String(), "level=ERROR"); n != 1 {
		t.Errorf("said %d times:\n%s", n, h.log.String())
	}
	o.write(certFile, keyFile, noon.Add(400*24*time.Hour))
	h.Look()
	if c := h.must(joined); serial(c) == serial(old) || !h.State().Ends.Equal(noon.Add(400*24*time.Hour)) {
		t.Errorf("the new files are not used: %+v", h.State())
	}
	if err := echo(old); err != nil {
		t.Errorf("the connection made before: %v", err)
	}
	if s, err := ca.Examine(dir, certFile, keyFile); err != nil || s.Own || !s.Ends.Equal(h.State().Ends) {
		t.Errorf("examined %+v, %v", s, err)
	}
}

func TestUnusableFiles(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "zq.crt"), filepath.Join(dir, "zq.key")
	key, _ := hubKey(t)
	o := ca.Options{Dir: dir, Vouch: trust.By(key), CertFile: certFile, KeyFile: keyFile}
	if _, err := ca.New(o); !strings.Contains(fault.Message(err), "tls.cert_file") {
		t.Errorf("no files: %v", err)
	}
	newOffice(t).write(certFile, filepath.Join(dir, "other.key"), noon)
	newOffice(t).write(filepath.Join(dir, "other.crt"), keyFile, noon)
	if _, err := ca.New(o); !strings.Contains(fault.Message(err), "不能用") {
		t.Errorf("a key of another certificate: %v", err)
	}
}

// When the hub takes another key the CA stays the same one, and both keys vouch for
// it from the next look on: for nodes that have followed and those that have not.
func TestAnotherKeyVouches(t *testing.T) {
	first, firstPublic := hubKey(t)
	second, secondPublic := hubKey(t)
	keys := []protocol.Key{first}
	dir := t.TempDir()
	h := serve(t, ca.Options{Dir: dir, Names: func() []string { return []string{"127.0.0.1"} },
		Vouch: func(pin string) []*url.URL { return trust.By(keys...)(pin) }})
	pin, imported := h.State().Pin, browser(t, dir)
	h.must(trust.Hub{Key: firstPublic}.Client("127.0.0.1"))
	keys = []protocol.Key{second, first}
	h.Look()
	for _, known := range []*protocol.PublicKey{firstPublic, secondPublic} {
		h.must(trust.Hub{Key: known}.Client("127.0.0.1"))
	}
	if h.State().Pin != pin {
		t.Error("the CA is another one")
	}
	h.must(trust.Hub{CA: pin}.Client("127.0.0.1"))
	h.must(imported) // a browser that was taught before goes on
}
