package station

import (
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"

	"zhanqun/config"
	"zhanqun/internal/ca"
	"zhanqun/internal/web"
	nodeweb "zhanqun/node/web"
)

// certificateOwner is whom the own CA's certificates name.
const certificateOwner = "站群乡镇节点"

// secure lets the pages' listener speak TLS if it is to. This machine's own
// browsers are served as before, unless the setting wants everything encrypted.
func (s *Station) secure() error {
	if !s.o.TLS.Secures(s.listener.Addr()) {
		if s.o.TLS.Mode == config.TLSOff && config.Outside(s.listener.Addr()) {
			s.o.Log.Warn("station: other machines are served without encryption, because tls.mode is off: something in front has to encrypt", "address", s.listener.Addr())
		}
		return nil
	}
	certs, err := ca.New(ca.Options{
		Dir: s.o.Dir, Owner: certificateOwner, CertFile: s.o.TLS.CertFile, KeyFile: s.o.TLS.KeyFile, Names: s.names, Limits: s.limits, Now: s.o.Now, Log: s.o.Log,
	})
	if err != nil {
		return err
	}
	s.certs = certs
	around := web.SecureOutside
	if s.o.TLS.Mode == config.TLSOn {
		around = web.SecureListener
	}
	s.listener = around(s.listener, certs.Config("h2", "http/1.1"))
	return nil
}

// names are the names and addresses the pages may be called by.
func (s *Station) names() []string {
	return slices.Concat(hostNames(s.o.Addr, s.listener.Addr()), s.o.Hosts, []string{"localhost", "127.0.0.1", "::1"})
}

// limits are what the browsers of villages may believe this node's own CA for: what
// the pages are called by settings, and the networks this machine is in, so that a
// router which gives it another address there changes nothing.
func (s *Station) limits() ca.Limits {
	var l ca.Limits
	for _, name := range append(calledBySetting(s.o.Addr), s.o.Hosts...) {
		switch addr, err := netip.ParseAddr(name); {
		case err != nil:
			l.Names = append(l.Names, name)
		case !addr.IsUnspecified():
			l.Nets = append(l.Nets, netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen()))
		}
	}
	if tcp, ok := s.listener.Addr().(*net.TCPAddr); !ok || !tcp.IP.IsUnspecified() {
		return l
	}
	if name, err := os.Hostname(); err == nil {
		l.Names = append(l.Names, name)
	}
	for _, p := range ownNetworks() {
		if p, ok := lasting(p); ok {
			l.Nets = append(l.Nets, p)
		}
	}
	return l
}

// lasting returns the network of an address of this machine within which the address
// may change, and false for one that is another on every day: a public one of IPv6,
// and that of a dialled line.
func lasting(p netip.Prefix) (netip.Prefix, bool) {
	addr := p.Addr()
	inner := addr.IsPrivate() || sharedSpace.Contains(addr)
	switch {
	case addr.IsLoopback(), addr.IsLinkLocalUnicast():
		return p, false
	case !inner && (addr.Is6() || p.Bits() == addr.BitLen()):
		return p, false
	}
	p, err := addr.Prefix(max(p.Bits(), 16)) // not the world, whatever the mask says
	return p, err == nil
}

// sharedSpace is used inside networks as the private addresses are (RFC 6598).
var sharedSpace = netip.MustParsePrefix("100.64.0.0/10")

// strict reports whether browsers may be told to come by HTTPS only from now on.
// With a certificate they do not know that would lock people out who were let in
// by hand, and on the day the node makes itself another CA everybody.
func (s *Station) strict() bool { return s.certs != nil && s.certs.State().Public }

// Certificate is what other machines have to be told to trust the pages.
func (s *Station) Certificate() nodeweb.Certificate {
	c := nodeweb.Certificate{URLs: s.Others()}
	if s.certs != nil {
		c.CA = s.certs.State().CA
	}
	return c
}

// URL is the address of the pages on this machine.
func (s *Station) URL() string {
	addr := s.listener.Addr().String()
	scheme := "http"
	switch tcp, ok := s.listener.Addr().(*net.TCPAddr); {
	case ok && tcp.IP.IsUnspecified():
		addr = net.JoinHostPort("127.0.0.1", strconv.Itoa(tcp.Port))
		if s.o.TLS.Mode == config.TLSOn {
			scheme = "https"
		}
	case s.certs != nil:
		scheme = "https"
	}
	return (&url.URL{Scheme: scheme, Host: addr}).String()
}

// mostOthers bounds the addresses people are told of: a machine with containers
// has many that are of no use to them.
const mostOthers = 4

// Others are the addresses of the pages on other machines; none if these cannot
// reach them, or reach them through something in front.
func (s *Station) Others() []string {
	tcp, ok := s.listener.Addr().(*net.TCPAddr)
	if !ok || !config.Outside(tcp) || s.o.TLS.Mode == config.TLSOff {
		return nil
	}
	scheme := "http"
	if s.certs != nil {
		scheme = "https"
	}
	var list []string
	for _, ip := range reachableAt(tcp.IP) {
		if len(list) < mostOthers {
			list = append(list, (&url.URL{Scheme: scheme, Host: net.JoinHostPort(ip, strconv.Itoa(tcp.Port))}).String())
		}
	}
	return list
}
