package trust_test

import (
	"crypto/tls"
	"net"
	"net/http/httptest"
	"strings"
	"testing"

	"crypto/x509"

	"zhanqun/internal/fault"
	"zhanqun/internal/trust"
)

// Where no join code and no key says more, the ordinary rules hold: a CA that is
// trusted, the name that was dialled, the time.
func TestOrdinaryRules(t *testing.T) {
	s := httptest.NewTLSServer(nil) // under 127.0.0.1 and example.com
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	shake := func(h trust.Hub, host string) error {
		plain, err := net.Dial("tcp", s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer plain.Close()
		return tls.Client(plain, h.Client(host)).Handshake()
	}
	for _, host := range []string{"127.0.0.1", "example.com"} {
		if err := shake(trust.Hub{Roots: roots}, host); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
	if err := shake(trust.Hub{Roots: roots}, "zq.example.gov.cn"); !strings.Contains(fault.Message(err), "不是给这个地址的") {
		t.Errorf("another name: %v", err)
	}
	if err := shake(trust.Hub{}, "example.com"); !strings.Contains(fault.Message(err), "系统信任") {
		t.Errorf("a CA the system does not know: %v", err)
	}
	// The fingerprint of a join code counts alone, and pins a CA as well as the
	// server's own key.
	pin := trust.Fingerprint(s.Certificate())
	if err := shake(trust.Hub{CA: pin}, "any name"); err != nil {
		t.Errorf("pinned: %v", err)
	}
	if err := shake(trust.Hub{CA: "A" + pin[1:], Roots: roots}, "example.com"); !strings.Contains(fault.Message(err), "指纹不符") {
		t.Errorf("trusted, but not the one pinned: %v", err)
	}
}
