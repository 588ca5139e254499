package ca

import (
	"crypto/x509"
	"net"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// Limits are what those who trust a CA believe it for (RFC 5280 §4.2.1.10): host
// names, each with all names below it, and networks. This machine's loopback belongs
// to them in any case. Whoever steals the CA can pretend to be nobody else.
type Limits struct {
	Names []string
	Nets  []netip.Prefix
}

// mostLimits bounds what a CA's certificate keeps of the places the machine was in.
const mostLimits = 200

// whole returns l with the loopback and without what cannot stand in a certificate.
// A name under which strangers have theirs, such as gov.cn, is no name of a machine.
func (l Limits) whole() Limits {
	return Limits{Names: []string{"localhost"}, Nets: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("::1/128")}}.with(Limits{
		Names: slices.DeleteFunc(slices.Clone(l.Names), func(name string) bool {
			suffix, listed := publicsuffix.PublicSuffix(strings.ToLower(name))
			return !hostName.MatchString(name) || listed && strings.EqualFold(suffix, name)
		}),
		Nets: slices.DeleteFunc(slices.Clone(l.Nets), func(p netip.Prefix) bool { return !p.IsValid() }),
	})
}

// limitsOf are the limits of a CA's certificate, none if it has none.
func limitsOf(c *x509.Certificate) (l Limits) {
	l.Names = c.PermittedDNSDomains
	for _, n := range c.PermittedIPRanges {
		if addr, ok := netip.AddrFromSlice(n.IP); ok {
			bits, _ := n.Mask.Size()
			l.Nets = append(l.Nets, netip.PrefixFrom(addr, bits))
		}
	}
	return l
}

// name reports whether a name or one it stands below is among the limits.
func (l Limits) name(name string) bool {
	return slices.ContainsFunc(l.Names, func(n string) bool {
		return strings.EqualFold(n, name) || len(name) > len(n) && strings.EqualFold("."+n, name[len(name)-len(n)-1:])
	})
}

// net reports whether a whole network lies in one of the limits.
func (l Limits) net(p netip.Prefix) bool {
	return slices.ContainsFunc(l.Nets, func(n netip.Prefix) bool { return n.Bits() <= p.Bits() && n.Contains(p.Addr()) })
}

// hold reports whether l allows all that other does.
func (l Limits) hold(other Limits) bool {
	return !slices.ContainsFunc(other.Names, func(n string) bool { return !l.name(n) }) &&
		!slices.ContainsFunc(other.Nets, func(p netip.Prefix) bool { return !l.net(p) })
}

// with is l and what other allows beside it: a machine that goes to and fro between
// two networks is to stay known in both.
func (l Limits) with(other Limits) Limits {
	for _, n := range other.Names {
		if !l.name(n) {
			l.Names = append(l.Names, n)
		}
	}
	for _, p := range other.Nets {
		if !l.net(p) {
			l.Nets = append(l.Nets, p)
		}
	}
	return l
}

// write puts l into the certificate of a CA.
func (l Limits) write(c *x509.Certificate) {
	c.PermittedDNSDomainsCritical = true
	c.PermittedDNSDomains = l.Names
	for _, p := range l.Nets {
		p = p.Masked()
		c.PermittedIPRanges = append(c.PermittedIPRanges, &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())})
	}
}

// allows reports whether a CA may sign for a host name or an address.
func allows(ca *x509.Certificate, name string) bool {
	if !ca.PermittedDNSDomainsCritical {
		return true
	}
	if addr, err := netip.ParseAddr(name); err == nil {
		addr = addr.Unmap()
		return limitsOf(ca).net(netip.PrefixFrom(addr, addr.BitLen()))
	}
	return limitsOf(ca).name(name)
}
