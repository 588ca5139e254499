package reach_test

import (
	"net/netip"
	"testing"

	"zhanqun/internal/reach"
)

func TestOf(t *testing.T) {
	for text, want := range map[string]reach.Reach{
		"8.8.8.8": reach.Public, "2400:3200::1": reach.Public, "64:ff9b::8.8.8.8": reach.Public,
		"127.0.0.1": reach.Private, "10.1.2.3": reach.Private, "172.31.0.1": reach.Private, "192.168.0.1": reach.Private, "100.64.0.1": reach.Private,
		"::1": reach.Private, "fd00::1": reach.Private, "::ffff:10.0.0.1": reach.Private, "64:ff9b::10.0.0.1": reach.Private, "2002:a00:1::": reach.Private,
		"169.254.169.254": reach.Forbidden, "100.100.100.200": reach.Forbidden, "0.0.0.0": reach.Forbidden, "224.0.0.1": reach.Forbidden, "fe80::1%eth0": reach.Forbidden,
		"::": reach.Forbidden, "::ffff:169.254.169.254": reach.Forbidden,
	} {
		if got := reach.Of(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: %d, want %d", text, got, want)
		}
	}
	if reach.Of(netip.Addr{}) != reach.Forbidden {
		t.Error("no address at all may be asked")
	}
}
