package trust_test

import (
	"crypto/tls"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"crypto/x509"

	"zhanqun/internal/ca"
	"zhanqun/internal/fault"
	"zhanqun/internal/trust"
	"zhanqun/protocol"
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

// What a former key of the hub vouches for is refused, with the reason, and what any
// present one vouches for is believed, whoever else does.
func TestFormerKeysVouchForNothing(t *testing.T) {
	former, present := key(t), key(t)
	public := func(k protocol.Key) protocol.PublicKey {
		t.Helper()
		p, err := protocol.ParsePublic(k.Public())
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	knows := public(present)
	h := trust.Hub{Key: &knows, Past: []protocol.PublicKey{public(former)}}
	for name, tt := range map[string]struct {
		by   []protocol.Key
		says string
	}{
		"the former alone": {[]protocol.Key{former}, "旧密钥"},
		"both":             {[]protocol.Key{former, present}, ""},
		"neither":          {[]protocol.Key{key(t)}, "既不是"},
	} {
		t.Run(name, func(t *testing.T) {
			authority, err := ca.Open(t.TempDir(), "hub", trust.By(tt.by...), time.Now())
			if err != nil {
				t.Fatal(err)
			}
			private, chain, err := authority.Issue([]string{"hub.example"}, time.Hour*24*30, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			pair, err := tls.X509KeyPair(chain, private)
			if err != nil {
				t.Fatal(err)
			}
			client, server := net.Pipe()
			defer client.Close()
			go func() {
				defer server.Close()
				_ = tls.Server(server, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}).Handshake()
			}()
			err = tls.Client(client, h.Client("hub.example")).Handshake()
			if (err == nil) != (tt.says == "") || err != nil && !strings.Contains(fault.Message(err), tt.says) {
				t.Errorf("%v", err)
			}
		})
	}
}

func key(t *testing.T) protocol.Key {
	t.Helper()
	k, err := protocol.NewHubKey()
	if err != nil {
		t.Fatal(err)
	}
	return k
}
