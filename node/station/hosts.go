package station

import (
	"net"
	"net/netip"
	"os"
)

// hostNames are the names the pages are served under: that of the setting, and
// for a listener on every address all names of this machine, because a village
// liaison's phone reaches it by one of them.
func hostNames(setting string, listening net.Addr) []string {
	var names []string
	if host, _, err := net.SplitHostPort(setting); err == nil && host != "" {
		names = append(names, host)
	}
	tcp, ok := listening.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return names
	}
	if name, err := os.Hostname(); err == nil {
		names = append(names, name)
	}
	for _, a := range ownAddresses() {
		names = append(names, a.String())
	}
	return names
}

// reachableAt are the addresses other machines can reach what listens at ip by.
func reachableAt(ip net.IP) []string {
	if !ip.IsUnspecified() {
		return []string{ip.String()}
	}
	var list []string
	for _, a := range ownAddresses() {
		if a.Is4() && !a.IsLoopback() && !a.IsLinkLocalUnicast() {
			list = append(list, a.String())
		}
	}
	return list
}

// ownAddresses are the addresses of this machine; none on one without networks,
// which still serves itself.
func ownAddresses() []netip.Addr {
	own, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	var list []netip.Addr
	for _, a := range own {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			list = append(list, p.Addr().Unmap())
		}
	}
	return list
}
