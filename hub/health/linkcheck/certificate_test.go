package linkcheck

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// authority signs certificates for tests.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T, name string, parent *authority) *authority {
	t.Helper()
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: now.AddDate(0, -3, 0), NotAfter: now.AddDate(0, 3, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	a := &authority{}
	var err error
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	a.cert = sign(t, template, parent, a)
	return a
}

func sign(t *testing.T, template *x509.Certificate, by, of *authority) *x509.Certificate {
	t.Helper()
	issuer, key := template, of.key
	if by != nil {
		issuer, key = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer, &of.key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// leaf makes a server certificate; by nil makes it sign itself.
func leaf(t *testing.T, by *authority, host string, from, to time.Duration, aia bool, rest ...*authority) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: now.Add(from), NotAfter: now.Add(to), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if aia {
		template.IssuingCertificateURL = []string{"http://ca.example/ca.crt"}
	}
	cert := sign(t, template, by, &authority{key: key})
	out := tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key, Leaf: cert}
	for _, a := range rest {
		out.Certificate = append(out.Certificate, a.cert.Raw)
	}
	return out
}

func serveTLS(t *testing.T, h http.Handler, config *tls.Config) string {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.TLS = config
	s.StartTLS()
	t.Cleanup(s.Close)
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func TestCertificates(t *testing.T) {
	root := newAuthority(t, "Trusted Root", nil)
	middle := newAuthority(t, "Middle", root)
	stranger := newAuthority(t, "Stranger", nil)
	roots := x509.NewCertPool()
	roots.AddCert(root.cert)
	const host = "www.sinan.example"
	day := 24 * time.Hour
	tests := []struct {
		name string
		cert tls.Certificate
		max  uint16
		want []CertProblem
	}{
		{"good", leaf(t, root, host, -day, day, false), 0, nil},
		{"good through an intermediate", leaf(t, middle, host, -day, day, true, middle), 0, nil},
		{"self-signed", leaf(t, nil, host, -day, day, false), 0, []CertProblem{CertSelfSigned}},
		{"expired", leaf(t, root, host, -2*day, -day/2, false), 0, []CertProblem{CertExpired}},
		{"not yet valid", leaf(t, root, host, day/2, day, false), 0, []CertProblem{CertNotYetValid}},
		{"another name", leaf(t, root, "mail.sinan.example", -day, day, false), 0, []CertProblem{CertWrongHost}},
		{"unknown issuer", leaf(t, stranger, host, -day, day, false), 0, []CertProblem{CertUnknownIssuer}},
		{"chain incomplete", leaf(t, middle, host, -day, day, true), 0, []CertProblem{CertIncomplete}},
		{"old protocol", leaf(t, root, host, -day, day, false), tls.VersionTLS11, []CertProblem{CertOldProtocol}},
		{"all at once", leaf(t, nil, "localhost", -2*day, -day, false), tls.VersionTLS10,
			[]CertProblem{CertSelfSigned, CertExpired, CertWrongHost, CertOldProtocol}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			config := &tls.Config{Certificates: []tls.Certificate{tt.cert}, MaxVersion: tt.max, MinVersion: tls.VersionTLS10}
			port := serveTLS(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/a.html" {
					w.WriteHeader(http.StatusNotFound)
					return
				}
				writeHTML(w, 200, goodPage("安全"))
			}), config)
			c := newChecker(t, func(o *Options) { o.Roots, o.Resolver = roots, names{host: {"127.0.0.1"}} })
			r := c.Check(t.Context(), "https://"+host+":"+port+"/a.html")
			// The page is judged whatever its certificate is.
			expect(t, r, OK, "", "")
			expect(t, c.Check(t.Context(), "https://"+host+":"+port+"/b.html"), Dead, ReasonGone, "")
			if len(r.Certificates) != 1 {
				t.Fatalf("certificates %+v", r.Certificates)
			}
			found := r.Certificates[0]
			if !slices.Equal(found.Problems, tt.want) || found.Host != host || found.NotAfter.IsZero() {
				t.Errorf("found %+v, want %v", found, tt.want)
			}
			if (r.CertificateFault() != nil) != (tt.want != nil) || (found.Text() == "") != (tt.want == nil) {
				t.Errorf("fault %v, text %q", r.CertificateFault(), found.Text())
			}
		})
	}
}

