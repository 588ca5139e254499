package main

import (
	"net"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"

	"zhanqun/config"
)

// reachable returns host:port of a listener as others can dial it. A listener
// on every address is named by the machine's first address in a network, so
// that a join code made before anybody set public_url works on another machine.
func reachable(addr net.Addr, own []netip.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok {
		return addr.String()
	}
	host := tcp.IP.String()
	if tcp.IP.IsUnspecified() {
		host = "127.0.0.1"
		for _, a := range own {
			if a.Is4() && !a.IsLoopback() && !a.IsLinkLocalUnicast() {
				host = a.String()
				break
			}
		}
	}
	return net.JoinHostPort(host, strconv.Itoa(tcp.Port))
}

// ownAddresses are the addresses of this machine.
func ownAddresses() []netip.Addr {
	list, err := net.InterfaceAddrs()
	if err != nil {
		return nil // a machine without networks still serves itself
	}
	var own []netip.Addr
	for _, a := range list {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			own = append(own, p.Addr().Unmap())
		}
	}
	return own
}

// hostNames are the names pages are served under: those of the settings, and
// for a listener on every address all names of this machine.
func hostNames(cfg config.HubHTTP, addr net.Addr, own []netip.Addr) []string {
	names := append([]string(nil), cfg.AllowedHosts...)
	if u, err := url.Parse(cfg.PublicURL); err == nil && u.Hostname() != "" {
		names = append(names, u.Hostname())
	}
	if host, _, err := net.SplitHostPort(cfg.Addr); err == nil && host != "" {
		names = append(names, host)
	}
	if tcp, ok := addr.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		for _, a := range own {
			names = append(names, a.String())
		}
		if name, err := os.Hostname(); err == nil {
			names = append(names, name)
		}
	}
	return names
}

// baseURL is where readers and nodes reach the hub; local is where this machine does.
func baseURL(cfg config.HubHTTP, local string) string {
	if cfg.PublicURL != "" {
		return strings.TrimRight(cfg.PublicURL, "/")
	}
	return local
}
