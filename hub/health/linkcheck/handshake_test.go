package linkcheck

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestHandshakes(t *testing.T) {
	root := newAuthority(t, "Root", nil)
	alert := func(code byte) func(net.Conn) {
		return func(conn net.Conn) {
			conn.Read(make([]byte, 4096))
			conn.Write([]byte{21, 3, 3, 0, 2, 2, code})
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
		{"hangs", rawServer(t, func(conn net.Conn) { io.Copy(io.Discard, conn) }), Inconclusive, KindTimeout},
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
			conn.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	_, port, _ := net.SplitHostPort(l.Addr().String())
	c := newChecker(t, func(o *Options) { o.Roots, o.Resolver = roots, names{"sloppy.example": {"127.0.0.1"}} })
	r := c.Check(t.Context(), "https://sloppy.example:"+port+"/")
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
