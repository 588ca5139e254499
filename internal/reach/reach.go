// Package reach sorts addresses by who can be expected to answer there, for
// programs that fetch what others have named.
//
// It promises that no address of a private network passes for a public one,
// whatever clothes it comes in, and that the addresses at which cloud machines
// give away their keys are told apart from both.
package reach

import "net/netip"

// Networks nobody outside an office, a provider or a machine can reach. An
// operator may allow them.
var privateNets = prefixes(
	"127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
	"100.64.0.0/10", // carrier-grade NAT
	"192.0.0.0/24", "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
	"::1/128", "fc00::/7", "fec0::/10", "100::/64", "2001:db8::/32", "3fff::/20", "2001:2::/48",
)

// Addresses that are never asked, whatever the operator allows: no web site
// stands there, while cloud machines give away their keys at some of them.
var forbiddenNets = prefixes(
	"0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4",
	"100.100.100.200/32", // metadata service of a large Chinese cloud
	"192.0.0.192/32",     // and of another
	"fd00:ec2::254/128",  // and of another over IPv6
	"::/128", "fe80::/10", "ff00::/8",
)

// Networks whose addresses carry an IPv4 address, and at which byte.
var carriers = []struct {
	net netip.Prefix
	at  int
}{
	{netip.MustParsePrefix("64:ff9b::/96"), 12},
	{netip.MustParsePrefix("64:ff9b:1::/48"), 12},
	{netip.MustParsePrefix("::ffff:0:0:0/96"), 12},
	{netip.MustParsePrefix("::/96"), 12},
	{netip.MustParsePrefix("2002::/16"), 2},
}

func prefixes(texts ...string) []netip.Prefix {
	nets := make([]netip.Prefix, len(texts))
	for i, t := range texts {
		nets[i] = netip.MustParsePrefix(t)
	}
	return nets
}

// Reach is who can be expected to answer at an address.
type Reach int

// The reaches.
const (
	Public    Reach = iota // everybody
	Private                // an office, a provider or a machine
	Forbidden              // nobody that is to be asked
)

// Of classes ip; an IPv4 address in IPv6 clothes is classed by both.
func Of(ip netip.Addr) Reach {
	ip = ip.Unmap().WithZone("")
	if !ip.IsValid() || in(forbiddenNets, ip) {
		return Forbidden
	}
	if in(privateNets, ip) {
		return Private
	}
	for _, c := range carriers {
		if c.net.Contains(ip) {
			b := ip.As16()
			return Of(netip.AddrFrom4([4]byte(b[c.at : c.at+4])))
		}
	}
	return Public
}

func in(nets []netip.Prefix, ip netip.Addr) bool {
	for _, n := range nets {
		if n.Contains(ip) {
			return true
		}
	}
	return false
}
