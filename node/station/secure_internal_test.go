package station

import (
	"net/netip"
	"testing"
)

// What the CA is limited to lasts as long as the machine stays in its networks.
func TestLasting(t *testing.T) {
	for own, want := range map[string]string{
		"192.168.1.7/24": "192.168.1.0/24", "10.3.2.7/8": "10.3.0.0/16", "10.8.0.3/32": "10.8.0.3/32", "100.64.3.4/32": "100.64.3.4/32",
		"59.212.4.9/24": "59.212.4.0/24", "fd00:7::12/64": "fd00:7::/64",
		"59.212.4.9/32": "", "240e:3b7::12/64": "", "127.0.0.1/8": "", "fe80::1/64": "", "169.254.3.4/16": "",
	} {
		p, ok := lasting(netip.MustParsePrefix(own))
		if ok != (want != "") || ok && p.String() != want {
			t.Errorf("%s: %v, %v, want %q", own, p, ok, want)
		}
	}
}