// Every certificate on the way is looked at, not the last one only.
func TestCertificateOfEachHop(t *testing.T) {
	root := newAuthority(t, "Root", nil)
	roots := x509.NewCertPool()
	roots.AddCert(root.cert)
	end := serveTLS(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { writeHTML(w, 200, goodPage("终点")) }),
		&tls.Config{Certificates: []tls.Certificate{leaf(t, root, "new.example", -time.Hour, time.Hour, false)}})
	start := serveTLS(t, http.RedirectHandler("https://new.example:"+end+"/a.html", http.StatusMovedPermanently),
		&tls.Config{Certificates: []tls.Certificate{leaf(t, root, "old.example", -2*time.Hour, -time.Hour, false)}})
	c := newChecker(t, func(o *Options) {
		o.Roots, o.Resolver = roots, names{"old.example": {"127.0.0.1"}, "new.example": {"127.0.0.1"}}
	})
	r := c.Check(t.Context(), "https://old.example:"+start+"/a.html")
	expect(t, r, OK, "", "")
	if fault := r.CertificateFault(); len(r.Certificates) != 2 || fault == nil || fault.Host != "old.example" {
		t.Errorf("certificates %+v", r.Certificates)
	}
}

func TestHandshakes(t *testing.T) {
	root := newAuthority(t, "Root", nil)
	alert := func(code byte) func(net.Conn) {
		return func(conn net.Conn) {
			conn.Read(make([]byte, 4096))               //nolint:errcheck // the greeting
			conn.Write([]byte{21, 3, 3, 0, 2, 2, code}) //nolint:errcheck // the refusal
		}
	}
	demanding := &tls.Config{
		Certificates: []tls.Certificate{leaf(t, root, "www.sinan.example", -time.Hour, time.Hour, false)},
		ClientAuth:   tls.RequireAnyClientCert,
	}
	tests := []struct {
		name string
		url  string
		want Verdict
		kind ErrorKind
	}{
		{"plain HTTP there", serve(t, func(http.ResponseWriter, *http.Request) {}), Dead, KindTLS},
		{"garbage there", rawServer(t, func(conn net.Conn) { conn.Write([]byte("\x00\x00\x00garbage")); conn.Read(make([]byte, 4096)) }), Dead, KindTLS},
		{"handshake failure, as with national ciphers", rawServer(t, alert(40)), Inconclusive, KindTLSForeign},
		{"protocol too old", rawServer(t, alert(70)), Inconclusive, KindTLSForeign},
		{"internal error", rawServer(t, alert(80)), Dead, KindTLS},
		{"wants a client certificate", "https://127.0.0.1:" + serveTLS(t, http.NotFoundHandler(), demanding), Inconclusive, KindTLSForeign},
		{"hangs", rawServer(t, func(conn net.Conn) { io.Copy(io.Discard, conn) }), Inconclusive, KindTimeout}, //nolint:errcheck // until closed
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newChecker(t, func(o *Options) {
				if tt.kind == KindTimeout {
					short(o)
				}
			})
			r := c.Check(t.Context(), strings.Replace(tt.url, "http://", "https://", 1)+"/a.html")
			if r.Verdict != tt.want || r.ErrorKind != tt.kind {
				t.Errorf("got %s/%s: %s", r.Verdict, r.ErrorKind, r.Detail)
			}
			if tt.kind == KindTimeout && !strings.Contains(r.Detail, "加密握手") {
				t.Errorf("sentence %q does not say where it hung", r.Detail)
			}
		})
	}
}

func TestSloppyServerBehindTLS(t *testing.T) {
	root := newAuthority(t, "Root", nil)
	roots := x509.NewCertPool()
	roots.AddCert(root.cert)
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{leaf(t, root, "sloppy.example", -2*time.Hour, -time.Hour, false)},
	})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			says("HTTP/1.1 200 OK\r\nno colon\r\n\r\n" + goodPage("凑合"))(conn)
			conn.Close() //nolint:errcheck // the checker sees what is missing
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	_, port, _ := net.SplitHostPort(l.Addr().String())
	c := newChecker(t, func(o *Options) { o.Roots, o.Resolver = roots, names{"sloppy.example": {"127.0.0.1"}} })
	r := c.Check(context.Background(), "https://sloppy.example:"+port+"/")
	expect(t, r, OK, "", "")
	if f := r.CertificateFault(); f == nil || !slices.Equal(f.Problems, []CertProblem{CertExpired}) {
		t.Errorf("certificates %+v", r.Certificates)
	}
}

func TestMachineWithoutAuthorities(t *testing.T) {
	c := newChecker(t)
	c.roots, c.hasRoots = x509.NewCertPool(), false
	root := newAuthority(t, "Root", nil)
	chain := []*x509.Certificate{leaf(t, root, "a.example", -time.Hour, time.Hour, false).Leaf}
	if p := c.chain(chain, time.Now()); p != "" {
		t.Errorf("accused %s without knowing any authority", p)
	}
}
