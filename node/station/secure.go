package station

import (
	"net"
	"net/url"
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
		Dir: s.o.Dir, Owner: certificateOwner, CertFile: s.o.TLS.CertFile, KeyFile: s.o.TLS.KeyFile, Names: s.names, Now: s.o.Now, Log: s.o.Log,
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
